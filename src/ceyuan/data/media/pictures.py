"""Operators on images: each measures one thing of a decoded image."""

from typing import Annotated

import numpy as np
from pydantic import Field

from ceyuan.data.media.declaring import Values, measured_by
from ceyuan.data.media.images import Grey, Picture
from ceyuan.data.operators.operator import Nothing, Parameters, meaning

__all__ = ["edges_of", "laplacian", "uniform_borders"]


class Exposure(Parameters):
    """Brightness beyond which a pixel shows nothing."""

    dark: Annotated[
        int,
        meaning("亮度（0–255）不高于此值的像素为过暗。", "Pixels of this brightness (0-255) and less are too dark."),
    ] = Field(16, ge=0, le=127)
    bright: Annotated[
        int,
        meaning("亮度（0–255）不低于此值的像素为过亮。", "Pixels of this brightness (0-255) and more are too bright."),
    ] = Field(245, ge=128, le=255)


@measured_by(
    "image_format",
    "image",
    ("图像格式", "image format"),
    Nothing,
    {
        "image_format": ("图像格式", "format of the image"),
        "image_mode": ("色彩模式", "colour mode"),
        "image_frames": ("帧数（动图大于 1）", "frames, more than 1 where it moves"),
    },
    summary=(
        "解码器识别出的格式、色彩模式与帧数。",
        "The format by the decoder, the colour mode and the number of frames.",
    ),
)
def image_format(picture: Picture, parameters: Nothing) -> Values:
    del parameters
    return {"image_format": picture.format, "image_mode": picture.mode, "image_frames": picture.frames}


@measured_by(
    "image_size",
    "image",
    ("图像尺寸", "image size"),
    Nothing,
    {
        "width": ("宽度（像素）", "width in pixels"),
        "height": ("高度（像素）", "height in pixels"),
        "short_side": ("短边（像素）", "short side in pixels"),
    },
    summary=(
        "按拍摄方向旋正后的宽度、高度及较短的一边。",
        "Width, height and the shorter of them, after turning it as the camera says.",
    ),
)
def image_size(picture: Picture, parameters: Nothing) -> Values:
    del parameters
    return {"width": picture.width, "height": picture.height, "short_side": min(picture.width, picture.height)}


@measured_by(
    "image_aspect",
    "image",
    ("图像长宽比", "image aspect"),
    Nothing,
    {"aspect": ("长边与短边之比", "long side over short side")},
    summary=("长边与短边之比。", "Long side over short side."),
)
def image_aspect(picture: Picture, parameters: Nothing) -> Values:
    del parameters
    return {"aspect": max(picture.width, picture.height) / min(picture.width, picture.height)}


@measured_by(
    "image_blur",
    "image",
    ("图像清晰度", "image sharpness"),
    Nothing,
    {"sharpness": ("清晰度：拉普拉斯方差", "sharpness: variance of the Laplacian")},
    summary=(
        "在 1024 像素尺度上拉普拉斯响应的方差；整幅模糊时数值很低（Pech-Pacheco 等 2000）。",
        "Variance of the Laplacian at 1024 pixels; low where everything is blurred (Pech-Pacheco and others 2000).",
    ),
)
def image_blur(picture: Picture, parameters: Nothing) -> Values:
    del parameters
    return {"sharpness": float(laplacian(picture.grey).var())}


@measured_by(
    "image_exposure",
    "image",
    ("图像曝光", "image exposure"),
    Exposure,
    {
        "brightness": ("平均亮度（0–255）", "mean brightness, 0-255"),
        "dark_share": ("过暗像素比例", "share of pixels too dark"),
        "bright_share": ("过亮像素比例", "share of pixels too bright"),
    },
    summary=(
        "平均亮度，以及过暗、过亮而看不出内容的像素所占比例。",
        "Mean brightness, and shares of pixels too dark or too bright to show anything.",
    ),
)
def image_exposure(picture: Picture, parameters: Exposure) -> Values:
    shares = picture.histogram
    return {
        "brightness": float(shares @ np.arange(256)),
        "dark_share": float(shares[: parameters.dark + 1].sum()),
        "bright_share": float(shares[parameters.bright :].sum()),
    }


