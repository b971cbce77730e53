"""Use cases of reviews: begin, judge, close, look. Judgements are blind: nobody sees another's before giving theirs."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from ceyuan.data.pipelines.service import read_manifest
from ceyuan.data.reviewing.judging import needs, settled
from ceyuan.data.reviews import repository
from ceyuan.data.reviews.errors import ReviewIncomplete, ReviewInvalid, ReviewNotFound, ReviewNotOpen, VoteRefused
from ceyuan.data.reviews.schemas import ReviewIn, VoteIn
from ceyuan.data.reviews.tables import DataReview, DataReviewItem, DataReviewVote
from ceyuan.governance.detectors.taxonomy import RISKS
from ceyuan.hub import create_repository, read_file, resolve
from ceyuan.identity import require_role_in
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.jobs import submit
from ceyuan.kernel.work import UnitOfWork

PREPARE, CLOSE = "data.review", "data.review_close"
CHUNK = 50
"""Documents in one file of a queue, as the engine writes them."""


async def begin_review(uow: UnitOfWork, body: ReviewIn) -> DataReview:
    """Begin the review of a revision; its sample follows from its manifest's hash. Raises `NotACorpus`."""
    await require_role_in(uow, body.org_id, "member")
    revision = await resolve(uow, body.dataset)
    if revision.org_id != body.org_id:
        raise ReviewInvalid(("数据集不属于该组织", "the dataset is another organisation's"))
    manifest = await read_manifest(uow, revision.ref)
    owner, _, name = body.report.partition("/")
    await create_repository(uow, "report", owner, name, exist_ok=True)
    row = DataReview(
        id=new_id("rvw"),
        org_id=body.org_id,
        dataset=revision.ref,
        node_id=revision.node_id,
        repository=body.report,
        title=body.title or f"{revision.label}",
        wanted=body.documents,
        needed=body.needed,
        machine_needed=body.machine_needed,
        seed=manifest["content_sha256"],
        sample=None,
        documents=0,
        machine=None,
        result=None,
        state="preparing",
        passed=None,
        report=None,
        signature=None,
        key_id=None,
        created_by=uow.actor.id,
        creator=uow.actor.label,
        created_at=uow.clock.now(),
        closed_at=None,
    )
    uow.session.add(row)
    title = (f"准备审核 {row.title}", f"Prepare the review of {row.title}")
    job = await submit(uow, PREPARE, {"review_id": row.id}, org_id=row.org_id, title=title, inputs=[revision.node_id])
    row.job_id = job.id
    await uow.audit("data.review_begin", row.id, row.org_id, dataset=row.dataset, seed=row.seed, documents=row.wanted)
    return row


async def find_review(uow: UnitOfWork, review_id: str, *, lock: bool = False) -> DataReview:
    """The review; raises `ReviewNotFound` for outsiders too."""
    uow.actor.require_known()
    row = await repository.get(uow.session, review_id, lock=lock)
    if not uow.actor.may(row.org_id):
        raise ReviewNotFound()
    return row


async def shown(uow: UnitOfWork, rows: list[DataReview]) -> list[dict[str, Any]]:
    """Reviews with how many of their documents are settled."""
    counts = await repository.settled(uow.session, [row.id for row in rows])
    columns = [column.key for column in DataReview.__table__.columns]
    return [{name: getattr(row, name) for name in columns} | {"settled": counts.get(row.id, 0)} for row in rows]


async def queue(uow: UnitOfWork, review_id: str, limit: int) -> dict[str, Any]:
    """Documents that wait for the actor, with their texts: those that lack one judgement first, then from a place of
    the queue that differs by reviewer, so that many can work side by side."""
    row = await find_review(uow, review_id)
    uow.actor.require_role(row.org_id, "member")
    _require_open(row)
    digest = hashlib.blake2b(f"{row.id}{uow.actor.id}".encode(), digest_size=4).digest()
    start = int.from_bytes(digest, "big") % max(1, row.documents)
    items = await repository.next_for(uow.session, row.id, uow.actor.id, start, limit)
    votes = await repository.votes_of(uow.session, row.id, [one.number for one in items])
    given: dict[int, int] = defaultdict(int)
    for vote in votes:
        given[vote.number] += 1
    texts = await _texts(uow, row, [one.number for one in items])
    waiting = await repository.count(uow.session, repository.waiting(row.id, uow.actor.id))
    mine = select(DataReviewVote.number).where(
        DataReviewVote.review_id == row.id, DataReviewVote.reviewer == uow.actor.id
    )
    return {
        "items": [texts[one.number] | {"disputed": given[one.number] >= 2} for one in items],
        "waiting": waiting,
        "mine": len(list(await uow.session.scalars(mine))),
    }


