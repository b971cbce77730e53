"""How the data rooms take part in the platform: their jobs, their token scope."""

from __future__ import annotations

from ceyuan.data.pipelines import tasks
from ceyuan.data.pipelines.storage import forget_source, forget_store
from ceyuan.data.reviews import tasks as review_tasks
from ceyuan.data.reviews.tables import DataReview, DataReviewItem, DataReviewVote
from ceyuan.data.schedules.service import begin_due
from ceyuan.data.schedules.tables import DataSchedule
from ceyuan.data.sources.tables import DataSource
from ceyuan.data.use import tasks as use_tasks
from ceyuan.identity import OrganisationData, OrganisationRows, PersonalData, PersonalRows, Rows, ScopeRoom
from ceyuan.kernel.platform import Chore, Platform

_DUE_S = 15.0
assert tasks
assert use_tasks


def wire(platform: Platform) -> None:
    """Declare the scope that tokens can be limited to, and forget deleted datasets; the import declares the jobs."""
    shared = OrganisationRows(
        "data",
        Rows("sources", DataSource, DataSource.org_id, without=frozenset({"sealed_secret"})),
        Rows("schedules", DataSchedule, DataSchedule.org_id),
        Rows("reviews", DataReview, DataReview.org_id),
        Rows("review_items", DataReviewItem, DataReview.org_id, through=DataReviewItem.review_id),
        Rows("review_votes", DataReviewVote, DataReview.org_id, through=DataReviewVote.review_id),
    )
    own = PersonalRows(
        "data",
        Rows(
            "sources",
            DataSource,
            DataSource.created_by,
            without=frozenset({"sealed_secret"}),
            blank={"creator": "erased"},
        ),
        Rows("schedules", DataSchedule, DataSchedule.created_by, blank={"creator": "erased"}),
        Rows("reviews", DataReview, DataReview.created_by, blank={"creator": "erased"}),
        Rows("review_votes", DataReviewVote, DataReviewVote.reviewer),
    )
    platform.provide(OrganisationData, shared)  # type: ignore[type-abstract]
    platform.provide(PersonalData, own)  # type: ignore[type-abstract]
    platform.subscriptions.on_volatile("hub.repository_deleted", forget_store)
    platform.subscriptions.on_volatile("data.source_deleted", forget_source)
    platform.subscriptions.on("job.finished", review_tasks.on_job_finished)
    platform.chores.append(Chore("begin what is scheduled", _DUE_S, begin_due))
    platform.provide(ScopeRoom, ScopeRoom("data", ("数据来源与流水线", "Data sources and pipelines")))
