"""What may go wrong with monitoring."""

from ceyuan.kernel.errors import NotFound


class RuleNotFound(NotFound):
    code = "monitor_rule_not_found"
    title = ("没有这条监测规则", "No such monitoring rule")


class IncidentNotFound(NotFound):
    code = "incident_not_found"
    title = ("没有这起事件", "No such incident")
