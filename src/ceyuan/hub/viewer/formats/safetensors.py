"""The header of a safetensors file (https://github.com/huggingface/safetensors#format)."""

from __future__ import annotations

from typing import Any

import orjson

from ceyuan.hub.viewer.formats.cells import cell
from ceyuan.hub.viewer.formats.problems import ViewProblem
from ceyuan.hub.viewer.formats.tensors import Tensor, Tensors

MAX_HEADER = 32 * 1024 * 1024


def header_length(first: bytes, size: int) -> int:
    """The length of the header in bytes, from the file's first eight; raises `ViewProblem`."""
    if len(first) < 8:
        raise ViewProblem("不是 safetensors 文件", "this is no safetensors file")
    length = int.from_bytes(first[:8], "little")
    if not 2 <= length <= size - 8:
        raise ViewProblem("safetensors 文件头长度有误", "the length of the safetensors header is wrong")
    if length > MAX_HEADER:
        raise ViewProblem("safetensors 文件头过大", "the safetensors header is too large for a preview")
    return length


def read_safetensors(header: bytes) -> Tensors:
    """Read a header (without its length); raises `ViewProblem` if it is not one."""
    try:
        raw = orjson.loads(header)
        metadata = raw.pop("__metadata__", {})
        tensors = [(int(about["data_offsets"][0]), _tensor(name, about)) for name, about in raw.items()]
        shown = {str(key): cell(value) for key, value in metadata.items()}
    except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError, ValueError, IndexError) as error:
        raise ViewProblem("safetensors 文件头无法解析", "the safetensors header cannot be read") from error
    tensors.sort(key=lambda pair: pair[0])
    return Tensors(shown, [tensor for _, tensor in tensors])


def _tensor(name: str, about: Any) -> Tensor:
    return Tensor(str(cell(name)), str(about["dtype"])[:40], [int(n) for n in about["shape"]])
