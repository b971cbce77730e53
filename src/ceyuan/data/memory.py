"""Memory that was freed, given back: what allocators keep for later counts against the bound of a run."""

import ctypes

import pyarrow as pa

__all__ = ["give_back"]

_MANY = 1 << 18


def give_back(rows: int) -> None:
    """Give what is free to the system after a stage that went over so many rows; after few it is not worth the time."""
    if rows <= _MANY:
        return
    pa.default_memory_pool().release_unused()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's; others give back on their own
    if trim is not None:
        trim(0)
