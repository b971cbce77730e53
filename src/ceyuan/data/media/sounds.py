"""Operators on audio: each measures one thing of a decoded track."""

from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import Field

from ceyuan.data.media.declaring import Values, measured_by
from ceyuan.data.media.loudness import integrated
from ceyuan.data.media.tracks import FRAME, Track
from ceyuan.data.operators.operator import Nothing, Parameters, meaning

__all__ = ["speech_frames"]

Flags = npt.NDArray[np.bool_]


class Silence(Parameters):
    """What counts as silence."""

    floor: Annotated[
        float,
        meaning("电平低于此值（dBFS）的帧为静音。", "Frames below this level, in dB of full scale, are silent."),
    ] = Field(-60.0, ge=-120, le=0)
    below_loud: Annotated[
        float,
        meaning(
            "比较响的帧低此分贝数以上的帧也为静音。",
            "Frames that are this many dB below the loud ones are silent too.",
        ),
    ] = Field(40.0, ge=6, le=120)


class Speech(Parameters):
    """What counts as speech."""

    above_noise: Annotated[
        float, meaning("语音至少高出噪声的分贝数。", "Decibels that speech stands out of the noise at least.")
    ] = Field(9.0, ge=0, le=60)
    flatness: Annotated[
        float,
        meaning(
            "频谱平坦度达到此值的帧视为噪声。",
            "Frames whose spectrum is this flat or flatter are noise.",
        ),
    ] = Field(0.45, gt=0, le=1)


@measured_by(
    "audio_format",
    "audio",
    ("音频格式", "audio format"),
    Nothing,
    {"audio_format": ("音频格式", "format of the sound"), "audio_encoding": ("编码", "encoding")},
    summary=("解码器识别出的文件格式与编码。", "The format and the encoding by the decoder."),
)
def audio_format(track: Track, parameters: Nothing) -> Values:
    del parameters
    return {"audio_format": track.format, "audio_encoding": track.encoding}


@measured_by(
    "audio_rate",
    "audio",
    ("采样率与声道", "audio rate"),
    Nothing,
    {"sample_rate": ("采样率（Hz）", "sample rate in Hz"), "channels": ("声道数", "number of channels")},
    summary=("采样率与声道数。", "Sample rate and number of channels."),
)
def audio_rate(track: Track, parameters: Nothing) -> Values:
    del parameters
    return {"sample_rate": track.rate, "channels": track.channels}


@measured_by(
    "audio_duration",
    "audio",
    ("音频时长", "audio duration"),
    Nothing,
    {"audio_seconds": ("音频时长（秒）", "length of the sound in seconds")},
    summary=("实际解码出的时长，以秒计。", "Seconds of what was really decoded."),
)
def audio_duration(track: Track, parameters: Nothing) -> Values:
    del parameters
    return {"audio_seconds": track.seconds}


@measured_by(
    "audio_loudness",
    "audio",
    ("响度", "audio loudness"),
    Nothing,
    {"loudness": ("综合响度（LUFS）", "integrated loudness in LUFS")},
    summary=("按 ITU-R BS.1770-5 计算的综合响度（带门限）。", "Integrated loudness by ITU-R BS.1770-5, gated."),
)
def audio_loudness(track: Track, parameters: Nothing) -> Values:
    del parameters
    return {"loudness": integrated(track.energies)}


@measured_by(
    "audio_peak",
    "audio",
    ("峰值", "audio peak"),
    Nothing,
    {
        "peak": ("峰值（dBFS，按声道均值）", "peak in dB of full scale, of the channels' mean"),
        "crest": ("峰均比（dB）", "peak over mean in dB"),
    },
    summary=(
        "最大采样值，以及它高出平均电平多少。",
        "The greatest sample, and how far it stands above the mean level.",
    ),
)
def audio_peak(track: Track, parameters: Nothing) -> Values:
    del parameters
    greatest = max(float(np.abs(track.low).max(initial=0)), float(track.high.max(initial=0)), 1e-6)
    mean = max(float(track.power.mean()) if len(track.power) else 0.0, 1e-12)
    peak = 20 * float(np.log10(greatest))
    return {"peak": peak, "crest": peak - 10 * float(np.log10(mean))}


@measured_by(
    "audio_clipping",
    "audio",
    ("削波", "audio clipping"),
    Nothing,
    {"clipped_share": ("连续满幅采样的比例", "share of samples in runs at full scale")},
    summary=(
        "任一声道中连续处于满幅的采样所占比例。",
        "Share of samples that follow one another at full scale in any channel.",
    ),
)
def audio_clipping(track: Track, parameters: Nothing) -> Values:
    del parameters
    return {"clipped_share": track.clipped / track.samples}


