"""What the ballots of a round come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ceyuan.kernel.errors import Text
from ceyuan.kernel.workflow import repository
from ceyuan.kernel.workflow.definition import Definition, Review
from ceyuan.kernel.workflow.independence import candidates, conflict_of, declared_against
from ceyuan.kernel.workflow.tables import WorkflowInstance, WorkflowReviewer

if TYPE_CHECKING:
    from ceyuan.kernel.work import UnitOfWork

TRIM_FROM = 5
"""With fewer ballots than this nothing is trimmed."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Seats, ballots and what they say. `score` is the mean in percent of the points (None for votes or no ballots)."""

    seats: int
    cast: int
    quorum: int
    approve: int
    reject: int
    abstain: int
    score: float | None
    passed: bool

    @property
    def missing(self) -> Text | None:
        """Why the round is not valid yet."""
        if self.cast >= self.quorum:
            return None
        return f"评审票 {self.cast} 张,需要 {self.quorum} 张", f"{self.cast} ballots of {self.quorum} needed"


def count(review: Review, rows: Sequence[WorkflowReviewer]) -> Outcome:
    """Count the ballots of a round; those of recused reviewers do not count."""
    seats = [row for row in rows if row.recused_at is None]
    ballots = [row for row in seats if row.cast_at is not None]
    votes = [row.vote for row in ballots]
    approve, reject = votes.count("approve"), votes.count("reject")
    score = _score(review, ballots) if review.ballot == "score" else None
    if review.ballot == "vote":
        favoured = approve > review.share * (approve + reject)
    else:
        favoured = score is not None and score >= review.pass_score
    return Outcome(
        seats=len(seats),
        cast=len(ballots),
        quorum=review.quorum,
        approve=approve,
        reject=reject,
        abstain=votes.count("abstain"),
        score=score,
        passed=len(ballots) >= review.quorum and favoured,
    )


def _score(review: Review, ballots: Sequence[WorkflowReviewer]) -> float | None:
    most = sum(criterion.most for criterion in review.criteria)
    totals = sorted(sum((ballot.scores or {}).values()) for ballot in ballots)
    if review.trimmed and len(totals) >= TRIM_FROM:
        totals = totals[1:-1]
    return 100 * sum(totals) / (most * len(totals)) if totals else None


async def outcome_of(uow: UnitOfWork, definition: Definition, instance: WorkflowInstance) -> Outcome:
    """The outcome of the round that is under way, without the ballots of those who are not independent any more."""
    review = definition.by_name[instance.state].review
    assert review is not None, f"{definition.name}: the state {instance.state} has no review"
    rows = await repository.reviewers(uow.session, instance.id, instance.revision)
    declared = await declared_against(uow, instance)
    orgs = {one.person_id: one.org_ids for one in await candidates(uow, review.duty)}
    none: frozenset[str] = frozenset()
    return count(
        review,
        [r for r in rows if conflict_of(instance, r.person_id, orgs.get(r.person_id, none), declared) is None],
    )
