"""Puts the law assistant into the platform."""

from __future__ import annotations

from collections.abc import AsyncIterator

from sqlalchemy import select

from ceyuan.hub import rename_lineage_nodes
from ceyuan.identity import OrganisationData, OrganisationRows, PersonalData, PersonalRows, Rows, ScopeRoom
from ceyuan.kernel.blobs import BlobReferences
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.work import UnitOfWork
from ceyuan.scenarios.law import tasks
from ceyuan.scenarios.law.feedback import keep_rating, node_id
from ceyuan.scenarios.law.knowledge import Knowledge
from ceyuan.scenarios.law.tables import LawAnswer, LawAssistant, LawRating

assert tasks


_ERASED = "[已应提问者要求删除 erased at the asker's request]"
_OF_ORGANISATION = OrganisationRows(
    "law",
    Rows("assistants", LawAssistant, LawAssistant.org_id),
    Rows("answers", LawAnswer, LawAnswer.org_id),
    Rows("ratings", LawRating, LawAnswer.org_id, through=LawRating.answer_id),
)
_ANSWERS = Rows(
    "answers",
    LawAnswer,
    LawAnswer.asked_by,
    blank={"question": _ERASED, "answer": _ERASED, "notes": [], "citations": []},
)
_RATINGS = Rows("ratings", LawRating, LawRating.person_id, blank={"comment": None})


class LawPersonalData(PersonalRows):
    """A person's questions and ratings. A question is also the label of its answer in the lineage graph,
    and that goes with it; ratings that the organisation keeps in its feedback dataset are its own."""

    def __init__(self) -> None:
        super().__init__("law", _ANSWERS, _RATINGS)

    async def erase(self, uow: UnitOfWork, person_id: str) -> None:
        """Blank the answers and their labels."""
        asked = await uow.session.scalars(select(LawAnswer.id).where(LawAnswer.asked_by == person_id))
        await rename_lineage_nodes(uow, [node_id(answer_id) for answer_id in asked], _ERASED)
        await super().erase(uow, person_id)


class LawIndexes:
    """Tells the garbage collector which blobs are indexes."""

    async def references(self, uow: UnitOfWork) -> AsyncIterator[str]:
        """The hashes of all assistants' index files."""
        rows = await uow.session.execute(select(LawAssistant.index_blob, LawAssistant.articles_blob))
        for pair in rows:
            for sha256 in pair:
                if sha256 is not None:
                    yield sha256


def wire(platform: Platform) -> None:
    """Keep loaded indexes, keep ratings, protect the index files."""
    platform.provide(Knowledge, Knowledge())
    platform.provide(BlobReferences, LawIndexes())  # type: ignore[type-abstract]
    platform.provide(OrganisationData, _OF_ORGANISATION)  # type: ignore[type-abstract]
    platform.provide(PersonalData, LawPersonalData())  # type: ignore[type-abstract]
    platform.subscriptions.on("law.answer_rated", keep_rating)
    platform.provide(ScopeRoom, ScopeRoom("scenarios", ("应用场景", "Scenarios"), paths=("/api/v1/law",)))
