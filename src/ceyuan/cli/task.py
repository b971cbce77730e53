"""`ceyuan task`: run a command where it fits, look at it, why it waits, follow its output, stop it, go on with it."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from ceyuan.cli.connection import Api
from ceyuan.cli.output import Format, current_format, language, say, show, show_rows
from ceyuan.kernel.errors import Invalid

app = typer.Typer(help="Tasks: run, list, show, bill, explain, logs, stop, resume, move.", no_args_is_help=True)
_COLUMNS = ["id", "name", "state", "reason", "seconds", "cost_so_far_micro", "created_at"]
_TRIES = ["key", "state", "reason", "exit_code", "pool", "seconds", "cpu_seconds", "peak_mb", "charged"]
_BILL = ["try", "device", "charged_as", "tariff", "seconds", "device_seconds", "yuan_per_hour", "cost_yuan"]
_DEVICE = "compute.device_second."
_LOOK_S = 1.0


class _Loader(yaml.SafeLoader):
    """YAML whose moments stay the text that they are, as JSON has none."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - the base class declares it
        first: [(tag, pattern) for tag, pattern in known if not tag.endswith(":timestamp")]
        for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def read_description(path: Path) -> dict[str, Any]:
    """The description in a file (`-`: standard input); raises `Invalid` if it is no YAML mapping that JSON can hold."""
    try:
        content = yaml.load(sys.stdin.read() if str(path) == "-" else path.read_text(), _Loader)
        json.dumps(content, allow_nan=False)
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        words = " ".join(str(error).split())
        raise Invalid((f"无法读取描述:{words}", f"the description cannot be read: {words}")) from error
    if not isinstance(content, dict):
        raise Invalid(
            ("描述应为一组字段", "a description is a mapping"),
            hint=("每个字段一行,例如 name: hello", "a line for each field, for example name: hello"),
        )
    return content


