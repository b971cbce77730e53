"""Whether one picture is what is left of another after its edges were cut off.

The smaller view is laid over the larger one at every place and at the scales at which it covers most of it, by
normalised cross-correlation, and moved by fractions of a cell until it fits best. A copy then agrees with its original
everywhere; pictures that merely look alike as wholes, as dialogues of one program do, disagree in some of their parts.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["View", "cropped_alike"]

_COARSE = 32  # cells a side in which places are searched
_LEFT = 0.75  # share of the picture that must be left
_HOPEFUL = 0.6  # correlation in coarse cells below which nothing is to be found
_PARTS = 4  # a side: a copy agrees in all of these but two, which a mark or a subtitle may cover
_SPARE = 2
_AGREE = 0.5
_FLAT = 4.0  # deviation of brightness below which a part shows nothing
_MOVES = ((1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1), (-0.5, -0.5, 1), (0.5, 0.5, -1))

Cells = npt.NDArray[np.float32]
View = tuple[Cells, float]
"""A picture's brightness in square form (0-255), and its width over its height."""


def cropped_alike(one: View, other: View) -> tuple[float, tuple[float, float, float, float], bool]:
    """(likeness 0 to 1, the window, whether it lies in ``one``) of the best fit of either into the other; the window
    is (left, top, right, bottom) in shares of the picture that holds more."""
    found, first = max((_within(one, other), True), (_within(other, one), False), key=lambda fit: fit[0][0])
    return *found, first


def _within(whole: View, part: View) -> tuple[float, tuple[float, float, float, float]]:
    """The likeness of ``part`` to the window of ``whole`` that it fits best, and the window."""
    from PIL import Image

    ratio = part[1] / whole[1]
    corner = _coarse(Image.fromarray(whole[0]), Image.fromarray(part[0]), ratio)
    nothing = 0.0, (0.0, 0.0, 1.0, 1.0)
    if corner is None:
        return nothing
    image, side = Image.fromarray(whole[0]), part[0].shape[0]
    wanted = _unit(part[0])

    def seen(window: tuple[float, float, float]) -> tuple[float, Cells | None]:
        left, top, width = window
        right, bottom = left + width, top + width / ratio
        if left < 0 or top < 0 or right > side or bottom > side:
            return -1.0, None
        cells = _scaled(image, side, side, (left, top, right, bottom))
        return float((_unit(cells) * wanted).sum()), cells

    best = corner
    value, cells = seen(best)
    for step in (1.0, 0.5, 0.25):
        for _ in range(2):
            before = value
            for right, down, wider in _MOVES:
                there = (best[0] + step * right, best[1] + step * down, best[2] + step * wider)
                found, looked = seen(there)
                if found > value:
                    best, value, cells = there, found, looked
            if value == before:
                break
    if cells is None:
        return nothing
    likeness = value - max(0.0, _AGREE - _parts(cells, part[0]))
    left, top, width = (one / side for one in best)
    return max(0.0, likeness), (left, top, left + width, top + width / ratio)


def _coarse(whole: Any, part: Any, ratio: float) -> tuple[float, float, float] | None:
    """(left, top, width) in cells of the whole, of the window that is most like the part; None without any hope."""
    from PIL import Image

    cells = _scaled(whole, _COARSE, _COARSE)
    larger = whole.width / _COARSE
    best, found = _HOPEFUL, None
    width = min(1.0, ratio)
    while width * width / ratio >= _LEFT:
        across, down = round(width * _COARSE), round(width / ratio * _COARSE)
        fits = _correlations(cells, np.asarray(part.resize((across, down), Image.Resampling.BOX), np.float32))
        top, left = np.unravel_index(int(np.argmax(fits)), fits.shape)
        if fits[top, left] > best:
            best = float(fits[top, left])
            room = whole.width * (1 - width), whole.width * (1 - width / ratio)
            found = min(left * larger, room[0]), min(top * larger, room[1]), width * whole.width
        width -= 1 / _COARSE
    return found


def _correlations(cells: Cells, part: Cells) -> npt.NDArray[np.float64]:
    """Normalised correlation of ``part`` with ``cells`` at every place where it lies within."""
    height, width = part.shape
    windows = np.lib.stride_tricks.sliding_window_view(cells, part.shape)
    products = np.tensordot(windows, _unit(part), axes=((2, 3), (0, 1)))

    def sums(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        running = np.pad(values.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
        whole = running[height:, width:] - running[:-height, width:] - running[height:, :-width]
        return np.asarray(whole + running[:-height, :-width])

    exact = cells.astype(np.float64)
    spread = sums(exact**2) - sums(exact) ** 2 / part.size
    return np.asarray(products / np.sqrt(np.maximum(spread, part.size)))


def _parts(one: Cells, other: Cells) -> float:
    """The likeness of the part that agrees least but for the spare ones; 1 where all are equal."""
    side = len(one) // _PARTS
    left, right = (
        np.stack([row.reshape(side, _PARTS, side) for row in np.split(cells, _PARTS)]).transpose(0, 2, 1, 3)
        for cells in (one, other)
    )
    left, right = (cells.reshape(-1, side * side) for cells in (left, right))
    means = left.mean(axis=1), right.mean(axis=1)
    apart = np.abs((left - means[0][:, None]) - (right - means[1][:, None])).mean(axis=1)
    spread = np.maximum(left.std(axis=1), right.std(axis=1))
    shown = 1 - apart / np.maximum(spread, _FLAT)
    likeness = np.where(spread > _FLAT, shown, 1 - np.abs(means[0] - means[1]) / 64)
    return float(np.sort(likeness)[_SPARE])


def _scaled(image: Any, width: int, height: int, box: tuple[float, float, float, float] | None = None) -> Cells:
    from PIL import Image

    way = Image.Resampling.BOX if box is None else Image.Resampling.BILINEAR
    return np.asarray(image.resize((width, height), way, box=box), np.float32)


def _unit(cells: Cells) -> Cells:
    """``cells`` less their mean, at length 1."""
    around = cells - cells.mean()
    length = float(np.sqrt((around * around).sum()))
    return np.asarray(around / length if length > 0 else around, np.float32)
