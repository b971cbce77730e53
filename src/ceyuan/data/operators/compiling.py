"""How kernels are compiled: by Numba when they are first called, and not at all where it is not installed.

Without Numba the columnar forms in ``ceyuan.data.operators.fallback`` take over where there is one, and the
plain Python of the kernel elsewhere: the same results, slower.
"""

import hashlib
import shutil
from collections.abc import Callable
from functools import cache, update_wrapper
from pathlib import Path
from threading import RLock
from types import FunctionType, ModuleType
from typing import Any, ParamSpec, TypeVar, cast

import numpy as np

__all__ = ["Kernel", "compiled"]

P = ParamSpec("P")
R = TypeVar("R")
_LOCK = RLock()


@cache
def numba() -> ModuleType | None:
    """Numba, imported when the first kernel is called; None where it is not installed."""
    try:
        import numba as found
    except ImportError:
        return None
    settings: Any = found.config
    if not settings.CACHE_DIR:
        settings.CACHE_DIR = str(_cache())
    return found


def _cache() -> Path:
    """Where machine code is kept: a folder for these very sources. Numba looks at the file of a kernel alone, while the
    code holds that of kernels in other files, and must not outlive a change of theirs."""
    here = Path(__file__).parent
    digest = hashlib.sha256()
    for name in ("operators", "duplicates", "corpus"):
        for path in sorted((here.parent / name).glob("*.py")):
            digest.update(path.read_bytes())
    folder = here / "__pycache__" / f"kernels-{digest.hexdigest()[:16]}"
    if not folder.exists():
        for old in folder.parent.glob("kernels-*/"):
            shutil.rmtree(old, ignore_errors=True)
    return folder


class Kernel:
    """A function that becomes machine code when it is first called; cached on disk, free of the interpreter's lock."""

    def __init__(self, function: FunctionType) -> None:
        self.plain = function
        self._ready: Callable[..., Any] | None = None
        update_wrapper(self, function)

    def __call__(self, *args: Any) -> Any:
        return (self._ready or self.ready())(*args)

    def ready(self) -> Callable[..., Any]:
        """The compiled function, or what stands for it."""
        with _LOCK:
            if self._ready is None:
                found = numba()
                self._ready = self._replaced() if found is None else self._compiled(found)
            return self._ready

    def _compiled(self, found: ModuleType) -> Callable[..., Any]:
        # Numba wants the kernels that this one calls as its own dispatchers, so their names are bound to those.
        code, known = self.plain.__code__, self.plain.__globals__
        bound: dict[str, Any] = {"__name__": self.plain.__module__}
        for name in code.co_names:
            if name in known:
                value = known[name]
                bound[name] = value.ready() if isinstance(value, Kernel) else value
        function = FunctionType(code, bound, self.plain.__name__)
        function.__module__ = self.plain.__module__
        return cast(Callable[..., Any], found.njit(cache=True, nogil=True)(function))

    def _replaced(self) -> Callable[..., Any]:
        from ceyuan.data.operators import fallback

        columnar: Callable[..., Any] | None = fallback.KERNELS.get(self.plain.__name__)
        if columnar is not None:
            return columnar

        def interpreted(*args: Any) -> Any:
            with np.errstate(over="ignore"):  # hashes wrap around by intention
                return self.plain(*args)

        return interpreted


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """``function``, compiled when it is first called."""
    return cast(Callable[P, R], Kernel(cast(FunctionType, function)))
