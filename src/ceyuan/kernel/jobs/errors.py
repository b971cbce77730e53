"""What may go wrong with a job."""

from ceyuan.kernel.errors import CeyuanError, Conflict, NotFound, Text


class JobNotFound(NotFound):
    code = "job_not_found"
    title = ("没有这个任务", "No such job")


class JobNotResumable(Conflict):
    code = "job_not_resumable"
    title = ("任务当前不能恢复", "The job cannot be resumed now")


class JobFinished(Conflict):
    code = "job_finished"
    title = ("任务已结束", "The job has ended")


class JobFailed(CeyuanError):
    """A job's heavy part ended badly; the message is its last words."""

    status = 500
    code = "job_failed"
    title = ("任务失败", "The job failed")


class EngineRefused(JobFailed):
    """The engine itself said, in both languages, what is wrong with what it was given."""


class ChildFailed(JobFailed):
    code = "child_job_failed"
    title = ("子任务失败", "A child job failed")


class MemoryLimit(JobFailed):
    code = "memory_limit"
    title = ("超过内存上限", "Memory limit exceeded")

    def __init__(self, limit_mb: int) -> None:
        super().__init__(
            (
                f"进程内存超过上限 {limit_mb} MB,已终止",
                f"the process grew beyond its limit of {limit_mb} MB and was ended",
            ),
            hint=("请提高内存上限或减小输入", "raise the memory limit or give it less input"),
        )


class TimeLimit(JobFailed):
    code = "time_limit"
    title = ("超过时间上限", "Time limit exceeded")

    def __init__(self, limit_s: float) -> None:
        super().__init__(
            (
                f"进程运行超过上限 {limit_s:.0f} 秒,已终止",
                f"the process ran longer than its limit of {limit_s:.0f} s and was ended",
            ),
            hint=(
                "请提高时间上限;恢复任务会从检查点继续",
                "raise the time limit; resuming goes on from the last checkpoint",
            ),
        )


def failure(message: Text) -> JobFailed:
    """A failure with these words."""
    return JobFailed(message)
