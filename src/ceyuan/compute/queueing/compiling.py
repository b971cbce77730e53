"""Machine code where numba is installed, the same functions interpreted where it is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

numba: Any
try:
    import numba
except ImportError:  # the engine works without, only slower
    numba = None

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """``function`` as machine code, cached on disk; as it is without numba."""
    if numba is None:
        return function
    return cast(Callable[P, R], numba.njit(cache=True, nogil=True)(function))
