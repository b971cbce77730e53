"""Packages and libraries that are imported when they are first used.

The face of a room imports most of the room. An engine that lies in it and runs in a process of its own needs none of
that: with a lazy face its process starts in a fraction of the time and memory (PEP 562). A library that a server needs
only once somebody asks for what it does is `later`: a server at rest holds none of it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
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


class _Later(ModuleType):
    """Stands for a module until one of its names is asked for."""

    def __getattr__(self, name: str) -> Any:
        if name == "__path__":  # the import system asks for it; a name taken from a stand-in is one that it has
            raise AttributeError(name)
        value = getattr(import_module(self.__name__), name)
        vars(self)[name] = value
        return value


def later(name: str) -> Any:
    """The module `name`, imported when one of its names is first used. For the checker of types, import the module
    itself under `TYPE_CHECKING`."""
    return _Later(name)


@contextmanager
def put_off(*names: str) -> Iterator[None]:
    """What is imported while this lasts gets stand-ins for the modules `names`, parents first, which others import in
    full as ever: for a library that imports at its start what few of its users need."""
    absent = [name for name in names if name not in sys.modules]
    for name in absent:
        stand_in = sys.modules[name] = _Later(name)
        parent, _, child = name.rpartition(".")
        if parent in absent:
            vars(sys.modules[parent])[child] = stand_in
    try:
        yield
    finally:
        for name in absent:
            if isinstance(sys.modules.get(name), _Later):
                del sys.modules[name]
