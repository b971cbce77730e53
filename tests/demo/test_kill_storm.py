"""A killed turn of the loop leaves what an undisturbed one leaves."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from benchmarks.platform.kill_storm import Storm, disturbed, undisturbed
from benchmarks.platform.outcome import differences, read_outcome
from benchmarks.platform.turn import write_source


def test_generated_sources_are_the_same_for_a_seed(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_source(tmp_path / name, seed, count=12)
    texts = {name: [p.read_text() for p in sorted((tmp_path / name).iterdir())] for name in "abc"}
    assert texts["a"] == texts["b"]
    assert texts["a"] != texts["c"]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_three_kills_change_nothing_of_what_the_loop_makes(tmp_path: Path) -> None:
    source = tmp_path / "source"
    write_source(source, 7)
    seconds = undisturbed(tmp_path / "calm", source)
    storm = Storm()
    disturbed(tmp_path / "stormy", source, random.Random(7), 3, seconds * 0.5, storm)
    assert differences(read_outcome(tmp_path / "calm"), read_outcome(tmp_path / "stormy")) == {}
    assert storm.kills > 0
