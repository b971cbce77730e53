"""The safety check's gate of a release: the served model's answers, and what it learnt from, passed."""

from __future__ import annotations

from sqlalchemy import select

from ceyuan.governance.safety.tables import SafetyCheck
from ceyuan.kernel.errors import Text
from ceyuan.kernel.work import UnitOfWork
from ceyuan.models.releases import GateResult, Release

_TITLE: Text = ("安全检测", "Safety check")
_RECENT = 50


class SafetyGate:
    """Looks for the newest finished check of the served model."""

    name = "safety"

    async def judge(self, uow: UnitOfWork, release: Release) -> GateResult:
        """The newest check that asked the served model must have passed in all its parts."""
        if release.served is None:
            return self._result(
                False,
                ("该版本尚未部署,无法检测其回答", "the revision is not served, so nothing it says was checked"),
                None,
            )
        query = (
            select(SafetyCheck)
            .where(SafetyCheck.org_id == release.org_id, SafetyCheck.state == "succeeded")
            .order_by(SafetyCheck.created_at.desc(), SafetyCheck.id.desc())
            .limit(_RECENT)
        )
        for check in await uow.session.scalars(query):
            if release.served not in check.plan.get("models", []):
                continue
            parts = [p for p in (check.summary or {}).get("parts", []) if not p["passed"]]
            if not parts:
                return self._result(True, ("各部分均通过", "every part passed"), check)
            named = ", ".join(f"{p['part']} {p['pass_rate']['value']:.1%} < {p['needed']:.0%}" for p in parts)
            return self._result(False, (f"未通过:{named}", f"not passed: {named}"), check)
        return self._result(False, ("尚无针对该服务的安全检测", "the served model had no safety check yet"), None)

    def _result(self, passed: bool, reason: Text, check: SafetyCheck | None) -> GateResult:
        link = f"/governance/safety/{check.id}" if check else None
        return GateResult(self.name, _TITLE, passed, reason, check.report if check else None, link)
