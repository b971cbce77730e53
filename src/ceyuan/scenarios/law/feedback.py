"""The way back: an answer's lineage, and its rating as a row of the feedback dataset."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ceyuan.hub import (
    By,
    Input,
    Node,
    Revision,
    commit_staged,
    create_repository,
    find_by_reference,
    read_file,
    record_lineage,
    stage_folder,
)
from ceyuan.kernel.errors import NotFound
from ceyuan.kernel.events import Event
from ceyuan.kernel.work import UnitOfWork
from ceyuan.scenarios.law import repository
from ceyuan.scenarios.law.tables import LawAnswer, LawAssistant, LawRating

FILE = "data/feedback.jsonl"
_CARD = """---
language: [zh]
tags: [feedback]
---
# 用户反馈 Feedback

每行一条评分,连同问题、回答、条文、数据集与模型版本,可追溯至来源。

One rating a line, with question, answer, articles, and the revisions of dataset and model that it leads back to.
"""
"""The dataset's README; it says what a row is, in both languages."""


def node_id(answer_id: str) -> str:
    """The id of an answer's node in the lineage graph."""
    return f"answer:{answer_id}"


def answer_node(row: LawAnswer) -> Node:
    """An answer in the lineage graph."""
    href = f"/scenarios/law/answers/{row.id}"
    return Node("answer", node_id(row.id), row.question[:80], org_id=row.org_id, href=href)


def _article_node(row: LawAnswer, source: dict[str, Any]) -> Node:
    known = {"quote_hash": source["quote_hash"], "status": source["status"]}
    return Node("article", f"article:{source['article_id']}", source["title"], org_id=row.org_id, details=known)


async def record_answer(uow: UnitOfWork, assistant: LawAssistant, row: LawAnswer) -> None:
    """The arrows into an answer: from the dataset's revision to the articles that were found, from those and the
    served model to the answer."""
    # By its node: a guest of a public assistant may ask over a dataset that he may not read.
    dataset = Node("dataset", assistant.dataset_node, assistant.dataset, org_id=assistant.org_id)
    articles: list[Input] = []
    for source in row.sources:
        node = _article_node(row, source)
        await record_lineage(uow, inputs=[dataset], output=node, action="index", by=By("system", "law assistant"))
        articles.append((node, "retrieved"))
    served = (
        [
            (
                Node("served model", f"served:{row.model}", row.model, visibility="internal", href="/models/served"),
                "worded by",
            )
        ]
        if row.model
        else []
    )
    settings = {"assistant": assistant.id, "kind": row.kind, "call_id": row.call_id}
    inputs = [*articles, *served] or [dataset]
    await record_lineage(uow, inputs=inputs, output=answer_node(row), action="answer", settings=settings)


def feedback_line(assistant: LawAssistant, row: LawAnswer, rating: LawRating) -> str:
    """One row: the rating beside everything that leads back to the sources."""
    content = {
        "rating_id": rating.id,
        "answer_id": row.id,
        "question": row.question,
        "answer": row.answer,
        "kind": row.kind,
        "rating": rating.rating,
        "comment": rating.comment,
        "articles": [{k: s[k] for k in ("article_id", "title", "quote_hash")} for s in row.sources],
        "dataset": assistant.dataset,
        "model": row.model,
        "call_id": row.call_id,
        "rated_at": rating.rated_at.isoformat(),
    }
    return json.dumps(content, ensure_ascii=False, sort_keys=True)


async def keep_rating(uow: UnitOfWork, event: Event) -> None:
    """Write a rating into the feedback dataset as its next revision; a changed rating replaces its row.

    Runs as a durable event handler: the row and the delivery are one transaction, so it happens once.
    """
    # An event from before ratings were one for each person names its answer, whose id that rating took over.
    rating = await uow.session.get(LawRating, str(event.data.get("rating_id", event.data["answer_id"])))
    if rating is None:
        return
    row = await repository.get_answer(uow.session, rating.answer_id)
    assistant = await repository.get_assistant(uow.session, row.assistant_id)
    if assistant.feedback is None:
        return
    owner, _, name = assistant.feedback.partition("/")
    await create_repository(uow, "dataset", owner, name, description="用户反馈 Feedback", exist_ok=True)
    lines = await _present(uow, f"datasets/{assistant.feedback}")
    lines[rating.id] = feedback_line(assistant, row, rating)
    revision = await _commit(uow, f"datasets/{assistant.feedback}", list(lines.values()))
    rating.feedback_commit = revision.commit
    await record_lineage(uow, inputs=[answer_node(row)], output=revision, action="rate", settings={"row": rating.id})


async def _present(uow: UnitOfWork, reference: str) -> dict[str, str]:
    try:
        content = (await read_file(uow, reference, FILE)).decode()
    except NotFound:  # the first rating of all
        return {}
    rows = [(json.loads(line), line) for line in content.splitlines()]
    return {row.get("rating_id", row["answer_id"]): line for row, line in rows}


async def _commit(uow: UnitOfWork, reference: str, lines: list[str]) -> Revision:
    with TemporaryDirectory(dir=uow.platform.data_dir) as name:
        folder = Path(name)
        (folder / FILE).parent.mkdir(parents=True)
        (folder / FILE).write_text("".join(line + "\n" for line in lines), encoding="utf-8")
        (folder / "README.md").write_text(_CARD, encoding="utf-8")
        staged = await stage_folder(uow.platform, folder)
    row = await find_by_reference(uow, reference)
    return await commit_staged(uow, row, staged, message=f"Feedback: {len(lines)} ratings")
