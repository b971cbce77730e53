"""What may go wrong with a task."""

from ceyuan.kernel.errors import Conflict, Forbidden, Invalid, NotFound, PaymentRequired
from ceyuan.kernel.jobs import JobFailed


class TaskNotFound(NotFound):
    code = "task_not_found"
    title = ("没有这个算力任务", "No such task")


class TaskImpossible(Invalid):
    """No connected place can ever run it; `refusals` say why for each wish, with the nearest that is possible."""

    code = "task_impossible"
    title = ("没有资源能运行该任务", "No connected place can run the task")


class ImageImpossible(Invalid):
    """The image's name is none, or no pool that the task may use runs it; `nearest` names what they do run."""

    code = "task_image_impossible"
    title = ("镜像无法使用", "The image cannot be used")


class InputsCycle(Invalid):
    """An input follows a branch that an output of the same task moves."""

    code = "task_inputs_cycle"
    title = ("任务的输入与输出成环", "The task's inputs and outputs form a cycle")


class DeadlinePassed(Invalid):
    code = "task_deadline_passed"
    title = ("截止时间已过", "The deadline has passed")


class BudgetTooSmall(PaymentRequired):
    """The budget does not cover a minute of the wanted resources."""

    code = "task_budget_too_small"
    title = ("预算不足以支付最低用量", "The budget does not cover the minimum")


class NotIsolated(Forbidden):
    """Without a sandbox a task could read the platform's files."""

    code = "task_not_isolated"
    title = ("本机无法隔离任务", "This machine cannot isolate tasks")


class TaskNotOpen(Conflict):
    code = "task_not_open"
    title = ("任务当前状态不允许该操作", "The task's present state does not allow it")


class CertificateBroken(Conflict):
    """A try's record is not what was written when it ended."""

    code = "task_certificate_broken"
    title = ("用量记录与其哈希不符", "The record of use does not match its hash")


class TaskFailed(JobFailed):
    code = "task_failed"
    title = ("任务运行失败", "The task failed")
