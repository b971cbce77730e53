"""`ceyuan data schedules`: let collecting and cleaning begin by themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
import yaml

from ceyuan.cli import jobs
from ceyuan.cli.connection import Api
from ceyuan.cli.output import say, show, show_rows
from ceyuan.kernel.errors import Invalid

app = typer.Typer(help="Schedules: collecting and cleaning that begin by themselves.", no_args_is_help=True)
_SCHEDULES = "/api/v1/data/schedules"
_COLUMNS = ["id", "name", "kind", "cron", "zone", "next_at", "last_job", "last_error"]


@app.command("list")
@app.command("ls", hidden=True)
def list_schedules(
    org: Annotated[str | None, typer.Option(help="only this organisation's (its id)")] = None,
    source: Annotated[str | None, typer.Option(help="only those that collect this source (its id)")] = None,
    limit: Annotated[int, typer.Option(help="how many at most")] = 50,
) -> None:
    """List schedules, newest first."""
    show_rows(Api().pages(_SCHEDULES, limit=limit, org_id=org, source_id=source), _COLUMNS)


@app.command("add")
def add_schedule(
    name: Annotated[str, typer.Argument(help="name for people")],
    cron: Annotated[str, typer.Argument(help="minute hour day month weekday, or @hourly, @daily, @weekly, @monthly")],
    dataset: Annotated[str, typer.Argument(help="owner/name of the dataset to write")],
    org: Annotated[str, typer.Option(help="id of the organisation that it is for")],
    source: Annotated[list[str] | None, typer.Option(help="id of a source; may be repeated")] = None,
    raw: Annotated[list[str] | None, typer.Option(help="raw dataset instead of sources; may be repeated")] = None,
    only_collect: Annotated[bool, typer.Option("--only-collect", help="collect the sources, make no corpus")] = False,
    recipe: Annotated[Path | None, typer.Option(help="recipe as YAML or JSON", exists=True, dir_okay=False)] = None,
    zone: Annotated[str, typer.Option(help="time zone")] = "Asia/Shanghai",
) -> None:
    """Make a schedule: of sources a corpus (or their raw dataset), or of raw datasets a corpus."""
    if bool(source) == bool(raw):
        raise Invalid(("请给出来源或原始数据集之一", "give sources or raw datasets"))
    kind = "pipeline" if raw else "collect" if only_collect else "corpus"
    params: dict[str, object] = {"dataset": dataset, **({"raw": raw} if raw else {"sources": source})}
    if recipe is not None and kind != "collect":
        params["recipe"] = yaml.safe_load(recipe.read_text("utf-8"))
    body = {"org_id": org, "name": name, "kind": kind, "params": params, "cron": cron, "zone": zone}
    show(Api().post(_SCHEDULES, body))


@app.command("show")
def show_schedule(schedule_id: str) -> None:
    """Show one schedule."""
    show(Api().get(f"{_SCHEDULES}/{schedule_id}"))


@app.command("pause")
def pause_schedule(schedule_id: str) -> None:
    """Begin nothing more until it goes on."""
    show(Api().call("PATCH", f"{_SCHEDULES}/{schedule_id}", json={"paused": True}))


@app.command("resume")
def resume_schedule(schedule_id: str) -> None:
    """Let a paused schedule go on at its next time."""
    show(Api().call("PATCH", f"{_SCHEDULES}/{schedule_id}", json={"paused": False}))


@app.command("change")
def change_schedule(
    schedule_id: str,
    name: Annotated[str | None, typer.Option(help="name for people")] = None,
    cron: Annotated[str | None, typer.Option(help="minute hour day month weekday, or @daily and its like")] = None,
    zone: Annotated[str | None, typer.Option(help="time zone")] = None,
) -> None:
    """Change a schedule's name or times."""
    given = {"name": name, "cron": cron, "zone": zone}
    change = {key: value for key, value in given.items() if value is not None}
    show(Api().call("PATCH", f"{_SCHEDULES}/{schedule_id}", json=change))


@app.command("run")
def run_schedule(
    schedule_id: str, follow: Annotated[bool, typer.Option(help="print the job's log until it ends")] = False
) -> None:
    """Begin what a schedule holds at once; its times stay as they are."""
    started = Api().post(f"{_SCHEDULES}/{schedule_id}/run")
    show(started, key="job_id")
    if follow:
        jobs.follow(started["job_id"])


@app.command("delete")
def delete_schedule(schedule_id: str) -> None:
    """Delete a schedule; what it started stays."""
    Api().call("DELETE", f"{_SCHEDULES}/{schedule_id}")
    say(("定时任务已删除", "the schedule is deleted"))
