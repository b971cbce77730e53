"""What may go wrong with a safety check."""

from ceyuan.kernel.errors import Invalid, NotFound


class CheckNotFound(NotFound):
    code = "safety_check_not_found"
    title = ("没有这次安全检测", "No such safety check")


class CheckPlanInvalid(Invalid):
    code = "safety_plan_invalid"
    title = ("安全检测计划无效", "The safety check's plan is not valid")
