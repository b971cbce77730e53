"""Which recipe some settings are: one for texts, or one for media where they name ``media``."""

from collections.abc import Mapping
from typing import Any

from ceyuan.data.corpus.media.recipe import MediaRecipe
from ceyuan.data.corpus.recipe import Recipe

__all__ = ["recipe_of"]


def recipe_of(values: Mapping[str, Any]) -> Recipe | MediaRecipe:
    """The recipe. Raises ``DataProblem`` ``recipe_invalid``."""
    return MediaRecipe.of(values) if "media" in values else Recipe.of(values)
