"""`ceyuan secrets`: the keys that seal passwords of upstreams, tokens of webhooks and the like."""

from __future__ import annotations

from typing import Annotated

import typer

from ceyuan.cli.offline import with_stopped_platform
from ceyuan.cli.output import say
from ceyuan.cli.platform import DataOption

app = typer.Typer(help="The platform's keys.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Commands about the platform's keys."""


@app.command()
def rotate(
    data: DataOption = None,
    retire: Annotated[
        bool, typer.Option("--retire", help="forget the old keys: older backups then need their own key archive")
    ] = False,
) -> None:
    """Make a new master key and bring every sealed value under it; the platform must not run. May be repeated."""
    from ceyuan.kernel.secrets import rotate as rotate_keys

    done = with_stopped_platform(data, lambda platform: rotate_keys(platform, retire=retire))
    count = sum(done.rewrapped.values())
    say(
        (
            f"新主密钥 {done.key_id};已重新封装 {count} 个值。请重新运行 ceyuan backup 以备份密钥",
            f"new master key {done.key_id}; {count} values are under it. Run ceyuan backup to keep the new key too",
        )
    )
