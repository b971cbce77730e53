"""Declares the job of evaluation runs."""

from __future__ import annotations

from ceyuan.evaluation.runs import tasks
from ceyuan.evaluation.runs.gate import EvaluationGate
from ceyuan.identity import ScopeRoom
from ceyuan.kernel.platform import Platform
from ceyuan.models.releases import ReleaseGate

assert tasks


def wire(platform: Platform) -> None:
    """Fill the release's gate; the import declares the job."""
    platform.provide(ReleaseGate, EvaluationGate())  # type: ignore[type-abstract]
    platform.provide(ScopeRoom, ScopeRoom("evaluation", ("评测", "Evaluation"), paths=("/api/v1/evaluation",)))
