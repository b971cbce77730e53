"""Images: measured, told apart, and broken ones named."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from ceyuan.data.media import Broken, measure, media_operators, open_image, preview, prints, similarity
from ceyuan.data.operators import find
from tests.data.media.making import Pixels, scene

Image = pytest.importorskip("PIL.Image")


def saved(path: Path, pixels: Pixels, **how: Any) -> Path:
    Image.fromarray(pixels).save(path, **how)
    return path


def measured(path: Path) -> dict[str, Any]:
    return measure(open_image(path), media_operators("image"))


def test_size_format_and_aspect_are_those_of_the_file(tmp_path: Path) -> None:
    found = measured(saved(tmp_path / "a.png", scene()))
    assert (found["width"], found["height"], found["short_side"]) == (160, 120, 120)
    assert found["image_format"] == "png"
    assert found["aspect"] == pytest.approx(4 / 3)


def test_a_blurred_picture_is_less_sharp_and_an_empty_one_tells_nothing(tmp_path: Path) -> None:
    from PIL import ImageFilter

    sharp = measured(saved(tmp_path / "a.png", scene()))
    Image.fromarray(scene()).filter(ImageFilter.GaussianBlur(4)).save(tmp_path / "b.png")
    soft, empty = measured(tmp_path / "b.png"), measured(saved(tmp_path / "c.png", np.full((50, 50, 3), 128, np.uint8)))
    assert soft["sharpness"] < sharp["sharpness"] / 10
    assert (empty["entropy"], empty["contrast"], empty["sharpness"], empty["border_share"]) == (0, 0, 0, 1)


def test_exposure_and_borders_are_seen(tmp_path: Path) -> None:
    framed = np.zeros((100, 100, 3), np.uint8)
    framed[25:75, :] = scene(1, 100, 50)
    found = measured(saved(tmp_path / "a.png", framed))
    assert found["border_share"] == pytest.approx(0.5, abs=0.02)
    assert found["dark_share"] >= 0.5


def test_noise_is_estimated(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    noisy = np.clip(128 + chance.normal(0, 12, (200, 200)), 0, 255).astype(np.uint8)
    assert measured(saved(tmp_path / "a.png", noisy))["noise"] == pytest.approx(12, rel=0.25)


def test_a_scaled_and_recompressed_copy_is_alike_and_another_picture_is_not(tmp_path: Path) -> None:
    first = open_image(saved(tmp_path / "a.png", scene(1, 320, 240)))
    Image.fromarray(scene(1, 320, 240)).resize((160, 120)).save(tmp_path / "b.jpg", quality=60)
    copy, other = open_image(tmp_path / "b.jpg"), open_image(saved(tmp_path / "c.png", scene(2, 320, 240)))
    keys, own = prints("image", first)
    assert set(keys) & set(prints("image", copy)[0])
    assert similarity("image", own, prints("image", copy)[1]) > 0.95
    assert similarity("image", own, prints("image", other)[1]) < 0.7


def alike(tmp_path: Path, one: Pixels, other: Pixels) -> tuple[bool, float]:
    """Whether two pictures, the second as a JPEG, share a key, and their similarity, the same either way round."""
    (keys, own), (others, printed) = (
        prints("image", open_image(path))
        for path in (saved(tmp_path / "one.png", one), saved(tmp_path / "other.jpg", other, quality=60))
    )
    value = similarity("image", own, printed)
    assert similarity("image", printed, own) == pytest.approx(value)
    return bool(set(keys) & set(others)), value


@pytest.mark.parametrize(("left", "top", "right", "bottom"), [(26, 0, 614, 480), (60, 0, 640, 480), (30, 20, 600, 470)])
def test_a_picture_with_its_edges_cut_off_is_still_a_copy(
    tmp_path: Path, left: int, top: int, right: int, bottom: int
) -> None:
    whole = busy(3)
    cut = np.ascontiguousarray(whole[top:bottom, left:right])
    shared, value = alike(tmp_path, whole, cut)
    assert shared
    assert value > 0.9
    smaller = np.asarray(Image.fromarray(cut).resize((int((right - left) * 0.7), int((bottom - top) * 0.7))))
    assert alike(tmp_path, whole, smaller)[1] > 0.9


def test_what_is_left_of_a_picture_after_most_was_cut_off_is_no_copy(tmp_path: Path) -> None:
    whole = busy(3)
    assert alike(tmp_path, whole, np.ascontiguousarray(whole[:, :320]))[1] < 0.75
    assert alike(tmp_path, whole, np.ascontiguousarray(whole[:, ::-1]))[1] < 0.75


def test_two_dialogues_of_one_form_with_other_contents_are_no_copies(tmp_path: Path) -> None:
    form = np.full((400, 500, 3), 235, np.uint8)
    form[:30] = 90
    form[360:, 300:480] = 60
    one, other = form.copy(), form.copy()
    chance = np.random.default_rng(1)
    for page in (one, other):
        for row in range(60, 340, 20):
            page[row : row + 8, 30 : 30 + int(chance.integers(60, 430))] = 20
    assert alike(tmp_path, one, other)[1] < 0.9


def test_a_copy_in_other_colours_is_no_copy(tmp_path: Path) -> None:
    whole = busy(3)
    assert alike(tmp_path, whole, np.ascontiguousarray(whole[:, 40:, ::-1]))[1] < 0.9


def busy(seed: int) -> Pixels:
    """A picture with much to see in every part."""
    chance = np.random.default_rng(seed)
    pixels = np.asarray(Image.fromarray(scene(seed, 640, 480)), np.uint8).copy()
    for _ in range(60):
        left, top = int(chance.integers(0, 600)), int(chance.integers(0, 440))
        width, height = (int(one) for one in chance.integers(10, 40, 2))
        pixels[top : top + height, left : left + width] = chance.uniform(0, 255, 3)
    return pixels


def test_a_cut_file_is_broken_and_too_many_pixels_are_not_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = saved(tmp_path / "a.png", scene()).read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Broken) as caught:
        open_image(tmp_path / "cut.png")
    assert caught.value.reason == "broken_media"
    monkeypatch.setattr("ceyuan.data.media.images._PIXELS", 100)
    with pytest.raises(Broken) as caught:
        open_image(tmp_path / "a.png")
    assert caught.value.reason == "media_too_large"


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16"])
def test_every_colour_mode_is_read(tmp_path: Path, mode: str) -> None:
    image = Image.fromarray(scene(0, 40, 30))
    image = Image.fromarray(np.full((30, 40), 30_000, np.uint16)) if mode == "I;16" else image.convert(mode)
    image.save(tmp_path / "a.tiff")
    picture = open_image(tmp_path / "a.tiff")
    assert picture.rgb.shape == (30, 40, 3)
    assert picture.mode == mode


def test_an_operator_alone_decodes_what_its_column_names(tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_bytes(b"no image")
    paths = [str(saved(tmp_path / "a.png", scene())), str(tmp_path / "bad.png")]
    assert find("image_size")(pl.DataFrame({"path": paths}))["width"].to_list() == [160, None]


def test_the_preview_is_a_small_webp(tmp_path: Path) -> None:
    thumbnail = preview("image", open_image(saved(tmp_path / "a.png", scene(0, 900, 300))))
    (tmp_path / "t.webp").write_bytes(thumbnail)
    with Image.open(tmp_path / "t.webp") as image:
        assert image.size == (320, 107)
