"""Checks a definition when it is registered, so that a workflow which cannot work never starts."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ceyuan.kernel.actor import ROLE_ORDER
from ceyuan.kernel.errors import Text
from ceyuan.kernel.workflow.definition import Definition, Review, State, Transition

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_DUTY = re.compile(r"duty:[a-z][a-z0-9_]{0,39}")
_ORG_ROLES = frozenset(f"org:{role}" for role in ROLE_ORDER)


class BrokenDefinition(Exception):
    """A definition that a programmer must mend; the message lists every fault."""


def check_definition(definition: Definition, known_duties: Iterable[str] | None = None, *, forms: bool = True) -> None:
    """Raise `BrokenDefinition` with all faults; `known_duties` limits the duties that may be named, `forms` says
    whether the forms must be JSON Schema too."""
    faults = [
        *_check_names(definition),
        *(fault for state in definition.states for fault in _check_state(definition, state)),
        *(fault for transition in definition.transitions for fault in _check_transition(definition, transition)),
    ]
    if forms:
        faults += [fault for transition in definition.transitions for fault in _check_form(transition)]
    if known_duties is not None:
        named = definition.duties | {state.review.duty for state in definition.states if state.review}
        faults += [f"unknown duty {duty}" for duty in sorted(named - set(known_duties))]
    if not faults:
        faults = _check_graph(definition)
    if faults:
        raise BrokenDefinition(f"workflow {definition.name} v{definition.version}: " + "; ".join(faults))


def _check_names(definition: Definition) -> list[str]:
    faults = []
    if not _NAME.fullmatch(definition.name):
        faults.append(f"{definition.name!r} is no name")
    if definition.version < 1:
        faults.append("versions begin with 1")
    names = [state.name for state in definition.states]
    faults += [f"the state {name} is written twice" for name in sorted({n for n in names if names.count(n) > 1})]
    faults += _check_label("title", definition.title)
    starts = [state.name for state in definition.states if state.kind == "start"]
    if len(starts) != 1:
        faults.append(f"there must be one start, not {starts}")
    if not any(state.is_end for state in definition.states):
        faults.append("there is no end")
    ways = [(source, t.name) for t in definition.transitions for source in t.sources]
    faults += [f"{name} leaves {source} twice" for source, name in sorted({w for w in ways if ways.count(w) > 1})]
    return faults


def _check_label(where: str, label: Text) -> list[str]:
    return [] if len(label) == 2 and all(words.strip() for words in label) else [f"{where} lacks a wording"]


def _check_state(definition: Definition, state: State) -> list[str]:
    faults = [] if _NAME.fullmatch(state.name) else [f"{state.name!r} is no name"]
    faults += _check_label(f"state {state.name}", state.label)
    if state.public is not None:
        faults += _check_label(f"public label of {state.name}", state.public)
    leaving = definition.leaving(state.name)
    if state.is_end and (leaving or state.deadline or state.review):
        faults.append(f"{state.name} is an end: nothing may follow")
    if not state.is_end and not leaving:
        faults.append(f"{state.name} is a dead end")
    deadline = state.deadline
    if deadline is not None and (deadline.amount < 0 or (deadline.period == "moment" and not deadline.setting)):
        faults.append(f"the deadline of {state.name} is unusable")
    if any(transition.automatic for transition in leaving) and deadline is None:
        faults.append(f"{state.name} has an automatic transition but no deadline")
    if state.review is not None:
        faults += [f"review of {state.name}: {fault}" for fault in _check_review(state.review)]
    return faults


def _check_review(review: Review) -> list[str]:
    faults = []
    if not 1 <= review.quorum <= review.seats:
        faults.append("the quorum must be between 1 and the seats")
    if review.ballot == "score" and not review.criteria:
        faults.append("scores need criteria")
    if review.ballot == "vote" and review.criteria:
        faults.append("a vote has no criteria")
    names = [criterion.name for criterion in review.criteria]
    if len(set(names)) != len(names) or any(criterion.most < 1 for criterion in review.criteria):
        faults.append("criteria need different names and points")
    return faults


def _check_transition(definition: Definition, transition: Transition) -> list[str]:
    name = transition.name
    faults = [] if _NAME.fullmatch(name) else [f"{name!r} is no name"]
    faults += _check_label(f"transition {name}", transition.label)
    if not transition.sources:
        faults.append(f"{name} begins nowhere")
    for state in (*transition.sources, transition.target):
        if state not in definition.by_name:
            faults.append(f"{name} names the unknown state {state}")
    if not transition.by and not transition.automatic:
        faults.append(f"nobody may take {name}")
    words = (*transition.by, *(word for word in transition.notify if word != "reviewers"))
    faults += [f"{name} names the unknown role {word}" for word in sorted({w for w in words if not _is_role(w)})]
    if transition.form is not None and transition.automatic and transition.form.get("required"):
        faults.append(f"{name} is automatic: nobody can fill in its form")
    return faults


def _check_form(transition: Transition) -> list[str]:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError

    if transition.form is None:
        return []
    try:
        Draft202012Validator.check_schema(dict(transition.form))
    except SchemaError as error:
        return [f"the form of {transition.name} is no JSON Schema: {error.message}"]
    return []


def _is_role(word: str) -> bool:
    return word in ("owner", "system") or word in _ORG_ROLES or _DUTY.fullmatch(word) is not None


def _check_graph(definition: Definition) -> list[str]:
    forward = {state.name: {t.target for t in definition.leaving(state.name)} for state in definition.states}
    backward: dict[str, set[str]] = {state.name: set() for state in definition.states}
    for source, targets in forward.items():
        for target in targets:
            backward[target].add(source)
    reached = _closure({definition.start.name}, forward)
    ending = _closure({state.name for state in definition.states if state.is_end}, backward)
    faults = [f"{state.name} cannot be reached" for state in definition.states if state.name not in reached]
    return faults + [f"no end can be reached from {s.name}" for s in definition.states if s.name not in ending]


def _closure(start: set[str], steps: dict[str, set[str]]) -> set[str]:
    found, todo = set(start), list(start)
    while todo:
        for target in steps[todo.pop()] - found:
            found.add(target)
            todo.append(target)
    return found
