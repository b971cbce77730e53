"""Loudness of programmes by ITU-R BS.1770-5: K-weighting, gating, LUFS."""

import numpy as np
import numpy.typing as npt

__all__ = ["KWeighting", "integrated"]

Numbers = npt.NDArray[np.float32]
SILENT = -70.0
"""LUFS of the absolute gate, below which nothing counts."""


class KWeighting:
    """K-weighted energy of every 100 ms, taken in blocks.

    The filters of annex 1, given there for 48 kHz, are made anew for other rates from their analogue form (a shelf of
    4 dB above 1.7 kHz, a high-pass at 38 Hz). Surround channels of 5.1 weigh 1.41, the low-frequency one nothing.
    """

    def __init__(self, rate: int, channels: int) -> None:
        self._sections = np.stack([_shelf(rate), _high_pass(rate)])
        self._state = np.zeros((2, 2, channels))
        self._length = 5 * round(rate * 0.02)
        weights = np.ones(channels)
        if channels == 6:
            weights[3:] = (0.0, 1.41, 1.41)
        self._weights = weights
        self._parts: list[Numbers] = []

    def take(self, block: Numbers) -> None:
        """Samples x channels; all blocks but the last hold whole hundredths of 100 ms."""
        from scipy.signal import sosfilt

        filtered, self._state = sosfilt(self._sections, block.astype(np.float64), axis=0, zi=self._state)
        whole = len(block) // self._length
        squares = (filtered[: whole * self._length] ** 2).reshape(whole, self._length, block.shape[1]).mean(axis=1)
        self._parts.append((squares @ self._weights).astype(np.float32))

    def energies(self) -> Numbers:
        """Weighted mean square of every 100 ms."""
        return np.concatenate(self._parts) if self._parts else np.zeros(0, np.float32)


def integrated(energies: Numbers) -> float:
    """Gated loudness in LUFS (annex 1, equations 2 to 7); -70 where all is below the absolute gate."""
    if len(energies) < 4:
        blocks = energies.astype(np.float64).mean(keepdims=True) if len(energies) else np.zeros(0)
    else:
        blocks = np.convolve(energies.astype(np.float64), np.full(4, 0.25), "valid")
    loud = blocks[_lufs(blocks) > SILENT]
    if not len(loud):
        return SILENT
    gated = loud[_lufs(loud) > _lufs(loud.mean(keepdims=True))[0] - 10]
    return float(_lufs(gated.mean(keepdims=True))[0])


def _lufs(squares: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(-0.691 + 10 * np.log10(np.maximum(squares, 1e-12)), np.float64)


def _shelf(rate: int) -> npt.NDArray[np.float64]:
    gain, quality, centre = 3.999843853973347, 0.7071752369554196, 1681.974450955533
    turn = np.tan(np.pi * min(centre, 0.45 * rate) / rate)
    high = 10 ** (gain / 20)
    middle = high**0.4996667741545416
    norm = 1 + turn / quality + turn**2
    forward = [high + middle * turn / quality + turn**2, 2 * (turn**2 - high), high - middle * turn / quality + turn**2]
    back = [norm, 2 * (turn**2 - 1), 1 - turn / quality + turn**2]
    return np.asarray(np.array(forward + back) / norm, np.float64)


def _high_pass(rate: int) -> npt.NDArray[np.float64]:
    quality, centre = 0.5003270373238773, 38.13547087602444
    turn = np.tan(np.pi * centre / rate)
    norm = 1 + turn / quality + turn**2
    back = [1.0, 2 * (turn**2 - 1) / norm, (1 - turn / quality + turn**2) / norm]
    return np.array([1.0, -2.0, 1.0, *back])
