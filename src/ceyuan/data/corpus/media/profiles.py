"""Profiles of media: which bounds decide what is kept, by what the corpus is for."""

from collections.abc import Sequence
from typing import Literal

from ceyuan.data.operators import Filter
from ceyuan.data.readers import MediaKind

__all__ = ["KINDS", "Purpose", "default_filters"]

Purpose = Literal["images", "speech", "video"]

KINDS: dict[Purpose, MediaKind] = {"images": "image", "speech": "audio", "video": "video"}
"""The kind of media of each purpose; other media in the sources are left out."""


def default_filters(purpose: Purpose) -> tuple[Filter, ...]:
    """The filters of a purpose, in the order they are asked."""
    return tuple(Filter(statistic=s, reason=r, at_least=low, at_most=high) for s, r, low, high in _BOUNDS[purpose])


_Bound = tuple[str, str, float | None, float | None]
_BOUNDS: dict[Purpose, Sequence[_Bound]] = {
    "images": (
        ("short_side", "too_small", 64, None),
        ("aspect", "odd_shape", None, 8),
        ("entropy", "plain", 0.5, None),
        ("dark_share", "too_dark", None, 0.95),
        ("bright_share", "too_bright", None, 0.995),
        ("sharpness", "blurred", 15, None),
    ),
    "speech": (
        ("audio_seconds", "too_short", 0.5, None),
        ("audio_seconds", "too_long", None, 7200),
        ("sample_rate", "low_rate", 8000, None),
        ("loudness", "too_quiet", -50, None),
        ("silence_share", "silent", None, 0.9),
        ("clipped_share", "clipped", None, 0.01),
        ("snr", "noisy", 6, None),
        ("speech_share", "no_speech", 0.2, None),
    ),
    "video": (
        ("video_seconds", "too_short", 1, None),
        ("video_seconds", "too_long", None, 14_400),
        ("video_short_side", "too_small", 120, None),
        ("frame_rate", "low_rate", 4, None),
        ("black_share", "black", None, 0.5),
        ("frozen_share", "frozen", None, 0.95),
        ("video_sharpness", "blurred", 10, None),
    ),
}
