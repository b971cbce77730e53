"""`ceyuan models`: train a model, look at its curve, stop it, go on with it."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
import typer

from ceyuan.cli import jobs
from ceyuan.cli.connection import Api
from ceyuan.cli.output import show, show_rows
from ceyuan.kernel.errors import Invalid

app = typer.Typer(help="Models: train one from a dataset, follow its curve.", no_args_is_help=True)
_COLUMNS = ["id", "model", "state", "steps", "revision", "created_at"]
_POINTS = ["step", "loss", "heldout_loss", "learning_rate", "tokens_per_second"]
_PAGE = 10_000


def parse_settings(settings: list[str]) -> dict[str, Any]:
    """`steps=200 shape.width=128` as a recipe; values are JSON where they can be, else words."""
    recipe: dict[str, Any] = {}
    for one in settings:
        name, equals, text = one.partition("=")
        if not equals or not name:
            raise Invalid(
                (f"“{one}”不是 名称=值 的形式", f"“{one}” is not of the form name=value"),
                hint=(
                    "例如 --set steps=200 --set shape.width=128",
                    "for example --set steps=200 --set shape.width=128",
                ),
            )
        try:
            value = orjson.loads(text)
        except orjson.JSONDecodeError:
            value = text
        group, dot, inner = name.partition(".")
        if dot:
            recipe.setdefault(group, {})[inner] = value
        else:
            recipe[name] = value
    return recipe


@app.command()
def train(
    dataset: Annotated[str, typer.Argument(help="the dataset's revision, such as datasets/demo/corpus-zh@main")],
    model: Annotated[str, typer.Argument(help="owner/name of the model to make")],
    org: Annotated[str, typer.Option(help="id of the organisation that pays for it and sees it")],
    set_: Annotated[list[str], typer.Option("--set", help="a setting of the recipe: name=value; repeatable")] = [],  # noqa: B006
    licence: Annotated[str, typer.Option(help="licence of the model, for its card")] = "",
    follow: Annotated[bool, typer.Option(help="print the log until it ends")] = False,
) -> None:
    """Train a small language model from scratch on a dataset."""
    body = {"org_id": org, "dataset": dataset, "model": model, "recipe": parse_settings(set_), "licence": licence}
    run = Api().post("/api/v1/training/runs", body)
    show(run)
    if follow:
        jobs.follow(run["job_id"])


@app.command("runs")
def list_runs(
    state: Annotated[str | None, typer.Option(help="queued, running, succeeded, failed or cancelled")] = None,
    model: Annotated[str | None, typer.Option(help="part of the model's name")] = None,
    limit: Annotated[int, typer.Option(help="how many at most")] = 20,
) -> None:
    """List training runs, newest first."""
    show_rows(Api().pages("/api/v1/training/runs", limit=limit, state=state, model=model), _COLUMNS)


@app.command("run")
def show_run(run_id: str) -> None:
    """Show one training run with its latest figures."""
    show(Api().get(f"/api/v1/training/runs/{run_id}"))


@app.command()
def curve(
    run_id: str,
    heldout: Annotated[bool, typer.Option(help="only the points with a held-out loss")] = False,
) -> None:
    """Print the loss curve of a run, also while it goes on."""
    points = Api().get(f"/api/v1/training/runs/{run_id}/points", limit=_PAGE)
    show_rows((p for p in points if not heldout or p["heldout_loss"] is not None), _POINTS, key="step")


@app.command()
def recipe() -> None:
    """Show the default recipe and the range of every setting."""
    show(Api().get("/api/v1/training/recipe"))


@app.command()
def cancel(run_id: str) -> None:
    """Stop a training run; its last checkpoint is kept."""
    show(Api().post(f"/api/v1/training/runs/{run_id}/cancel"))


@app.command()
def resume(run_id: str) -> None:
    """Go on with a failed or cancelled training run from its last checkpoint."""
    show(Api().post(f"/api/v1/training/runs/{run_id}/resume"))
