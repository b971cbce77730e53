from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from ceyuan.compute.executors import Run, sandbox_works
from ceyuan.compute.pools import LOCAL_NODE, PoolNode
from ceyuan.compute.tasks import TaskSpec
from ceyuan.compute.tasks.places import task_folder
from ceyuan.compute.tasks.service import Meters
from ceyuan.kernel.errors import Invalid
from ceyuan.metering import check_books
from ceyuan.server.asgi import Door
from ceyuan.server.assembly import build_platform, running
from ceyuan.server.settings import ServerSettings
from tests.compute.market import Market
from tests.compute.tasks.conftest import Yard, furnish

pytestmark = pytest.mark.skipif(
    not sandbox_works(), reason="bubblewrap is missing or may not be used here: install Debian's package bubblewrap"
)


async def test_a_task_runs_keeps_its_output_and_is_metered_once(yard: Yard) -> None:
    made = await yard.run(
        "mkdir out; echo 你好 > out/a.txt; echo said; test ! -e /root/.ssh", outputs={"out": "datasets/lab/made"}
    )
    task = await yard.until(made["id"], "succeeded", "failed")
    assert task["state"] == "succeeded", task
    assert (await yard.log(task["id"]))["text"] == "said\n"
    assert task["outputs"]["out"].startswith("datasets/lab/made@")
    (attempt,) = task["attempts"]
    spent, events = await yard.metered()
    assert events == 1
    assert spent == task["cost_micro"] == task["cost_so_far_micro"]
    assert spent == pytest.approx(attempt["seconds"] * 1000, abs=2)
    assert (await check_books(yard.market.platform)).ok
    await _certified(yard, task)


async def _certified(yard: Yard, task: dict[str, Any]) -> None:
    """What an ended task used is certified: signed, chained, the same on paper, and no bit of it can be changed."""
    market, path = yard.market, f"/tasks/{task['id']}/certificate"
    for who, wanted in ((None, 401), ("zoe", 404)):
        assert (await market.send(who, "GET", path)).status_code == wanted
        assert (await market.send(who, "GET", f"{path}.pdf")).status_code == wanted
    paper = await market.ok("li", "GET", path)
    assert paper == await market.ok("li", "GET", path)
    assert (paper["cost_micro"], paper["organisation_name"]) == (task["cost_micro"], "lab")
    assert paper["totals"]["compute.core_second"] == paper["links"][0]["amounts"]["compute.core_second"]
    check = "/tasks/certificates/check"
    assert await market.ok("li", "POST", check, paper) == dict.fromkeys(("chain", "signature", "ours", "valid"), True)
    cheaper = paper | {"cost_micro": 1}
    assert (await market.ok("li", "POST", check, cheaper))["signature"] is False
    shorter = paper | {"links": [paper["links"][0] | {"seconds": "0.001"}]}
    assert (await market.ok("li", "POST", check, shorter))["chain"] is False
    assert (await market.ok("li", "POST", check, {}))["valid"] is False
    pdf = (await market.send("li", "GET", f"{path}.pdf")).content
    assert pdf.startswith(b"%PDF-1.4")
    assert paper["head"].encode() in pdf


async def test_an_outsider_sees_starts_and_stops_nothing(yard: Yard) -> None:
    made = await yard.run("sleep 300")
    market = yard.market
    for who, wanted in ((None, 401), ("zoe", 404)):
        for method, path in (("GET", ""), ("GET", "/log"), ("POST", "/stop"), ("POST", "/resume")):
            answer = await market.send(who, method, f"/tasks/{made['id']}{path}")
            assert answer.status_code == wanted, (who, path)
        assert (await market.send(who, "POST", "/tasks", yard.body("true"))).status_code == wanted
    assert (await market.ok("zoe", "GET", "/tasks"))["items"] == []
    await market.ok("li", "POST", f"/tasks/{made['id']}/stop")
    await yard.until(made["id"], "cancelled")


