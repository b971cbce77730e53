"""Declares the job of evaluation runs."""

from __future__ import annotations

from ceyuan.data.use import BenchmarkSource
from ceyuan.evaluation.runs import tasks
from ceyuan.evaluation.runs.benchmarks import benchmark_items
from ceyuan.evaluation.runs.gate import EvaluationGate
from ceyuan.evaluation.runs.tables import EvaluationAnswer, EvaluationRun
from ceyuan.identity import OrganisationData, OrganisationRows, Rows, ScopeRoom
from ceyuan.kernel.platform import Platform
from ceyuan.models.releases import ReleaseGate

assert tasks

_OF_ORGANISATION = OrganisationRows(
    "evaluation",
    Rows("runs", EvaluationRun, EvaluationRun.org_id),
    Rows("answers", EvaluationAnswer, EvaluationRun.org_id, EvaluationAnswer.run_id),
)


def wire(platform: Platform) -> None:
    """Fill the release's gate; the import declares the job."""
    platform.provide(ReleaseGate, EvaluationGate())  # type: ignore[type-abstract]
    platform.provide(OrganisationData, _OF_ORGANISATION)  # type: ignore[type-abstract]
    platform.provide(BenchmarkSource, BenchmarkSource(benchmark_items))
    platform.provide(ScopeRoom, ScopeRoom("evaluation", ("评测", "Evaluation"), paths=("/api/v1/evaluation",)))
