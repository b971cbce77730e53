"""Operators on video: each measures one thing of a decoded clip."""

import numpy as np
import numpy.typing as npt
from pydantic import Field

from ceyuan.data.media.clips import Clip
from ceyuan.data.media.declaring import Values, measured_by
from ceyuan.data.operators.operator import Nothing, Parameters

__all__ = ["cuts_of"]


class Scenes(Parameters):
    """``threshold``: mean difference over hue, saturation and value (0-255) that a cut is; ``shortest``: seconds."""

    threshold: float = Field(27.0, gt=0, le=255)
    shortest: float = Field(0.6, ge=0, le=60)


class Black(Parameters):
    """A frame is black up to ``brightness`` (0-255) if it shows no more than ``spread``."""

    brightness: float = Field(24.0, ge=0, le=255)
    spread: float = Field(8.0, ge=0, le=128)


class Frozen(Parameters):
    """A frame is frozen where it differs from the one before by at most ``change`` (0-255)."""

    change: float = Field(0.15, ge=0, le=10)


@measured_by(
    "video_format",
    "video",
    ("视频编码", "video format"),
    Nothing,
    {"video_encoding": ("视频编码", "encoding of the video")},
)
def video_format(clip: Clip, parameters: Nothing) -> Values:
    """The encoding, by its four letters."""
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
)
def video_size(clip: Clip, parameters: Nothing) -> Values:
    """Width, height and the shorter of them."""
    del parameters
    sides = {"video_width": clip.width, "video_height": clip.height}
    return sides | {"video_short_side": min(clip.width, clip.height)}


@measured_by(
    "video_duration",
    "video",
    ("视频时长", "video duration"),
    Nothing,
    {"video_seconds": ("视频时长（秒）", "length of the video in seconds")},
)
def video_duration(clip: Clip, parameters: Nothing) -> Values:
    """Seconds of the frames that were really decoded."""
    del parameters
    return {"video_seconds": clip.seconds}


@measured_by(
    "video_rate",
    "video",
    ("视频帧率与码率", "video rate"),
    Nothing,
    {"frame_rate": ("帧率", "frames a second"), "bit_rate": ("码率（千比特每秒）", "kilobits a second")},
)
def video_rate(clip: Clip, parameters: Nothing) -> Values:
    """Frames and kilobits a second, sound included."""
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
)
def video_scenes(clip: Clip, parameters: Scenes) -> Values:
    """Hard cuts: frames that differ from the one before by more than the threshold."""
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
)
def video_motion(clip: Clip, parameters: Nothing) -> Values:
    """The median over frames of the mean absolute difference to the one before; cuts do not count for it."""
    del parameters
    return {"motion": float(np.median(clip.change[1:])) if clip.frames > 1 else 0.0}


@measured_by(
    "video_black",
    "video",
    ("黑场", "video black"),
    Black,
    {"black_share": ("黑场帧比例", "share of black frames")},
)
def video_black(clip: Clip, parameters: Black) -> Values:
    """Share of frames that are dark and even."""
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
)
def video_frozen(clip: Clip, parameters: Frozen) -> Values:
    """Share of frames equal to the one before, and the longest run of them."""
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
)
def video_keyframes(clip: Clip, parameters: Nothing) -> Values:
    """Frames that decode alone: how many, and how far apart."""
    del parameters
    return {"key_frames": clip.key_frames, "key_seconds": clip.seconds / max(clip.key_frames, 1)}


@measured_by(
    "video_audio",
    "video",
    ("音轨", "video audio track"),
    Nothing,
    {"audio_tracks": ("音轨数", "number of audio tracks")},
)
def video_audio(clip: Clip, parameters: Nothing) -> Values:
    """How many audio tracks the container names."""
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
)
def video_exposure(clip: Clip, parameters: Nothing) -> Values:
    """Mean brightness, and how much it jumps from frame to frame."""
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
)
def video_blur(clip: Clip, parameters: Nothing) -> Values:
    """The median over one frame a second of the Laplacian's variance at 480 pixels."""
    del parameters
    return {"video_sharpness": float(np.median(clip.sharpness))}


@measured_by(
    "video_border",
    "video",
    ("黑边", "video border"),
    Nothing,
    {"video_border_share": ("单色边框占面积的比例", "share of the area in borders of one tone")},
)
def video_border(clip: Clip, parameters: Nothing) -> Values:
    """The least border over one frame a second: what no frame ever fills."""
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
