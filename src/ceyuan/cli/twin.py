"""`ceyuan twin`: replay tasks under changed assumptions, compare what comes of them, write it to a file."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from ceyuan.cli.connection import Api
from ceyuan.cli.output import say, show, show_rows
from ceyuan.cli.task import read_description
from ceyuan.kernel.errors import Text

app = typer.Typer(help="The digital twin: run, list, show, export, fleet, rule, remove.", no_args_is_help=True)
_COLUMNS = ["id", "name", "state", "tasks", "scenarios", "created_at"]
_FIGURES = ("done", "late", "waiting", "moves", "cost_yuan", "copied_gb", "energy_kwh", "carbon_kg")
_LOOK_S = 1.0


@app.command()
def run(
    plan: Annotated[Path, typer.Argument(help="YAML file with fleet, workload, links, scenarios; - reads stdin")],
    org: Annotated[str, typer.Option(help="id of the organisation that the study is for")],
    name: Annotated[str, typer.Option(help="what the study is called")] = "study",
    wait: Annotated[bool, typer.Option(help="wait for the end and compare the scenarios")] = False,
) -> None:
    """Start a study."""
    api = Api()
    study = api.post("/api/v1/compute/twin/studies", {"org_id": org, "name": name, "plan": read_description(plan)})
    while wait and study["state"] in ("queued", "running"):
        time.sleep(_LOOK_S)
        study = api.get(f"/api/v1/compute/twin/studies/{study['id']}")
    if not wait:
        show({key: study[key] for key in ("id", "name", "state", "job_id")})
        return
    compare(study)
    if study["state"] != "succeeded":
        raise typer.Exit(1)


@app.command("list")
@app.command("ls", hidden=True)
def list_studies(limit: Annotated[int, typer.Option(help="how many at most")] = 20) -> None:
    """List studies, newest first."""
    show_rows(Api().pages("/api/v1/compute/twin/studies", limit=limit), _COLUMNS)


@app.command("show")
def show_study(study_id: str) -> None:
    """Compare the scenarios of a study."""
    compare(Api().get(f"/api/v1/compute/twin/studies/{study_id}"))


def compare(study: dict[str, Any]) -> None:
    """One row for each scenario: waits in seconds, utilisation, money and carbon."""
    rows = []
    for one in study["results"]:
        totals = one["totals"]
        row = {"scenario": one["name"]} | {
            f"wait_{part}_s": _tenths(totals["wait_s"][part]) for part in ("mean", "p50", "p95")
        }
        row |= {f"used_{name}": round(found["utilisation"], 4) for name, found in one["resources"].items()}
        rows.append(row | {figure: totals[figure] for figure in _FIGURES})
    if rows:
        show_rows(rows, list(dict.fromkeys(name for row in rows for name in row)))
        if len(rows) > 1:
            say(_best(study["best"], len(rows)))
    else:
        say((f"研究尚无结果:{study['state']}", f"nothing came of it yet: {study['state']}"))


def _best(best: dict[str, Any], scenarios: int) -> Text:
    """Which scenario is best by which figure, and among which."""
    counted, done = ", ".join(best["counted"]), best["done"]
    zh, en = (
        f"只比较完成任务最多({done} 个)的情景:{counted}",
        f"compared are only those that end most tasks ({done}): {counted}",
    )
    if len(best["counted"]) == scenarios:
        zh, en = f"各情景都完成 {done} 个任务", f"all scenarios end {done} tasks"
    return (
        f"{zh}。等待 p95 最短:{best['wait']};费用最低:{best['cost']};碳排放最少:{best['carbon']}",
        f"{en}; shortest wait p95: {best['wait']}; lowest cost: {best['cost']}; least carbon: {best['carbon']}",
    )


def _tenths(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)


@app.command()
def export(
    study_id: str,
    output: Annotated[Path, typer.Option("-o", "--output", help="file to write: .csv or .json")],
    series: Annotated[bool, typer.Option(help="courses over time instead of totals (CSV)")] = False,
) -> None:
    """Write what came of a study to a file."""
    api, path = Api(), f"/api/v1/compute/twin/studies/{study_id}"
    study = api.get(path)
    if output.suffix == ".json":
        output.write_text(json.dumps(study, ensure_ascii=False, indent=1), encoding="utf-8")
        return
    what = "series" if series else "totals"
    output.write_bytes(api.client.get(f"{path}/export", params={"what": what}).content)


@app.command()
def fleet(
    org: Annotated[str, typer.Option(help="id of the organisation whose prices are meant")],
    kind: Annotated[str, typer.Option(help="pools, offers or ring")] = "pools",
) -> None:
    """Show the capacity that a study would start from."""
    found = Api().get("/api/v1/compute/twin/fleet", org_id=org, kind=kind)
    show_rows(found["nodes"], ["place", "count", "cpus", "memory_mib", "accelerator", "accelerators"])


@app.command()
def rule() -> None:
    """Show the rule by which seats are chosen now, and the replay that it rests on."""
    found = Api().get("/api/v1/compute/twin/rule")
    show({name: found[name] for name in ("rule", "job_id", "chosen_at", "tasks")}, key="rule")
    if found["figures"]:
        show_rows(found["figures"], ["rule", "done", "wait_mean_s", "wait_p95_s"], key="rule")


@app.command()
def remove(study_id: str) -> None:
    """Forget a study that has ended."""
    Api().call("DELETE", f"/api/v1/compute/twin/studies/{study_id}")