@measured_by(
    "image_contrast",
    "image",
    ("图像对比度", "image contrast"),
    Nothing,
    {"contrast": ("亮度的标准差（0–128）", "standard deviation of brightness, 0-128")},
    summary=("均方根对比度（Peli 1990）。", "Root-mean-square contrast (Peli 1990)."),
)
def image_contrast(picture: Picture, parameters: Nothing) -> Values:
    del parameters
    return {"contrast": float(picture.grey.std())}


@measured_by(
    "image_entropy",
    "image",
    ("图像信息熵", "image entropy"),
    Nothing,
    {
        "entropy": (
            "熵（比特）：文本按字符，图像按亮度直方图（0–8）",
            "entropy in bits: of a text's characters, or of the histogram of an image's brightness (0-8)",
        )
    },
    summary=(
        "亮度级别的香农熵：单一色调时接近 0。",
        "Shannon entropy of the levels of brightness: near 0 for a single tone.",
    ),
)
def image_entropy(picture: Picture, parameters: Nothing) -> Values:
    del parameters
    present = picture.histogram[picture.histogram > 0]
    return {"entropy": float(-(present * np.log2(present)).sum()) + 0.0}


@measured_by(
    "image_colour",
    "image",
    ("图像色彩", "image colour"),
    Nothing,
    {"colourfulness": ("色彩丰富度（灰度图为 0）", "colourfulness, 0 where it is grey")},
    summary=(
        "按对立色计算的色彩丰富度（Hasler 与 Süsstrunk 2003）：15 为轻微，45 为中等，80 为强烈。",
        "Colourfulness by opponent colours (Hasler and Süsstrunk 2003): 15 slight, 45 average, 80 strong.",
    ),
)
def image_colour(picture: Picture, parameters: Nothing) -> Values:
    del parameters
    red, green, blue = (picture.rgb[..., channel].astype(np.float32) for channel in range(3))
    one, other = red - green, 0.5 * (red + green) - blue
    spread = float(np.hypot(one.std(), other.std()))
    return {"colourfulness": spread + 0.3 * float(np.hypot(one.mean(), other.mean()))}


@measured_by(
    "image_noise",
    "image",
    ("图像噪声", "image noise"),
    Nothing,
    {"noise": ("噪声标准差估计（0–255）", "estimated standard deviation of noise, 0-255")},
    summary=(
        "用 Immerkær（1996）掩模在原始尺寸上估计图像中部的噪声；取中位数，不受边缘影响。",
        "Noise of the middle at full size by Immerkær's mask (1996); the median leaves edges out of account.",
    ),
)
def image_noise(picture: Picture, parameters: Nothing) -> Values:
    del parameters
    grey = picture.detail
    if min(grey.shape) < 8:
        return {"noise": 0.0}
    rows = grey[:-2] - 2 * grey[1:-1] + grey[2:]
    both = np.abs(rows[:, :-2] - 2 * rows[:, 1:-1] + rows[:, 2:])
    return {"noise": float(np.median(both) / 0.6745 / 6)}


@measured_by(
    "image_edges",
    "image",
    ("图像边缘密度", "image edges"),
    Nothing,
    {"edge_share": ("边缘像素比例", "share of pixels on edges")},
    summary=(
        "与相邻像素亮度相差超过 32 的像素所占比例。",
        "Share of pixels where brightness changes by more than 32 to a neighbour.",
    ),
)
def image_edges(picture: Picture, parameters: Nothing) -> Values:
    del parameters
    return {"edge_share": float((edges_of(picture.grey) > 32).mean())}


