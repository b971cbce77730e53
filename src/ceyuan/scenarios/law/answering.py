"""How an answer comes about: search, let the model word it, check every citation, or fall back, or refuse."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from ceyuan.kernel.actor import SYSTEM, Actor
from ceyuan.kernel.errors import CeyuanError, Text
from ceyuan.kernel.platform import Platform
from ceyuan.models.gateway import ask_model
from ceyuan.scenarios.law.tables import LawAssistant
from ceyuan.scenarios.statutes import (
    CheckedAnswer,
    Found,
    LawSearch,
    check_answer,
    extract_answer,
    prompt_messages,
)

_ARTICLES = 4
_REFUSAL: Text = (
    "未在所收录的法律中找到与该问题相关的条文，无法回答。请换一种说法，或写明法律名称。",
    "No article of the laws held here bears on this question, so it is not answered.",
)


@dataclass(slots=True)
class Drafted:
    """An answer before it is kept."""

    kind: str
    text: str
    found: list[Found]
    checked: CheckedAnswer | None = None
    notes: list[list[str]] = field(default_factory=list)
    call_id: str | None = None
    model: str | None = None
    cost_micro: int = 0


async def answer(
    platform: Platform,
    actor: Actor,
    assistant: LawAssistant,
    search: LawSearch,
    question: str,
    *,
    historical: bool,
    repeat_key: str,
) -> Drafted:
    """Answer a question; under an equal `repeat_key` (empty = none) the model is asked and paid once.

    Raises what the gateway raises for money and limits (402, 429) and for refused content; a model that is down or
    cannot be grounded costs only its wording.
    """
    outcome = await asyncio.to_thread(search.search, question, _ARTICLES, historical=historical)
    notes = [
        [f"不存在《{r.law}》{r.article_no}", f"there is no {r.article_no} of 《{r.law}》"] for r in outcome.missing
    ]
    if not outcome.found:
        return Drafted("refusal", _REFUSAL[0], [], notes=notes)
    drafted = Drafted("extract", "", outcome.found, notes=notes)
    articles = [f.article for f in outcome.found]
    if assistant.model is not None:
        try:
            said = await ask_model(
                platform,
                # A public assistant's organisation pays for guests too.
                actor if actor.may(assistant.org_id, "member") else SYSTEM,
                assistant.org_id,
                assistant.model,
                prompt_messages(question, articles),
                max_tokens=220,
                temperature=0.0,
                seed=0,
                scenario="law",
                repeat_key=repeat_key,
            )
            drafted.call_id, drafted.model, drafted.cost_micro = said.call_id, assistant.model, said.cost_micro
            checked = check_answer(said.text.strip(), articles, search)
            if checked.is_grounded:
                drafted.kind, drafted.text, drafted.checked = "model", checked.text, checked
                return drafted
            drafted.notes.append(
                [
                    "模型的表述没有可核实的条文引用，已改用条文原文",
                    "the model's wording cited nothing that could be verified; the law's own words are shown",
                ]
            )
        except CeyuanError as error:
            if error.status < 500:
                raise
            drafted.notes.append([f"模型暂不可用：{error.message[0]}", f"the model is unavailable: {error.message[1]}"])
    drafted.text = extract_answer(question, articles)
    drafted.checked = check_answer(drafted.text, articles, search)
    return drafted


def sources_of(found: list[Found]) -> list[dict[str, Any]]:
    """The found articles as the wire shows them."""
    return [
        {
            "number": number,
            "article_id": f.article.id,
            "title": f.article.title,
            "law": f.article.law,
            "article_no": f.article.article_no,
            "text": f.article.text,
            "status": f.article.status,
            "effective": f.article.effective,
            "quote_hash": f.article.quote_hash,
            "score": None if f.reason == "named" else round(f.score, 4),
            "reason": f.reason,
        }
        for number, f in enumerate(found, 1)
    ]


def citations_of(checked: CheckedAnswer | None) -> list[dict[str, Any]]:
    """The checked citations as the wire shows them."""
    if checked is None:
        return []
    return [
        {
            "text": c.text,
            "start": c.start,
            "end": c.end,
            "article_id": c.article.id if c.article else None,
            "exists": c.article is not None,
        }
        for c in checked.citations
    ]
