"""`ceyuan deployments`: run a model's revision behind the gateway, update it, scale it, look at its engines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from ceyuan.cli.connection import Api
from ceyuan.cli.output import say, show, show_rows
from ceyuan.kernel.errors import NotFound

app = typer.Typer(help="Deployments: from a revision in the hub to a running endpoint.", no_args_is_help=True)
_BASE = "/api/v1/models/deployments"
_SERVED = "/api/v1/models/served"
_COLUMNS = ["name", "state", "replicas", "delay_ms", "released", "cost_micro"]
_ENGINES = ["name", "variant", "state", "in_flight", "threads", "load_s", "rss_mb", "restarts", "task_id", "last_error"]


def _id(api: Api, name: str, path: str = _BASE) -> str:
    """The id of a name, which may hold slashes that an address cannot."""
    known = api.get(path) if path == _BASE else api.pages(path, limit=1000)
    for row in known:
        if name in (row["id"], row["name"]):
            return str(row["id"])
    raise NotFound((f"没有“{name}”", f"there is no “{name}”"))


def _see(name: str) -> dict[str, Any]:
    api = Api()
    found: dict[str, Any] = api.get(f"{_BASE}/{_id(api, name)}")
    return found


def _argument(given: str) -> tuple[str, str]:
    name, separator, value = given.partition("=")
    return name.removeprefix("--"), value if separator else "true"


@app.command("list")
@app.command("ls", hidden=True)
def list_deployments() -> None:
    """List deployments."""
    show_rows(Api().get(_BASE), _COLUMNS, key="name")


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="public name under which it is called")],
    model: Annotated[str, typer.Argument(help="the revision, such as models/lab/mini@main")],
    path: Annotated[str, typer.Option(help="the GGUF file, where the revision has several")] = "",
    least: Annotated[int, typer.Option(help="replicas at least; 0 = none while nobody asks")] = 1,
    most: Annotated[int, typer.Option(help="replicas at most")] = 1,
    delay_ms: Annotated[int, typer.Option(help="one more replica when calls wait longer than this")] = 2000,
    capability: Annotated[list[str], typer.Option(help="chat, completions, embeddings; repeatable")] = [],  # noqa: B006
    pool: Annotated[str | None, typer.Option(help="a pool, in which each replica is a compute task")] = None,
    engine: Annotated[str | None, typer.Option(help="the server in the pool: vllm, sglang or command")] = None,
    accelerator: Annotated[str | None, typer.Option(help="the kind of accelerator in the pool")] = None,
    accelerators: Annotated[int, typer.Option(help="how many each replica takes")] = 0,
    environment: Annotated[str | None, typer.Option(help="folder on the nodes whose bin holds the server")] = None,
    argument: Annotated[list[str], typer.Option(help="an argument of the server, name=value; repeatable")] = [],  # noqa: B006
    pool_file: Annotated[Path | None, typer.Option(help="YAML with everything about the pool; options win")] = None,
) -> None:
    """Run a revision behind a public name, in the platform's own engines or in a pool."""
    given = yaml.safe_load(pool_file.read_text()) if pool_file is not None else {}
    named: dict[str, Any] = {"pool": pool, "engine": engine, "accelerator": accelerator, "accelerators": accelerators}
    named |= {"environment": environment, "arguments": dict(_argument(one) for one in argument)}
    run = {**given, **{name: value for name, value in named.items() if value}}
    body = {
        "name": name,
        "model": model,
        "path": path,
        "scale": {"least": least, "most": most, "delay_ms": delay_ms},
        **({"capabilities": capability} if capability else {}),
        **({"pool": run} if run else {}),
    }
    show(Api().post(_BASE, body))


@app.command("show")
def show_deployment(name: str) -> None:
    """Show a deployment."""
    show(_see(name))


@app.command()
def engines(name: str) -> None:
    """List the engines of a deployment."""
    show_rows(_see(name)["engines"], _ENGINES, key="name")


@app.command()
def logs(name: str, engine: Annotated[str | None, typer.Option(help="one engine; default: all")] = None) -> None:
    """Print the last lines of a deployment's engines: how they came up, the calls that they answered, their faults."""
    api = Api()

    def lines() -> Iterator[dict[str, Any]]:
        for one in _see(name)["engines"]:
            if engine not in (None, one["name"]):
                continue
            said = one["log"]
            if one["task_id"]:
                said = api.get(f"/api/v1/compute/tasks/{one['task_id']}/log")["text"].splitlines() or said
            yield from ({"engine": one["name"], "line": line} for line in said)

    show_rows(lines(), ["engine", "line"], key="line")


@app.command()
def update(
    name: str,
    model: Annotated[str, typer.Argument(help="the revision that is to take its part")],
    path: Annotated[str, typer.Option(help="the GGUF file, where the revision has several")] = "",
    canary: Annotated[int, typer.Option(help="let it answer this percentage of the calls")] = 0,
    shadow: Annotated[int, typer.Option(help="send it copies of this percentage of the calls")] = 0,
) -> None:
    """Bring another revision in: instead of the present one, as a canary, or as a shadow."""
    variant = "canary" if canary else "shadow" if shadow else "next"
    body = {"model": model, "path": path, "variant": variant, "percent": canary or shadow}
    api = Api()
    show(api.post(f"{_BASE}/{_id(api, name)}/updates", body))


@app.command()
def share(
    name: str,
    variant: Annotated[str, typer.Argument(help="canary or shadow")],
    percent: Annotated[int, typer.Argument(help="its share of the calls; 0 ends it")],
) -> None:
    """Give a canary or shadow another share."""
    api = Api()
    body = {"variant": variant, "percent": percent}
    show(api.call("PUT", f"{_BASE}/{_id(api, name)}/share", json=body))


@app.command()
def promote(name: str) -> None:
    """Let the canary answer all calls."""
    api = Api()
    show(api.post(f"{_BASE}/{_id(api, name)}/promotion"))


@app.command()
def scale(
    name: str,
    least: Annotated[int, typer.Option(help="replicas at least; 0 = none while nobody asks")] = 1,
    most: Annotated[int, typer.Option(help="replicas at most")] = 1,
    delay_ms: Annotated[int, typer.Option(help="one more replica when calls wait longer than this")] = 2000,
) -> None:
    """Say how many replicas may run."""
    body = {"least": least, "most": most, "delay_ms": delay_ms}
    api = Api()
    show(api.call("PUT", f"{_BASE}/{_id(api, name)}/scale", json=body))


@app.command()
def remove(name: str) -> None:
    """Run a deployment no longer."""
    api = Api()
    api.call("DELETE", f"{_BASE}/{_id(api, name)}")


@app.command()
def bundle(
    name: Annotated[str, typer.Argument(help="public name of a deployment or served model that an engine runs")],
    to: Annotated[Path, typer.Argument(help="the archive to write")],
) -> None:
    """Write one archive that `ceyuan up --bundle` serves elsewhere, offline: model, configuration, licence."""
    api = Api()
    api.download(f"{_SERVED}/{_id(api, name, _SERVED)}/bundle", to)
    size = f"{to.stat().st_size / 1e6:.1f} MB"
    say((f"已写入 {to}({size})", f"wrote {to} ({size})"))
