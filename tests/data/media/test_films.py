"""Video: cuts, black and frozen frames, tracks, and copies found frame by frame."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ceyuan.data.media import Broken, measure, media_operators, open_video, preview, prints, similarity
from ceyuan.data.media.containers import audio_tracks
from tests.data.media.making import film, panning, scene

cv2 = pytest.importorskip("cv2")
pytest.importorskip("PIL")


def measured(path: Path) -> dict[str, Any]:
    return measure(open_video(path), media_operators("video"))


def test_size_length_and_cuts_are_those_of_the_film(tmp_path: Path) -> None:
    found = measured(film(tmp_path / "a.mp4", [*panning(1, 20), *panning(2, 15), *panning(3, 10)]))
    assert (found["video_width"], found["video_height"], found["frame_rate"]) == (160, 120, 10)
    assert found["video_seconds"] == pytest.approx(4.5)
    assert (found["scenes"], found["longest_scene"]) == (3, pytest.approx(2.0))
    assert found["key_frames"] >= 1
    assert found["audio_tracks"] == 0


def test_black_and_frozen_frames_are_counted(tmp_path: Path) -> None:
    black = [np.zeros((120, 160, 3), np.uint8)] * 10
    found = measured(film(tmp_path / "a.mp4", [*panning(1, 10), *black, *[scene(4)] * 20]))
    assert found["black_share"] == pytest.approx(0.25, abs=0.03)
    assert found["frozen_share"] > 0.5
    assert found["longest_freeze"] >= 1.5
    assert measured(film(tmp_path / "b.mp4", panning(1, 20)))["frozen_share"] == 0


def test_a_smaller_copy_is_alike_and_another_film_is_not(tmp_path: Path) -> None:
    frames = [*panning(1, 15), *panning(2, 15)]
    small = [cv2.resize(frame, (96, 72), interpolation=cv2.INTER_AREA) for frame in frames]
    first, copy = open_video(film(tmp_path / "a.mp4", frames)), open_video(film(tmp_path / "b.mp4", small))
    other = open_video(film(tmp_path / "c.mp4", [*panning(5, 15), *panning(6, 15)]))
    keys, own = prints("video", first)
    assert set(keys) & set(prints("video", copy)[0])
    assert similarity("video", own, prints("video", copy)[1]) > 0.85
    assert similarity("video", own, prints("video", other)[1]) < 0.75


def test_a_cut_film_is_named(tmp_path: Path) -> None:
    whole = film(tmp_path / "a.avi", panning(1, 20)).read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 3])
    (tmp_path / "none.mp4").write_bytes(b"\0\0\0\x18ftypisom" + bytes(200))
    for name in ("cut.mp4", "none.mp4"):
        with pytest.raises(Broken) as caught:
            open_video(tmp_path / name)
        assert caught.value.reason in ("broken_media", "truncated_media")


def test_the_preview_is_a_small_jpeg(tmp_path: Path) -> None:
    shown = cv2.imdecode(
        np.frombuffer(preview("video", open_video(film(tmp_path / "a.mp4", panning(1, 5)))), np.uint8), 1
    )
    assert shown.shape == (120, 160, 3)


def box(name: bytes, body: bytes) -> bytes:
    return (8 + len(body)).to_bytes(4, "big") + name + body


def element(name: int, body: bytes) -> bytes:
    return name.to_bytes((name.bit_length() + 7) // 8, "big") + (len(body) | 1 << 28).to_bytes(4, "big") + body


def test_audio_tracks_are_read_from_each_container(tmp_path: Path) -> None:
    tracks = [box(b"trak", box(b"mdia", box(b"hdlr", bytes(8) + kind + bytes(12)))) for kind in (b"vide", b"soun")]
    (tmp_path / "a.mp4").write_bytes(box(b"ftyp", b"isom") + box(b"mdat", bytes(9)) + box(b"moov", b"".join(tracks)))
    entries = b"".join(element(0xAE, element(0x83, bytes([kind]))) for kind in (1, 2, 2))
    head = element(0x1A45DFA3, bytes(4))
    (tmp_path / "a.mkv").write_bytes(head + element(0x18538067, element(0x1654AE6B, entries)))
    assert audio_tracks(tmp_path / "a.mp4") == 1
    assert audio_tracks(tmp_path / "a.mkv") == 2
    assert audio_tracks(film(tmp_path / "a.avi", panning(1, 3))) == 0
