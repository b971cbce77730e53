"""The evaluation's gate of a release: the model was measured, and its figures suffice."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from ceyuan.evaluation.runs.tables import EvaluationRun
from ceyuan.kernel.errors import Text
from ceyuan.kernel.work import UnitOfWork
from ceyuan.models.releases import GateResult, Release

DEFAULT_MAX_PERPLEXITY = 1000.0
_TITLE: Text = ("评测", "Evaluation")
_RECENT = 50


class EvaluationGate:
    """Looks for the newest finished run that measured the release's revision."""

    name = "evaluation"

    async def judge(self, uow: UnitOfWork, release: Release) -> GateResult:
        """Perplexity's upper bound must not exceed the criterion, nor accuracy (where asked for) fall below it."""
        query = (
            select(EvaluationRun)
            .where(EvaluationRun.org_id == release.org_id, EvaluationRun.state == "succeeded")
            .order_by(EvaluationRun.created_at.desc(), EvaluationRun.id.desc())
            .limit(_RECENT)
        )
        for run in await uow.session.scalars(query):
            measured = [p for p in (run.summary or {}).get("perplexity", []) if p["model"] == release.model]
            if measured:
                return self._weigh(release, run, measured[0])
        return self._result(False, ("尚无针对该版本的评测", "this revision was not evaluated yet"), None)

    def _weigh(self, release: Release, run: EvaluationRun, perplexity: dict[str, Any]) -> GateResult:
        most = release.criteria.get("max_perplexity") or DEFAULT_MAX_PERPLEXITY
        if perplexity["high"] > most:
            words: Text = (
                f"困惑度上界 {perplexity['high']:.1f} 超过 {most:.1f}",
                f"the perplexity's upper bound {perplexity['high']:.1f} exceeds {most:.1f}",
            )
            return self._result(False, words, run)
        least = release.criteria.get("min_accuracy")
        figures = [m for m in (run.summary or {}).get("models", []) if m["model"] == release.served]
        if least is not None:
            if not figures:
                return self._result(
                    False, ("评测未包含该服务的题目", "the evaluation asked the served model nothing"), run
                )
            accuracy = figures[0]["accuracy"]["value"]
            if accuracy < least:
                words = (f"正确率 {accuracy:.1%} 低于 {least:.1%}", f"accuracy {accuracy:.1%} is below {least:.1%}")
                return self._result(False, words, run)
        words = (
            f"困惑度 {perplexity['value']:.1f},上界 {perplexity['high']:.1f} ≤ {most:.1f}",
            f"perplexity {perplexity['value']:.1f}, upper bound {perplexity['high']:.1f} ≤ {most:.1f}",
        )
        return self._result(True, words, run)

    def _result(self, passed: bool, reason: Text, run: EvaluationRun | None) -> GateResult:
        link = f"/evaluation/runs/{run.id}" if run else None
        return GateResult(self.name, _TITLE, passed, reason, run.report if run else None, link)
