"""The review engine: a sample that nobody can choose, verdicts of two, figures with intervals, the same again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceyuan.data.reviewing.drawing import draw, quotas
from ceyuan.data.reviewing.inspecting import inspect_all
from ceyuan.data.reviewing.judging import Judgement, needs, outcome, settled
from ceyuan.data.reviewing.process import replay_main, report_main, sample_hash
from ceyuan.governance.detectors import Chain, Keyword, KeywordLibrary
from tests.data.corpus.conftest import silent

STRATA = st.dictionaries(st.tuples(st.sampled_from("abcdef"), st.sampled_from("xyz")), st.integers(1, 900), min_size=1)


@given(STRATA, st.integers(1, 4000))
def test_quotas_add_up_leave_no_stratum_out_and_ask_for_no_more_than_there_is(
    sizes: dict[tuple[str, str], int], wanted: int
) -> None:
    found = quotas(sizes, wanted)
    assert sum(found.values()) == min(wanted, sum(sizes.values()))
    assert all(found[name] <= sizes[name] for name in sizes)
    if wanted >= len(sizes):
        assert all(count >= 1 for count in found.values())


def dataset(folder: Path, count: int = 200) -> Path:
    """A dataset's folder as the pipeline leaves it, with as much as reviews look at."""
    (folder / "data").mkdir(parents=True)
    names = [f"{'big' if n % 10 else 'small'}/{n:04d}" for n in range(count)]
    rows = pl.DataFrame(
        {
            "id": names,
            "source": [name.partition("/")[0] for name in names],
            "domain": ["law" if n % 3 else "news" for n in range(count)],
            "title": ["题"] * count,
            "text": [f"第{n}篇正文。" if n % 50 else f"第{n}篇，含违禁词甲。" for n in range(count)],
        }
    )
    rows.write_parquet(folder / "data" / "train-00000-of-00001.parquet")
    kept = rows.select("id", "source", "domain").with_columns(reason=pl.lit(None, pl.String))
    dropped = kept.head(1).with_columns(id=pl.lit("big/dropped"), reason=pl.lit("too_short"))
    pl.concat([kept, dropped]).write_parquet(folder / "statistics.parquet")
    return folder


def test_the_sample_follows_from_the_seed_alone_and_holds_every_stratum(tmp_path: Path) -> None:
    folder = dataset(tmp_path)
    drawn = draw(folder, 40, "seed")
    assert drawn == draw(folder, 40, "seed")
    assert [one.id for one in drawn] != [one.id for one in draw(folder, 40, "another")]
    assert {(one.source, one.domain) for one in drawn} == {(s, d) for s in ("big", "small") for d in ("law", "news")}
    assert [one.number for one in drawn] == list(range(40))
    assert len(draw(folder, 10_000, "seed")) == 200


def test_two_who_agree_settle_a_document_and_a_third_decides_where_they_differ() -> None:
    assert (needs([]), needs(["pass"]), needs(["pass", "pass"])) == (2, 1, 0)
    assert (needs(["pass", "fail"]), settled(["pass", "fail"])) == (1, None)
    assert settled(["pass", "fail", "fail"]) == "fail"


def votes(passing: int, failing: int) -> list[Judgement]:
    given = []
    for number in range(passing + failing):
        for reviewer in ("甲", "乙"):
            bad = number >= passing
            given.append(Judgement(number, reviewer, "fail" if bad else "pass", "A.1.a" if bad else ""))
    return given


def test_four_thousand_documents_pass_at_ninety_six_per_cent_with_their_interval() -> None:
    strata = dict.fromkeys(range(4000), ("own", "law"))
    good = outcome(strata, votes(3880, 120))
    assert (good["rate"]["value"], good["met"], good["certain"]) == (0.97, True, True)
    assert good["rate"]["low"] == pytest.approx(0.9642, abs=1e-4)
    bare = outcome(strata, votes(3840, 160))
    assert (bare["met"], bare["certain"]) == (True, False)
    assert not outcome(strata, votes(3839, 161))["met"]
    assert good["clauses"] == {"A.1.a": 120}


