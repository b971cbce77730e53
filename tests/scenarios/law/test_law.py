from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from ceyuan.hub import find_by_reference, lineage_graph, read_file
from ceyuan.identity import PersonalData
from ceyuan.kernel.audit import entries_of
from ceyuan.kernel.errors import NotFound
from ceyuan.scenarios.law import ask_law, open_assistant, rate_answer
from ceyuan.scenarios.law.errors import AnswerNotFound, AssistantNotFound
from ceyuan.scenarios.law.schemas import AssistantIn
from ceyuan.scenarios.law.service import (
    find_answer,
    find_assistant,
    look_up_article,
    show_answers,
    show_assistants,
)
from tests.live import law_rows
from tests.workshop import Workshop


async def assistant(workshop: Workshop, folder: Path, *, model: str | None = "echo", public: bool = False) -> str:
    dataset = await workshop.dataset("laws", law_rows(), folder)
    wanted = AssistantIn(
        org_id=workshop.org, name="法律", dataset=dataset, model=model, is_public=public, feedback="lab/feedback"
    )
    async with workshop.platform.work(await workshop.actor()) as uow:
        made, indexing = await open_assistant(uow, wanted)
    job = await workshop.ended(indexing.id)
    assert job.state == "succeeded", job.error
    return made.id


async def test_a_grounded_answer_is_kept_rated_and_led_back_to_its_dataset(workshop: Workshop, tmp_path: Path) -> None:
    assistant_id = await assistant(workshop, tmp_path / "laws")
    workshop.answer("试用期最长六个月[1]。")
    li = await workshop.actor()
    answer = await ask_law(workshop.platform, li, assistant_id, "试用期最长多久？")
    assert (answer.kind, answer.answer) == ("model", "试用期最长六个月[1]。")
    assert all(c["exists"] for c in answer.citations)
    assert answer.sources[0]["article_no"] == "第十九条"
    async with workshop.platform.work(li) as uow:
        await rate_answer(uow, answer.id, 1, "有用")
    wang = await workshop.actor("wang")
    async with workshop.platform.work(wang) as uow:
        await rate_answer(uow, answer.id, -1, "太短")
        await rate_answer(uow, answer.id, -1, "太短了")
    rows = await feedback_rows(workshop, 2)
    assert [(row["answer_id"], row["rating"], row["comment"]) for row in rows] == [
        (answer.id, 1, "有用"),
        (answer.id, -1, "太短了"),
    ]
    async with workshop.platform.work(li, write=False) as uow:
        (shown,) = await show_answers(uow, [await find_answer(uow, answer.id)])
        deeds = await entries_of(uow.session, wang.id)
    assert (shown.rating, shown.good, shown.bad) == (1, 1, 1)
    assert sum(entry.action == "law.answer_rate" for entry in deeds) == 2
    async with workshop.platform.work(li, write=False) as uow:
        graph = await lineage_graph(uow, f"answer:{answer.id}")
    kinds = {node.row.kind for node in graph.nodes if node.row is not None}
    assert kinds >= {"answer", "article", "dataset"}


async def feedback_rows(workshop: Workshop, wanted: int) -> list[dict[str, Any]]:
    """The rows of the feedback dataset, once there are so many."""
    rows: list[dict[str, Any]] = []
    while len(rows) < wanted or rows[-1]["comment"] == "太短":
        await workshop.platform.dispatcher.drain()
        async with workshop.platform.work(await workshop.actor(), write=False) as uow:
            try:
                content = await read_file(uow, "datasets/lab/feedback@main", "data/feedback.jsonl")
            except NotFound:
                content = b""
        rows = [json.loads(line) for line in content.splitlines()]
        await asyncio.sleep(0.05)
    return rows


@pytest.mark.engine_bound
async def test_words_that_cite_nothing_give_way_to_the_laws_own(workshop: Workshop, tmp_path: Path) -> None:
    assistant_id = await assistant(workshop, tmp_path / "laws")
    workshop.answer("我觉得大概是一年吧。")
    answer = await ask_law(workshop.platform, await workshop.actor(), assistant_id, "试用期最长多久？")
    assert answer.kind == "extract"
    assert "不得超过" in answer.answer
    assert answer.notes


