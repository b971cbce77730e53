"""What may go wrong with a plan."""

from ceyuan.kernel.errors import Invalid


class GoalRefused(Invalid):
    """A figure of the goal is absurd; `field` names it."""

    code = "plan_goal_invalid"
    title = ("规划目标有误", "The goal makes no sense")
