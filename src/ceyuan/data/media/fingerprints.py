"""Duplicates of media: keys that copies share, and a measured similarity that decides.

A file that was scaled, recompressed or cut a little shares at least one key with its original almost always; whether
it is a copy is told by the similarity of the two prints, from 0 to 1. Nothing is a duplicate by a key alone.
"""

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from ceyuan.data.media.cropping import cropped_alike
from ceyuan.data.media.images import Grey, Picture, resized
from ceyuan.data.media.patches import patch_keys

__all__ = ["picture_hash", "prints", "similarity"]

_SIDE = 64
_COLOURS = 8
_SURE = 0.98  # likeness of the wholes from which nothing more is looked for
_KEYS = 24  # of the smallest hashes of an item's words
_FAR = 10  # bits of 64 by which two frames of a video may differ and still vote for an offset

Keys = list[int]


def picture_hash(grey: Grey) -> int:
    """64 bits: whether each of the lowest 8 x 8 frequencies but the mean lies above their median (Zauner 2010)."""
    from scipy.fft import dctn

    low = dctn(resized(grey, 32, 32).astype(np.float64), norm="ortho")[:8, :8].ravel()[1:]
    bits = np.append(low > np.median(low), False)
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def prints(kind: str, item: Any) -> tuple[Keys, bytes]:
    """(keys, print) of a decoded image (``Picture``), audio (``Track``) or video (``Clip``)."""
    return _PRINTS[kind](item)


def similarity(kind: str, one: bytes, other: bytes) -> float:
    """How alike two items of one kind are by their prints, 0 to 1."""
    if kind == "image":
        return _pictures_alike(one, other)
    if kind == "audio":
        return _sequences_alike(np.frombuffer(one, np.uint32), np.frombuffer(other, np.uint32), 32, 0)
    return _sequences_alike(np.frombuffer(one, np.uint64), np.frombuffer(other, np.uint64), 64, _FAR)


def _of_picture(picture: Picture) -> tuple[Keys, bytes]:
    grey = resized(picture.grey, _SIDE, _SIDE)
    bits = picture_hash(picture.grey)
    keys = [(band + 1) << 16 | (bits >> (16 * band)) & 0xFFFF for band in range(4)] + patch_keys(picture.grey)
    colours = [resized(picture.rgb[..., one].astype(np.float32), _COLOURS, _COLOURS) for one in range(3)]
    small = np.concatenate([grey.ravel(), *(one.ravel() for one in colours)])
    shape = np.float32(picture.width / picture.height).tobytes()
    return keys, np.clip(np.rint(small), 0, 255).astype(np.uint8).tobytes() + shape


def _pictures_alike(one: bytes, other: bytes) -> float:
    """The greater of two: the correlation of brightness at 64 x 64, and that of one picture with the part of the other
    that it fits best; each less what the colours at 8 x 8 differ by."""
    left, right = _Seen(one), _Seen(other)
    here, there = left.grey - left.grey.mean(), right.grey - right.grey.mean()
    spread = float(np.sqrt((here * here).sum() * (there * there).sum()))
    flat = max(here.std(), there.std()) < 2  # a single tone: only the tone itself can tell
    alike = 1.0 if flat else float((here * there).sum()) / spread if spread > 0 else 0.0
    whole = min(1.0, alike) - float(np.abs(left.colours - right.colours).mean()) / 128
    if flat or whole >= _SURE or not spread:
        return max(0.0, whole)
    fit, window, first = cropped_alike((left.grey, left.shape), (right.grey, right.shape))
    more, less = (left, right) if first else (right, left)
    apart = _tinted_apart(more.colours_within(window), less.colours) if fit > whole else 0.0
    return max(0.0, whole, min(1.0, fit) - apart / 128)


def _tinted_apart(one: npt.NDArray[np.float32], other: npt.NDArray[np.float32]) -> float:
    """What two grids of colours differ by in tint, and in brightness as a whole: a grid as coarse as this does not tell
    where exactly within a cell the brightness changes."""
    tints = np.abs((one - one.mean(axis=0)) - (other - other.mean(axis=0))).mean()
    return float(tints + abs(one.mean() - other.mean()))


