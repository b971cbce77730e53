"""What a dataset's licences allow together: never more than each of them, and nothing where nobody can say."""

from __future__ import annotations

from ceyuan.data.corpus.licences import matrix, matrix_table


def test_what_one_licence_forbids_the_whole_forbids() -> None:
    found = matrix([("CC-BY-4.0", "a", 3, 30), ("CC-BY-NC-4.0", "b", 1, 10), ("MIT", "a", 1, 5), ("MIT", "c", 1, 5)])
    assert [(row["licence"], row["sources"], row["documents"]) for row in found["licences"]] == [
        ("CC-BY-4.0", ["a"], 3),
        ("CC-BY-NC-4.0", ["b"], 1),
        ("MIT", ["a", "c"], 2),
    ]
    whole = found["together"]
    assert (whole["commercial"], whole["derivatives"], whole["share_alike"]) == (False, True, "no")
    assert "| MIT | a, c | 2 | 10 | 是 | 是 | 否 | 否 |" in matrix_table(0, found)
    assert "| together |  | 6 | 50 | no | yes | no | no |" in matrix_table(1, found)


def test_an_unstated_licence_leaves_the_whole_unknown_and_a_source_that_gave_nothing_does_not_count() -> None:
    found = matrix([("LicenseRef-unstated", "a", 1, 1), ("MIT", "b", 1, 1), ("CC-BY-NC-4.0", "c", 0, 0)])
    assert found["together"]["commercial"] is None
    assert found["together"]["limited"] is None
    assert [row["licence"] for row in found["licences"]] == ["LicenseRef-unstated", "MIT"]


def test_two_licences_that_each_want_the_whole_are_named_as_a_conflict() -> None:
    found = matrix([("CC-BY-SA-4.0", "a", 1, 1), ("GPL-3.0-only", "b", 1, 1), ("CC-BY-SA-3.0", "c", 1, 1)])
    assert found["together"]["conflicts"] == [["CC-BY-SA-3.0", "GPL-3.0-only"], ["CC-BY-SA-4.0", "GPL-3.0-only"]]
    assert "CC-BY-SA-4.0 / GPL-3.0-only" in matrix_table(1, found)
