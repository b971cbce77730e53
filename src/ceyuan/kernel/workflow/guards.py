"""Conditions that many workflows use."""

from __future__ import annotations

from ceyuan.kernel.errors import Text
from ceyuan.kernel.workflow import repository
from ceyuan.kernel.workflow.definition import Condition, Step
from ceyuan.kernel.workflow.outcome import outcome_of


def review_passed() -> Condition:
    """The round of reviews is valid and in favour."""

    async def check(step: Step) -> Text | None:
        outcome = await outcome_of(step.uow, step.definition, step.instance)
        return outcome.missing or (None if outcome.passed else ("评审未通过", "the reviewers are not in favour"))

    return Condition(("评审通过", "the review is passed"), check)


def review_failed() -> Condition:
    """The round of reviews is valid and against it."""

    async def check(step: Step) -> Text | None:
        outcome = await outcome_of(step.uow, step.definition, step.instance)
        return outcome.missing or (("评审已通过", "the reviewers are in favour") if outcome.passed else None)

    return Condition(("评审不通过", "the review is failed"), check)


def review_complete() -> Condition:
    """Enough reviewers have cast their ballots, whatever they say."""

    async def check(step: Step) -> Text | None:
        return (await outcome_of(step.uow, step.definition, step.instance)).missing

    return Condition(("评审达到法定人数", "the review has its quorum"), check)


def no_open_objection() -> Condition:
    """Every objection of this publicity is answered, and none was upheld."""

    async def check(step: Step) -> Text | None:
        rows = await repository.objections(step.uow.session, step.instance.id, step.instance.revision)
        if unanswered := sum(row.upheld is None for row in rows):
            return f"还有 {unanswered} 条异议待答复", f"{unanswered} objections wait for an answer"
        if any(row.upheld for row in rows):
            return "有异议成立", "an objection was upheld"
        return None

    return Condition(("无未决异议", "no objection is open"), check)


def objection_upheld() -> Condition:
    """An objection of this publicity was upheld."""

    async def check(step: Step) -> Text | None:
        rows = await repository.objections(step.uow.session, step.instance.id, step.instance.revision)
        return None if any(row.upheld for row in rows) else ("没有异议成立", "no objection was upheld")

    return Condition(("有异议成立", "an objection was upheld"), check)


def children_ended(definition: str, *, well: bool = True) -> Condition:
    """All instances of `definition` that belong to this one have ended (well)."""

    async def check(step: Step) -> Text | None:
        from ceyuan.kernel.workflow.registry import workflows

        registry = workflows(step.uow.platform)
        for child in await repository.children(step.uow.session, step.instance.id, definition):
            kind = registry.get(child.definition, child.version).by_name[child.state].kind
            if kind not in (("good",) if well else ("good", "bad")):
                return f"“{child.title_zh}”尚未完成", f"“{child.title_en}” is not done"
        return None

    title: Text = ("所属子流程已完成", "the workflows under it are done")
    return Condition(title, check)
