"""Tiny pictures, sounds and films, made anew for each test."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
Samples = npt.NDArray[np.float32]
RATE = 8000


def scene(seed: int = 0, width: int = 160, height: int = 120) -> Pixels:
    """A picture of soft coloured hills with sharp blocks on them."""
    chance = np.random.default_rng(seed)
    across, down = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    layers = []
    for _ in range(3):
        turns, shift = chance.uniform(1, 4, 2), chance.uniform(0, 6, 2)
        layers.append(np.sin(turns[0] * 3 * across + shift[0]) + np.cos(turns[1] * 3 * down + shift[1]))
    image = np.stack(layers, axis=-1)
    image = (image - image.min()) / (image.max() - image.min()) * 200
    for _ in range(6):
        left, top = int(chance.integers(0, width - 30)), int(chance.integers(0, height - 24))
        image[top : top + 24, left : left + 30] = chance.uniform(0, 255, 3)
    return image.astype(np.uint8)


def speech(seed: int = 0, seconds: float = 3.0) -> Samples:
    """Sound like speech: syllables of a gliding voice with pauses and a little noise."""
    chance = np.random.default_rng(seed)
    time = np.arange(int(seconds * RATE)) / RATE
    turns, beats = np.arange(0, seconds + 1, 0.25), np.arange(0, seconds + 1, 0.12)
    pitch = 120 + 60 * np.interp(time, turns, chance.uniform(-1, 1, len(turns)))
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    weights = chance.uniform(0.2, 1, 12)
    voice = sum(weight * np.sin((one + 1) * phase) for one, weight in enumerate(weights))
    syllables = np.interp(time, beats, chance.random(len(beats)) > 0.35)
    return np.asarray(0.05 * voice * syllables + 1e-4 * chance.standard_normal(len(time)), np.float32)


def film(path: Path, frames: list[Pixels], rate: int = 10) -> Path:
    """The frames as a video."""
    import cv2

    height, width = frames[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), rate, (width, height))
    for frame in frames:
        writer.write(np.ascontiguousarray(frame[..., ::-1]))
    writer.release()
    return path


def panning(seed: int, count: int, step: int = 2) -> list[Pixels]:
    """A camera that moves over a scene."""
    wide = scene(seed, width=160 + step * count)
    return [np.ascontiguousarray(wide[:, at * step : at * step + 160]) for at in range(count)]
