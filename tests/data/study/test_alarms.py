"""Keep rates alarm where they are surely odd, and only there."""

from typing import Any

from ceyuan.data.study import keep_rate_alarms


def source(documents: int, kept: int, **reasons: int) -> dict[str, Any]:
    return {"source": "own", "domain": "technical", "documents": documents, "kept": kept, "reasons": reasons}


def test_a_source_of_which_hardly_anything_is_kept_alarms_with_the_reason_that_drops_it() -> None:
    alarms = keep_rate_alarms([source(400, 20, fragmented=330, too_short=50)], {})
    assert [(one.kind, one.reason) for one in alarms] == [("low", None), ("one_reason", "fragmented")]
    assert alarms[0].high < 0.5


def test_few_documents_do_not_cry_wolf() -> None:
    assert keep_rate_alarms([source(10, 0, too_short=10)], {}) == []
    assert keep_rate_alarms([source(40, 19, too_short=21)], {}) == []


def test_a_rate_that_fell_alarms_and_one_that_merely_wavers_does_not() -> None:
    before = {"own": {"documents": 1000, "kept": 900}}
    assert [one.kind for one in keep_rate_alarms([source(1000, 700)], before)] == ["fell"]
    assert keep_rate_alarms([source(1000, 880)], before) == []
