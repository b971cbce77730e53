"""The rule of placing that a replay of late tasks chooses, and that admission takes over."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from ceyuan.compute.executors import sandbox_works
from ceyuan.compute.tasks.admitting import admission
from ceyuan.compute.twin import rules
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.jobs import Job
from tests.compute.market import Market
from tests.compute.tasks.conftest import furnish


def row(name: str, done: int, wait: float) -> dict[str, Any]:
    return {"name": name, "totals": {"done": done, "wait_s": {"mean": wait, "p95": wait}}}


@pytest.mark.parametrize(
    ("results", "best"),
    [
        ([row("platform", 9, 10.0), row("best_fit", 9, 5.0)], "best_fit"),
        ([row("platform", 9, 10.0), row("best_fit", 9, 9.95)], "platform"),
        ([row("platform", 9, 10.0), row("best_fit", 8, 1.0)], "platform"),
        ([row("platform", 8, 1.0), row("best_fit", 9, 5.0)], "best_fit"),
        ([row("platform", 0, 0.0), row("best_fit", 0, 0.0)], "platform"),
    ],
)
def test_the_rule_that_finishes_most_and_waits_least_wins_if_it_is_worth_it(
    results: list[dict[str, Any]], best: str
) -> None:
    assert rules.best_of(results) == best


@pytest.mark.engine_bound
async def test_admission_takes_over_what_the_latest_replay_chose_and_everybody_known_may_read_it(
    market: Market,
) -> None:
    platform = market.platform
    await rules.see_to_rule(platform)
    assert (await market.ok("li", "GET", "/twin/rule"))["job_id"] is None
    assert (await market.send(None, "GET", "/twin/rule")).status_code == 401
    figures = [{"rule": "best_fit", "done": 60, "wait_mean_s": 1.0, "wait_p95_s": 2.0}]
    async with platform.work() as uow:
        held = {"rule": "best_fit", "tasks": 60, "figures": figures}
        names = {"kind": rules.JOB_KIND, "title_zh": "x", "title_en": "x", "queue": "heavy", "created_by_label": "x"}
        made = Job(id=new_id("job"), created_by="system", params={}, result=held, state="succeeded", **names)
        made.inputs, made.outputs, made.code_version = [], [], "x"
        made.created_at = made.finished_at = uow.clock.now()
        uow.session.add(made)
    await rules.see_to_rule(platform)
    assert admission(platform).rule == "best_fit"
    told = await market.ok("li", "GET", "/twin/rule")
    assert (told["rule"], told["tasks"], told["figures"]) == ("best_fit", 60, figures)


@pytest.mark.slow
@pytest.mark.skipif(not sandbox_works(), reason="bubblewrap is missing or may not be used here")
async def test_enough_tasks_of_late_are_replayed_once_a_day(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    yard = await furnish(market)
    monkeypatch.setattr(rules, "LEAST_TASKS", 2)
    made = [await yard.run("true") for _ in range(2)]
    for one in made:
        await yard.until(one["id"], "succeeded")
    for _again in range(2):
        await rules.see_to_rule(market.platform)
    async with asyncio.timeout(120):
        while (told := await market.ok("li", "GET", "/twin/rule"))["job_id"] is None:
            await asyncio.sleep(0.2)
    assert (told["tasks"], [one["rule"] for one in told["figures"]]) == (2, ["platform", "best_fit"])
    assert all(one["done"] == 2 for one in told["figures"])