async def test_what_cannot_work_is_refused_by_name_before_anything_is_queued(yard: Yard) -> None:
    market = yard.market

    async def code(**fields: Any) -> tuple[int, str]:
        return await market.code("li", "POST", "/tasks", yard.body("true", **fields))

    many = {"cpus": 4000, "memory_gib": 1}
    assert await code(resources=many) == (422, "task_impossible")
    assert await code(resources={"accelerator": "h8000", "accelerators": 8}) == (422, "compute_accelerator_unknown")
    assert await code(resources={"accelerator": "h800", "accelerators": 8}) == (422, "task_impossible")
    assert await code(budget_micro=5) == (402, "task_budget_too_small")
    assert await code(time_limit_s=86_400) == (402, "insufficient_funds")
    assert await code(image="No Such Image") == (422, "task_image_impossible")
    assert await code(image="python:3.12") == (422, "task_image_impossible")
    assert await code(deadline="2020-01-01T00:00:00Z") == (422, "task_deadline_passed")
    assert (await code(inputs={"x": "datasets/lab/nothing"}))[0] == 404
    assert (await code(outputs={"out": "datasets/jing/theirs"}))[0] == 404
    for wrong in ({"resources": {"cpus": -1}}, {"time_limit_s": -5}, {"environment": {"CEYUAN_X": "1"}}, {"x": 1}):
        assert (await code(**wrong))[0] == 422
    refused = (await market.send("li", "POST", "/tasks", yard.body("true", resources=many))).json()
    assert refused["refusals"][0]["nearest"] == {"cpus": len(os.sched_getaffinity(0))}
    assert (await market.ok("li", "GET", "/tasks"))["items"] == []
    assert await yard.metered() == (0, 0)


async def test_without_a_sandbox_only_administrators_run_tasks_and_the_place_says_so(yard: Yard) -> None:
    market = yard.market
    await yard.see_this_machine()
    async with market.platform.work() as uow:
        node = await uow.session.get(PoolNode, LOCAL_NODE)
        assert node is not None
        node.isolated = False
    assert not (await market.ok("li", "GET", "/tasks/place"))["isolated"]
    assert await market.code("li", "POST", "/tasks", yard.body("true")) == (403, "task_not_isolated")
    await market.people.add("root", admin=True)
    market.tokens["root"] = await market.people.token("root")
    made = await market.ok("root", "POST", "/tasks", yard.body("env | sort"))
    await yard.until(made["id"], "succeeded")
    names = {line.partition("=")[0] for line in (await yard.log(made["id"]))["text"].splitlines()}
    own = {"CEYUAN_CHECKPOINT", "CEYUAN_INPUTS", "CEYUAN_TASK", "HOME", "LANG", "OMP_NUM_THREADS", "PATH", "PWD"}
    assert names <= own | {"SHLVL", "_", "OLDPWD"}


async def test_a_dry_run_takes_the_first_alternative_that_can_be_had_and_queues_nothing(yard: Yard) -> None:
    wishes = {"resources": {"accelerator": "h800", "accelerators": 8}, "alternatives": [{"cpus": 1}]}
    checked = await yard.market.ok("li", "POST", "/tasks/check", yard.body("true", **wishes))
    assert checked["placed"]["accelerator"] == "cpu"
    assert "h800" in checked["refusals"][0]["en"]
    assert (checked["least_micro"], checked["most_micro"]) == (60_000, 60_000)
    assert (await yard.market.ok("li", "GET", "/tasks"))["items"] == []


async def test_a_stopped_task_pays_for_what_it_used_and_goes_on_from_its_checkpoint(yard: Yard) -> None:
    script = 'cd "$CEYUAN_CHECKPOINT"; if [ -e half ]; then echo resumed; else touch half; echo begun; sleep 300; fi'
    made = await yard.run(script)
    await yard.until_log(made["id"], "begun")
    await yard.market.ok("li", "POST", f"/tasks/{made['id']}/stop")
    stopped = await yard.until(made["id"], "cancelled")
    assert stopped["attempts"][0]["state"] == "cancelled"
    spent, events = await yard.metered()
    assert (events, spent) == (1, stopped["cost_micro"])
    assert spent > 0
    await yard.market.ok("li", "POST", f"/tasks/{made['id']}/resume")
    again = await yard.until(made["id"], "succeeded", "failed")
    assert again["state"] == "succeeded"
    assert (await yard.log(made["id"]))["text"] == "resumed\n"
    assert (await yard.metered())[1] == 2
    assert (await check_books(yard.market.platform)).ok


