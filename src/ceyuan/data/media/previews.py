"""Previews of media that a page can show: a thumbnail, the peaks of a waveform, a strip of frames."""

from io import BytesIO
from typing import Any

import numpy as np
import orjson

from ceyuan.data.media.images import reduced

__all__ = ["ENDINGS", "preview"]

ENDINGS = {"image": "webp", "audio": "json", "video": "jpg"}
"""Ending of a preview's file by kind of media."""

_SIDE = 320
_PEAKS = 400
_MOMENTS = 3


def preview(kind: str, item: Any) -> bytes:
    """The preview of a decoded item: WebP of at most 320 pixels, JSON with ``seconds``, ``rate`` and at most 400
    ``peaks`` (pairs of lowest and highest sample, -128..127), or JPEG of frames of at most 320 pixels side by side: the
    clearest one, then up to three from the beginning to the end."""
    if kind == "image":
        return _thumbnail(item.rgb)
    return _peaks(item) if kind == "audio" else _strip(item)


def _thumbnail(rgb: Any) -> bytes:
    from PIL import Image

    out = BytesIO()
    reduced(Image.fromarray(rgb), _SIDE).save(out, "WEBP", quality=75, method=4)
    return out.getvalue()


def _strip(clip: Any) -> bytes:
    import cv2

    height, width = clip.still.shape[:2]
    scale = min(1.0, _SIDE / max(width, height))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    moments = clip.moments if len(clip.moments) > 1 else ()
    places = np.linspace(0, len(moments) - 1, min(_MOMENTS, len(moments))).round().astype(int)
    frames = [clip.still, *(moments[at] for at in places)]
    small = [cv2.resize(frame[..., ::-1], size, interpolation=cv2.INTER_AREA) for frame in frames]
    return bytes(cv2.imencode(".jpg", np.hstack(small), [cv2.IMWRITE_JPEG_QUALITY, 80])[1])


def _peaks(track: Any) -> bytes:
    edges = np.linspace(0, len(track.low), min(_PEAKS, max(len(track.low), 1)) + 1).astype(np.int64)[:-1]
    pairs: list[list[int]] = []
    if len(track.low):
        low, high = np.minimum.reduceat(track.low, edges), np.maximum.reduceat(track.high, edges)
        pairs = np.clip(np.rint(np.stack([low, high], axis=1) * 127), -128, 127).astype(int).tolist()
    return orjson.dumps({"seconds": round(track.seconds, 3), "rate": track.rate, "peaks": pairs})
