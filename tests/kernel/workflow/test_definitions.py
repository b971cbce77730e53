"""Definitions that cannot work are refused when they are registered, with every fault named."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from ceyuan.kernel.workflow import (
    BrokenDefinition,
    Criterion,
    Definition,
    DefinitionNotFound,
    Review,
    State,
    Transition,
    Workflows,
    check_definition,
    describe,
    until,
    working_days,
)
from tests.kernel.workflow.samples import ALL, GRANT

START = State("a", ("甲", "A"), kind="start")
END = State("z", ("终", "Z"), kind="good")
GO = Transition("go", ("走", "Go"), ("a",), "z", by=("owner",))


def definition(*states: State, transitions: tuple[Transition, ...] = (GO,), **more: Any) -> Definition:
    return Definition(**{"name": "x", "version": 1, "title": ("题", "T"), "states": states or (START, END),
                         "transitions": transitions, **more})  # fmt: skip


@pytest.mark.parametrize("sample", ALL, ids=lambda sample: sample.name)
def test_the_samples_are_sound(sample: Definition) -> None:
    check_definition(sample, {"programme_officer", "reviewer", "operator"})


ONWARD = Transition("on", ("继续", "On"), ("b",), "z", by=("owner",))
BROKEN = [
    (definition(name="X y"), "no name"),
    (definition(version=0), "versions begin"),
    (definition(title=("", "T")), "title lacks"),
    (definition(START, START, END), "written twice"),
    (definition(State("a", ("甲", "A")), END), "one start"),
    (definition(START, State("z", ("终", "Z")), transitions=(GO,)), "no end"),
    (definition(transitions=(GO, GO)), "leaves a twice"),
    (definition(transitions=(dataclasses.replace(GO, target="q"),)), "unknown state q"),
    (definition(transitions=(dataclasses.replace(GO, sources=()),)), "begins nowhere"),
    (definition(transitions=(dataclasses.replace(GO, by=()),)), "nobody may take go"),
    (definition(transitions=(dataclasses.replace(GO, by=("org:boss",)),)), "unknown role org:boss"),
    (definition(transitions=(dataclasses.replace(GO, notify=("chief",)),)), "unknown role chief"),
    (definition(transitions=(dataclasses.replace(GO, label=("走", " ")),)), "transition go lacks"),
    (definition(transitions=(dataclasses.replace(GO, form={"type": "what"}),)), "no JSON Schema"),
    (definition(START, State("b", ("乙", "B")), END, transitions=(GO, ONWARD)), "b cannot be reached"),
    (
        definition(
            START, State("b", ("乙", "B")), END, transitions=(GO, dataclasses.replace(GO, name="off", target="b"))
        ),
        "b is a dead end",
    ),
    (
        definition(
            START,
            State("b", ("乙", "B")),
            State("c", ("丙", "C")),
            END,
            transitions=(
                GO,
                dataclasses.replace(GO, name="off", target="b"),
                dataclasses.replace(ONWARD, target="c"),
                dataclasses.replace(ONWARD, name="back", sources=("c",), target="b"),
            ),
        ),
        "no end can be reached from b",
    ),
    (definition(transitions=(GO, dataclasses.replace(GO, name="more", sources=("z",)))), "nothing may follow"),
    (definition(transitions=(dataclasses.replace(GO, automatic=True),)), "no deadline"),
    (definition(dataclasses.replace(START, deadline=working_days(-1)), END), "deadline of a is unusable"),
    (definition(dataclasses.replace(START, deadline=until("")), END), "deadline of a is unusable"),
    (definition(dataclasses.replace(START, review=Review(seats=1, quorum=2)), END), "quorum"),
    (definition(dataclasses.replace(START, review=Review(ballot="score")), END), "scores need criteria"),
    (
        definition(dataclasses.replace(START, review=Review(criteria=(Criterion("c", ("项", "C")),))), END),
        "a vote has no criteria",
    ),
    (
        definition(
            dataclasses.replace(START, deadline=working_days(1)),
            END,
            transitions=(dataclasses.replace(GO, automatic=True, form={"type": "object", "required": ["x"]}),),
        ),
        "nobody can fill in",
    ),
]


@pytest.mark.parametrize(("broken", "fault"), BROKEN, ids=[fault for _, fault in BROKEN])
def test_a_broken_definition_is_refused(broken: Definition, fault: str) -> None:
    with pytest.raises(BrokenDefinition, match=fault):
        check_definition(broken)


def test_unknown_duties_are_refused_where_they_are_known() -> None:
    with pytest.raises(BrokenDefinition, match="unknown duty reviewer"):
        check_definition(GRANT, {"programme_officer"})


def test_a_version_is_registered_once_and_old_ones_stay() -> None:
    registry = Workflows()
    second = dataclasses.replace(GRANT, version=2)
    registry.register(second)
    registry.register(GRANT)
    registry.register(GRANT)
    assert registry.get("grant") is second
    assert registry.get("grant", 1) is GRANT
    assert registry.newest() == [second]
    assert registry.all() == [GRANT, second]
    with pytest.raises(BrokenDefinition, match="registered twice"):
        registry.register(dataclasses.replace(GRANT, title=("别的", "Other")))
    with pytest.raises(DefinitionNotFound):
        registry.get("grant", 3)
    with pytest.raises(DefinitionNotFound):
        registry.get("nothing")


def test_a_diagram_has_a_node_for_each_state_and_an_edge_for_each_source() -> None:
    drawn = describe(GRANT)
    assert [state["name"] for state in drawn["states"]] == [state.name for state in GRANT.states]
    withdrawals = [edge for edge in drawn["edges"] if edge["name"] == "withdraw"]
    assert [edge["source"] for edge in withdrawals] == ["draft", "check", "review"]
    submit = next(edge for edge in drawn["edges"] if edge["name"] == "submit")
    assert submit["form"] is True
    assert submit["demands"] == [{"zh": "材料齐全", "en": "documents are complete"}]


def test_staff_and_public_read_different_labels() -> None:
    def label(staff: bool) -> str:
        return next(s["label_en"] for s in describe(GRANT, staff=staff)["states"] if s["name"] == "check")

    assert (label(True), label(False)) == ("Needs screening", "Submitted")
