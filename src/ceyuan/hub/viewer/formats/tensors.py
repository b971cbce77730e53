"""What a model file's header says of its tensors."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MAX_PARAMETERS = 2**53


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor: name, element type in the file's own words, and shape (outermost dimension first). Raises
    `ValueError` for a shape that no file can hold."""

    name: str
    dtype: str
    shape: Sequence[int]

    def __post_init__(self) -> None:
        if any(n < 0 for n in self.shape) or self.parameters > MAX_PARAMETERS:
            raise ValueError("impossible shape")

    @property
    def parameters(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)


@dataclass(frozen=True, slots=True)
class Tensors:
    """A model file's header: its metadata (long values cut) and its tensors in the file's order."""

    metadata: Mapping[str, Any]
    tensors: Sequence[Tensor]

    @property
    def parameters(self) -> int:
        """Elements of all tensors together."""
        return sum(tensor.parameters for tensor in self.tensors)
