"""The platform itself: `ceyuan up` and its kin."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ceyuan.cli.output import say

if TYPE_CHECKING:
    from ceyuan.kernel.platform import Platform
    from ceyuan.server.settings import ServerSettings

app = typer.Typer(help="Run and keep the platform.", no_args_is_help=True)

DataOption = Annotated[
    Path | None, typer.Option("--data", help="folder that holds everything [default: ./ceyuan-data]")
]


def settings_of(data: Path | None, **given: Any) -> ServerSettings:
    """Settings from the environment, with what was given on the command line in front."""
    from ceyuan.server.settings import ServerSettings

    chosen = {name: value for name, value in given.items() if value not in (None, False)}
    if data is not None:
        chosen["data_dir"] = data.absolute()
    return ServerSettings(**chosen)


async def greet(platform: Platform, origin: str) -> None:
    """Create the first administrator if there is none, and say where the console is."""
    from ceyuan.identity import ensure_first_admin

    async with platform.work() as uow:
        first = await ensure_first_admin(uow)
    if first is not None:
        name, password = first
        say(
            (
                f"已创建管理员 {name},初始密码(只显示一次):{password}",
                f"created the administrator {name}; password, shown only once: {password}",
            )
        )
    say((f"控制台:{origin}/console/", f"console: {origin}/console/"))


@app.command()
def up(
    data: DataOption = None,
    host: Annotated[str | None, typer.Option(help="address to listen on [default: 127.0.0.1]")] = None,
    port: Annotated[int | None, typer.Option(help="port to listen on [default: 8080]")] = None,
    behind_proxy: Annotated[bool, typer.Option("--behind-proxy", help="a reverse proxy ends TLS")] = False,
    tls_cert: Annotated[Path | None, typer.Option(help="PEM file of the certificate chain")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="PEM file of its private key")] = None,
) -> None:
    """Start the platform and serve until Ctrl-C."""
    from ceyuan.server.run import serve

    settings = settings_of(data, host=host, port=port, behind_proxy=behind_proxy, tls_cert=tls_cert, tls_key=tls_key)
    asyncio.run(serve(settings, ready=greet))
