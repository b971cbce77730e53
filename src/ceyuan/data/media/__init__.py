"""Operators on images, audio and video: each file decoded whole once, measured, printed for duplicates, previewed.

Declared like those on text: statistics only add columns, filters are predicates over them with reason codes. What
cannot be decoded raises ``Broken`` with its reason and stops nothing. Pillow (images), libsndfile through soundfile
(audio) and OpenCV (video) decode; each is an extra of its own. Finding duplicates and the whole run are
``ceyuan.data.corpus.media``'s work.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ceyuan.data.media import films, pictures, seeing, sounds, words
from ceyuan.data.media.asking import VISION, Vision
from ceyuan.data.media.clips import Clip, open_video
from ceyuan.data.media.declaring import Broken, columns_of, measure, media_operator, media_operators
from ceyuan.data.media.fingerprints import prints, similarity
from ceyuan.data.media.images import Picture, open_image
from ceyuan.data.media.previews import ENDINGS, preview
from ceyuan.data.media.seeing import require_models
from ceyuan.data.media.tracks import Track, open_audio

assert films
assert pictures
assert seeing
assert sounds
assert words  # importing a module declares its operators

_OPEN: dict[str, Callable[[Path], Picture | Track | Clip]] = {
    "image": open_image,
    "audio": open_audio,
    "video": open_video,
}


def open_media(kind: str, path: Path, beside: str = "") -> Picture | Track | Clip:
    """The decoded file, with the words that stand ``beside`` an image or a sound. Raises ``Broken``."""
    item = _OPEN[kind](path)
    return replace(item, beside=beside) if beside and isinstance(item, Picture | Track) else item


__all__ = [
    "ENDINGS",
    "VISION",
    "Broken",
    "Clip",
    "Picture",
    "Track",
    "Vision",
    "columns_of",
    "measure",
    "media_operator",
    "media_operators",
    "open_audio",
    "open_image",
    "open_media",
    "open_video",
    "preview",
    "prints",
    "require_models",
    "similarity",
]
