"""`ceyuan accounts`: the way back in for whoever holds the data folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ceyuan.cli.offline import with_stopped_platform
from ceyuan.cli.output import say
from ceyuan.cli.platform import DataOption

if TYPE_CHECKING:
    from ceyuan.kernel.platform import Platform

app = typer.Typer(help="People's accounts, with the platform stopped.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Commands about people's accounts."""


@app.command("new-password")
def new_password(
    name: Annotated[str, typer.Argument(help="user name")] = "admin",
    data: DataOption = None,
    drop_second_factor: Annotated[
        bool, typer.Option("--drop-second-factor", help="switch their one-time codes off as well")
    ] = False,
) -> None:
    """Give a person a new random password, printed once; their sessions end. The platform must not run."""
    from ceyuan.identity import give_new_password

    async def give(platform: Platform) -> tuple[str, str]:
        async with platform.work() as uow:
            return await give_new_password(uow, name, drop_second_factor=drop_second_factor)

    person, password = with_stopped_platform(data, give)
    say(
        (
            f"{person} 的新密码(只显示一次):{password}",
            f"the new password of {person}, shown only once: {password}",
        )
    )