class _Seen:
    """The print of a picture, read."""

    def __init__(self, printed: bytes) -> None:
        cut = _SIDE * _SIDE
        values = np.frombuffer(printed[:-4], np.uint8).astype(np.float32)
        self.grey, self.colours = values[:cut].reshape(_SIDE, _SIDE), values[cut:].reshape(3, _COLOURS, _COLOURS)
        self.shape = float(np.frombuffer(printed[-4:], np.float32)[0])

    def colours_within(self, window: tuple[float, float, float, float]) -> npt.NDArray[np.float32]:
        """The colours of a part, given in shares of the whole."""
        from PIL import Image

        size, box = (_COLOURS, _COLOURS), [edge * _COLOURS for edge in window]
        box = [max(0.0, min(float(_COLOURS), edge)) for edge in box]
        parts = [Image.fromarray(one).resize(size, Image.Resampling.BILINEAR, box=tuple(box)) for one in self.colours]
        return np.stack([np.asarray(one, np.float32) for one in parts])


def _of_track(track: Any) -> tuple[Keys, bytes]:
    heard = track.words[track.words != 0]
    return _smallest(np.unique(heard).astype(np.uint64)), track.words.tobytes()


def _of_clip(clip: Any) -> tuple[Keys, bytes]:
    telling = clip.hashes[np.bitwise_count(clip.hashes) > 4]  # an even frame has no picture
    shifts = np.arange(4, dtype=np.uint64) * np.uint64(16)
    bands = (telling[:, None] >> shifts) & np.uint64(0xFFFF) | ((shifts + np.uint64(1)) << np.uint64(16))
    return _smallest(np.unique(bands)), clip.hashes.tobytes()


_PRINTS: dict[str, Callable[[Any], tuple[Keys, bytes]]] = {
    "image": _of_picture,
    "audio": _of_track,
    "video": _of_clip,
}


def _smallest(words: npt.NDArray[np.uint64]) -> Keys:
    """The words with the smallest hashes: two items that share many words share some of these (Broder 1997)."""
    hashed = sorted(hashlib.blake2b(int(word).to_bytes(8, "little"), digest_size=7).digest() for word in words.tolist())
    return [int.from_bytes(one, "little") | 1 for one in hashed[:_KEYS]]


def _sequences_alike(
    one: npt.NDArray[np.unsignedinteger], other: npt.NDArray[np.unsignedinteger], width: int, far: int
) -> float:
    """Share of equal bits where the two overlap best, times the share of the longer one that overlaps."""
    if not len(one) or not len(other):
        return 0.0
    offset = _offset(one, other, far)
    start, end = max(0, offset), min(len(one), len(other) + offset)
    if end <= start:
        return 0.0
    left, right = one[start:end], other[start - offset : end - offset]
    heard = (left != 0) | (right != 0)
    if not heard.any():
        return float(len(left)) / max(len(one), len(other))
    wrong = np.bitwise_count(left[heard] ^ right[heard]).sum() / (width * int(heard.sum()))
    return float((1 - wrong) * len(left) / max(len(one), len(other)))


def _offset(one: npt.NDArray[np.unsignedinteger], other: npt.NDArray[np.unsignedinteger], far: int) -> int:
    """Where ``other`` begins in ``one`` by most votes of equal (or nearly equal) words."""
    if far:
        near = np.bitwise_count(one[:, None] ^ other[None, :]) <= far
        left, right = np.nonzero(near)
    else:
        order = np.argsort(other, kind="stable")
        places = np.searchsorted(other[order], one)
        inside = (places < len(other)) & (one != 0)
        inside[inside] = other[order][places[inside]] == one[inside]
        left, right = np.flatnonzero(inside), order[places[inside]]
    if not len(left):
        return 0
    offsets, votes = np.unique(left - right, return_counts=True)
    return int(offsets[np.argmax(votes)])
