"""Operators on video: each measures one thing of a decoded clip."""

from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import Field

from ceyuan.data.media.clips import Clip
from ceyuan.data.media.declaring import Values, measured_by
from ceyuan.data.operators.operator import Nothing, Parameters, meaning

__all__ = ["cuts_of"]


class Scenes(Parameters):
    """What counts as a cut."""

    threshold: Annotated[
        float,
        meaning(
            "相邻两帧色相、饱和度、明度的平均差（0–255）超过此值即为镜头切换。",
            "Mean difference over hue, saturation and value (0-255) from which two frames are a cut.",
        ),
    ] = Field(27.0, gt=0, le=255)
    shortest: Annotated[float, meaning("镜头的最短时长，以秒计。", "Seconds that a scene lasts at least.")] = Field(
        0.6, ge=0, le=60
    )


class Black(Parameters):
    """What counts as a black frame."""

    brightness: Annotated[
        float, meaning("黑场帧的平均亮度上限（0–255）。", "Mean brightness of a black frame at most (0-255).")
    ] = Field(24.0, ge=0, le=255)
    spread: Annotated[
        float,
        meaning("黑场帧亮度的标准差上限。", "Standard deviation of a black frame's brightness at most."),
    ] = Field(8.0, ge=0, le=128)


class Frozen(Parameters):
    """What counts as a frozen frame."""

    change: Annotated[
        float,
        meaning(
            "与前一帧的平均差（0–255）不超过此值即为静止帧。",
            "Mean difference to the frame before (0-255) up to which a frame is frozen.",
        ),
    ] = Field(0.15, ge=0, le=10)


@measured_by(
    "video_format",
    "video",
    ("视频编码", "video format"),
    Nothing,
    {"video_encoding": ("视频编码", "encoding of the video")},
    summary=("视频编码的四字符代码。", "The encoding, by its four letters."),
)
def video_format(clip: Clip, parameters: Nothing) -> Values:
    del parameters
    return {"video_encoding": clip.encoding}


@measured_by(
    "video_size",
    "video",
    ("视频分辨率", "video size"),
    Nothing,
    {
        "video_width": ("宽度（像素）", "width in pixels"),
        "video_height": ("高度（像素）", "height in pixels"),
        "video_short_side": ("短边（像素）", "short side in pixels"),
    },
    summary=("宽度、高度及较短的一边。", "Width, height and the shorter of them."),
)
def video_size(clip: Clip, parameters: Nothing) -> Values:
    del parameters
    sides = {"video_width": clip.width, "video_height": clip.height}
    return sides | {"video_short_side": min(clip.width, clip.height)}


@measured_by(
    "video_duration",
    "video",
    ("视频时长", "video duration"),
    Nothing,
    {"video_seconds": ("视频时长（秒）", "length of the video in seconds")},
    summary=("实际解码出的画面时长，以秒计。", "Seconds of the frames that were really decoded."),
)
def video_duration(clip: Clip, parameters: Nothing) -> Values:
    del parameters
    return {"video_seconds": clip.seconds}


@measured_by(
    "video_rate",
    "video",
    ("视频帧率与码率", "video rate"),
    Nothing,
    {"frame_rate": ("帧率", "frames a second"), "bit_rate": ("码率（千比特每秒）", "kilobits a second")},
    summary=("每秒帧数与码率，含音轨。", "Frames and kilobits a second, sound included."),
)
def video_rate(clip: Clip, parameters: Nothing) -> Values:
    del parameters
    return {"frame_rate": clip.rate, "bit_rate": clip.bytes * 8 / 1000 / clip.seconds}


@measured_by(
    "video_scenes",
    "video",
    ("镜头切换", "video scenes"),
    Scenes,
    {
        "scenes": ("镜头数", "number of scenes"),
        "cuts_per_minute": ("每分钟切换次数", "cuts a minute"),
        "longest_scene": ("最长镜头（秒）", "longest scene in seconds"),
    },
    summary=(
        "硬切镜头：与前一帧的差异超过阈值的帧。",
        "Hard cuts: frames that differ from the one before by more than the threshold.",
    ),
)
def video_scenes(clip: Clip, parameters: Scenes) -> Values:
    cuts = cuts_of(clip, parameters)
    edges = np.concatenate([[0], cuts, [clip.frames]])
    return {
        "scenes": len(cuts) + 1,
        "cuts_per_minute": len(cuts) * 60 / clip.seconds,
        "longest_scene": float(np.diff(edges).max()) / clip.rate,
    }


@measured_by(
    "video_motion",
    "video",
    ("运动量", "video motion"),
    Nothing,
    {"motion": ("帧间平均差异的中位数（0–255）", "median of the mean difference between frames, 0-255")},
    summary=(
        "各帧与前一帧平均绝对差的中位数；镜头切换处不计。",
        "The median over frames of the mean absolute difference to the one before; cuts do not count for it.",
    ),
)
def video_motion(clip: Clip, parameters: Nothing) -> Values:
    del parameters
    return {"motion": float(np.median(clip.change[1:])) if clip.frames > 1 else 0.0}


