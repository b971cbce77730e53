"""Video decoded whole, frame by frame, into what operators look at; only a few small frames are held."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ceyuan.data.media.containers import audio_tracks
from ceyuan.data.media.declaring import Broken, opener
from ceyuan.data.media.fingerprints import picture_hash
from ceyuan.data.media.pictures import laplacian, uniform_borders

__all__ = ["Clip", "open_video"]

_PIXELS = 40_000_000
_FRAMES = 3_000_000
_SMALL = 160  # width of the frames that are compared
_STILL = 480
_MOMENTS = 8
_SAMPLED = 3600  # frames that are looked at more closely: one a second, so the first hour

Numbers = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Clip:
    """A decoded video. Per frame, at 160 pixels width: ``brightness`` and ``spread`` (mean and deviation of brightness,
    0-255), ``change`` (mean absolute difference to the frame before), ``content`` (the same over hue, saturation and
    value). Per second: ``sharpness``, ``borders``, ``hashes`` (64 bits each). ``still`` is the clearest frame, RGB,
    ``moments`` are up to eight frames from the beginning to the end.
    """

    encoding: str
    width: int
    height: int
    rate: float
    frames: int
    bytes: int
    key_frames: int
    audio_tracks: int
    brightness: Numbers
    spread: Numbers
    change: Numbers
    content: Numbers
    sharpness: Numbers
    borders: Numbers
    hashes: npt.NDArray[np.uint64]
    still: npt.NDArray[np.uint8]
    moments: tuple[npt.NDArray[np.uint8], ...] = ()

    @property
    def seconds(self) -> float:
        """Length."""
        return self.frames / self.rate


def open_video(path: Path) -> Clip:
    """Decode every frame. Raises ``Broken``: ``broken_media``, ``media_too_large``, ``missing_extra``, ``empty_media``,
    ``truncated_media``."""
    # Read when the library is loaded: no words on the standard error, no protocol but files.
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
    os.environ.setdefault("OPENCV_FFMPEG_CAPTURE_OPTIONS", "protocol_whitelist;file")
    try:
        import cv2
    except ImportError as error:
        raise Broken("missing_extra", "pip install 'ceyuan[video]'") from error
    try:
        return _watched(cv2, path)
    except cv2.error as error:
        raise Broken("broken_media", str(error)[:300]) from error


opener("video", open_video)


def _watched(cv2: Any, path: Path) -> Clip:
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
    try:
        if not capture.isOpened():
            raise Broken("broken_media", "the decoder cannot open it")
        rate, declared = float(capture.get(cv2.CAP_PROP_FPS)), int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        width, height = (int(capture.get(p)) for p in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
        if width * height > _PIXELS or declared > _FRAMES:
            raise Broken("media_too_large", f"{width} x {height}, {declared} frames")
        if not 0.01 <= rate <= 1000:
            raise Broken("broken_media", f"{rate} frames a second")
        code = int(capture.get(cv2.CAP_PROP_FOURCC)) & 0xFFFFFFFF
        seen = _Watching(cv2, rate)
        while seen.frames < _FRAMES:
            found, frame = capture.read()
            if not found:
                break
            seen.take(frame)
    finally:
        capture.release()
    if not seen.frames:
        raise Broken("empty_media", "no frame can be decoded")
    if seen.frames < 0.9 * declared:
        raise Broken("truncated_media", f"{seen.frames} of {declared} frames")
    name = code.to_bytes(4, "little").decode("latin-1").strip("\0 ").lower()
    about = (name, width, height, rate, seen.frames, path.stat().st_size, _key_frames(cv2, path), audio_tracks(path))
    return seen.clip(about)


def _key_frames(cv2: Any, path: Path) -> int:
    """Frames that can be decoded alone, told by the packets; nothing is decoded."""
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_FORMAT, -1])
    count = 0
    try:
        while capture.isOpened() and capture.grab():
            capture.retrieve()
            count += capture.get(cv2.CAP_PROP_LRF_HAS_KEY_FRAME) > 0
    finally:
        capture.release()
    return int(count)


@dataclass
class _Watching:
    """What is known of a video while its frames come in."""

    cv2: Any
    rate: float
    frames: int = 0
    best: float = -1.0
    rows: list[tuple[float, float, float, float]] = field(default_factory=list)
    closer: list[tuple[float, float, int]] = field(default_factory=list)
    still: npt.NDArray[np.uint8] = field(default_factory=lambda: np.zeros((1, 1, 3), np.uint8))
    moments: list[npt.NDArray[np.uint8]] = field(default_factory=list)
    apart: int = 1
    before: tuple[Any, Any] | None = None

    def take(self, frame: npt.NDArray[np.uint8]) -> None:
        """One frame, height x width x 3, blue first."""
        cv2 = self.cv2
        height = max(1, round(frame.shape[0] * _SMALL / frame.shape[1]))
        small = cv2.resize(frame, (_SMALL, height), interpolation=cv2.INTER_AREA)
        grey, tones = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), cv2.cvtColor(small, cv2.COLOR_BGR2HSV)
        change = content = 0.0
        if self.before is not None:
            change = float(cv2.absdiff(grey, self.before[0]).mean())
            content = float(cv2.absdiff(tones, self.before[1]).mean())
        self.before = grey, tones
        self.rows.append((float(grey.mean()), float(grey.std()), change, content))
        # One a second, from the middle of each, because encoders fade in.
        due = int((self.frames + self.rate / 2) / self.rate) > int((self.frames - 1 + self.rate / 2) / self.rate)
        if (due or not self.closer) and len(self.closer) < _SAMPLED:
            self._look(frame, grey.astype(np.float32))
        self.frames += 1

    def _look(self, frame: npt.NDArray[np.uint8], grey: Numbers) -> None:
        cv2 = self.cv2
        scale = min(1.0, _STILL / max(frame.shape[:2]))
        size = (max(1, round(frame.shape[1] * scale)), max(1, round(frame.shape[0] * scale)))
        still = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
        if len(self.closer) % self.apart == 0:
            self.moments.append(np.ascontiguousarray(still[..., ::-1]))
            if len(self.moments) > _MOMENTS:  # of a longer video every other one is enough
                self.moments, self.apart = self.moments[::2], 2 * self.apart
        sharp = float(laplacian(cv2.cvtColor(still, cv2.COLOR_BGR2GRAY).astype(np.float32)).var())
        self.closer.append((sharp, uniform_borders(grey, 4.0), picture_hash(grey)))
        clear = sharp + 1e-3 * float(grey.std())
        if clear > self.best:
            self.best, self.still = clear, np.ascontiguousarray(still[..., ::-1])

    def clip(self, about: tuple[str, int, int, float, int, int, int, int]) -> Clip:
        """All that was seen."""
        brightness, spread, change, content = np.array(self.rows, np.float32).T
        sharp, borders, hashes = zip(*self.closer, strict=True)
        closer = (np.array(sharp, np.float32), np.array(borders, np.float32), np.array(hashes, np.uint64))
        return Clip(*about, brightness, spread, change, content, *closer, self.still, tuple(self.moments))