@measured_by(
    "image_flatness",
    "image",
    ("图像平坦度", "image flatness"),
    Nothing,
    {"flat_share": ("与相邻像素完全相同的比例（截图高、照片低）", "share of pixels that equal a neighbour")},
    summary=(
        "图像中部与相邻像素相等的像素所占比例：截图与图形偏高，照片偏低。",
        "Share of pixels of the middle that equal their neighbour: high in screenshots and drawings, low in photos.",
    ),
)
def image_flatness(picture: Picture, parameters: Nothing) -> Values:
    del parameters
    grey = picture.detail
    return {"flat_share": float((grey[:, 1:] == grey[:, :-1]).mean()) if grey.shape[1] > 1 else 1.0}


@measured_by(
    "image_border",
    "image",
    ("图像单色边框", "image border"),
    Nothing,
    {"border_share": ("单色边框占面积的比例", "share of the area in borders of one tone")},
    summary=(
        "四周整行、整列为单一色调的部分所占面积比例。",
        "Share of the area in rows and columns of one tone at the rim.",
    ),
)
def image_border(picture: Picture, parameters: Nothing) -> Values:
    del parameters
    return {"border_share": uniform_borders(picture.grey)}


@measured_by(
    "image_transparency",
    "image",
    ("图像透明度", "image transparency"),
    Nothing,
    {"transparent_share": ("透明像素比例", "share of transparent pixels")},
    summary=("偏于透明的像素所占比例。", "Share of pixels more transparent than not."),
)
def image_transparency(picture: Picture, parameters: Nothing) -> Values:
    del parameters
    return {"transparent_share": picture.transparent}


@measured_by(
    "image_compression",
    "image",
    ("图像压缩", "image compression"),
    Nothing,
    {
        "bits_per_pixel": ("每像素比特数", "bits per pixel"),
        "blockiness": ("8×8 块效应（1 为无）", "8 x 8 blocking, 1 where there is none"),
    },
    summary=(
        "每像素比特数，以及 8×8 块边界处的亮度跳变与块内跳变之比（参照 Wang 等 2002）。",
        "Bits per pixel, and steps at the borders of 8 x 8 blocks over those inside (after Wang and others 2002).",
    ),
)
def image_compression(picture: Picture, parameters: Nothing) -> Values:
    del parameters
    rate = picture.bytes * 8 / (picture.width * picture.height)
    left = max(0, (picture.width - 512) // 2)
    steps = np.abs(np.diff(picture.detail, axis=1)).mean(axis=0)
    at = (np.arange(len(steps)) + left + 1) % 8 == 0
    if not at.any() or at.all() or steps[~at].mean() < 1e-6:
        return {"bits_per_pixel": rate, "blockiness": 1.0}
    return {"bits_per_pixel": rate, "blockiness": float(steps[at].mean() / steps[~at].mean())}


def laplacian(grey: Grey) -> Grey:
    """Sum of the four neighbours minus four times the pixel, inside the rim; one zero for a sliver."""
    if min(grey.shape) < 3:
        return np.zeros(1, np.float32)
    inner = -4 * grey[1:-1, 1:-1] + grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]
    return np.asarray(inner, np.float32)


def edges_of(grey: Grey) -> Grey:
    """The greater of the steps to the right and to below, of the image's shape."""
    right = np.abs(np.diff(grey, axis=1, append=grey[:, -1:]))
    below = np.abs(np.diff(grey, axis=0, append=grey[-1:]))
    return np.asarray(np.maximum(right, below), np.float32)


def uniform_borders(grey: Grey, tolerance: float = 2.0) -> float:
    """Share of the area in rows and columns at the rim whose brightness spreads by at most ``tolerance``."""
    rows = np.flatnonzero(grey.std(axis=1) > tolerance)
    columns = np.flatnonzero(grey.std(axis=0) > tolerance)
    if not len(rows) or not len(columns):
        return 1.0
    inside = (rows[-1] - rows[0] + 1) * (columns[-1] - columns[0] + 1)
    return 1.0 - float(inside) / grey.size