@measured_by(
    "video_black",
    "video",
    ("黑场", "video black"),
    Black,
    {"black_share": ("黑场帧比例", "share of black frames")},
    summary=("画面暗且均匀的帧所占比例。", "Share of frames that are dark and even."),
)
def video_black(clip: Clip, parameters: Black) -> Values:
    dark = (clip.brightness <= parameters.brightness) & (clip.spread <= parameters.spread)
    return {"black_share": float(dark.mean())}


@measured_by(
    "video_frozen",
    "video",
    ("静帧", "video frozen"),
    Frozen,
    {
        "frozen_share": ("静止帧比例", "share of frozen frames"),
        "longest_freeze": ("最长静止（秒）", "longest freeze in seconds"),
    },
    summary=(
        "与前一帧相同的帧所占比例，以及其最长的持续时间。",
        "Share of frames equal to the one before, and the longest run of them.",
    ),
)
def video_frozen(clip: Clip, parameters: Frozen) -> Values:
    still = clip.change[1:] <= parameters.change
    if not len(still):
        return {"frozen_share": 0.0, "longest_freeze": 0.0}
    edges = np.flatnonzero(np.diff(np.concatenate([[0], still.astype(np.int8), [0]])))
    longest = int((edges[1::2] - edges[::2]).max(initial=0))
    return {"frozen_share": float(still.mean()), "longest_freeze": longest / clip.rate}


@measured_by(
    "video_keyframes",
    "video",
    ("关键帧", "video key frames"),
    Nothing,
    {
        "key_frames": ("关键帧数", "number of key frames"),
        "key_seconds": ("关键帧平均间隔（秒）", "mean distance of key frames in seconds"),
    },
    summary=("可独立解码的帧：数量与平均间隔。", "Frames that decode alone: how many, and how far apart."),
)
def video_keyframes(clip: Clip, parameters: Nothing) -> Values:
    del parameters
    return {"key_frames": clip.key_frames, "key_seconds": clip.seconds / max(clip.key_frames, 1)}


@measured_by(
    "video_audio",
    "video",
    ("音轨", "video audio track"),
    Nothing,
    {"audio_tracks": ("音轨数", "number of audio tracks")},
    summary=("容器中标明的音轨数。", "How many audio tracks the container names."),
)
def video_audio(clip: Clip, parameters: Nothing) -> Values:
    del parameters
    return {"audio_tracks": clip.audio_tracks}


@measured_by(
    "video_exposure",
    "video",
    ("视频曝光", "video exposure"),
    Nothing,
    {
        "video_brightness": ("平均亮度（0–255）", "mean brightness, 0-255"),
        "flicker": ("相邻帧亮度差的均值", "mean step of brightness between frames"),
    },
    summary=("平均亮度，以及相邻帧之间的亮度跳变。", "Mean brightness, and how much it jumps from frame to frame."),
)
def video_exposure(clip: Clip, parameters: Nothing) -> Values:
    del parameters
    steps = np.abs(np.diff(clip.brightness))
    return {
        "video_brightness": float(clip.brightness.mean()),
        "flicker": float(steps.mean()) if len(steps) else 0.0,
    }


@measured_by(
    "video_blur",
    "video",
    ("视频清晰度", "video sharpness"),
    Nothing,
    {"video_sharpness": ("清晰度：拉普拉斯方差的中位数", "sharpness: median variance of the Laplacian")},
    summary=(
        "每秒取一帧，在 480 像素尺度上拉普拉斯响应方差的中位数。",
        "The median over one frame a second of the Laplacian's variance at 480 pixels.",
    ),
)
def video_blur(clip: Clip, parameters: Nothing) -> Values:
    del parameters
    return {"video_sharpness": float(np.median(clip.sharpness))}


@measured_by(
    "video_border",
    "video",
    ("黑边", "video border"),
    Nothing,
    {"video_border_share": ("单色边框占面积的比例", "share of the area in borders of one tone")},
    summary=(
        "每秒取一帧，各帧单色边框的最小值，即始终没有画面的部分。",
        "The least border over one frame a second: what no frame ever fills.",
    ),
)
def video_border(clip: Clip, parameters: Nothing) -> Values:
    del parameters
    return {"video_border_share": float(clip.borders.min())}


def cuts_of(clip: Clip, parameters: Scenes) -> npt.NDArray[np.int64]:
    """Numbers of the frames that begin a scene, without the first."""
    found: list[int] = []
    least = parameters.shortest * clip.rate
    for frame in np.flatnonzero(clip.content > parameters.threshold).tolist():
        if frame - (found[-1] if found else 0) >= least:
            found.append(frame)
    return np.array(found, np.int64)
