"""Deltas: an object told as copies from another and new bytes (https://git-scm.com/docs/pack-format)."""

from __future__ import annotations

from ceyuan.hub.git.problems import PackProblem


def _number(delta: bytes, at: int) -> tuple[int, int]:
    """A length of seven bits a byte, the lowest first, and where it ends."""
    value = shift = 0
    while True:
        byte = delta[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
        if shift > 63:
            raise IndexError


def sizes_of(delta: bytes) -> tuple[int, int]:
    """The bytes of the base and of what the delta makes of it. Raises `PackProblem`."""
    try:
        base, at = _number(delta, 0)
        made, _ = _number(delta, at)
    except IndexError as error:
        raise _broken() from error
    return base, made


def apply(base: bytes, delta: bytes) -> bytes:
    """What `delta` makes of `base`. Raises `PackProblem` where it does not fit."""
    try:
        expected, at = _number(delta, 0)
        size, at = _number(delta, at)
        if expected != len(base):
            raise _broken()
        out = bytearray()
        while at < len(delta):
            order = delta[at]
            at += 1
            if order >= 0x80:
                start, length, at = _copy(delta, at, order)
                if start + length > len(base):
                    raise _broken()
                out += base[start : start + length]
            elif order and at + order <= len(delta):
                out += delta[at : at + order]
                at += order
            else:
                raise _broken()
            if len(out) > size:
                raise _broken()
    except IndexError as error:
        raise _broken() from error
    if len(out) != size:
        raise _broken()
    return bytes(out)


def _copy(delta: bytes, at: int, order: int) -> tuple[int, int, int]:
    """Start and length of a copy, each byte of them there only if its bit is set, and where the order ends."""
    start = length = 0
    for bit in range(4):
        if order & (1 << bit):
            start |= delta[at] << (8 * bit)
            at += 1
    for bit in range(3):
        if order & (0x10 << bit):
            length |= delta[at] << (8 * bit)
            at += 1
    return start, length or 0x10000, at


def _broken() -> PackProblem:
    return PackProblem("包内的差异数据已损坏", "a delta in the pack is broken")
