"""Releases: a model's revision becomes one that people may use, when every gate agrees and somebody answers for it.

This room declares the gates; evaluation and governance fill them (`platform.provide(ReleaseGate, gate)`). A
release is a workflow, so who approved what on which evidence is in the audit log.
"""

from ceyuan.models.releases.gates import GateResult, ReleaseGate, judge
from ceyuan.models.releases.service import current_gates, decide, find_release, open_release
from ceyuan.models.releases.tables import Release

__all__ = ["GateResult", "Release", "ReleaseGate", "current_gates", "decide", "find_release", "judge", "open_release"]