async def findings(uow: UnitOfWork, review_id: str, fails: bool | None, limit: int, offset: int) -> dict[str, Any]:
    """A page of what machines found, from the report; nothing while it is being prepared."""
    row = await find_review(uow, review_id)
    if row.report is None:
        return {"total": 0, "items": []}
    lines = (await read_file(uow, row.report, "findings.jsonl")).splitlines()
    found = [one for one in map(orjson.loads, lines) if fails is None or one["fails"] == fails]
    return {"total": len(found), "items": [one | {"document": one["id"]} for one in found[offset : offset + limit]]}


async def judge(uow: UnitOfWork, review_id: str, votes: list[VoteIn]) -> dict[str, int]:
    """Take the actor's judgements. Raises `ReviewNotOpen`, `VoteRefused`, `ReviewInvalid`."""
    row = await find_review(uow, review_id)
    uow.actor.require_role(row.org_id, "member")
    _require_open(row)
    numbers = sorted({one.number for one in votes})
    if len(numbers) != len(votes):
        raise ReviewInvalid(("同一篇文档出现了两次", "a document comes twice"))
    items = {one.number: one for one in await repository.items_of(uow.session, row.id, numbers)}
    before: dict[int, list[DataReviewVote]] = defaultdict(list)
    for vote in await repository.votes_of(uow.session, row.id, numbers):
        before[vote.number].append(vote)
    for one in votes:
        _check(one, items.get(one.number), before[one.number], uow.actor.id)
        item = items[one.number]
        uow.session.add(_vote(uow, row.id, one))
        verdicts: list[Any] = [*(vote.verdict for vote in before[one.number]), one.verdict]
        item.open, item.verdict = needs(verdicts), settled(verdicts)
    try:
        await uow.session.flush()
    except IntegrityError as error:
        raise VoteRefused(("您已判定过这篇文档", "you judged this document already")) from error
    done = (await repository.settled(uow.session, [row.id])).get(row.id, 0)
    return {"taken": len(votes), "settled": done, "documents": row.documents}


async def close_review(uow: UnitOfWork, review_id: str) -> DataReview:
    """Write and sign the report, as a job. Raises `ReviewNotOpen`, `ReviewIncomplete`."""
    row = await find_review(uow, review_id, lock=True)
    uow.actor.require_role(row.org_id, "maintainer")
    _require_open(row)
    done = (await repository.settled(uow.session, [row.id])).get(row.id, 0)
    if done < row.documents:
        raise ReviewIncomplete(
            (f"还有 {row.documents - done} 篇没有定论", f"{row.documents - done} documents have no verdict yet"),
            hint=("每篇需要两人一致；不一致时由第三人定", "two must agree on each; where they differ a third decides"),
        )
    row.state = "closing"
    title = (f"审核报告 {row.title}", f"Review report of {row.title}")
    job = await submit(uow, CLOSE, {"review_id": row.id}, org_id=row.org_id, title=title)
    row.job_id = job.id
    await uow.audit("data.review_close", row.id, row.org_id)
    return row


async def newest_review(uow: UnitOfWork, node_id: str) -> DataReview | None:
    """The review of a revision that was closed last, passed or not, for whoever wants to build on it."""
    query = select(DataReview).where(DataReview.node_id == node_id, DataReview.state == "closed")
    row: DataReview | None = await uow.session.scalar(query.order_by(DataReview.closed_at.desc()).limit(1))
    return row


def _require_open(row: DataReview) -> None:
    if row.state != "open":
        raise ReviewNotOpen((f"审核处于 {row.state} 状态", f"the review is {row.state}"))


def _check(vote: VoteIn, item: DataReviewItem | None, before: list[DataReviewVote], reviewer: str) -> None:
    if item is None:
        raise ReviewInvalid((f"没有第 {vote.number} 篇", f"there is no document {vote.number}"))
    if vote.clause and vote.clause not in RISKS:
        raise ReviewInvalid((f"没有条款 {vote.clause}", f"there is no clause {vote.clause}"))
    if any(one.reviewer == reviewer for one in before):
        raise VoteRefused((f"您已判定过第 {vote.number} 篇", f"you judged document {vote.number} already"))
    if item.open == 0:
        raise VoteRefused((f"第 {vote.number} 篇已有定论", f"document {vote.number} has its verdict already"))


def _vote(uow: UnitOfWork, review_id: str, one: VoteIn) -> DataReviewVote:
    return DataReviewVote(
        id=new_id("vot"),
        review_id=review_id,
        number=one.number,
        reviewer=uow.actor.id,
        verdict=one.verdict,
        clause=one.clause,
        note=one.note,
        at=uow.clock.now(),
    )


async def _texts(uow: UnitOfWork, row: DataReview, numbers: list[int]) -> dict[int, dict[str, Any]]:
    """What people read, from the queue's files in the report."""
    assert row.report is not None
    found: dict[int, dict[str, Any]] = {}
    for chunk in sorted({number // CHUNK for number in numbers}):
        for one in orjson.loads(await read_file(uow, row.report, f"queue/{chunk:05d}.json"))["items"]:
            one["document"] = one.pop("id")
            found[one["number"]] = one
    return found
