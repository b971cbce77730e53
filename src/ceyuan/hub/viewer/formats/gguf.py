"""The header of a GGUF file, versions 2 and 3 (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md)."""

from __future__ import annotations

import struct
from typing import Any

from ceyuan.hub.viewer.formats.cells import cell
from ceyuan.hub.viewer.formats.problems import MoreNeeded, ViewProblem
from ceyuan.hub.viewer.formats.tensors import Tensor, Tensors

_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_MAX_ENTRIES = 100_000
_SHOWN = 16
"""Elements of an array that are shown."""
_TYPES = {
    **dict(enumerate(("F32", "F16", "Q4_0", "Q4_1"))),
    **dict(enumerate(("Q5_0", "Q5_1", "Q8_0", "Q8_1", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "Q8_K"), 6)),
    **dict(enumerate(("IQ2_XXS", "IQ2_XS", "IQ3_XXS", "IQ1_S", "IQ4_NL", "IQ3_S", "IQ2_S", "IQ4_XS"), 16)),
    **dict(enumerate(("I8", "I16", "I32", "I64", "F64", "IQ1_M", "BF16"), 24)),
    **{34: "TQ1_0", 35: "TQ2_0", 39: "MXFP4", 40: "NVFP4", 41: "Q1_0"},
}


class _Reader:
    """Reads little-endian values from the bytes at hand; raises `MoreNeeded` at their end."""

    def __init__(self, data: bytes) -> None:
        self._data = memoryview(data)
        self._position = 0

    def take(self, count: int) -> memoryview:
        end = self._position + count
        if end > len(self._data):
            raise MoreNeeded
        part = self._data[self._position : end]
        self._position = end
        return part

    def number(self, code: str) -> Any:
        return struct.unpack(f"<{code}", self.take(struct.calcsize(f"<{code}")))[0]

    def count(self, what: str) -> int:
        found = int(self.number("Q"))
        if found > _MAX_ENTRIES:
            raise ViewProblem(f"GGUF 文件头有误:{found} 个 {what}", f"the GGUF header is wrong: {found} {what}")
        return found

    def text(self) -> str:
        return bytes(self.take(self.number("Q"))).decode("utf-8", "replace")

    def value(self, kind: int, depth: int = 0) -> Any:
        if kind == _STRING:
            return cell(self.text())
        if kind == _ARRAY and depth < 4:
            return self._array(depth)
        if kind not in _SCALARS:
            raise ViewProblem(f"GGUF 文件头含未知类型 {kind}", f"the GGUF header has an unknown type {kind}")
        return cell(self.number(_SCALARS[kind]))

    def _array(self, depth: int) -> str:
        kind, length = int(self.number("I")), int(self.number("Q"))
        if kind in _SCALARS:
            width = struct.calcsize(f"<{_SCALARS[kind]}")
            shown = [cell(self.number(_SCALARS[kind])) for _ in range(min(length, _SHOWN))]
            self.take(width * (length - len(shown)))
        else:
            shown = []
            for position in range(length):
                element = self.value(kind, depth + 1)
                if position < _SHOWN:
                    shown.append(element)
        more = f", … ({length})" if length > _SHOWN else ""
        return str(cell(", ".join(map(str, shown)) + more))


def read_gguf(data: bytes) -> Tensors:
    """Read the header at the beginning of `data`; raises `MoreNeeded` if it ends too early, or `ViewProblem`.

    GGUF lists dimensions innermost first; here they are turned round. Only the first elements of arrays are
    kept.
    """
    reader = _Reader(data)
    if bytes(reader.take(4)) != b"GGUF":
        raise ViewProblem("不是 GGUF 文件", "this is no GGUF file")
    version = reader.number("I")
    if version not in (2, 3):
        raise ViewProblem(f"不支持的 GGUF 版本 {version}", f"GGUF version {version} is not supported")
    tensor_count, entry_count = reader.count("tensors"), reader.count("entries")
    metadata: dict[str, Any] = {}
    for _ in range(entry_count):
        key = str(cell(reader.text()))
        metadata[key] = reader.value(reader.number("I"))
    tensors = [_tensor(reader) for _ in range(tensor_count)]
    return Tensors(metadata, tensors)


def _tensor(reader: _Reader) -> Tensor:
    name = str(cell(reader.text()))
    dimensions = reader.number("I")
    if dimensions > 8:
        raise ViewProblem("GGUF 张量维数有误", "a tensor of the GGUF file has too many dimensions")
    shape = [int(reader.number("Q")) for _ in range(dimensions)][::-1]
    kind = reader.number("I")
    reader.number("Q")
    try:
        return Tensor(name, _TYPES.get(kind, f"type {kind}"), shape)
    except ValueError as error:
        raise ViewProblem("GGUF 张量形状有误", "a tensor of the GGUF file has an impossible shape") from error
