"""Days on which offices work, where the built-in calendar of public holidays does not know."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from ceyuan.kernel.settings import Section


class WorkflowSettings(Section):
    """Public holidays as the State Council announces them each autumn, before the calendar library has them."""

    extra_holidays: frozenset[date] = Field(
        default=frozenset(), description='dates on which nobody works, as a JSON list such as ["2027-02-08"]'
    )
    extra_workdays: frozenset[date] = Field(
        default=frozenset(), description="weekend dates on which offices work, as a JSON list"
    )
