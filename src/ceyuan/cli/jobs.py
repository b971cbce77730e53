"""`ceyuan jobs`: look at long work, follow its log, stop it, go on with it."""

from __future__ import annotations

import sys
from typing import Annotated

import orjson
import typer

from ceyuan.cli.connection import Api
from ceyuan.cli.output import language, say, show, show_rows

app = typer.Typer(help="Long work: list, follow, cancel, resume.", no_args_is_help=True)
_COLUMNS = ["id", "kind", "state", "progress", "created_at"]


@app.command("list")
@app.command("ls", hidden=True)
def list_jobs(
    state: Annotated[str | None, typer.Option(help="queued, running, succeeded, failed or cancelled")] = None,
    kind: Annotated[str | None, typer.Option(help="only this kind")] = None,
    limit: Annotated[int, typer.Option(help="how many at most")] = 20,
) -> None:
    """List jobs, newest first."""
    show_rows(Api().pages("/api/v1/jobs", limit=limit, state=state, kind=kind), _COLUMNS)


@app.command("show")
def show_job(job_id: str) -> None:
    """Show one job."""
    show(Api().get(f"/api/v1/jobs/{job_id}"))


@app.command()
def follow(job_id: str) -> None:
    """Print a job's log as it grows, until the job ends; the exit status is 0 only if it succeeded."""
    state, column = "", "message_zh" if language() == "zh" else "message_en"
    with Api().stream(f"/api/v1/jobs/{job_id}/events") as response:
        event = ""
        for line in response.iter_lines():
            if line.startswith("event: "):
                event = line.removeprefix("event: ")
            elif line.startswith("data: "):
                data = orjson.loads(line.removeprefix("data: "))
                if event == "log":
                    sys.stdout.write(f"{data['at'][11:19]} {data['level']:<7} {data['message']}\n")
                elif event == "job" and data[column]:
                    say(f"{data['progress']:6.1%} {data[column]}")
                elif event == "end":
                    state = data["state"]
    say((f"任务结束:{state}", f"the job ended: {state}"))
    if state != "succeeded":
        raise typer.Exit(1)


@app.command()
def cancel(job_id: str) -> None:
    """Ask a job to stop."""
    show(Api().post(f"/api/v1/jobs/{job_id}/cancel"))


@app.command()
def resume(job_id: str) -> None:
    """Start a failed or cancelled job again from its last finished step."""
    show(Api().post(f"/api/v1/jobs/{job_id}/resume"))
