"""Audio decoded whole in a stream, block by block, into what operators look at; memory does not grow with samples."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ceyuan.data.media.declaring import Broken, opener
from ceyuan.data.media.loudness import KWeighting

__all__ = ["FRAME", "Track", "open_audio"]

FRAME = 0.02
"""Seconds of a frame."""

_BLOCK = 500  # frames that are decoded at a time: 10 seconds
_SECONDS = 8 * 3600
_FULL = 0.9995  # of full scale
_BANDS = np.geomspace(300.0, 2000.0, 34)  # Hz; as Haitsma and Kalker 2002
_PRINTS = 3000  # at 25 a second: the first two minutes
_SPEECH = (300.0, 3400.0)  # Hz, telephone speech

Numbers = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Track:
    """A decoded sound. Per frame of 20 ms of the mean of its channels: ``power`` (mean square), ``low`` and ``high``
    (samples), ``flatness`` and ``speech_band`` (share of power between 300 and 3400 Hz). ``energies`` are the
    K-weighted mean squares of every 100 ms, ``spectrum`` the mean power by frequency, ``channel_power`` the mean square
    of each channel, ``words`` the fingerprint's bits of every 40 ms, ``beside`` the words that stand beside it. Samples
    are in -1..1.
    """

    format: str
    encoding: str
    rate: int
    channels: int
    samples: int
    bytes: int
    clipped: int
    dropped: int
    offset: float
    alike: float
    power: Numbers
    low: Numbers
    high: Numbers
    flatness: Numbers
    speech_band: Numbers
    energies: Numbers
    spectrum: npt.NDArray[np.float64]
    channel_power: npt.NDArray[np.float64]
    words: npt.NDArray[np.uint32]
    beside: str = ""

    @property
    def seconds(self) -> float:
        """Length."""
        return self.samples / self.rate

    @property
    def levels(self) -> Numbers:
        """Level of each frame in dB of full scale, at least -120."""
        return np.asarray(10 * np.log10(np.maximum(self.power, 1e-12)), np.float32)


def open_audio(path: Path) -> Track:
    """Decode every sample.

    Raises ``Broken``: ``broken_media``, ``media_too_large``, ``missing_extra``, ``empty_media``, ``truncated_media``.
    """
    try:
        import soundfile
    except ImportError as error:
        raise Broken("missing_extra", "pip install 'ceyuan[audio]'") from error
    try:
        with soundfile.SoundFile(path) as file:
            if file.frames > _SECONDS * file.samplerate:
                raise Broken("media_too_large", f"{file.frames / file.samplerate:.0f} s")
            if file.samplerate < 1000 or not 1 <= file.channels <= 32:
                raise Broken("broken_media", f"{file.samplerate} Hz, {file.channels} channels")
            heard = _Hearing(file.samplerate, file.channels)
            for block in file.blocks(_BLOCK * heard.frame, dtype="float32", always_2d=True):
                heard.take(np.nan_to_num(block))
            names, declared = (file.format.lower(), file.subtype.lower()), max(file.frames, _declared(path))
    except Broken:
        raise
    except (soundfile.SoundFileError, OSError) as error:
        raise Broken("broken_media", str(error)[:300]) from error
    if not heard.samples:
        raise Broken("empty_media", "no sample")
    if heard.samples < 0.98 * declared:
        raise Broken("truncated_media", f"{heard.samples} of {declared} samples")
    return heard.track(names, path.stat().st_size)


opener("audio", open_audio)


def _declared(path: Path) -> int:
    """Samples that the header of a WAV file promises; 0 for other formats. Decoders read a cut one without a word."""
    with path.open("rb") as file:
        head = file.read(12)
        if head[:4] != b"RIFF" or head[8:] != b"WAVE":
            return 0
        align = 0
        while len(chunk := file.read(8)) == 8:
            name, size = chunk[:4], int.from_bytes(chunk[4:], "little")
            if name == b"data":
                return size // align if align and size < 0xFFFFFF00 else 0  # streams write the greatest size there is
            body = file.read(size + size % 2) if name == b"fmt " else b""
            if name == b"fmt ":
                align = int.from_bytes(body[12:14], "little")
            else:
                file.seek(size + size % 2, 1)
    return 0


@dataclass
class _Hearing:
    """What is known of a track while its blocks come in."""

    rate: int
    channels: int
    samples: int = 0
    clipped: int = 0
    dropped: int = 0
    total: float = 0.0
    products: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(3))
    parts: list[tuple[Any, ...]] = field(default_factory=list)
    words: list[Numbers] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.frame = round(self.rate * FRAME)
        self.weighting = KWeighting(self.rate, self.channels)
        self.squares = np.zeros(self.channels)
        self.bins = np.fft.rfftfreq(self.frame, 1 / self.rate)
        self.spectrum = np.zeros(len(self.bins))
        self.window = np.hanning(self.frame).astype(np.float32)
        self.long = 1 << int(np.ceil(np.log2(0.25 * self.rate)))
        self.tail = np.zeros(0, np.float32)
        edges = np.searchsorted(np.fft.rfftfreq(self.long, 1 / self.rate), _BANDS)
        self.edges = np.maximum.accumulate(edges)

    def take(self, block: Numbers) -> None:
        """One block of samples x channels; all but the last have the same length."""
        self.samples += len(block)
        full = np.abs(block) >= _FULL
        self.clipped += int((full[1:] & full[:-1]).any(axis=1).sum())
        mono = block.mean(axis=1)
        self.total += float(mono.sum(dtype=np.float64))
        self.squares += (block.astype(np.float64) ** 2).sum(axis=0)
        if self.channels > 1:
            one, other = block[:, 0].astype(np.float64), block[:, 1].astype(np.float64)
            self.products += (one @ one, other @ other, one @ other)
        frames = mono[: len(mono) // self.frame * self.frame].reshape(-1, self.frame)
        if len(frames):
            self._frames(frames)
        self.weighting.take(block)
        self._print(mono)

    def _frames(self, frames: Numbers) -> None:
        low, high = frames.min(axis=1), frames.max(axis=1)
        self.dropped += int(((low == 0) & (high == 0)).sum())
        spectra = np.abs(np.fft.rfft(frames * self.window, axis=1)).astype(np.float32) ** 2
        self.spectrum += spectra.sum(axis=0, dtype=np.float64)
        inside = (self.bins >= _SPEECH[0]) & (self.bins <= _SPEECH[1])
        speech = spectra[:, inside] + 1e-12
        flat = np.exp(np.log(speech).mean(axis=1)) / speech.mean(axis=1)
        share = speech.sum(axis=1) / (spectra[:, self.bins >= 60].sum(axis=1) + 1e-9)
        self.parts.append(((frames**2).mean(axis=1), low, high, flat, np.minimum(share, 1)))

    def _print(self, mono: Numbers) -> None:
        """Energies of 33 bands every 40 ms, for the first two minutes."""
        if sum(map(len, self.words)) >= _PRINTS:
            return
        hop = 2 * self.frame
        joined = np.concatenate([self.tail, mono])
        count = max(0, (len(joined) - self.long) // hop + 1)
        self.tail = joined[count * hop :]
        if count:
            views = np.lib.stride_tricks.sliding_window_view(joined, self.long)[::hop][:count]
            power = (
                np.abs(np.fft.rfft(views * np.hanning(self.long).astype(np.float32), axis=1)).astype(np.float32) ** 2
            )
            sums = np.cumsum(np.pad(power, ((0, 0), (1, 0))), axis=1, dtype=np.float64)
            self.words.append((sums[:, self.edges[1:]] - sums[:, self.edges[:-1]]).astype(np.float32))

    def track(self, names: tuple[str, str], size: int) -> Track:
        """All that was heard."""
        columns = [np.concatenate(one).astype(np.float32) for one in zip(*self.parts, strict=True)]
        power, low, high, flat, share = columns or [np.zeros(0, np.float32)] * 5
        one, other, both = self.products
        alike = both / np.sqrt(one * other) if one * other > 0 else float(self.channels == 1)
        return Track(
            *(names[0], names[1], self.rate, self.channels, self.samples, size, self.clipped, self.dropped),
            *(self.total / self.samples, float(alike), power, low, high, flat, share, self.weighting.energies()),
            *(self.spectrum / max(len(power), 1), self.squares / self.samples, _bits(self.words)),
        )


def _bits(parts: list[Numbers]) -> npt.NDArray[np.uint32]:
    """Signs of the differences between bands and in time, 32 a moment (Haitsma and Kalker 2002); 0 in silence."""
    if not parts:
        return np.zeros(0, np.uint32)
    energies = np.concatenate(parts)[:_PRINTS]
    steps = energies[:, :-1] - energies[:, 1:]
    signs = (steps[1:] - steps[:-1]) > 0
    packed = np.ascontiguousarray(np.packbits(signs, axis=1, bitorder="little")).view(np.uint32).ravel()
    loud = energies[1:].sum(axis=1) > 1e-6 * max(float(energies.sum(axis=1).max()), 1e-9)
    return np.where(loud, packed | np.uint32(1), np.uint32(0))
