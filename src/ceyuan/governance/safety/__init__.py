"""Safety checks: a seeded sample of a dataset and of a model's answers through the detectors, by clause, signed.

The report is a revision in the hub; its figures gate a release. Drafting and filing of the full assessment
of the national standard builds on it and is not here.
"""

from ceyuan.governance.safety.service import create_check, find_check
from ceyuan.governance.safety.tables import SafetyCheck

__all__ = ["SafetyCheck", "create_check", "find_check"]