def test_nothing_is_met_before_every_document_has_its_verdict() -> None:
    strata = dict.fromkeys(range(10), ("own", "law"))
    half = outcome(strata, votes(9, 0))
    assert (half["settled"], half["complete"], half["met"]) == (9, False, False)
    disputed = outcome(strata, [Judgement(0, "甲", "pass"), Judgement(0, "乙", "fail", "A.1.a")])
    assert (disputed["disputed"], disputed["agreement"]) == (1, 0.0)


def test_everything_is_inspected_and_a_source_above_five_per_cent_is_refused(tmp_path: Path) -> None:
    library = KeywordLibrary([Keyword("违禁词甲", "A.1.a", "block")])
    found = inspect_all([dataset(tmp_path) / "data" / "train-00000-of-00001.parquet"], Chain(library, None))
    assert (found["documents"], found["failed"]) == (200, 4)
    assert found["rate"]["value"] == 0.98
    assert (found["sources"]["small"]["refused"], found["sources"]["big"]["refused"]) == (True, False)
    assert found["clauses"] == {"A.1.a": 4}
    assert all("违禁词甲" in one["excerpt"] for one in found["findings"])


def test_a_report_is_replayed_from_what_it_holds_and_a_changed_vote_is_found_out(tmp_path: Path) -> None:
    folder, kept = dataset(tmp_path / "in", 30), tmp_path / "report"
    drawn = draw(folder, 10, "seed")
    machine: dict[str, Any] = {"documents": 30, "rate": {"value": 1.0}, "sources": {}, "version": "v"}
    given = [
        {"number": one.number, "reviewer": who, "verdict": "pass", "clause": "", "note": "", "at": "2026-01-01"}
        for one in drawn
        for who in ("甲", "乙")
    ]
    kept.mkdir()
    plan = {"seed": "seed", "wanted": 10, "sample": sample_hash([one.id for one in drawn])}
    (kept / "plan.json").write_bytes(orjson.dumps(plan))
    (kept / "machine.json").write_bytes(orjson.dumps(machine))
    items = [[one.id, one.source, one.domain] for one in drawn]
    arguments = {"title": "审核", "needed": 0.96, "machine_needed": 0.98, "machine": machine, "items": items}
    few = report_main(arguments | {"votes": given, "out": str(kept)}, silent)
    assert (few["passed"], few["standard"]) == (True, False)  # ten of thirty, where the standard asks for all of them
    assert "GB/T 45654-2025" in (kept / "README.md").read_text("utf-8")
    place = {"folder": str(folder), "report": str(kept)}
    assert replay_main(place, silent) == {"sample_same": True, "result_same": True}
    lines = (kept / "votes.jsonl").read_bytes().splitlines()
    forged = orjson.dumps(orjson.loads(lines[0]) | {"verdict": "fail", "clause": "A.1.a"})
    (kept / "votes.jsonl").write_bytes(b"\n".join([forged, *lines[1:]]))
    assert not replay_main(place, silent)["result_same"]


def test_a_third_who_decides_does_not_hide_that_the_first_two_differed(tmp_path: Path) -> None:
    order = (("乙", "fail", "A.1.a"), ("丙", "pass", ""), ("A", "pass", ""))  # by name the third would come first
    votes = [
        {"number": 0, "reviewer": who, "verdict": verdict, "clause": clause, "note": "", "at": f"2026-01-0{day}"}
        for day, (who, verdict, clause) in enumerate(order, 1)
    ]
    machine = {"documents": 1, "rate": {"value": 1.0}, "sources": {}, "version": "v"}
    arguments = {
        "title": "审核",
        "needed": 0.96,
        "machine_needed": 0.98,
        "machine": machine,
        "items": [["a", "s", "law"]],
    }
    result = report_main(arguments | {"votes": votes, "out": str(tmp_path)}, silent)
    assert (result["manual"]["agreement"], result["manual"]["passed"]) == (0.0, 1)
