"""The loop as a durable job: each step a job or a transaction of its own, so that kill -9 costs nothing."""

from __future__ import annotations

import asyncio
from typing import Any

from ceyuan.demo import steps
from ceyuan.demo.plan import LoopPlan
from ceyuan.evaluation.runs import create_run
from ceyuan.evaluation.runs.schemas import EvaluationPlan, PerplexityPlan
from ceyuan.governance.monitoring import incidents_of_rule, watch
from ceyuan.governance.safety import create_check
from ceyuan.governance.safety.schemas import SafetyPlan
from ceyuan.kernel.errors import CeyuanError, Text
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.jobs import JobContext, JobFailed, job
from ceyuan.kernel.work import UnitOfWork
from ceyuan.kernel.workflow import GuardRefused
from ceyuan.models.gateway import ask_model
from ceyuan.models.releases import current_gates, decide, find_release, open_release
from ceyuan.models.releases.schemas import Criteria, ReleaseIn
from ceyuan.models.serving import see_served
from ceyuan.programmes.vouchers import find_voucher
from ceyuan.scenarios.law import ask_law, open_assistant, rate_answer
from ceyuan.scenarios.law.schemas import AssistantIn

_MODEL_WAIT_S = 1800


@job("loop.run", title=("完整循环:从语料到服务再到反馈", "The loop: from corpus to service and back"), queue="flow")
async def run_loop(ctx: JobContext, params: dict[str, Any]) -> dict[str, Any]:
    """Run one turn; the parameters are a `LoopPlan`. Returns the references of all that was made."""
    plan = LoopPlan.model_validate(params)
    loop = _Turn(ctx, plan)
    await loop.prepare()
    await loop.sources_to_model()
    await loop.serve()
    await loop.evaluate_check_release()
    await loop.scenario()
    await loop.watch_and_learn()
    ctx.progress(1.0, ("循环完成", "the loop is complete"))
    return loop.made


async def _new_answer_id(_uow: UnitOfWork) -> str:
    return new_id("ans")


