"""`ceyuan gateway`: routes, calls, calls in doubt, batches, usage, an organisation's policy, the bounds of a key."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from ceyuan.cli.connection import Api
from ceyuan.cli.models import parse_settings
from ceyuan.cli.output import show, show_rows

app = typer.Typer(help="The gateway: routes, calls, usage, policy, bounds of keys.", no_args_is_help=True)
_BASE = "/api/v1/gateway"
_CALLS = ["id", "at", "model", "status", "code", "prompt_tokens", "completion_tokens", "cost_micro"]
_SERVERS = ["model", "upstream", "breaker", "share", "pending", "calls", "failed", "latency_ms"]
_USAGE = ["bucket", "dimensions", "quantity", "cost_micro", "events"]


@app.command()
def routes(
    model: Annotated[str | None, typer.Argument(help="only this model, by id or name")] = None,
) -> None:
    """List the servers of the models and how they stand in the process that answers."""
    found = Api().get(f"{_BASE}/routes")

    def rows() -> Iterator[dict[str, Any]]:
        for route in found:
            if model in (None, route["name"], route["served_id"]):
                for server in route["replicas"]:
                    yield {**server, "model": route["name"]}

    show_rows(rows(), _SERVERS, key="id")


@app.command("close-breaker")
def close_breaker(
    model: Annotated[str, typer.Argument(help="the model's id or name")],
    replica: Annotated[str, typer.Argument(help="the server's id, as `ceyuan --format json gateway routes` shows it")],
) -> None:
    """Let calls go to a server again at once."""
    Api().post(f"{_BASE}/routes/{model}/breaker", {"replica": replica})


@app.command()
def calls(
    model: Annotated[str | None, typer.Option(help="public name of the model")] = None,
    status: Annotated[str | None, typer.Option(help="ok, refused, blocked, failed, cancelled, interrupted")] = None,
    scenario: Annotated[str | None, typer.Option(help="name of a scenario")] = None,
    in_doubt: Annotated[bool, typer.Option("--in-doubt", help="only those whose counts nobody confirmed")] = False,
    limit: Annotated[int, typer.Option(help="how many at most")] = 20,
) -> None:
    """List calls, newest first."""
    wanted = {"model": model, "status": status, "scenario": scenario, "in_doubt": "true" if in_doubt else None}
    show_rows(Api().pages(f"{_BASE}/calls", limit=limit, **wanted), _CALLS)


@app.command()
def errors(limit: Annotated[int, typer.Option(help="how many at most")] = 20) -> None:
    """List calls that failed, with the upstream's own words."""
    rows = Api().pages(f"{_BASE}/calls", limit=limit, status="failed")
    show_rows(rows, ["id", "at", "model", "upstream", "http_status", "code", "upstream_words"])


@app.command("call")
def show_call(call_id: str) -> None:
    """Show one call."""
    show(Api().get(f"{_BASE}/calls/{call_id}"))


@app.command()
def settle(
    call_id: str,
    note: Annotated[str, typer.Option(help="where the counts come from")],
    prompt_tokens: Annotated[int | None, typer.Option(help="input tokens by the upstream's own account")] = None,
    completion_tokens: Annotated[int | None, typer.Option(help="output tokens by the upstream's own account")] = None,
) -> None:
    """Settle a call in doubt; without counts its charge stands."""
    body = {"prompt_tokens": prompt_tokens, "completion_tokens": completion_tokens, "note": note}
    show(Api().post(f"{_BASE}/calls/{call_id}/settlement", body))


@app.command()
def usage(
    organisation: Annotated[str, typer.Argument(help="id or name of the organisation")],
    by: Annotated[str, typer.Option(help="token_id, model, project, scenario or person_id")] = "model",
    bucket: Annotated[str, typer.Option(help="hour, day or month")] = "day",
) -> None:
    """Sum up what an organisation's calls used and cost."""
    path = f"/api/v1/metering/organisations/{organisation}/usage/statistics"
    points = Api().get(path, by=[by, "resource"], bucket=bucket)
    rows = (p for p in points if str(p["dimensions"].get("resource", "")).startswith("gateway."))
    show_rows(rows, _USAGE, key="bucket")


@app.command()
def batch(
    requests: Annotated[Path, typer.Argument(help="JSON lines with custom_id, method, url and body")],
    endpoint: Annotated[str, typer.Option(help="the endpoint of all its requests")] = "/v1/chat/completions",
) -> None:
    """Upload a file of requests and begin a batch over it."""
    api = Api()
    with requests.open("rb") as file:
        uploaded = api.call("POST", "/v1/files", data={"purpose": "batch"}, files={"file": (requests.name, file)})
    body = {"input_file_id": uploaded["id"], "endpoint": endpoint, "completion_window": "24h"}
    show(api.post("/v1/batches", body))


@app.command()
def batches(limit: Annotated[int, typer.Option(help="how many at most")] = 20) -> None:
    """List batches, newest first."""
    show_rows(Api().get("/v1/batches", limit=limit)["data"], ["id", "endpoint", "status", "request_counts"])


@app.command("cancel-batch")
def cancel_batch(batch_id: str) -> None:
    """Stop a batch; what it has is kept."""
    show(Api().post(f"/v1/batches/{batch_id}/cancel"))


@app.command("file")
def download_file(
    file_id: Annotated[str, typer.Argument(help="id of a file, such as a batch's output")],
    to: Annotated[Path, typer.Argument(help="where to write it")],
) -> None:
    """Download a file."""
    Api().download(f"/v1/files/{file_id}/content", to)


@app.command()
def policy(
    organisation: Annotated[str, typer.Argument(help="id or name of the organisation")],
    set_: Annotated[
        list[str], typer.Option("--set", help="a wish: inside=true, cache_s=60, keep_bodies_days=7; repeatable")
    ] = [],  # noqa: B006
) -> None:
    """Show what an organisation wants of its calls, or change it."""
    api, path = Api(), f"{_BASE}/policies/{organisation}"
    known = api.get(path)
    if set_:
        platform = ("org_id", "platform_label", "platform_bodies_days", "keep_calls_days")
        wishes = {name: value for name, value in known.items() if name not in platform}
        known = api.call("PUT", path, json=wishes | parse_settings(set_))
    show(known)


@app.command()
def limits(
    key_id: Annotated[str, typer.Argument(help="id of the key")],
    set_: Annotated[
        list[str], typer.Option("--set", help='requests_per_minute=60, concurrent=4, models=["a"]; repeatable')
    ] = [],  # noqa: B006
) -> None:
    """Show the bounds of a key, or set them."""
    path = f"{_BASE}/keys/{key_id}/limits"
    show(Api().call("PUT", path, json=parse_settings(set_)) if set_ else Api().get(path))
