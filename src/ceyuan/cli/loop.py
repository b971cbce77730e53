"""`ceyuan loop`: run a whole turn, from sources to feedback, and follow it."""

from __future__ import annotations

import asyncio
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ceyuan.cli.connection import Api
from ceyuan.cli.output import language, say, show
from ceyuan.kernel.errors import Invalid

if TYPE_CHECKING:
    from ceyuan.kernel.jobs import Job
    from ceyuan.kernel.platform import Platform

app = typer.Typer(help="One whole turn: corpus, model, evaluation, release, service, feedback.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Commands of the loop."""


def plan_of(source: Path | None, accept_licence: bool, **more: Any) -> dict[str, Any]:
    """The plan of a turn as the platform takes it; raises `Invalid` for a source that is no folder."""
    plan: dict[str, Any] = {"accept_licence": accept_licence, **more}
    if source is not None:
        if not source.is_dir():
            raise Invalid(
                (f"{source} 不是文件夹", f"{source} is not a folder"),
                hint=("请指定存放文本的文件夹", "name a folder that holds texts"),
            )
        plan["source_dir"] = str(source.absolute())
    return plan


@app.command()
def run(
    source: Annotated[Path | None, typer.Option(help="your own folder of texts instead of the public corpora")] = None,
    laws: Annotated[
        bool, typer.Option(help="the folder holds articles of law (records with law_name and article_no)")
    ] = False,
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="accept the licence of the embedded instruction model")
    ] = False,
    follow: Annotated[bool, typer.Option("--follow/--no-follow", help="print the job's log until it ends")] = True,
) -> None:
    """Run one turn on the platform that you are signed in to."""
    started = Api().post("/api/v1/loop/runs", plan_of(source, accept_licence, source_laws=laws))
    if not follow:
        show(started, key="job_id")
        return
    from ceyuan.cli.jobs import follow as follow_job

    follow_job(started["job_id"])


async def show_turn(platform: Platform, origin: str, plan: dict[str, Any]) -> bool:
    """Run the demonstration's turn in this process (once for this data folder) and tell how it goes; true if it
    succeeded."""
    from ceyuan.identity import first_admin_actor
    from ceyuan.kernel.jobs import submit

    async with platform.work() as uow:
        actor = await first_admin_actor(uow)
    async with platform.work(actor) as uow:
        job = await submit(uow, "loop.run", plan, key="demo")
        fresh = job.state in ("queued", "running")
    if job.state in ("failed", "cancelled"):
        from ceyuan.kernel.jobs import resume

        async with platform.work(actor) as uow:
            await resume(uow, job.id)
        fresh = True
    if fresh:
        say((f"任务 {job.id}:{origin}/console/jobs/{job.id}", f"job {job.id}: {origin}/console/jobs/{job.id}"))
    ended = await _follow(platform, job.id)
    if ended.state != "succeeded":
        words = (ended.error or {}).get("message") or [ended.state, ended.state]
        say((f"循环未完成:{words[0]}", f"the loop did not complete: {words[1]}"))
        hint = (ended.error or {}).get("hint")
        if hint:
            say((str(hint[0]), str(hint[1])))
        return False
    _tell(origin, ended.result or {})
    return True


async def _follow(platform: Platform, job_id: str) -> Job:
    from ceyuan.kernel.jobs.repository import get

    shown = ""
    while True:
        async with platform.database.session(write=False) as session:
            job = await get(session, job_id)
        words = job.message_zh if language() == "zh" else job.message_en
        if words and words != shown:
            shown = words
            say(f"{job.progress:6.1%}  {words}")
        if job.state not in ("queued", "running"):
            return job
        await platform.jobs.changed(job_id, timeout_s=1.0)
        await asyncio.sleep(0.2)


def _program() -> str:
    """How this program is called from the present folder."""
    program = Path(sys.argv[0])
    if shutil.which("ceyuan") is not None or program.name != "ceyuan":
        return "ceyuan"
    return str(program.relative_to(Path.cwd())) if program.is_relative_to(Path.cwd()) else str(program)


def _tell(origin: str, made: dict[str, Any]) -> None:
    perplexity = made["perplexity"]
    say(("\n一轮循环已完成。产出:", "\nThe loop is complete. It made:"))
    lines: list[tuple[tuple[str, str], str]] = [
        (("数据集", "dataset"), made["dataset"]),
        (("模型", "model"), f"{made['model']}  (perplexity {perplexity['value']:.1f})"),
        (("评测报告", "evaluation"), made["evaluation"]),
        (("安全报告", "safety report"), made["safety"]),
        (("发布状态", "release"), str(made["release"])),
        (("服务模型", "served models"), ", ".join(made["served"])),
    ]
    if "law" in made:
        recall = made["law"]["quality"]["recall_at_5"]["value"]
        count = made["law"]["articles"]
        lines.append((("法律助手", "law assistant"), f"{count} articles, recall@5 {recall:.3f}"))
        lines.append((("反馈数据", "feedback"), str(made.get("feedback", ""))))
    for name, value in lines:
        say((f"  {name[0]}:{value}", f"  {name[1]}: {value}"))
    here = _program()
    commands = f"\n  {here} login --url {origin} --name admin\n  {here} jobs list\n  {here} doctor"
    say(
        (
            f"\n控制台:{origin}/console/\n可以试试:{commands}",
            f"\nConsole: {origin}/console/\nTry:{commands}",
        )
    )
