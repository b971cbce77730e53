"""`ceyuan pool`: executor pools and their hosts, their health and capacity; quotas of compute."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from ceyuan.cli.connection import Api
from ceyuan.cli.output import show, show_rows
from ceyuan.kernel.errors import Invalid

app = typer.Typer(help="Executor pools: list, register, hosts, drain, quotas.", no_args_is_help=True)
_BASE = "/api/v1/compute/executor-pools"
_POOLS = ["id", "name", "kind", "region", "state", "health", "nodes", "cpus", "accelerators", "runs"]
_NODES = ["id", "name", "health", "draining", "cpus", "cpus_held", "accelerator", "accelerators", "accelerators_held"]


def _summed(pool: dict[str, Any]) -> dict[str, Any]:
    nodes = pool["nodes"]
    sums = {name: sum(node[name] for node in nodes) for name in ("cpus", "accelerators", "runs")}
    return {**pool, **sums, "nodes": len(nodes)}


def _settings(pairs: list[str]) -> dict[str, Any]:
    wrong = [pair for pair in pairs if "=" not in pair]
    if wrong:
        raise Invalid((f"设置应写作 名称=值:{wrong[0]}", f"write a setting as name=value: {wrong[0]}"))
    return {name: yaml.safe_load(value) for name, _, value in (pair.partition("=") for pair in pairs)}


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid((f"无法读取文件:{error}", f"a file cannot be read: {error}")) from error


@app.command("list")
@app.command("ls", hidden=True)
def list_pools(kind: Annotated[str | None, typer.Option(help="local, ssh, slurm, kubernetes or ray")] = None) -> None:
    """List the pools with capacity and what runs there."""
    show_rows((_summed(pool) for pool in Api().pages(_BASE, kind=kind)), _POOLS)


@app.command("show")
def show_pool(pool: Annotated[str, typer.Argument(help="id or name")]) -> None:
    """Show a pool's nodes."""
    show_rows(Api().get(f"{_BASE}/{pool}")["nodes"], _NODES)


@app.command()
def register(
    name: str,
    kind: Annotated[str, typer.Option(help="ssh, slurm, kubernetes or ray")],
    org: Annotated[str | None, typer.Option(help="only this organisation's tasks may run there")] = None,
    region: Annotated[str, typer.Option(help="region, such as beijing")] = "",
    setting: Annotated[list[str] | None, typer.Option("--set", help="name=value, by kind of pool")] = None,
    set_file: Annotated[list[str] | None, typer.Option("--set-file", help="name=file that holds the value")] = None,
    secret: Annotated[
        Path | None, typer.Option(help="file with the bearer token of the cluster's service; it is sealed")
    ] = None,
) -> None:
    """Register a pool; a cluster is tried before it is kept."""
    settings = _settings(setting or []) | {
        given: _read(Path(path)) for given, _, path in (pair.partition("=") for pair in set_file or [])
    }
    body = {"name": name, "kind": kind, "org_id": org, "region": region, "settings": settings}
    show(Api().post(_BASE, body | ({"secret": _read(secret)} if secret else {})))


@app.command("set-secret")
def set_secret(
    pool: Annotated[str, typer.Argument(help="id or name")],
    secret: Annotated[Path, typer.Argument(help="file with the new bearer token; it is sealed")],
) -> None:
    """Give a pool another credential; it is tried before it is kept."""
    show_rows(Api().call("PUT", f"{_BASE}/{pool}/secret", json={"secret": _read(secret)})["nodes"], _NODES)


@app.command("set-offer")
def set_offer(
    pool: Annotated[str, typer.Argument(help="id or name")],
    offer: Annotated[str | None, typer.Argument(help="an offer's id or identifier; left out: none")] = None,
) -> None:
    """Say which offer of the catalogue a pool delivers: its use is charged by that offer's prices."""
    show(Api().call("PUT", f"{_BASE}/{pool}/offer", json={"offer": offer}))


@app.command("set-region")
def set_region(
    pool: Annotated[str, typer.Argument(help="id or name; local is the platform's own machine")],
    region: Annotated[str, typer.Argument(help="such as beijing; left out: where the platform's store is")] = "",
) -> None:
    """Say in which region a pool lies: the choice of sites, overview and twin go by it."""
    show(Api().call("PUT", f"{_BASE}/{pool}/region", json={"region": region}))


