"""The page of benchmarks is made from the rows that were kept."""

from __future__ import annotations

from scripts import bench

ROWS = [
    {
        "bar": "reads",
        "ours": 1200.0,
        "peer": None,
        "limit": 9000,
        "target": 1000,
        "unit": "reads/s",
        "better": "higher",
    },
    {"bar": "memory", "ours": 240.5, "peer": 250, "limit": 11.2, "target": 200, "unit": "MB", "better": "lower"},
    {"bar": "found | a|b", "ours": 0.93456, "peer": 0.9, "limit": None, "target": None, "unit": "", "better": "higher"},
]


def test_a_table_tells_ours_beside_the_peer_the_limit_and_the_target_and_whether_it_is_met() -> None:
    kept = {"quick": False, "at": "2026-05-01T10:00+00:00", "machine": "2 × some CPU", "rows": ROWS}
    page = bench.render({"platform.reads": kept})
    assert "## platform.reads\n\nlong form, 2026-05-01T10:00+00:00, 2 × some CPU" in page
    assert "| reads | 1,200 | – | 9,000 | 1,000 | reads/s | higher | ✓ |" in page
    assert "| memory | 240.5 | 250 | 11.2 | 200 | MB | lower | ✗ |" in page
    assert "| found \\| a\\|b | 0.9346 | 0.9 | – | – |  | higher |  |" in page


def test_one_that_broke_says_its_last_words() -> None:
    page = bench.render({"a.b": {"quick": True, "at": "now", "machine": "m", "failed": "no disk"}})
    assert "Not measured: no disk" in page


def test_every_benchmark_can_be_asked_for_its_quick_form_and_its_rows() -> None:
    found = bench.names()
    assert {"platform.reads", "platform.footprint", "gateway.overhead"} <= set(found)
    assert "data.peer_datatrove" not in found, "a peer's half of a benchmark is none of its own"
