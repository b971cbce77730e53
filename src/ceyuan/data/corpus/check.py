"""A recipe looked over before anything runs: as a process, because the control plane does without the engines."""

from collections.abc import Mapping
from typing import Any

from ceyuan.data.corpus.media.choosing import recipe_of
from ceyuan.data.corpus.media.recipe import MediaRecipe
from ceyuan.data.media import require_models
from ceyuan.data.reporting import Report

__all__ = ["main"]


def main(args: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """``args``: ``recipe``. Returns ``identity`` and ``operators``; raises ``DataProblem`` with the first fault, also
    where an operator asks a model that is not configured."""
    del report  # it takes a moment
    recipe = recipe_of(args["recipe"])
    chain = recipe.operators()
    if isinstance(recipe, MediaRecipe):
        require_models(chain)
    return {"identity": recipe.identity(), "operators": [one.described() for one in chain]}
