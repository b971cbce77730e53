"""What can stand in the way of a transition."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ceyuan.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Text


class InstanceNotFound(NotFound):
    """No such instance, or none that this actor may know of."""

    code = "workflow_not_found"
    title = ("流程不存在", "No such workflow")


class DefinitionNotFound(NotFound):
    """No room has registered a workflow of this name and version."""

    code = "workflow_definition_not_found"
    title = ("流程定义不存在", "No such workflow definition")


class AlreadyStarted(Conflict):
    """The subject is in this workflow already."""

    code = "workflow_already_started"
    title = ("流程已经启动", "The workflow has been started already")


class WrongState(Conflict):
    """The transition does not lead out of the present state; `allowed` names those that do."""

    code = "workflow_wrong_state"
    title = ("当前状态不允许该操作", "Not possible in the present state")


class Moved(Conflict):
    """Somebody else moved the instance meanwhile."""

    code = "workflow_moved"
    title = ("流程状态已变化", "The workflow has moved meanwhile")

    def __init__(self) -> None:
        super().__init__(hint=("请刷新后重试", "look at it again and retry"))


class GuardRefused(Conflict):
    """A condition of the transition is not met."""

    code = "workflow_guard_refused"
    title = ("条件未满足", "A condition is not met")

    def __init__(self, reasons: Sequence[Text]) -> None:
        super().__init__(
            (";".join(reason[0] for reason in reasons), "; ".join(reason[1] for reason in reasons)),
            reasons=[{"zh": reason[0], "en": reason[1]} for reason in reasons],
        )


class NotYours(Forbidden):
    """The transition belongs to others."""

    code = "workflow_not_yours"
    title = ("您不能执行该操作", "This step is not yours to take")


class FormInvalid(Invalid):
    """The form breaks its schema; `errors` points at the fields."""

    code = "workflow_form_invalid"
    title = ("表单内容有误", "The form has mistakes")

    def __init__(self, errors: Sequence[dict[str, Any]]) -> None:
        first = errors[0]
        field = first["field"] or "form"
        super().__init__(
            (f"{field}:{first['message_zh']}", f"{field}: {first['message_en']}"),
            hint=("请修改标出的字段", "correct the fields that are pointed at"),
            errors=list(errors),
        )


class ConflictOfInterest(Conflict):
    """The reviewer is not independent of the subject."""

    code = "workflow_conflict_of_interest"
    title = ("存在利益冲突", "Conflict of interest")


class KeyReused(Conflict):
    """The idempotency key belongs to another transition of this instance."""

    code = "workflow_key_reused"
    title = ("幂等键已用于其他操作", "The idempotency key was used for another step")
