"""Packs: many objects in one stream (https://git-scm.com/docs/gitformat-pack), written without deltas."""

from __future__ import annotations

import hashlib
import zlib
from typing import Literal

Kind = Literal["commit", "tree", "blob", "tag"]
_NUMBERS: dict[Kind, int] = {"commit": 1, "tree": 2, "blob": 3, "tag": 4}


class PackWriter:
    """Encodes a pack of `count` objects piece by piece: `head`, each object by `entry`, then `tail`."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._digest = hashlib.sha1(usedforsecurity=False)

    def _said(self, data: bytes) -> bytes:
        self._digest.update(data)
        return data

    def head(self) -> bytes:
        """The first twelve bytes."""
        return self._said(b"PACK" + (2).to_bytes(4, "big") + self._count.to_bytes(4, "big"))

    def entry(self, kind: Kind, body: bytes) -> bytes:
        """One object: its kind and size, then its compressed body."""
        size = len(body)
        head = bytearray([(_NUMBERS[kind] << 4) | (size & 15)])
        size >>= 4
        while size:
            head[-1] |= 0x80
            head.append(size & 0x7F)
            size >>= 7
        return self._said(bytes(head) + zlib.compress(body, 1))

    def tail(self) -> bytes:
        """The checksum of all that went before."""
        return self._digest.digest()
