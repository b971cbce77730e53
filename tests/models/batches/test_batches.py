"""Files and batches through the client that people have: every line asked and paid once, faults in a file of their
own, a batch that is stopped or killed in between."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import Callable
from typing import Any, TypeVar

import openai
import orjson
import pytest

from ceyuan.kernel.blobs import Blob
from ceyuan.kernel.jobs import JobContext
from ceyuan.kernel.jobs import repository as jobs
from ceyuan.kernel.work import UnitOfWork
from ceyuan.models.batches import service, tasks
from ceyuan.models.batches.errors import FileUnknown
from ceyuan.models.batches.lines import Spool, read_requests
from ceyuan.models.gateway.funds import Payer
from ceyuan.models.gateway.keys import Caller
from tests.models.gateway.house import YUAN, House

T = TypeVar("T")
PRICE = 11 * 2 + 6 * 8
"""What an answer of the fake upstream costs, in micro-yuan."""
ENDPOINT: Any = "/v1/chat/completions"


async def _run(work: Callable[[], T]) -> T:
    return await asyncio.to_thread(work)


def _line(custom_id: str, model: str = "echo", **more: Any) -> dict[str, Any]:
    body = {"model": model, "messages": [{"role": "user", "content": custom_id}]}
    return {"custom_id": custom_id, "method": "POST", "url": ENDPOINT, "body": body, **more}


def _jsonl(*lines: dict[str, Any]) -> bytes:
    return b"".join(orjson.dumps(line) + b"\n" for line in lines)


@pytest.fixture
def client(house: House) -> openai.OpenAI:
    return openai.OpenAI(api_key=house.key, base_url=house.url + "/v1", max_retries=0)


def _begin(client: openai.OpenAI, content: bytes) -> Any:
    file = client.files.create(file=("in.jsonl", io.BytesIO(content)), purpose="batch")
    return client.batches.create(
        input_file_id=file.id, endpoint=ENDPOINT, completion_window="24h", metadata={"of": "May"}
    )


def _wait(client: openai.OpenAI, batch_id: str) -> Any:
    ends = time.monotonic() + 40
    while time.monotonic() < ends:
        batch = client.batches.retrieve(batch_id)
        if batch.status in ("completed", "failed", "cancelled", "expired"):
            return batch
        time.sleep(0.05)
    raise AssertionError(batch.status)


def _results(client: openai.OpenAI, file_id: str | None) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in client.files.content(file_id or "").text.splitlines()]


async def test_a_batch_asks_every_line_once_and_keeps_faults_apart(client: openai.OpenAI, house: House) -> None:
    def work() -> tuple[Any, list[dict[str, Any]], list[dict[str, Any]]]:
        content = _jsonl(*(_line(f"q{number}") for number in range(5)), _line("lost", model="nothing"))
        batch = _wait(client, _begin(client, content).id)
        return batch, _results(client, batch.output_file_id), _results(client, batch.error_file_id)

    batch, answers, faults = await _run(work)
    assert (batch.status, batch.metadata, batch.errors) == ("completed", {"of": "May"}, None)
    assert batch.request_counts.model_dump() == {"total": 6, "completed": 5, "failed": 1}
    assert sorted(one["custom_id"] for one in answers) == [f"q{number}" for number in range(5)]
    assert {one["response"]["status_code"] for one in answers} == {200}
    assert answers[0]["response"]["body"]["choices"][0]["message"]["content"]
    assert [(one["custom_id"], one["error"]["code"]) for one in faults] == [("lost", "model_not_found")]
    await house.settle()
    assert await house.balance() == 10 * YUAN - 5 * PRICE
    assert {call.key_id for call in await house.calls()} == {house.last_key_id}


async def test_a_file_that_is_no_batch_fails_with_the_line_and_the_reason(client: openai.OpenAI, house: House) -> None:
    content = _jsonl(_line("a"), _line("a"), _line("b", url="/v1/other"), {"custom_id": "c"}) + b"no json\n"
    batch = await _run(lambda: _wait(client, _begin(client, content).id))
    assert batch.status == "failed"
    assert [(fault.line, fault.code) for fault in batch.errors.data] == [
        (2, "duplicate_custom_id"),
        (3, "invalid_url"),
        (4, "invalid_method"),
        (5, "invalid_json_line"),
    ]
    assert house.upstream.seen == []


async def test_a_cancelled_batch_keeps_what_it_has(client: openai.OpenAI, house: House) -> None:
    house.upstream.script = "slow"

    def work() -> Any:
        batch = _begin(client, _jsonl(*(_line(f"q{number}") for number in range(200))))
        while not client.batches.retrieve(batch.id).request_counts.completed:
            time.sleep(0.05)
        assert client.batches.cancel(batch.id).status == "cancelling"
        ended = _wait(client, batch.id)
        with pytest.raises(openai.ConflictError):
            client.batches.cancel(batch.id)
        return ended

    batch = await _run(work)
    assert batch.status == "cancelled"
    assert 0 < batch.request_counts.completed < 200
    results = await _run(lambda: _results(client, batch.output_file_id))
    assert len(results) == batch.request_counts.completed
    await house.settle()
    assert await house.balance() == 10 * YUAN - len(results) * PRICE


async def test_a_batch_that_was_killed_pays_no_line_twice(house: House) -> None:
    """The job ends between an answer and its record, twice; what was answered is answered again for nothing."""
    content = _jsonl(*(_line(f"q{number}") for number in range(6)))
    blob: Blob = await house.platform.blobs.put_bytes(content)
    (actor,) = [await house.people.actor("li")]
    caller = Caller(house.last_key_id, actor, Payer(house.org, house.last_key_id, actor.id, ""))

    async def begin(uow: UnitOfWork) -> tuple[str, str]:
        file = await service.keep_file(uow, house.org, blob, purpose="batch", filename="in.jsonl")
        wanted = {"input_file_id": file.id, "endpoint": ENDPOINT, "completion_window": "24h"}
        batch = await service.create_batch(uow, caller, wanted)
        assert batch.job_id is not None
        # Our own hands run the job, so that they can let go of it.
        row = await jobs.get(uow.session, batch.job_id, lock=True)
        row.state = "cancelled"
        return batch.id, batch.job_id

    async with house.platform.work(actor) as uow:
        batch_id, job_id = await begin(uow)
    async with house.platform.work(actor, write=False) as uow:
        job = await jobs.get(uow.session, job_id)

    class Killed(BaseException):
        pass

    added, left = Spool.add, 0

    def add(self: Spool, result: dict[str, Any]) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise Killed
        added(self, result)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Spool, "add", add)
        for _ in range(2):
            left = 2
            with pytest.raises(Killed):
                await tasks.run_batch(JobContext(house.platform, job, actor), {"batch_id": batch_id})
            await house.settle()
        left = 6
        outcome = await tasks.run_batch(JobContext(house.platform, job, actor), {"batch_id": batch_id})
    assert (outcome["status"], outcome["completed"]) == ("completed", 6)
    await house.settle()
    assert await house.balance() == 10 * YUAN - 6 * PRICE


async def test_another_organisation_sees_nothing_of_it(client: openai.OpenAI, house: House) -> None:
    other = await house.people.organisation("other", wang="owner")
    stranger = client.with_options(api_key=await house.new_key(org=other))
    batch = await _run(lambda: _wait(client, _begin(client, _jsonl(_line("a"))).id))

    def look() -> None:
        assert stranger.files.list().data == []
        assert stranger.batches.list().data == []
        for act in (
            lambda: stranger.files.retrieve(batch.input_file_id),
            lambda: stranger.files.content(batch.input_file_id),
            lambda: stranger.files.delete(batch.input_file_id),
            lambda: stranger.batches.retrieve(batch.id),
            lambda: stranger.batches.cancel(batch.id),
            lambda: stranger.batches.create(
                input_file_id=batch.input_file_id, endpoint=ENDPOINT, completion_window="24h"
            ),
        ):
            with pytest.raises(openai.NotFoundError):
                act()
        with pytest.raises(openai.AuthenticationError):
            client.with_options(api_key="cyk_wrong").files.list()

    await _run(look)


async def test_files_are_listed_read_and_deleted(client: openai.OpenAI, house: House) -> None:
    def work() -> None:
        made = [
            client.files.create(file=(f"{number}.txt", b"x" * number), purpose="user_data") for number in range(1, 4)
        ]
        assert [file.id for file in client.files.list(limit=2)][:3] == [file.id for file in reversed(made)]
        assert client.files.content(made[2].id).content == b"xxx"
        assert client.files.delete(made[0].id).deleted
        with pytest.raises(openai.NotFoundError):
            client.files.retrieve(made[0].id)
        with pytest.raises(openai.BadRequestError, match="purpose"):
            client.files.create(file=b"x", purpose="vision")
        with pytest.raises(openai.BadRequestError, match="endpoint"):
            client.batches.create(input_file_id=made[1].id, endpoint="/v1/responses", completion_window="24h")

    await _run(work)
    async with house.platform.work(await house.people.actor("li"), write=False) as uow:
        with pytest.raises(FileUnknown):
            await service.find_file(uow, house.org, "file_none")


async def test_lines_are_read_across_chunks_and_bounded() -> None:
    async def chunks() -> Any:
        content = _jsonl(*(_line(f"q{number}") for number in range(4)))
        for start in range(0, len(content), 7):
            yield content[start : start + 7]

    lines, faults = await read_requests(chunks(), ENDPOINT, 10)
    assert ([line.custom_id for line in lines], faults) == (["q0", "q1", "q2", "q3"], [])
    _, faults = await read_requests(chunks(), ENDPOINT, 2)
    assert [fault.code for fault in faults] == ["too_many_requests"]


def test_a_spool_that_was_cut_off_goes_on_behind_its_last_whole_line(tmp_path: Any) -> None:
    path = tmp_path / "out.jsonl"
    path.write_bytes(_jsonl({"custom_id": "a"}) + b'{"custom_id": "b"')
    spool = Spool(path)
    assert spool.done == {"a"}
    spool.add({"custom_id": "c"})
    spool.close()
    assert [orjson.loads(line)["custom_id"] for line in path.read_bytes().splitlines()] == ["a", "c"]
