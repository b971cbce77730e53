"""Risk monitoring: rules that watch the gateway's figures, and incidents that are opened, taken and closed.

A rule that fires opens one incident and tells those who watch; while it is open the rule only counts.
"""

from ceyuan.governance.monitoring.service import create_rule, find_incident, incidents_of_rule, watch
from ceyuan.governance.monitoring.tables import Incident, MonitorRule

__all__ = ["Incident", "MonitorRule", "create_rule", "find_incident", "incidents_of_rule", "watch"]