@pytest.mark.engine_bound
async def test_a_model_that_is_down_costs_only_its_wording(workshop: Workshop, tmp_path: Path) -> None:
    assistant_id = await assistant(workshop, tmp_path / "laws")
    workshop.upstream.script = "error:500"
    answer = await ask_law(workshop.platform, await workshop.actor(), assistant_id, "试用期最长多久？")
    assert answer.kind == "extract"


@pytest.mark.engine_bound
async def test_a_question_about_something_else_is_refused_without_asking_the_model(
    workshop: Workshop, tmp_path: Path
) -> None:
    assistant_id = await assistant(workshop, tmp_path / "laws")
    answer = await ask_law(workshop.platform, await workshop.actor(), assistant_id, "红烧肉怎么做？")
    assert (answer.kind, answer.sources) == ("refusal", [])
    assert await workshop.calls() == []


async def test_guests_may_ask_a_public_assistant_and_see_only_their_own_answers(
    workshop: Workshop, tmp_path: Path
) -> None:
    assistant_id = await assistant(workshop, tmp_path / "laws", model=None, public=True)
    zoe, li = await workshop.actor("zoe"), await workshop.actor()
    mine = await ask_law(workshop.platform, li, assistant_id, "专利权的期限多长？")
    await ask_law(workshop.platform, zoe, assistant_id, "专利权的期限多长？")
    async with workshop.platform.work(zoe, write=False) as uow:
        with pytest.raises(AnswerNotFound):
            await find_answer(uow, mine.id)
    article = await look_up_article(workshop.platform, zoe, assistant_id, reference="专利法第四十二条")
    assert "二十年" in article.text


async def test_an_outsider_learns_of_no_private_assistant(workshop: Workshop, tmp_path: Path) -> None:
    assistant_id = await assistant(workshop, tmp_path / "laws", model=None)
    with pytest.raises(AssistantNotFound):
        await ask_law(workshop.platform, await workshop.actor("zoe"), assistant_id, "试用期最长多久？")


async def test_a_guest_of_a_public_assistant_is_not_told_of_its_private_datasets(
    workshop: Workshop, tmp_path: Path
) -> None:
    assistant_id = await assistant(workshop, tmp_path / "laws", model=None, public=True)
    async with workshop.platform.work() as uow:
        (await find_by_reference(uow, "datasets/lab/laws")).visibility = "private"
    shown = []
    for name in ("li", "zoe"):
        async with workshop.platform.work(await workshop.actor(name), write=False) as uow:
            shown += await show_assistants(uow, [await find_assistant(uow, assistant_id)])
    own, guests = shown
    assert own.dataset is not None
    assert (own.dataset.partition("@")[0], own.feedback) == ("datasets/lab/laws", "lab/feedback")
    assert (guests.dataset, guests.feedback) == (None, None)


async def test_what_a_person_asked_goes_with_the_person_also_from_the_lineage(
    workshop: Workshop, tmp_path: Path
) -> None:
    assistant_id = await assistant(workshop, tmp_path / "laws")
    workshop.answer("试用期最长六个月[1]。")
    li = await workshop.actor()
    asked = "试用期最长多久？"
    answer = await ask_law(workshop.platform, li, assistant_id, asked)
    async with workshop.platform.work() as uow:
        for room in workshop.platform.find(PersonalData):  # type: ignore[type-abstract]
            await room.erase(uow, li.id)
    async with workshop.platform.work(li, write=False) as uow:
        kept = await find_answer(uow, answer.id)
        graph = await lineage_graph(uow, f"answer:{answer.id}")
    labels = [node.row.label for node in graph.nodes if node.row is not None]
    assert asked not in f"{kept.question}{kept.answer}{labels}"
    assert kept.sources, "which articles were cited is nobody's secret"
