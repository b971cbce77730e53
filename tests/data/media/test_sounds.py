"""Sounds: loudness by the standard, speech, silence, noise, and copies found by their fingerprint."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ceyuan.data.media import Broken, measure, media_operators, open_audio, preview, prints, similarity
from tests.data.media.making import RATE, Samples, speech

soundfile = pytest.importorskip("soundfile")


def saved(path: Path, samples: Samples, rate: int = RATE, subtype: str | None = None) -> Path:
    soundfile.write(path, samples, rate, subtype=subtype)
    return path


def measured(path: Path) -> dict[str, Any]:
    return measure(open_audio(path), media_operators("audio"))


def tone(frequency: float, level: float, seconds: float, rate: int = 48_000) -> Samples:
    time = np.arange(int(seconds * rate)) / rate
    return np.asarray(10 ** (level / 20) * np.sin(2 * np.pi * frequency * time), np.float32)


def test_a_stereo_sine_of_1_khz_at_minus_23_measures_minus_23_lufs(tmp_path: Path) -> None:
    # EBU Tech 3341, test signal 1.
    both = np.stack([tone(1000, -23, 5)] * 2, axis=1)
    found = measured(saved(tmp_path / "a.wav", both, 48_000, "PCM_24"))
    assert found["loudness"] == pytest.approx(-23, abs=0.1)
    assert found["channels_alike"] == pytest.approx(1)


def test_quiet_parts_do_not_count_for_loudness(tmp_path: Path) -> None:
    # After EBU Tech 3341, test signal 3: -36, -23, -36.
    parts = np.concatenate([tone(1000, -36, 2), tone(1000, -23, 10), tone(1000, -36, 2)])
    found = measured(saved(tmp_path / "a.wav", np.stack([parts, parts], axis=1), 48_000, "PCM_24"))
    assert found["loudness"] == pytest.approx(-23, abs=0.2)


def test_duration_rate_and_channels_are_those_of_the_file(tmp_path: Path) -> None:
    found = measured(saved(tmp_path / "a.flac", speech(0, 2.0)))
    assert (found["audio_seconds"], found["sample_rate"], found["channels"]) == (2.0, RATE, 1)
    assert found["audio_format"] == "flac"


def test_speech_is_told_from_noise_and_from_silence(tmp_path: Path) -> None:
    noise = np.asarray(0.1 * np.random.default_rng(0).standard_normal(3 * RATE), np.float32)
    said, hiss = measured(saved(tmp_path / "a.wav", speech())), measured(saved(tmp_path / "b.wav", noise))
    still = measured(saved(tmp_path / "c.wav", np.zeros(3 * RATE, np.float32)))
    assert said["speech_share"] > 0.5
    assert hiss["speech_share"] < 0.1
    assert (still["speech_share"], still["silence_share"], still["zero_share"], still["loudness"]) == (0, 1, 1, -70)
    assert said["snr"] > hiss["snr"] + 8


def test_clipping_offset_silence_and_a_dead_channel_are_seen(tmp_path: Path) -> None:
    hot = np.clip(8 * tone(200, -6, 1, RATE), -1, 1)
    found = measured(saved(tmp_path / "a.wav", np.stack([hot, np.zeros_like(hot)], axis=1)))
    assert found["clipped_share"] > 0.5
    assert found["channel_gap"] > 60
    quiet = np.concatenate([np.zeros(RATE, np.float32), 0.2 + tone(200, -20, 1, RATE)])
    found = measured(saved(tmp_path / "b.wav", quiet, subtype="FLOAT"))
    assert found["leading_silence"] == pytest.approx(1, abs=0.05)
    assert found["dc_offset"] == pytest.approx(0.1, abs=0.01)


def test_sound_that_was_resampled_upwards_has_little_bandwidth(tmp_path: Path) -> None:
    from scipy.signal import resample_poly

    found = measured(saved(tmp_path / "a.wav", np.asarray(resample_poly(speech(), 4, 1), np.float32), 4 * RATE))
    assert found["bandwidth_share"] < 0.4


def test_a_louder_recompressed_copy_is_alike_and_other_speech_is_not(tmp_path: Path) -> None:
    first = open_audio(saved(tmp_path / "a.wav", speech(1, 4.0)))
    copy = open_audio(saved(tmp_path / "b.ogg", 1.8 * speech(1, 4.0)))
    other = open_audio(saved(tmp_path / "c.wav", speech(2, 4.0)))
    keys, own = prints("audio", first)
    assert set(keys) & set(prints("audio", copy)[0])
    assert similarity("audio", own, prints("audio", copy)[1]) > 0.85
    assert similarity("audio", own, prints("audio", other)[1]) < 0.7


def test_a_cut_wave_file_is_truncated_and_no_sample_is_empty(tmp_path: Path) -> None:
    whole = saved(tmp_path / "a.wav", speech()).read_bytes()
    (tmp_path / "cut.wav").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Broken) as caught:
        open_audio(tmp_path / "cut.wav")
    assert caught.value.reason == "truncated_media"
    with pytest.raises(Broken) as caught:
        open_audio(saved(tmp_path / "none.wav", np.zeros(0, np.float32)))
    assert caught.value.reason == "empty_media"
    (tmp_path / "bad.flac").write_bytes(b"fLaC" + bytes(100))
    with pytest.raises(Broken) as caught:
        open_audio(tmp_path / "bad.flac")
    assert caught.value.reason == "broken_media"


def test_a_sound_shorter_than_a_frame_is_measured(tmp_path: Path) -> None:
    found = measured(saved(tmp_path / "a.wav", np.full(20, 0.1, np.float32)))
    assert found["audio_seconds"] == 20 / RATE
    assert all(value == value for value in found.values())


def test_the_preview_holds_the_peaks_of_the_waveform(tmp_path: Path) -> None:
    shown = json.loads(preview("audio", open_audio(saved(tmp_path / "a.wav", tone(100, -6, 20, RATE)))))
    assert shown["seconds"] == 20
    assert len(shown["peaks"]) == 400
    assert shown["peaks"][10] == pytest.approx([-64, 64], abs=1)
