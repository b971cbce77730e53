"""What recipes are made of, as JSON for forms and pages: defaults, schema, and names in both languages."""

from collections.abc import Mapping
from typing import Any

from ceyuan.data.corpus.profiles import DOMAINS, default_profiles
from ceyuan.data.corpus.recipe import Recipe
from ceyuan.data.media import media_operators
from ceyuan.data.operators import ALWAYS, REASONS, STATISTICS, Specification, find, specifications
from ceyuan.data.readers.reasons import SET_ASIDE
from ceyuan.data.reporting import Report

__all__ = ["describe", "main"]

_USUAL = {one.specification.name for one in Recipe().operators()}


def describe() -> dict[str, Any]:
    """``recipe`` (defaults), ``schema`` (JSON Schema), ``profiles``, and the names of ``domains``, ``statistics``,
    ``reasons``, ``aside`` (reasons for which files and records are not read) and ``operators``."""
    return {
        "recipe": Recipe().model_dump(mode="json"),
        "schema": Recipe.model_json_schema(),
        "profiles": {domain: [one.model_dump() for one in filters] for domain, filters in default_profiles().items()},
        "domains": {name: list(words) for name, words in DOMAINS.items()},
        "statistics": {name: list(words) for name, words in (STATISTICS | ALWAYS).items()},
        "reasons": {name: list(words) for name, words in REASONS.items()},
        "aside": {name: list(words) for name, words in SET_ASIDE.items()},
        "operators": [_described(one) for one in specifications().values()],
    }


def _described(one: Specification) -> dict[str, Any]:
    """An operator by its declaration. ``identity`` is the one with the parameters left as they are, None where some
    must be given; ``always``: it runs in every recipe of its kind, named or not."""
    free = not any(field.is_required() for field in one.parameters.model_fields.values())
    usual = _USUAL if one.modality == "text" else {step.specification.name for step in media_operators(one.modality)}
    return {
        "name": one.name,
        "title": list(one.title),
        "modality": one.modality,
        "kind": one.kind,
        "version": one.version,
        "identity": find(one.name).identity if free else None,
        "always": one.name in usual,
        "reads": list(one.reads),
        "writes": list(one.writes),
        "cost": one.cost,
        "summary": list(one.summary),
        "schema": one.parameters.model_json_schema(),
    }


def main(args: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """``describe`` as a process; it takes no arguments and reports nothing."""
    del args, report
    return describe()
