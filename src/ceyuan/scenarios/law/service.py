"""Use cases of the law assistant."""

from __future__ import annotations

from collections.abc import Sequence

from ceyuan.hub import resolve, tellable
from ceyuan.identity import require_role_in
from ceyuan.kernel.actor import Actor
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.jobs import Job, submit
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.upserts import upsert
from ceyuan.kernel.work import UnitOfWork
from ceyuan.scenarios.law import feedback, repository
from ceyuan.scenarios.law.answering import answer, citations_of, sources_of
from ceyuan.scenarios.law.errors import AnswerNotFound, ArticleNotFound, AssistantNotFound
from ceyuan.scenarios.law.knowledge import Knowledge
from ceyuan.scenarios.law.schemas import ArticleOut, AssistantIn, AssistantOut, LawAnswerOut
from ceyuan.scenarios.law.tables import LawAnswer, LawAssistant, LawRating
from ceyuan.scenarios.statutes import Article, find_references


async def open_assistant(
    uow: UnitOfWork, wanted: AssistantIn, *, key: str | None = None, parent_id: str | None = None
) -> tuple[LawAssistant, Job]:
    """Set up an assistant and submit the job that builds its index; with the same `key` the first is returned."""
    await require_role_in(uow, wanted.org_id, "member")
    revision = await resolve(uow, wanted.dataset)
    assistant_id = new_id("law")
    job = await submit(
        uow,
        "scenarios.law.index",
        {"assistant_id": assistant_id},
        org_id=wanted.org_id,
        title=(f"建立法律索引:{wanted.name}", f"Index laws: {wanted.name}"),
        key=key,
        parent_id=parent_id,
        inputs=[revision.node_id],
    )
    if job.params["assistant_id"] != assistant_id:
        return await repository.get_assistant(uow.session, str(job.params["assistant_id"])), job
    assistant = LawAssistant(
        id=assistant_id,
        org_id=wanted.org_id,
        name=wanted.name,
        dataset=revision.ref,
        dataset_node=revision.node_id,
        model=wanted.model,
        index_blob=None,
        articles_blob=None,
        state="indexing",
        quality=None,
        is_public=wanted.is_public,
        feedback=wanted.feedback,
        created_at=uow.clock.now(),
    )
    uow.session.add(assistant)
    await uow.audit("law_assistant.open", assistant.id, wanted.org_id, dataset=revision.ref, model=wanted.model)
    return assistant, job


async def show_assistants(uow: UnitOfWork, rows: Sequence[LawAssistant]) -> list[AssistantOut]:
    """The assistants; a public one may stand on datasets that its guests may not know of."""
    kept = {row.id: f"datasets/{row.feedback}" for row in rows if row.feedback}
    named = await tellable(uow, [*(row.dataset for row in rows), *kept.values()])
    shown = []
    for row in rows:
        out = AssistantOut.model_validate(row, from_attributes=True)
        # A feedback dataset that no rating has made yet is nobody's but the organisation's to know.
        feedback = out.feedback if kept.get(row.id) in named or uow.actor.may(row.org_id) else None
        shown.append(
            out.model_copy(update={"feedback": feedback, **({} if row.dataset in named else {"dataset": None})})
        )
    return shown


async def find_assistant(uow: UnitOfWork, assistant_id: str) -> LawAssistant:
    """The assistant if the actor may use it; raises `AssistantNotFound`."""
    uow.actor.require_known()
    assistant = await repository.get_assistant(uow.session, assistant_id)
    if not assistant.is_public and not uow.actor.may(assistant.org_id):
        raise AssistantNotFound()
    return assistant


