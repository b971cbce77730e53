"""The way back: an answer's lineage, and its rating as a row of the feedback dataset."""

from __future__ import annotations

import json

from ceyuan.hub import create_repository, record_lineage
from ceyuan.kernel.events import Event
from ceyuan.kernel.work import UnitOfWork
from ceyuan.scenarios.law import repository
from ceyuan.scenarios.law.tables import LawAnswer, LawAssistant

FILE = "data/feedback.jsonl"


def feedback_line(assistant: LawAssistant, row: LawAnswer) -> str:
    """One row: the rating beside everything that leads back to the sources."""
    content = {
        "answer_id": row.id,
        "question": row.question,
        "answer": row.answer,
        "kind": row.kind,
        "rating": row.rating,
        "comment": row.comment,
        "articles": [{k: s[k] for k in ("article_id", "title", "quote_hash")} for s in row.sources],
        "dataset": assistant.dataset,
        "model": row.model,
        "call_id": row.call_id,
        "rated_at": row.rated_at.isoformat() if row.rated_at else None,
    }
    return json.dumps(content, ensure_ascii=False, sort_keys=True)