@app.command()
def run(
    description: Annotated[Path, typer.Argument(help="YAML file; - reads standard input")],
    org: Annotated[str, typer.Option(help="id of the organisation that pays for it and sees it")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what would be taken and paid")] = False,
    follow: Annotated[bool, typer.Option(help="print the output until it ends")] = False,
) -> None:
    """Run a task."""
    body = {"org_id": org, "task": read_description(description)}
    api = Api()
    if dry_run:
        checked = api.post("/api/v1/compute/tasks/check", body)
        if not checked["isolated"]:
            say(
                (
                    "本机无法隔离任务,仅管理员可运行",
                    "this machine cannot isolate tasks: only administrators may run any",
                )
            )
        for refusal in checked["refusals"]:
            say(refusal[language()])
        if current_format() is not Format.table:
            show(checked, key="most_micro")
            return
        show({name: value for name, value in checked.items() if name != "queue"})
        show_queue(checked["queue"])
        return
    task = api.post("/api/v1/compute/tasks", body)
    show(task)
    if follow:
        follow_log(api, task["id"])


@app.command("list")
@app.command("ls", hidden=True)
def list_tasks(
    state: Annotated[str | None, typer.Option(help="queued, running, succeeded, failed or cancelled")] = None,
    limit: Annotated[int, typer.Option(help="how many at most")] = 20,
) -> None:
    """List tasks, newest first."""
    show_rows(Api().pages("/api/v1/compute/tasks", limit=limit, state=state), _COLUMNS)


@app.command("show")
def show_task(task_id: str) -> None:
    """Show one task with its tries, their bills and its cost so far."""
    task = Api().get(f"/api/v1/compute/tasks/{task_id}")
    people = current_format() is Format.table
    show({name: value for name, value in task.items() if not (people and name == "attempts")})
    if people and task["attempts"]:
        show_rows(task["attempts"], _TRIES, key="key")
        show_rows(bill_rows(task["attempts"]), _BILL, key="try")


@app.command()
def bill(task_id: str) -> None:
    """Show what each try of a task was charged with: device, tariff, seconds, price an hour and amount."""
    show_rows(bill_rows(Api().get(f"/api/v1/compute/tasks/{task_id}")["attempts"]), _BILL, key="try")


def bill_rows(attempts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A row for each part of each try (counted from one) that has one price; money in yuan."""
    rows = []
    for number, attempt in enumerate(attempts, 1):
        cards = any(charge["resource"].startswith(_DEVICE) for charge in attempt["charges"])
        for charge in attempt["charges"]:
            card, quantity = charge["resource"].startswith(_DEVICE), float(charge["quantity"])
            # Of the price list's the price is what was charged for the whole, by the hour.
            micro, per = charge["unit_micro"], charge["per"]
            hour = charge["cost_micro"] / quantity if micro is None or per is None else micro / per
            rows.append(
                {
                    "try": number,
                    "device": charge["resource"].removeprefix(_DEVICE) if card else "cpu",
                    "charged_as": attempt["charged"] if card or not cards else "",
                    "tariff": charge["tariff"],
                    "seconds": round(charge["end"] - charge["start"], 3),
                    "device_seconds": charge["quantity"],
                    "yuan_per_hour": round(hour * 0.0036, 6),
                    "cost_yuan": charge["cost_micro"] / 1e6,
                }
            )
    return rows


@app.command()
def logs(
    task_id: str,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="go on until the task ends")] = False,
) -> None:
    """Print the output of a task's last try."""
    api = Api()
    if follow:
        follow_log(api, task_id)
        return
    part = api.get(f"/api/v1/compute/tasks/{task_id}/log")
    while part["text"]:
        sys.stdout.write(part["text"])
        part = api.get(f"/api/v1/compute/tasks/{task_id}/log", attempt=part["attempt"], offset=part["next_offset"])


def follow_log(api: Api, task_id: str) -> None:
    """Print output as it comes, try after try, until the task ends; exit status 0 only if it succeeded."""
    attempt, offset = None, 0
    while True:
        task = api.get(f"/api/v1/compute/tasks/{task_id}")
        part = api.get(f"/api/v1/compute/tasks/{task_id}/log", attempt=attempt, offset=offset)
        sys.stdout.write(part["text"])
        sys.stdout.flush()
        attempt, offset = part["attempt"], part["next_offset"]
        newest = task["attempt"] or (task["attempts"][-1]["key"] if task["attempts"] else None)
        if part["ended"] and not part["text"] and newest not in (None, attempt):
            attempt, offset = newest, 0
            continue
        if not part["text"] and task["state"] in ("succeeded", "failed", "cancelled") and not task["closing"]:
            break
        if not part["text"]:
            time.sleep(_LOOK_S)
    say((f"任务结束:{task['state']} {task['reason']}", f"the task ended: {task['state']} {task['reason']}"))
    if task["state"] != "succeeded":
        raise typer.Exit(1)


@app.command()
def stop(task_id: str) -> None:
    """Stop a task; its checkpoint is kept."""
    show(Api().post(f"/api/v1/compute/tasks/{task_id}/stop"))


@app.command()
def resume(task_id: str) -> None:
    """Go on with a failed or stopped task from its checkpoint."""
    show(Api().post(f"/api/v1/compute/tasks/{task_id}/resume"))


@app.command()
def move(task_id: str) -> None:
    """Ask a running task to leave its node at its checkpoint; it goes on elsewhere."""
    show(Api().post(f"/api/v1/compute/tasks/{task_id}/move"))


@app.command()
def explain(task_id: str) -> None:
    """Say why a task waits, when it is expected to start, and what would make it start."""
    show_queue(Api().get(f"/api/v1/compute/tasks/{task_id}/explain"))


def show_queue(found: dict[str, Any]) -> None:
    """Position, reason, expected start and what would help, in words for people and as it is for programs."""
    show(found, key="position")
    if found["position"] is None:
        if found["en"]:
            say((found["zh"], found["en"]))
        return
    say(
        (
            f"第 {found['position']} 位,共 {found['waiting']} 个:{found['zh']}",
            f"{found['position']} of {found['waiting']}: {found['en']}",
        )
    )
    if found["earliest"]:
        say(
            (
                f"预计开始于 {found['earliest']} 至 {found['latest']}",
                f"expected to start between {found['earliest']} and {found['latest']}",
            )
        )
    if found["reason"] and not found["would_start_if"]:
        say(("没有哪一项单独的改动能让它立即开始", "no single change would make it start now"))
    for change in found["would_start_if"]:
        say((f"可立即开始:{change['zh']}", f"would start now: {change['en']}"))


@app.command()
def certificate(
    task_id: str,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="file to write; .pdf gives the paper form")
    ] = None,
) -> None:
    """Give the signed certificate of what an ended task used."""
    api, path = Api(), f"/api/v1/compute/tasks/{task_id}/certificate"
    if output is None:
        typer.echo(json.dumps(api.get(path), ensure_ascii=False, indent=1))
    elif output.suffix == ".pdf":
        api.get(path)  # what is wrong is told in words
        output.write_bytes(api.client.get(f"{path}.pdf").content)
    else:
        output.write_text(json.dumps(api.get(path), ensure_ascii=False, indent=1))


@app.command("check-certificate")
def check_certificate(file: Annotated[Path, typer.Argument(help="a certificate in JSON")]) -> None:
    """Say whether a certificate holds; exit status 0 only if all of it does."""
    try:
        content = json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise Invalid((f"无法读取凭证:{error}", f"the certificate cannot be read: {error}")) from error
    found = Api().post("/api/v1/compute/tasks/certificates/check", content)
    show(found, key="valid")
    if not found["valid"]:
        raise typer.Exit(1)
