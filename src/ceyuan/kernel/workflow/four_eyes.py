"""Four eyes: what one person opened another decides, and who receives public money does not hand it out.

Whoever takes a guarded step must be as independent of it as anybody who could take it. On a platform with one officer
that is this officer: the step is taken, and said to be an exception in its history, in the audit log and to regulators.
Services never take such a step (whoever holds the token would be both pairs of eyes); the platform itself may.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ceyuan.kernel.errors import Text
from ceyuan.kernel.workflow import repository
from ceyuan.kernel.workflow.definition import Condition, Guard, Step
from ceyuan.kernel.workflow.independence import Candidate, declared_against, parties

if TYPE_CHECKING:
    from ceyuan.kernel.work import UnitOfWork

OPENED_BY = "opened_by"
"""The member of an instance's data that names the administrator who opened it in the owner's name."""
_REASONS: dict[str, Text] = {
    "opener": ("不能审批自己提出的事项", "nobody decides on what they opened themselves"),
    "decider": (
        "不能审查针对本人决定的异议",
        "nobody decides on an objection to their own decision",
    ),
    "member": (
        "不能审批自己所属组织的事项",
        "nobody who belongs to the organisation decides on what is for it",
    ),
    "declared": (
        "已声明与该组织存在利益关系,不能审批",
        "whoever declared a conflict of interest with the organisation does not decide on what is for it",
    ),
}
_SOMEBODY_ELSE: Text = "请由其他有权限的人员办理", "somebody else who is entitled must take this step"
_ONLY_PEOPLE: Text = "此步骤须由人员本人办理,不能使用服务令牌", "a person takes this step, not a service's token"
EXCEPTIONS: dict[str, Text] = {
    "opener": (
        "例外:由提出人本人办理,平台上没有其他有权限的人员",
        "exception: taken by whoever opened it, for nobody else on the platform is entitled",
    ),
    "decider": (
        "例外:由作出原决定的人员办理,平台上没有其他有权限的人员",
        "exception: taken by whoever decided before, for nobody else on the platform is entitled",
    ),
    "member": (
        "例外:由该组织成员办理,平台上没有独立的有权限人员",
        "exception: taken by a member of the organisation, for nobody independent on the platform is entitled",
    ),
    "declared": (
        "例外:由已声明利益关系者办理,平台上没有独立的有权限人员",
        "exception: taken by somebody with a declared conflict, for nobody independent on the platform is entitled",
    ),
}
_RANK = {None: 0, "declared": 1, "member": 1, "decider": 2, "opener": 3}


class Entitled(Protocol):
    """The hook by which the identity room tells who could take a step."""

    def entitled(self, uow: UnitOfWork, words: Sequence[str], org_id: str | None) -> AsyncIterator[Candidate]:
        """All active people whom one of `words` (`org:<role>`, `duty:<name>`) names, administrators among them,
        each with all their organisations."""
        ...


@dataclass(frozen=True, slots=True)
class FourEyes(Condition):
    """Taken by somebody else than opened it; with `outside`, by nobody of an organisation with a stake in it; with
    `decision`, by somebody else than took the transition of this name last."""

    outside: bool = False
    decision: str | None = None

    async def exception(self, step: Step) -> str | None:
        """Which exception this step is, of `EXCEPTIONS`; None if four eyes look at it."""
        return await _fault(step, self.outside, self.decision) if step.actor.kind == "person" else None


def by_another(decision: str | None = None) -> FourEyes:
    """Whoever takes the step is not who opened the matter, and did not take `decision`."""
    demand: Text = "由提出人以外的人员办理", "taken by somebody else than opened it"
    return FourEyes(_beside(demand, decision), _refusing(False, decision), outside=False, decision=decision)


def by_outsider(decision: str | None = None) -> FourEyes:
    """Whoever takes the step did not open the matter, belongs to no organisation with a stake in it, and did not take
    `decision`."""
    demand: Text = "由申请组织以外的人员办理", "taken by nobody of the organisation that it is for"
    return FourEyes(_beside(demand, decision), _refusing(True, decision), outside=True, decision=decision)


def _beside(demand: Text, decision: str | None) -> Text:
    if decision is None:
        return demand
    return f"{demand[0]},且非原决定人", f"{demand[1]}, and not by whoever decided before"


def _refusing(outside: bool, decision: str | None) -> Guard:
    async def check(step: Step) -> Text | None:
        return await _refusal(step, outside, decision)

    return check


async def _refusal(step: Step, outside: bool, decision: str | None) -> Text | None:
    if step.actor.kind == "system":
        return None
    if step.actor.kind != "person":
        return _ONLY_PEOPLE
    fault = await _fault(step, outside, decision)
    if fault is None:
        return None
    declared, decider = await _declared(step, outside), await _decider(step, decision)
    mine = _mine(step)
    others = [c for c in await _entitled(step) if c.person_id not in mine]
    if all(_RANK[_against(step, c, outside, declared, decider)] >= _RANK[fault] for c in others):
        return None
    (zh, en), (next_zh, next_en) = _REASONS[fault], _SOMEBODY_ELSE
    return f"{zh},{next_zh}", f"{en}; {next_en}"


async def _fault(step: Step, outside: bool, decision: str | None) -> str | None:
    """What is against the actor, and against the administrator who acts in their name; the worst of it."""
    declared, decider = await _declared(step, outside), await _decider(step, decision)
    known = {c.person_id: c for c in await _entitled(step)}
    actor = step.actor
    faults = [
        _against(step, known.get(one) or Candidate(one, "", frozenset(actor.roles)), outside, declared, decider)
        for one in _mine(step)
    ]
    return max(faults, key=lambda fault: _RANK[fault])


def _mine(step: Step) -> list[str]:
    return [one for one in (step.actor.id, step.actor.impersonator) if one is not None]


def _against(step: Step, person: Candidate, outside: bool, declared: set[str], decider: str | None) -> str | None:
    if person.person_id in (step.instance.owner_id, step.instance.data.get(OPENED_BY)):
        return "opener"
    if person.person_id == decider:
        return "decider"
    if outside and person.org_ids & set(parties(step.instance)):
        return "member"
    return "declared" if person.person_id in declared else None


async def _decider(step: Step, decision: str | None) -> str | None:
    """Who took the transition `decision` last."""
    if decision is None:
        return None
    moves = await repository.moves(step.uow.session, step.instance.id)
    return next((move.actor_id for move in reversed(moves) if move.transition == decision), None)


async def _declared(step: Step, outside: bool) -> set[str]:
    return await declared_against(step.uow, step.instance) if outside else set()


async def _entitled(step: Step) -> list[Candidate]:
    found: dict[str, Candidate] = {}
    for hook in step.uow.platform.find(Entitled):  # type: ignore[type-abstract]
        async for person in hook.entitled(step.uow, step.transition.by, step.instance.org_id):
            found[person.person_id] = person
    return list(found.values())
