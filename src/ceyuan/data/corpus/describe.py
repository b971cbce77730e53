"""What recipes are made of, as JSON for forms and pages: defaults, schema, and names in both languages."""

from collections.abc import Mapping
from typing import Any

from ceyuan.data.corpus.profiles import DOMAINS, default_profiles
from ceyuan.data.corpus.recipe import Recipe
from ceyuan.data.corpus.report import Report
from ceyuan.data.operators import REASONS, STATISTICS, specifications
from ceyuan.data.readers.reasons import SET_ASIDE

__all__ = ["describe", "main"]


def describe() -> dict[str, Any]:
    """``recipe`` (defaults), ``schema`` (JSON Schema), ``profiles``, and the names of ``domains``, ``statistics``,
    ``reasons``, ``aside`` (reasons for which files and records are not read) and ``operators``."""
    return {
        "recipe": Recipe().model_dump(mode="json"),
        "schema": Recipe.model_json_schema(),
        "profiles": {domain: [one.model_dump() for one in filters] for domain, filters in default_profiles().items()},
        "domains": {name: list(words) for name, words in DOMAINS.items()},
        "statistics": {name: list(words) for name, words in STATISTICS.items()},
        "reasons": {name: list(words) for name, words in REASONS.items()},
        "aside": {name: list(words) for name, words in SET_ASIDE.items()},
        "operators": [
            {
                "name": one.name,
                "title": list(one.title),
                "kind": one.kind,
                "version": one.version,
                "reads": list(one.reads),
                "writes": list(one.writes),
                "summary": one.summary,
                "schema": one.parameters.model_json_schema(),
            }
            for one in specifications().values()
            if one.modality == "text"
        ],
    }


def main(args: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """``describe`` as a process; it takes no arguments and reports nothing."""
    del args, report
    return describe()
