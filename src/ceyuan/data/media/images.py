"""Images decoded whole and checked, reduced to what operators look at."""

from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

from ceyuan.data.media.declaring import Broken, opener

__all__ = ["Picture", "open_image", "reduced", "resized"]

_PIXELS = 80_000_000
_LARGE = 16_000_000  # pixels from which only one image is decoded at a time, whatever the number of threads
_ALONE = Lock()
_SIDE = 1024  # long side of what most operators look at: measures of sharpness then compare across sizes
_DETAIL = 512

Grey = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Picture:
    """A decoded image. ``rgb`` has shape height x width x 3 and at most 1024 pixels on its long side, ``detail`` is the
    middle of the whole image's brightness (at most 512 x 512, not resized), both 0-255. ``beside`` are the words that
    stand beside it."""

    format: str
    mode: str
    frames: int
    width: int
    height: int
    bytes: int
    transparent: float
    rgb: npt.NDArray[np.uint8]
    detail: Grey
    beside: str = ""

    @cached_property
    def grey(self) -> Grey:
        """Brightness of ``rgb`` (ITU-R BT.601), 0-255."""
        return np.asarray(self.rgb @ np.array([0.299, 0.587, 0.114], np.float32), np.float32)

    @cached_property
    def histogram(self) -> npt.NDArray[np.float64]:
        """Shares of the 256 levels of brightness."""
        counts = np.bincount(self.grey.astype(np.uint8).ravel(), minlength=256)
        return np.asarray(counts / counts.sum(), np.float64)


def open_image(path: Path) -> Picture:
    """Decode every pixel of the first frame.

    Raises ``Broken``: ``broken_media``, ``media_too_large``, ``missing_extra``.
    """
    try:
        from PIL import Image, ImageOps
    except ImportError as error:
        raise Broken("missing_extra", "pip install 'ceyuan[image]'") from error
    import warnings

    size = path.stat().st_size
    try:
        with warnings.catch_warnings(), Image.open(path) as image:
            warnings.simplefilter("ignore")
            if image.width * image.height > _PIXELS:
                raise Broken("media_too_large", f"{image.width} x {image.height}")
            frames = int(getattr(image, "n_frames", 1))
            name, mode = str(image.format or "").lower(), image.mode
            with _ALONE if image.width * image.height > _LARGE else nullcontext():
                image.load()
                whole: Any = ImageOps.exif_transpose(image)
                return _picture(whole, (name, mode, frames, size, _transparent(whole)))
    except Broken:
        raise
    except MemoryError:
        raise
    except Exception as error:  # damaged files fail in any place and way
        raise Broken("broken_media", f"{type(error).__name__}: {error}"[:300]) from error


opener("image", open_image)


def _picture(whole: Any, about: tuple[str, str, int, int, float]) -> Picture:
    name, mode, frames, size, transparent = about
    if mode.startswith(("I;16", "I", "F")):
        whole = whole.point(lambda value: value / 256) if mode.startswith("I;16") else whole.convert("L")
    flat = _on_white(whole) if transparent else whole.convert("RGB")
    left, top = max(0, (flat.width - _DETAIL) // 2), max(0, (flat.height - _DETAIL) // 2)
    middle = flat.crop((left, top, min(flat.width, left + _DETAIL), min(flat.height, top + _DETAIL))).convert("L")
    detail = np.asarray(middle, np.float32)
    rgb = np.asarray(reduced(flat, _SIDE), np.uint8)
    return Picture(name, mode, frames, whole.width, whole.height, size, transparent, rgb, detail)


def reduced(image: Any, side: int) -> Any:
    """``image`` with at most ``side`` pixels on its long side, by means over areas."""
    from PIL import Image

    scale = side / max(image.width, image.height)
    if scale >= 1:
        return image
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.BOX)


def resized(grey: Grey, width: int, height: int) -> Grey:
    """``grey`` at another size, by means over areas, so that each target pixel sees all it covers."""
    from PIL import Image

    return np.asarray(Image.fromarray(grey).resize((width, height), Image.Resampling.BOX), np.float32)


def _transparent(image: Any) -> float:
    """Share of pixels that are more transparent than not."""
    if "A" not in image.getbands() and "transparency" not in image.info:
        return 0.0
    alpha = np.asarray(image.convert("RGBA").getchannel("A"))
    return float((alpha < 128).mean())


def _on_white(image: Any) -> Any:
    from PIL import Image

    layered = image.convert("RGBA")
    ground = Image.new("RGBA", layered.size, (255, 255, 255, 255))
    return Image.alpha_composite(ground, layered).convert("RGB")