async def test_a_supervisor_killed_with_9_costs_one_try_and_the_next_one_finishes(yard: Yard) -> None:
    script = 'if [ -e "$CEYUAN_CHECKPOINT/half" ]; then echo again; else touch "$CEYUAN_CHECKPOINT/half"; sleep 300; fi'
    made = await yard.run(script, retries=1)
    half = task_folder(yard.market.platform, made["id"]) / "checkpoint" / "half"
    await _appears(half)
    task = await yard.task(made["id"])
    started = yard.market.platform.data_dir / "compute" / "runs" / task["attempt"] / "started"
    os.kill(json.loads(started.read_text())["pid"], signal.SIGKILL)
    done = await yard.until(made["id"], "succeeded", "failed")
    assert [one["state"] for one in done["attempts"]] == ["lost", "succeeded"]
    assert (await yard.metered())[1] == 2


async def _appears(path: Path) -> None:
    async with asyncio.timeout(30):
        while not path.exists():
            await asyncio.sleep(0.05)


async def test_a_used_up_budget_ends_a_task_and_a_failing_command_says_its_exit_code(yard: Yard) -> None:
    poor = await yard.run("sleep 300", time_limit_s=2, budget_micro=2_001)
    rich = await yard.run("echo oh; exit 7")
    ended = await yard.until(poor["id"], "failed")
    assert ended["reason"] in ("budget", "time")
    failed = await yard.until(rich["id"], "failed")
    assert failed["attempts"][0]["exit_code"] == 7
    assert failed["cost_micro"] > 0


async def test_the_same_idempotency_key_queues_one_task(yard: Yard) -> None:
    market = yard.market
    headers = {"authorization": f"Bearer {market.tokens['li']}", "idempotency-key": "once"}
    answers = [
        await market.client.post("/api/v1/compute/tasks", json=yard.body("true"), headers=headers) for _ in range(2)
    ]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    await yard.until(answers[0].json()["id"], "succeeded")


def test_a_description_in_yaml_is_the_same_as_in_python() -> None:
    text = "name: a\ncommand: echo hi\nresources: {cpus: 2, memory_gib: 4}\nalternatives: [{cpus: 1}]\nretries: 2\n"
    spec = TaskSpec.from_yaml(text)
    assert spec == TaskSpec.model_validate(spec.model_dump())
    assert spec.argv == ["/bin/sh", "-c", "echo hi"]
    assert [wish.cpus for wish in spec.wishes] == [2, 1]
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert spec.model_copy(update={"deadline": now + timedelta(seconds=5)}).ends_by(now) == 5
    for wrong in ("name: [", "name: a\n", "name: a\ncommand: b\nresources: {cpus: -1}\n", "- x\n"):
        with pytest.raises(Invalid):
            TaskSpec.from_yaml(wrong)


def test_a_task_outlives_the_platform_and_is_found_again_by_its_key(settings: ServerSettings) -> None:
    """Two lives of the platform on one database, each in a loop of its own; the try runs on in between."""

    async def first() -> tuple[str, str, str]:
        async with _yard(settings) as yard:
            market = await yard.market.open()
            made = await (await furnish(market)).run('echo x >> "$CEYUAN_CHECKPOINT/count"; sleep 1; echo late')
            await _appears(task_folder(market.platform, made["id"]) / "checkpoint" / "count")
        return made["id"], market.tokens["li"], market.buyer

    async def second(task_id: str, token: str, buyer: str) -> None:
        async with _yard(settings) as yard:
            yard.market.tokens["li"], yard.market.buyer = token, buyer
            done = await yard.until(task_id, "succeeded", "failed")
            assert done["state"] == "succeeded"
            count = task_folder(yard.market.platform, task_id) / "checkpoint" / "count"
            assert count.read_text() == "x\n"
            assert len(done["attempts"]) == 1
            assert (await yard.metered())[1] == 1

    asyncio.run(second(*asyncio.run(first())))


@asynccontextmanager
async def _yard(settings: ServerSettings) -> AsyncIterator[Yard]:
    platform = build_platform(settings)
    transport = httpx.ASGITransport(app=Door(platform))  # type: ignore[arg-type]
    async with running(platform), httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        yield Yard(Market(platform, client))
    await platform.database.close()


def test_a_try_that_has_ended_stands_as_it_ended_until_it_is_settled() -> None:
    meters = Meters()
    for run in (Run("a", "running", seconds=9.0), Run("a", "succeeded", seconds=9.5)):
        meters.note(run)
    for number in range(Meters.MOST_ENDED):
        assert meters.of("a") == Run("a", "succeeded", seconds=9.5)
        meters.note(Run(f"b{number}", "failed"))
    assert meters.of("a") is None
