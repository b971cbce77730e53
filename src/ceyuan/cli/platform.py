"""The platform itself: `ceyuan up` and its kin."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ceyuan.cli.output import say
from ceyuan.kernel.errors import Invalid

if TYPE_CHECKING:
    from ceyuan.kernel.platform import Platform
    from ceyuan.server.settings import ServerSettings

app = typer.Typer(help="Run and keep the platform.", no_args_is_help=True)

DataOption = Annotated[
    Path | None, typer.Option("--data", help="folder that holds everything [default: ./ceyuan-data]")
]


def settings_of(data: Path | None, **given: Any) -> ServerSettings:
    """Settings from the environment, with what was given on the command line in front; raises `Invalid`."""
    from pydantic import ValidationError

    from ceyuan.server.settings import ServerSettings

    chosen = {name: value for name, value in given.items() if value not in (None, False)}
    if data is not None:
        chosen["data_dir"] = data.absolute()
    try:
        return ServerSettings(**chosen)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise Invalid(
            (f"设置 {name} 无效:{first['msg']}", f"the setting {name} is not valid: {first['msg']}"),
            hint=(
                f"请修改 --{name.replace('_', '-')} 或 CEYUAN_{name.upper()}",
                f"correct --{name.replace('_', '-')} or CEYUAN_{name.upper()}",
            ),
        ) from error


def require_platform(settings: ServerSettings) -> None:
    """Raise `Invalid` where the data folder is missing: a mistyped one must not become a platform."""
    if not settings.data_dir.is_dir():
        raise Invalid(
            (f"{settings.data_dir} 中没有平台数据", f"there is no platform in {settings.data_dir}"),
            hint=("请用 --data 指定平台的数据目录", "name its folder with --data"),
        )


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


def _collect_no_garbage() -> None:
    """Start-up makes much and drops little; `serve` collects again once it listens."""
    gc.disable()


def _serve_until_interrupted(serving: Coroutine[Any, Any, None]) -> None:
    """Run on uvloop; an interrupt that comes while the platform starts is no error either."""
    import uvloop

    try:
        uvloop.run(serving)
    except KeyboardInterrupt:
        pass
    finally:
        gc.enable()
    say(("已停止", "stopped"))


@app.command()
def up(
    data: DataOption = None,
    host: Annotated[str | None, typer.Option(help="address to listen on [default: 127.0.0.1]")] = None,
    port: Annotated[int | None, typer.Option(help="port to listen on [default: 8080]")] = None,
    behind_proxy: Annotated[bool, typer.Option("--behind-proxy", help="a reverse proxy ends TLS")] = False,
    tls_cert: Annotated[Path | None, typer.Option(help="PEM file of the certificate chain")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="PEM file of its private key")] = None,
    bundle: Annotated[
        Path | None, typer.Option(help="archive with a model, configuration and licence to serve offline")
    ] = None,
) -> None:
    """Start the platform and serve until Ctrl-C."""
    if bundle is not None:
        os.environ["CEYUAN_BUNDLE"] = str(bundle.absolute())
    _collect_no_garbage()
    from ceyuan.server.run import serve

    settings = settings_of(data, host=host, port=port, behind_proxy=behind_proxy, tls_cert=tls_cert, tls_key=tls_key)
    _serve_until_interrupted(serve(settings, ready=greet, backup=backup_before_upgrade))


@app.command()
def doctor(data: DataOption = None, port: Annotated[int | None, typer.Option(help="port to look at")] = None) -> None:
    """Look at everything the platform stands on; name each fault and its mend."""
    from ceyuan.cli.output import language, show_rows
    from ceyuan.kernel.errors import choose
    from ceyuan.server.doctor import examine

    checks = list(examine(settings_of(data, port=port)))
    speak = language()
    rows = [
        {
            "check": choose(c.name, speak),
            "state": c.state,
            "seen": choose(c.seen, speak),
            "mend": choose(c.mend, speak) if c.mend else "",
        }
        for c in checks
    ]
    show_rows(rows, ["check", "state", "seen", "mend"], key="state")
    if any(c.state == "fault" for c in checks):
        raise typer.Exit(1)


@app.command()
def backup(
    to: Annotated[
        Path | None, typer.Option(help="folder for the archives [default: backups/ in the data folder]")
    ] = None,
    data: DataOption = None,
) -> None:
    """Write a backup; the keys go into an archive of their own. The platform may run meanwhile."""
    from ceyuan.server import backup as archives

    settings = settings_of(data)
    made = archives.create(settings, to or settings.data_dir / "backups")
    say(
        (
            f"备份:{made.archive}({made.files} 个文件,{made.bytes / 1e6:.1f} MB)",
            f"backup: {made.archive} ({made.files} files, {made.bytes / 1e6:.1f} MB)",
        )
    )
    if made.blobs_at is not None:
        say(
            (
                f"文件内容存放在 {made.blobs_at},不在备份之内:请为该处另行备份或开启版本保护",
                f"the blobs lie at {made.blobs_at} and are not in the backup: keep that place safe by its own means",
            )
        )
    if made.keys is not None:
        say(
            (
                f"密钥单独存放:{made.keys};请与备份分开保管,二者齐全才能读取机密",
                f"keys apart: {made.keys}; keep it away from the backup, both are needed to read secrets",
            )
        )
    else:
        say(
            (
                "没有密钥文件(密钥来自 CEYUAN_MASTER_KEY):请自行妥善保管密钥",
                "there is no key file (the key is CEYUAN_MASTER_KEY): keep the key safe by your own means",
            )
        )


@app.command()
def restore(
    archive: Annotated[Path, typer.Argument(help="the archive that `ceyuan backup` wrote")],
    keys: Annotated[Path | None, typer.Option(help="the archive of the keys")] = None,
    data: DataOption = None,
) -> None:
    """Put a backup into a new, empty data folder."""
    from ceyuan.server import backup as archives

    settings = settings_of(data)
    put = archives.restore(archive, settings, keys=keys)
    say((f"已恢复 {put.files} 个文件到 {settings.data_dir}", f"restored {put.files} files into {settings.data_dir}"))
    if not put.keys:
        say(
            (
                f"密钥不在备份之内:启动前请把密钥放到 {settings.data_dir}/keys,或用 --keys 重新恢复到新目录",
                f"the keys are not in the backup: before you start, bring them to {settings.data_dir}/keys, "
                "or restore anew with --keys",
            )
        )
    if put.blobs_at is not None and put.blobs_at != settings.effective_blob_url:
        say(
            (
                f"该备份的文件内容存放在 {put.blobs_at}:启动前请设置 CEYUAN_BLOB_URL",
                f"this backup's blobs lie at {put.blobs_at}: set CEYUAN_BLOB_URL before you start",
            )
        )


async def backup_before_upgrade(settings: ServerSettings, version: str) -> None:
    """The automatic backup of a database that is about to be brought forward."""
    from ceyuan.server import backup as archives

    made = archives.create(settings, settings.data_dir / "backups")
    say(
        (
            f"升级前已备份版本 {version}:{made.archive}",
            f"backed up version {version} before the upgrade: {made.archive}",
        )
    )


@app.command()
def upgrade(data: DataOption = None) -> None:
    """Bring the database to this program's version, after a backup; the platform must not run."""
    from ceyuan.server import schema
    from ceyuan.server.assembly import build_platform
    from ceyuan.server.run import exclusive, prepare

    settings = settings_of(data)
    require_platform(settings)

    async def bring_forward() -> tuple[str | None, str | None]:
        platform = build_platform(settings)
        before = await schema.current(platform.database)
        await prepare(platform, backup=lambda version: backup_before_upgrade(settings, version))
        await platform.database.close()
        return before, schema.head()

    with exclusive(settings.data_dir):
        before, after = asyncio.run(bring_forward())
    if before == after:
        say((f"数据库已是最新版本 {after}", f"the database already has version {after}"))
    else:
        say((f"数据库已从 {before or '空'} 升级到 {after}", f"the database went from {before or 'empty'} to {after}"))


