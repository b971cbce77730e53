"""A recipe looked over before anything runs: as a process, because the control plane does without the engines."""

from collections.abc import Mapping
from typing import Any

from ceyuan.data.corpus.media.choosing import recipe_of
from ceyuan.data.corpus.report import Report

__all__ = ["main"]


def main(args: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """``args``: ``recipe``. Returns ``identity`` and ``operators``; raises ``DataProblem`` with the first fault."""
    del report  # it takes a moment
    recipe = recipe_of(args["recipe"])
    return {"identity": recipe.identity(), "operators": [one.described() for one in recipe.operators()]}
