"""What may go wrong with an evaluation run."""

from ceyuan.kernel.errors import Invalid, NotFound


class RunNotFound(NotFound):
    code = "evaluation_run_not_found"
    title = ("没有这次评测", "No such evaluation run")


class PlanInvalid(Invalid):
    code = "evaluation_plan_invalid"
    title = ("评测计划无效", "The evaluation plan is not valid")