@app.command()
def login(
    url: Annotated[str, typer.Option(help="address of the platform")] = "http://127.0.0.1:8080",
    name: Annotated[str | None, typer.Option(help="user name or e-mail address [default: asked]")] = None,
    token: Annotated[str | None, typer.Option(help="a personal access token, instead of name and password")] = None,
) -> None:
    """Sign in with name and password, or with a token, and keep a token for later commands."""
    from ceyuan.cli.connection import Api, issue_token, store

    token_id = ""
    if token is None:
        token, token_id = issue_token(
            url,
            name or typer.prompt("name"),
            typer.prompt("password", hide_input=True),
            ask_code=lambda: str(typer.prompt("one-time code")),
        )
    me = Api(url, token).get("/api/v1/me")
    path = store(url, token, token_id)
    say((f"已登录:{me.get('name')},凭据存于 {path}", f"signed in as {me.get('name')}; credentials in {path}"))


@app.command()
def logout() -> None:
    """Forget what `ceyuan login` kept, and revoke the token that it made."""
    from ceyuan.cli.connection import Api, credentials_path, stored

    known = stored()
    if not known:
        say(("尚未登录", "you are not signed in"))
        return
    try:
        if known.get("token_id"):
            Api(known["url"], known["token"]).call("DELETE", f"/api/v1/tokens/{known['token_id']}")
    finally:
        credentials_path().unlink(missing_ok=True)
    say((f"已退出 {known['url']}", f"signed out of {known['url']}"))


@app.command()
def demo(
    data: DataOption = None,
    port: Annotated[int | None, typer.Option(help="port to listen on [default: 8080]")] = None,
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="accept the Apache-2.0 licence of the embedded instruction model")
    ] = False,
    source: Annotated[Path | None, typer.Option(help="your own folder of texts instead of the public corpora")] = None,
    stay: Annotated[bool, typer.Option("--stay/--exit", help="go on serving when the loop is complete")] = True,
) -> None:
    """Start the platform and run one whole turn of the loop on real input; started again it goes on where it was."""

    _collect_no_garbage()
    from ceyuan.cli.loop import plan_of, show_turn
    from ceyuan.server.run import StopServing, serve

    settings = settings_of(data, port=port)
    plan = plan_of(source, accept_licence)
    succeeded = False

    async def ready(platform: Platform, origin: str) -> None:
        nonlocal succeeded
        await greet(platform, origin)
        succeeded = await show_turn(platform, origin, plan)
        if not stay:
            raise StopServing
        say(("按 Ctrl-C 停止", "Ctrl-C stops it"))

    _serve_until_interrupted(serve(settings, ready=ready, backup=backup_before_upgrade))
    if not stay and not succeeded:
        raise typer.Exit(1)
