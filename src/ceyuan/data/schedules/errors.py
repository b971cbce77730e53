"""What may go wrong with schedules."""

from __future__ import annotations

from ceyuan.kernel.errors import Conflict, Invalid, NotFound


class ScheduleNotFound(NotFound):
    code = "schedule_not_found"
    title = ("没有这个定时任务", "No such schedule")


class ScheduleInvalid(Invalid):
    code = "schedule_invalid"
    title = ("定时设置无效", "The schedule is not valid")


class ScheduleGoesOn(Conflict):
    code = "schedule_goes_on"
    title = ("上一次运行未结束", "The last run has not ended")
