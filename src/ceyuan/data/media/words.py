"""Operators on images that read what is written in them, by a model that is installed beside the platform.

They run only where a recipe names them, and say by their name that the model is missing where it is.
"""

from functools import cache
from threading import Lock
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from ceyuan.data.media.declaring import Broken, Values, measured_by
from ceyuan.data.media.images import Picture
from ceyuan.data.operators.operator import Parameters, meaning

_READING = Lock()  # the model keeps its buffers to itself, one image at a time
_KEPT = 2000  # characters


class Reading(Parameters):
    """Which lines count."""

    confidence: Annotated[
        float,
        meaning("置信度低于此值的文字行不计。", "Lines of text that the model is less sure of do not count."),
    ] = Field(0.6, ge=0, le=1)


@measured_by(
    "image_text",
    "image",
    ("图中文字（OCR）", "text in the image (OCR)"),
    Reading,
    {
        "text_lines": ("图中文字的行数", "lines of text in the image"),
        "text_characters": ("图中文字的字符数", "characters of text in the image"),
        "text_area": ("文字所占面积的比例", "share of the area that text covers"),
        "text_confidence": ("文字识别的平均置信度", "mean confidence of the reading"),
        "image_words": ("图中文字", "text in the image"),
    },
    summary=(
        "用 PP-OCR（Du 等 2020，经 RapidOCR）识别图像中的中英文文字。",
        "What is written in the image, in Chinese or English, read by PP-OCR (Du et al. 2020) through RapidOCR.",
    ),
    cost=0.2,
    asked_for=True,
)
def image_text(picture: Picture, parameters: Reading) -> Values:
    with _READING:
        found = _reader()(np.ascontiguousarray(picture.rgb[..., ::-1]))
    boxes = [] if found.boxes is None else found.boxes
    lines = [
        (np.asarray(box, np.float64), str(words), float(sure))
        for box, words, sure in zip(boxes, found.txts or (), found.scores or (), strict=True)
        if sure >= parameters.confidence
    ]
    words = "\n".join(line for _, line, _ in lines)
    pixels = picture.rgb.shape[0] * picture.rgb.shape[1]
    return {
        "text_lines": len(lines),
        "text_characters": sum(len(line.replace(" ", "")) for _, line, _ in lines),
        "text_area": min(1.0, sum(_area(box) for box, _, _ in lines) / pixels),
        "text_confidence": float(np.mean([sure for _, _, sure in lines])) if lines else 0.0,
        "image_words": words[:_KEPT],
    }


@cache
def _reader() -> Any:
    try:
        from rapidocr import RapidOCR
    except ImportError as error:
        raise Broken("missing_extra", "image_text: pip install 'ceyuan[ocr]'") from error
    return RapidOCR(params={"Global.log_level": "error"})


def _area(box: Any) -> float:
    """Area of a polygon by its corners (the shoelace formula)."""
    across, down = box[:, 0], box[:, 1]
    return float(abs(np.dot(across, np.roll(down, 1)) - np.dot(down, np.roll(across, 1))) / 2)