@app.command("add-host")
def add_host(
    pool: Annotated[str, typer.Argument(help="an SSH pool's id or name")],
    address: str,
    user: Annotated[str, typer.Option(help="user there")],
    host_key: Annotated[Path, typer.Option(help="file with the host's public key, as ssh-keyscan prints it")],
    private_key: Annotated[Path, typer.Option(help="file with the private key; it is sealed and never shown")],
    port: Annotated[int, typer.Option(help="port of sshd")] = 22,
    root: Annotated[str, typer.Option(help="folder of the runs there")] = ".ceyuan/runs",
    accelerator: Annotated[str, typer.Option(help="its accelerators, such as h800")] = "",
    accelerators: Annotated[int, typer.Option(help="how many")] = 0,
) -> None:
    """Add a host to an SSH pool; it is reached and tried before it is kept."""
    keys = {"host_key": _read(host_key), "private_key": _read(private_key) + "\n"}
    body = {"address": address, "user": user, "port": port, "root": root, **keys}
    body |= {"accelerator": accelerator, "accelerators": accelerators}
    show_rows(Api().post(f"{_BASE}/{pool}/hosts", body)["nodes"], _NODES)


@app.command("set-key")
def set_key(
    pool: Annotated[str, typer.Argument(help="an SSH pool's id or name")],
    node: Annotated[str, typer.Argument(help="the host's id")],
    private_key: Annotated[Path, typer.Option(help="file with the new private key; it is sealed and never shown")],
    host_key: Annotated[Path | None, typer.Option(help="file with the host's new public key, if it changed")] = None,
) -> None:
    """Open a host with another private key; it is tried before it takes the old one's place."""
    body = {"private_key": _read(private_key) + "\n", "host_key": _read(host_key) if host_key else ""}
    show_rows(Api().call("PUT", f"{_BASE}/{pool}/hosts/{node}/key", json=body)["nodes"], _NODES)


@app.command()
def drain(
    pool: Annotated[str, typer.Argument(help="id or name")],
    node: Annotated[str | None, typer.Option(help="only this node, by id")] = None,
    move: Annotated[bool, typer.Option("--move", help="tasks at work leave at their checkpoint")] = False,
    off: Annotated[bool, typer.Option("--off", help="take new tasks again")] = False,
) -> None:
    """Take no new tasks in a pool or on a node."""
    place = f"{_BASE}/{pool}" + (f"/nodes/{node}" if node else "")
    show(Api().post(f"{place}/drain", {"on": not off, "move": move}), key="asked")


@app.command()
def look(pool: Annotated[str, typer.Argument(help="id or name")]) -> None:
    """Look at the pools' health now."""
    show_rows(Api().post(f"{_BASE}/{pool}/look")["nodes"], _NODES)


@app.command()
def remove(
    pool: Annotated[str, typer.Argument(help="id or name")],
    host: Annotated[str | None, typer.Option(help="only this host, by id")] = None,
) -> None:
    """Forget a pool, or one host of it, with the keys."""
    Api().call("DELETE", f"{_BASE}/{pool}" + (f"/hosts/{host}" if host else ""))


@app.command()
def quotas() -> None:
    """List quotas of compute."""
    show_rows(Api().pages("/api/v1/compute/quotas"), ["name", "parent", "guaranteed", "borrowing", "weight"])


@app.command("set-quota")
def set_quota(
    name: Annotated[str, typer.Argument(help="an organisation's id, or a group's name")],
    parent: Annotated[str, typer.Option(help="the group that it is in")] = "",
    guaranteed: Annotated[list[str] | None, typer.Option(help="resource=amount, such as cpus=64 or h800=8")] = None,
    borrowing: Annotated[list[str] | None, typer.Option(help="resource=amount beyond the guarantee")] = None,
    weight: Annotated[float, typer.Option(help="weight among those who share")] = 1.0,
) -> None:
    """Set what an organisation or a group is guaranteed and may borrow."""
    body = {"parent": parent, "weight": weight}
    body |= {"guaranteed": _settings(guaranteed or []), "borrowing": _settings(borrowing or [])}
    show(Api().call("PUT", f"/api/v1/compute/quotas/{name}", json=body))


@app.command("remove-quota")
def remove_quota(name: str) -> None:
    """Remove a quota."""
    Api().call("DELETE", f"/api/v1/compute/quotas/{name}")
