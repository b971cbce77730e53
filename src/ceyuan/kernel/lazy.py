"""Packages whose names are imported when they are first used.

The face of a room imports most of the room. An engine that lies in it and runs in a process of its own needs none of
that: with a lazy face its process starts in a fraction of the time and memory (PEP 562).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def lazy_names(package: str, sources: Mapping[str, str]) -> Callable[[str], Any]:
    """The `__getattr__` of a package: name → `module` below the package, or `module:name` where it has another name
    there."""

    def get(name: str) -> Any:
        source = sources.get(name)
        if source is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module, _, there = source.partition(":")
        value = getattr(import_module(f"{package}.{module}"), there or name)
        vars(import_module(package))[name] = value
        return value

    return get