@measured_by(
    "audio_silence",
    "audio",
    ("静音", "audio silence"),
    Silence,
    {
        "silence_share": ("静音比例", "share of silence"),
        "leading_silence": ("开头静音（秒）", "silence at the beginning in seconds"),
        "trailing_silence": ("结尾静音（秒）", "silence at the end in seconds"),
    },
    summary=(
        "静音帧所占比例，以及开头和结尾静音的时长。",
        "Share of silent frames, and how long it is silent at both ends.",
    ),
)
def audio_silence(track: Track, parameters: Silence) -> Values:
    levels = track.levels
    if not len(levels):
        return {"silence_share": 1.0, "leading_silence": track.seconds, "trailing_silence": track.seconds}
    bound = max(parameters.floor, float(np.quantile(levels, 0.95)) - parameters.below_loud)
    heard = np.flatnonzero(levels >= bound)
    first, last = (int(heard[0]), int(heard[-1])) if len(heard) else (len(levels), -1)
    return {
        "silence_share": 1 - len(heard) / len(levels),
        "leading_silence": first * FRAME,
        "trailing_silence": (len(levels) - 1 - last) * FRAME,
    }


@measured_by(
    "audio_snr",
    "audio",
    ("信噪比", "audio signal to noise"),
    Nothing,
    {"snr": ("信噪比估计（dB，需有停顿）", "estimated signal over noise in dB; needs pauses")},
    summary=(
        "高出噪声的各帧平均功率与噪声功率之比；噪声取非零帧功率的第 10 百分位数。",
        "Mean power of the frames above the noise over the noise, which is the tenth percentile of what is not zero.",
    ),
)
def audio_snr(track: Track, parameters: Nothing) -> Values:
    del parameters
    power = track.power[track.power > 1e-10]
    if len(power) < 10:
        return {"snr": 0.0}
    noise = float(np.quantile(power, 0.1))
    loud = power[power > 2 * noise]
    if not len(loud):
        return {"snr": 0.0}
    return {"snr": float(np.clip(10 * np.log10(max(float(loud.mean()) / noise - 1, 1e-3)), 0, 100))}


@measured_by(
    "audio_speech",
    "audio",
    ("语音活动", "audio speech"),
    Speech,
    {"speech_share": ("语音所占比例", "share of speech"), "speech_seconds": ("语音时长（秒）", "speech in seconds")},
    summary=(
        "按高出噪声的电平、音调特征和频带判定语音；短于 300 毫秒的停顿计入语音。",
        "Speech by its level over the noise, its tones and its band; pauses of less than 300 ms belong to it.",
    ),
)
def audio_speech(track: Track, parameters: Speech) -> Values:
    frames = speech_frames(track, parameters)
    return {"speech_share": float(frames.mean()) if len(frames) else 0.0, "speech_seconds": float(frames.sum() * FRAME)}


@measured_by(
    "audio_transcript",
    "audio",
    ("语音与文字稿", "audio transcript"),
    Speech,
    {
        "transcript_characters": ("所附文字稿的字符数", "characters of the words beside the sound"),
        "transcript_rate": ("每秒语音的文字稿字符数", "characters of the words beside it per second of speech"),
    },
    summary=(
        "将所附文字稿与语音时长对照：文字稿与录音不符或残缺时，语速会超出常见范围。",
        "The words beside the sound against its speech: those of another recording make no speaking rate.",
    ),
    asked_for=True,
)
def audio_transcript(track: Track, parameters: Speech) -> Values:
    """The words beside the sound against its speech: a transcript of another recording, or a cut one, falls out of the
    range of speaking rates. Letters and digits count; Mandarin is spoken at some 4 to 6 syllables a second."""
    count = sum(map(str.isalnum, track.beside))
    seconds = float(speech_frames(track, parameters).sum() * FRAME)
    return {"transcript_characters": count, "transcript_rate": count / max(seconds, FRAME)}


@measured_by(
    "audio_offset",
    "audio",
    ("直流偏移", "audio offset"),
    Nothing,
    {"dc_offset": ("直流偏移（绝对值）", "offset of the mean, absolute")},
    summary=("全部采样的均值偏离零点的幅度。", "How far the mean of all samples lies from zero."),
)
def audio_offset(track: Track, parameters: Nothing) -> Values:
    del parameters
    return {"dc_offset": abs(track.offset)}


