"""Keys of places in a picture, which a copy shares that was cut, scaled or recompressed.

Blobs are found as extrema of differences of Gaussians over place and scale (Lowe 2004); the surroundings of each, as
large as the blob tells, are reduced to signs of their lowest frequencies. What is cut off takes the places there with
it and leaves the others as they are.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from ceyuan.data.media.images import Grey, resized

__all__ = ["patch_keys"]

_SIDE = 192  # long side of the picture that is searched, in pixels
_FIRST = 1.6  # standard deviation of the first Gaussian, in pixels
_STEPS = 3  # to twice the scale
_OCTAVES = 4
_LEAST = 1.0  # difference of brightness, of 255
_BENT = 12.1  # how much more a place may be bent one way than the other: edges have no place along themselves
_REACH = 4  # from a place to the edges of its patch, in standard deviations
_PLACES = 48
_GRID = 16
_BITS = 24
_LOWEST = sorted(range(1, 64), key=lambda one: (one // 8 + one % 8, one))[:_BITS]

Places = npt.NDArray[np.float64]
"""Rows of response, x, y and scale, in pixels of the picture that is searched."""


def patch_keys(grey: Grey) -> list[int]:
    """Keys of the most distinct places of a picture, at most 48; none where it shows none."""
    from scipy.fft import dctn
    from scipy.ndimage import gaussian_filter, map_coordinates

    scale = _SIDE / max(grey.shape)
    height, width = (max(8, round(length * scale)) for length in grey.shape)
    small = resized(grey, width, height)
    places = _places(small)
    room = _REACH * places[:, 3]
    inside = (places[:, 1] >= room) & (places[:, 2] >= room)
    inside &= (places[:, 1] + room <= width) & (places[:, 2] + room <= height)
    places = places[inside]
    places = places[np.lexsort((places[:, 1], places[:, 2], -places[:, 0]))][:_PLACES]
    if not len(places):
        return []
    around = ((np.arange(_GRID) + 0.5) / _GRID * 2 - 1) * _REACH
    across = places[:, 1, None, None] + places[:, 3, None, None] * around[None, None, :]
    down = places[:, 2, None, None] + places[:, 3, None, None] * around[None, :, None]
    patches = map_coordinates(gaussian_filter(small, 0.7), np.broadcast_arrays(down, across), order=1, mode="nearest")
    waves = dctn(patches, axes=(1, 2), norm="ortho")[:, :8, :8].reshape(len(patches), 64)
    words = (waves[:, _LOWEST] > 0) @ (1 << np.arange(_BITS, dtype=np.int64))
    return [int(word) for word in np.unique(words | 1 << 40)]


def _places(small: Grey) -> Places:
    from scipy.ndimage import gaussian_filter

    found = [np.empty((0, 4))]
    base, have, pixel = gaussian_filter(small, 1.0), 1.0, 1.0
    for _ in range(_OCTAVES):
        if min(base.shape) < 12:
            break
        levels = []
        for step in range(_STEPS + 3):
            wanted = _FIRST * 2 ** (step / _STEPS)
            if wanted > have:
                base, have = gaussian_filter(base, float(np.sqrt(wanted**2 - have**2)), truncate=3), wanted
            levels.append(base)
        found.append(_extrema(np.diff(np.stack(levels), axis=0)) * np.array([1, pixel, pixel, pixel]))
        base, have, pixel = levels[_STEPS][::2, ::2], _FIRST, 2 * pixel
    return np.concatenate(found)


def _extrema(bands: npt.NDArray[Any]) -> Places:
    from scipy.ndimage import maximum_filter, minimum_filter

    peak = (bands == maximum_filter(bands, 3)) | (bands == minimum_filter(bands, 3))
    peak &= np.abs(bands) > _LEAST
    peak[[0, -1]] = peak[:, [0, -1]] = peak[:, :, [0, -1]] = False
    band, y, x = np.nonzero(peak)

    def value(by: int, down: int, right: int) -> npt.NDArray[np.float64]:
        return bands[band + by, y + down, x + right].astype(np.float64)

    here = value(0, 0, 0)
    bent_x = value(0, 0, 1) + value(0, 0, -1) - 2 * here
    bent_y = value(0, 1, 0) + value(0, -1, 0) - 2 * here
    bent_s = value(1, 0, 0) + value(-1, 0, 0) - 2 * here
    twist = (value(0, 1, 1) + value(0, -1, -1) - value(0, 1, -1) - value(0, -1, 1)) / 4
    area = bent_x * bent_y - twist**2
    round_ = (area > 0) & ((bent_x + bent_y) ** 2 <= _BENT * area)
    right = _aside(value(0, 0, 1) - value(0, 0, -1), bent_x)
    down = _aside(value(0, 1, 0) - value(0, -1, 0), bent_y)
    up = _aside(value(1, 0, 0) - value(-1, 0, 0), bent_s)
    scale = _FIRST * 2 ** ((band + up) / _STEPS)
    return np.stack([np.abs(here), x + right, y + down, scale], axis=1)[round_]


def _aside(slope: npt.NDArray[np.float64], bent: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """How far beside a sample the top of the parabola through it and its neighbours lies."""
    safe = np.where(np.abs(bent) > 1e-9, bent, np.inf)
    return np.asarray(np.clip(-slope / 2 / safe, -0.5, 0.5))
