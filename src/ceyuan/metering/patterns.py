"""Patterns over names such as `gateway.tokens.*`: `*` stands for any run of characters, all else for itself."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from ceyuan.kernel.errors import Invalid

_RESOURCE = re.compile(r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)+\Z")
_RESOURCE_PATTERN = re.compile(r"^[a-z0-9_.*]{1,80}\Z")
_MODEL = re.compile(r"^[^\s\x00-\x1f*]{1,200}\Z")
_MODEL_PATTERN = re.compile(r"^[^\s\x00-\x1f]{1,200}\Z")

Specificity = tuple[int, int]
"""(1 for an exact pattern else 0, number of literal characters); larger is more specific."""


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in pattern.split("*")), re.DOTALL)


@lru_cache(maxsize=32768)
def matches(pattern: str, name: str) -> bool:
    """Whether `name` as a whole fits `pattern`; `*` fits everything, also the empty name."""
    if pattern == "*":
        return True
    if "*" not in pattern:
        return pattern == name
    return _compiled(pattern).fullmatch(name) is not None


def specificity(pattern: str) -> Specificity:
    """How narrow a pattern is."""
    return (0 if "*" in pattern else 1, len(pattern.replace("*", "")))


@lru_cache(maxsize=32768)
def narrowest(patterns: tuple[str, ...], name: str) -> Specificity | None:
    """The specificity of the narrowest of `patterns` that `name` fits, `None` if it fits none."""
    return max((specificity(p) for p in patterns if matches(p, name)), default=None)


def is_resource(name: str) -> bool:
    """Whether `name` is a well-formed resource: lower-case words joined by dots, at most 80 characters."""
    return len(name) <= 80 and _RESOURCE.match(name) is not None


def is_model(name: str) -> bool:
    """Whether `name` may name a model: up to 200 characters without white space or `*`; empty = no model."""
    return name == "" or _MODEL.match(name) is not None


def require_patterns(resources: Iterable[str], models: Iterable[str]) -> None:
    """Raise `Invalid` unless all patterns are well-formed and there is at least one of each."""
    resources, models = list(resources), list(models)
    bad = [p for p in resources if not _RESOURCE_PATTERN.match(p)] + [p for p in models if not _MODEL_PATTERN.match(p)]
    if bad or not resources or not models or len(resources) + len(models) > 200:
        shown = ", ".join(bad[:5]) or "-"
        raise Invalid(
            (f"资源或模型匹配式无效:{shown}", f"invalid resource or model pattern: {shown}"),
            hint=("例如 gateway.tokens.* 或 *", "for example gateway.tokens.* or *"),
        )
