"""How many parameters a model's safetensors hold, by element type, as the Hub's clients read it."""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

from ceyuan.hub.trees import File
from ceyuan.hub.viewer.formats import ViewProblem, header_length, read_safetensors
from ceyuan.hub.xet.reading import read_part
from ceyuan.kernel.errors import CeyuanError
from ceyuan.kernel.platform import Platform

_MOST_FILES = 64
_MOST_HEADER = 4 * 1024 * 1024
_KEPT = 4096
_known: OrderedDict[str, Mapping[str, int] | None] = OrderedDict()
"""Counts by SHA-256: content never changes."""


async def parameters_of(platform: Platform, files: Sequence[File]) -> dict[str, Any]:
    """`{"safetensors": {"parameters": {type: count}, "total": count}}`; nothing without files, or where one of them
    cannot be read: a part would be taken for the whole."""
    if not 0 < len(files) <= _MOST_FILES:
        return {}
    total: Counter[str] = Counter()
    for file in files:
        counted = await _counted(platform, file)
        if counted is None:
            return {}
        total.update(counted)
    return {"safetensors": {"parameters": dict(total), "total": sum(total.values())}}


async def _counted(platform: Platform, file: File) -> Mapping[str, int] | None:
    if file.sha256 in _known:
        _known.move_to_end(file.sha256)
        return _known[file.sha256]
    counted: Counter[str] = Counter()
    try:
        length = header_length(await read_part(platform, file.sha256, 0, min(8, file.size)), file.size)
        if length > _MOST_HEADER:
            return _keep(file.sha256, None)
        header = await read_part(platform, file.sha256, 8, 8 + length)
        for tensor in (await asyncio.to_thread(read_safetensors, header)).tensors:
            counted[tensor.dtype] += tensor.parameters
    except ViewProblem:
        return _keep(file.sha256, None)
    except CeyuanError:
        # Content that cannot be read just now may be there again later.
        return None
    return _keep(file.sha256, counted)


def _keep(sha256: str, counted: Mapping[str, int] | None) -> Mapping[str, int] | None:
    _known[sha256] = counted
    if len(_known) > _KEPT:
        _known.popitem(last=False)
    return counted