class _Turn:
    """The state of one turn: what was made so far."""

    def __init__(self, ctx: JobContext, plan: LoopPlan) -> None:
        self.ctx, self.plan = ctx, plan
        self.made: dict[str, Any] = {}
        self.org_id = ""
        self.served: list[str] = []

    def say(self, done: float, message: Text) -> None:
        self.ctx.progress(done, message)
        self.ctx.log(message[1], zh=message[0])

    async def prepare(self) -> None:
        """Organisation, prices, and the voucher that pays for what follows (step 8)."""
        ctx, plan = self.ctx, self.plan
        self.org_id = await ctx.transaction("organisation", lambda uow: steps.ensure_organisation(uow, plan))
        self.made["org_id"] = ctx.org_id = self.org_id
        # The organisation may just have been founded: the actor's rights must be today's.
        await ctx.renew_actor()
        await ctx.transaction("prices", steps.ensure_prices)
        self.say(0.02, ("申领模型券", "applying for a voucher"))
        self.made |= await ctx.transaction("voucher", lambda uow: steps.apply_for_voucher(uow, self.org_id, plan))
        voucher_id: str = self.made["voucher_id"]
        try:
            wallet = await ctx.transaction("grant", lambda uow: steps.grant_voucher(uow, voucher_id))
        except GuardRefused as refusal:
            # Whoever starts the turn applied: on a platform with other officers one of them grants.
            self.say(0.02, (f"等待发放模型券:{refusal.message[0]}", f"waiting for the voucher: {refusal.message[1]}"))
            wallet = await ctx.step("granted", self._wait_until_granted)
        if wallet is None:
            raise JobFailed(("模型券未获发放,循环无法付费", "the voucher was not granted: nothing pays for the turn"))
        self.made["wallet_id"] = wallet

    async def _wait_until_granted(self) -> str | None:
        """The wallet of the voucher on which another officer decides, None if it is refused; cancelled with the job."""
        while True:
            async with self.ctx.platform.work(self.ctx.actor, write=False) as uow:
                voucher = await find_voucher(uow, self.made["voucher_id"])
            if voucher.state != "applied":
                return voucher.wallet_id
            await asyncio.sleep(0.5)

    async def sources_to_model(self) -> None:
        """Steps 1 to 3."""
        ctx, plan, owner = self.ctx, self.plan, self.plan.owner
        self.say(0.03, ("登记来源并清洗语料", "registering sources, making the corpus"))
        ids = await ctx.transaction("sources", lambda uow: steps.ensure_sources(uow, self.org_id, plan))
        corpus = await ctx.child(
            "corpus",
            "data.corpus",
            {
                "org_id": self.org_id,
                "sources": ids,
                "dataset": f"{owner}/corpus-zh",
                "recipe": self._corpus_recipe(),
                "visibility": "internal",
            },
        )
        self.made |= {"raw": corpus["collected"]["revision"], "dataset": corpus["revision"], "counts": corpus["counts"]}
        self.say(0.2, ("从零训练小模型", "training a small model from scratch"))
        trained = await ctx.child(
            "train",
            "models.train",
            {
                "dataset": self.made["dataset"],
                "model": f"{owner}/{steps.MINI}",
                "recipe": plan.recipe,
                "licence": "MIT",
                "org_id": self.org_id,
            },
        )
        self.made |= {"model": trained["model"], "perplexity": trained["perplexity"]}

    def _corpus_recipe(self) -> dict[str, Any]:
        """As planned; a folder of one's own is often small, and one percent of it would be nothing to measure on."""
        small = {"split": {"heldout": 0.1}} if self.plan.source_dir is not None else {}
        return small | self.plan.corpus_recipe

    async def serve(self) -> None:
        """Step 4, and a release that no gate has seen yet: it must be refused."""
        ctx, plan = self.ctx, self.plan
        self.say(0.5, ("部署模型", "serving the models"))
        model: str = self.made["model"]
        self.served = await ctx.transaction("serve", lambda uow: steps.serve_models(uow, plan, model))
        for name in self.served:
            await self._wait_until_served(name)
        self.made["served"] = self.served
        wanted = ReleaseIn(
            model=model, served=steps.MINI, criteria=Criteria(max_perplexity=plan.max_perplexity), note="loop"
        )

        async def open_it(uow: UnitOfWork) -> str:
            return (await open_release(uow, wanted, exist_ok=True)).id

        self.made["release_id"] = await ctx.transaction("release", open_it)
        await ctx.step("too early", self._release_too_early)

    async def _release_too_early(self) -> bool:
        """Ask for the release before anything was measured; whether it was refused. An earlier turn of the same
        content may have been measured, and released, already."""
        ctx = self.ctx
        async with ctx.platform.work(ctx.actor, write=False) as uow:
            release = await find_release(uow, self.made["release_id"])
            passed = all(gate["passed"] for gate in await current_gates(uow, release))
        if release.state != "candidate" or passed:
            return False
        try:
            async with ctx.platform.work(ctx.actor) as uow:
                await decide(uow, release.id, "approve", "too early")
        except GuardRefused as refusal:
            ctx.log(f"release blocked, as it should be: {refusal.message[1]}", zh=refusal.message[0])
            return True
        return False

    async def _wait_until_served(self, name: str) -> None:
        deadline = asyncio.get_running_loop().time() + _MODEL_WAIT_S
        while True:
            async with self.ctx.platform.work(self.ctx.actor, write=False) as uow:
                served = await see_served(uow, name)
            if served.state == "ready":
                return
            if served.state == "failed" or asyncio.get_running_loop().time() > deadline:
                words = served.fault or served.state
                raise JobFailed((f"模型 {name} 无法提供服务:{words}", f"the model {name} cannot be served: {words}"))
            await asyncio.sleep(0.5)

    async def evaluate_check_release(self) -> None:
        """Steps 5 and 6: figures, safety, and the release that they allow."""
        ctx, plan, made = self.ctx, self.plan, self.made
        self.say(0.55, ("评测", "evaluating"))
        evaluation = EvaluationPlan(
            models=self.served,
            per_family=plan.per_family,
            perplexity=[PerplexityPlan(model=made["model"], dataset=made["dataset"], documents=plan.heldout_documents)],
        )

        async def start_evaluation(uow: UnitOfWork) -> list[str]:
            run = await create_run(
                uow,
                org_id=self.org_id,
                name="示范评测 Demonstration",
                plan=evaluation,
                repository_name=f"{plan.owner}/evaluation",
                key=f"{ctx.job_id}/evaluation",
                parent_id=ctx.job_id,
            )
            return [run.id, run.job_id]

        made["evaluation_id"], evaluation_job = await ctx.transaction("evaluation", start_evaluation)
        made["evaluation"] = (await ctx.wait_for(evaluation_job))["report"]

        self.say(0.7, ("安全检测", "checking safety"))
        safety = SafetyPlan(
            dataset=made["dataset"], texts=plan.checked_texts, models=self.served, answers=plan.checked_answers
        )

        async def start_check(uow: UnitOfWork) -> list[str]:
            check = await create_check(
                uow,
                org_id=self.org_id,
                name="示范安全检测 Demonstration",
                plan=safety,
                repository_name=f"{plan.owner}/safety",
                key=f"{ctx.job_id}/safety",
                parent_id=ctx.job_id,
            )
            return [check.id, check.job_id]

        made["safety_id"], safety_job = await ctx.transaction("safety", start_check)
        checked = await ctx.wait_for(safety_job)
        made |= {"safety": checked["report"], "safety_passed": checked["passed"]}
        made["release"] = await ctx.transaction("decide", self._decide)
        self.say(0.8, (f"发布:{made['release']}", f"release: {made['release']}"))

    async def _decide(self, uow: UnitOfWork) -> str:
        release = await find_release(uow, self.made["release_id"])
        if release.state != "candidate":
            return release.state
        try:
            release = await decide(uow, release.id, "approve", "gates passed", key=self.ctx.job_id)
        except GuardRefused as refusal:
            self.ctx.log(f"not released: {refusal.message[1]}", "warning", zh=refusal.message[0])
            return "candidate"
        return release.state

    async def scenario(self) -> None:
        """Step 7: the law assistant over the articles that were collected."""
        ctx, plan, made = self.ctx, self.plan, self.made
        if not plan.has_laws:
            ctx.log("no law assistant: the folder was not said to hold laws", zh="未说明文件夹含法律条文,不建法律助手")
            return
        self.say(0.82, ("建立法律助手", "setting up the law assistant"))
        wanted = AssistantIn(
            org_id=self.org_id,
            name="国家法律助手 National law",
            dataset=made["raw"],
            model=plan.instruction_model,
            is_public=True,
            feedback=f"{plan.owner}/feedback",
        )

        async def open_it(uow: UnitOfWork) -> list[str]:
            assistant, indexing = await open_assistant(uow, wanted, key=f"{ctx.job_id}/law", parent_id=ctx.job_id)
            return [assistant.id, indexing.id]

        made["assistant_id"], index_job = await ctx.transaction("assistant", open_it)
        made["law"] = await ctx.wait_for(index_job)
        made["answers"] = []
        for number, question in enumerate(plan.questions):
            answer_id = await ctx.transaction(f"answer {number}", _new_answer_id)
            answer = await ctx.step(
                f"question {number}",
                lambda q=question, i=answer_id: self._ask(q, i),  # type: ignore[misc]
            )
            made["answers"].append(answer)
            ctx.log(f"{question} → {answer['kind']}: {answer['answer'][:120]}")

    async def _ask(self, question: str, answer_id: str) -> dict[str, str]:
        ctx = self.ctx
        row = await ask_law(ctx.platform, ctx.actor, self.made["assistant_id"], question, answer_id=answer_id)
        ctx.add_cost(row.cost_micro or 0)
        return {"id": row.id, "question": question, "kind": row.kind, "answer": row.answer}

    async def watch_and_learn(self) -> None:
        """Steps 9 and 10: a rule that fires, and the ratings that become data."""
        ctx, made = self.ctx, self.made
        self.say(0.93, ("监测规则与事件", "a monitoring rule and its incident"))
        made["rule_id"] = await ctx.transaction("rule", lambda uow: steps.watch_refusals(uow, self.org_id))
        made["incident"] = await ctx.step("incident", self._provoke)
        for number, answer in enumerate(a for a in made.get("answers", ()) if a["kind"] != "refusal"):
            rating = 1 if number % 2 == 0 else -1

            async def rate(uow: UnitOfWork, answer_id: str = answer["id"], value: int = rating) -> int:
                return (await rate_answer(uow, answer_id, value, "示范评分 Demonstration rating")).rating

            await ctx.transaction(f"rate {number}", rate)
        await ctx.platform.dispatcher.drain()
        if made.get("answers"):
            made["feedback"] = f"datasets/{self.plan.owner}/feedback@main"

    async def _provoke(self) -> bool:
        """One call that the guard refuses; the rule sees it and opens an incident. Asked again after a kill it is the
        same call, and a new one where the rule does not look back so far."""
        for number in range(2):
            await self._ask_what_is_refused(f"{self.ctx.job_id}:probe:{number}")
            for _ in range(60):
                await watch(self.ctx.platform)
                async with self.ctx.platform.work(self.ctx.actor, write=False) as uow:
                    if await incidents_of_rule(uow, self.made["rule_id"]):
                        return True
                await asyncio.sleep(0.5)
        return False

    async def _ask_what_is_refused(self, key: str) -> None:
        ctx = self.ctx
        messages = [{"role": "user", "content": self.plan.probe}]
        try:
            await ask_model(
                *(ctx.platform, ctx.actor, self.org_id, self.served[-1], messages), max_tokens=8, repeat_key=key
            )
        except CeyuanError as refusal:
            ctx.log(f"refused on purpose: {refusal.message[1]}", zh=refusal.message[0])