@measured_by(
    "audio_bandwidth",
    "audio",
    ("有效带宽", "audio bandwidth"),
    Nothing,
    {
        "bandwidth": ("有效带宽（Hz）", "bandwidth in use in Hz"),
        "bandwidth_share": ("有效带宽占奈奎斯特频率的比例", "bandwidth in use over half the sample rate"),
    },
    summary=(
        "与最强频率相差 60 dB 以内的最高频率；由低采样率重采样而来的声音，该值远低于采样率的一半。",
        "The highest frequency within 60 dB of the strongest: far below half the rate where sound was resampled.",
    ),
)
def audio_bandwidth(track: Track, parameters: Nothing) -> Values:
    del parameters
    strongest = float(track.spectrum.max(initial=0))
    present = np.flatnonzero(track.spectrum > 1e-6 * strongest) if strongest > 0 else np.zeros(0, np.int64)
    share = float(present[-1]) / max(len(track.spectrum) - 1, 1) if len(present) else 0.0
    return {"bandwidth": share * track.rate / 2, "bandwidth_share": share}


@measured_by(
    "audio_channels",
    "audio",
    ("声道状况", "audio channels"),
    Nothing,
    {
        "channel_gap": ("最响与最轻声道之差（dB）", "loudest over softest channel in dB"),
        "channels_alike": ("前两声道的相关系数", "correlation of the first two channels"),
    },
    summary=(
        "比较各声道：失效的声道使响度差增大，单声道复制成双声道时相关系数为 1。",
        "The channels compared: a dead one shows as a gap, mono written twice as a correlation of 1.",
    ),
)
def audio_channels(track: Track, parameters: Nothing) -> Values:
    """A dead channel shows as a gap, mono written twice as a correlation of 1."""
    del parameters
    power = np.maximum(track.channel_power, 1e-12)
    return {"channel_gap": float(10 * np.log10(power.max() / power.min())), "channels_alike": track.alike}


@measured_by(
    "audio_dropouts",
    "audio",
    ("掉音", "audio dropouts"),
    Nothing,
    {"zero_share": ("数字零帧的比例", "share of frames of digital zero")},
    summary=("全部采样恰为零的 20 毫秒帧所占比例。", "Share of 20 ms frames in which every sample is exactly zero."),
)
def audio_dropouts(track: Track, parameters: Nothing) -> Values:
    del parameters
    return {"zero_share": track.dropped / max(len(track.power), 1)}


@measured_by(
    "audio_tone",
    "audio",
    ("频谱", "audio spectrum"),
    Nothing,
    {
        "centroid": ("频谱质心（Hz）", "centre of the spectrum in Hz"),
        "flatness": ("频谱平坦度（噪声近 1）", "flatness of the spectrum, near 1 for noise"),
    },
    summary=(
        "平均频谱的质心，以及可闻各帧的平均频谱平坦度。",
        "The centre of the mean spectrum, and the mean flatness of the frames that are heard.",
    ),
)
def audio_tone(track: Track, parameters: Nothing) -> Values:
    del parameters
    total = float(track.spectrum.sum())
    bins = np.linspace(0, track.rate / 2, len(track.spectrum))
    heard = track.flatness[track.levels > -60]
    return {
        "centroid": float(track.spectrum @ bins) / total if total > 0 else 0.0,
        "flatness": float(heard.mean()) if len(heard) else 0.0,
    }


def speech_frames(track: Track, parameters: Speech) -> Flags:
    """Whether each frame of 20 ms is speech; single frames are none, short pauses are."""
    levels = track.levels
    real = levels[levels > -100]  # digital silence is no noise
    if not len(real):
        return np.zeros(len(levels), np.bool_)
    noise = min(float(np.quantile(real, 0.1)), float(np.quantile(real, 0.95)) - 20)
    loud = levels > max(noise + parameters.above_noise, -60.0)
    found = loud & (track.flatness < parameters.flatness) & (track.speech_band > 0.3)
    return _filled(~_filled(~found, 2), 15)


def _filled(flags: Flags, most: int) -> Flags:
    """``flags`` with runs of at most ``most`` false ones between true ones set true."""
    result = flags.copy()
    true = np.flatnonzero(flags)
    for at in np.flatnonzero(np.diff(true) <= most + 1).tolist():
        result[true[at] : true[at + 1]] = True
    return result