async def ask_law(
    platform: Platform,
    actor: Actor,
    assistant_id: str,
    question: str,
    *,
    historical: bool = False,
    answer_id: str | None = None,
) -> LawAnswer:
    """Answer a question and keep the answer with its sources and lineage.

    With `answer_id` (a fresh `ans` id) a repetition after a crash gives the answer that was kept under it, and a
    model that had answered already is not asked and paid again.

    Not within one unit of work: a model may take seconds, and nobody else should wait for the writer meanwhile.
    """
    async with platform.work(actor, write=False) as uow:
        assistant = await find_assistant(uow, assistant_id)
        kept = await repository.peek_answer(uow.session, answer_id) if answer_id is not None else None
    if kept is not None:
        return kept
    search = await knowledge_of(platform).of(platform, assistant)
    drafted = await answer(
        platform, actor, assistant, search, question, historical=historical, repeat_key=answer_id or ""
    )
    async with platform.work(actor) as uow:
        row = LawAnswer(
            id=answer_id or new_id("ans"),
            assistant_id=assistant.id,
            org_id=assistant.org_id,
            asked_by=actor.id,
            question=question,
            answer=drafted.text,
            kind=drafted.kind,
            sources=sources_of(drafted.found),
            citations=citations_of(drafted.checked),
            notes=drafted.notes,
            model=drafted.model,
            call_id=drafted.call_id,
            cost_micro=drafted.cost_micro,
            created_at=uow.clock.now(),
        )
        uow.session.add(row)
        await feedback.record_answer(uow, assistant, row)
    return row


async def find_answer(uow: UnitOfWork, answer_id: str) -> LawAnswer:
    """The answer if the actor asked it or belongs to the assistant's organisation; raises `AnswerNotFound`."""
    uow.actor.require_known()
    row = await repository.get_answer(uow.session, answer_id)
    if row.asked_by != uow.actor.id and not uow.actor.may(row.org_id, "member"):
        raise AnswerNotFound()
    return row


async def rate_answer(uow: UnitOfWork, answer_id: str, rating: int, comment: str) -> LawRating:
    """Rate an answer, or change the own rating of it; it becomes a row of the assistant's feedback dataset."""
    row = await find_answer(uow, answer_id)
    given = {"rating": rating, "comment": comment, "rated_at": uow.clock.now()}
    whose = {"answer_id": row.id, "person_id": uow.actor.id}
    new = {"id": new_id("rat"), **whose, **given, "feedback_commit": None}
    await uow.session.execute(upsert(uow.session, LawRating, new, key=[*whose], update=[*given]))
    kept = await repository.rating_of(uow.session, row.id, uow.actor.id)
    assert kept is not None
    await uow.audit("law.answer_rate", row.id, row.org_id, rating_id=kept.id, rating=rating)
    await uow.publish("law.answer_rated", rating_id=kept.id, answer_id=row.id, org_id=row.org_id, rating=rating)
    return kept


async def show_answers(uow: UnitOfWork, rows: Sequence[LawAnswer]) -> list[LawAnswerOut]:
    """The answers with the actor's own ratings, and how many rated them well and badly."""
    ratings = await repository.ratings_of(uow.session, [row.id for row in rows])
    return [_show(row, ratings.get(row.id, []), uow.actor.id) for row in rows]


def _show(row: LawAnswer, ratings: Sequence[LawRating], person_id: str) -> LawAnswerOut:
    own = next((one for one in ratings if one.person_id == person_id), None)
    kept = {name: getattr(row, name) for name in LawAnswerOut.model_fields if hasattr(row, name)}
    return LawAnswerOut(
        **kept,
        rating=own and own.rating,
        comment=own and own.comment,
        good=sum(one.rating > 0 for one in ratings),
        bad=sum(one.rating < 0 for one in ratings),
    )


async def look_up_article(
    platform: Platform, actor: Actor, assistant_id: str, *, article_id: str | None = None, reference: str | None = None
) -> ArticleOut:
    """One article, by its id or as people write it (《劳动法》第三十八条); raises `ArticleNotFound`."""
    async with platform.work(actor, write=False) as uow:
        assistant = await find_assistant(uow, assistant_id)
    search = await knowledge_of(platform).of(platform, assistant)
    if article_id is not None:
        found = [a for a in search.articles if a.id == article_id]
    else:
        found = [a for r in find_references(reference or "") for a in search.lookup(r)]
    if not found:
        raise ArticleNotFound(hint=("请写明法律名称与条号", "name the law and the article's number"))
    return _shown(found[0])


def _shown(article: Article) -> ArticleOut:
    fields = ("id", "law", "article_no", "title", "text", "chapter", "status", "effective", "version")
    return ArticleOut(**{name: getattr(article, name) for name in fields})


def knowledge_of(platform: Platform) -> Knowledge:
    """The loaded indexes of this process."""
    return platform.find(Knowledge)[0]
