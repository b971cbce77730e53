"""Start the platform: refuse what is unsafe, lock the data folder, bring the database forward, serve."""

from __future__ import annotations

import asyncio
import ctypes
import fcntl
import gc
import logging
import os
import signal
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from uvicorn.config import Config

from ceyuan.kernel.errors import Conflict, Invalid
from ceyuan.kernel.platform import Platform
from ceyuan.server import schema
from ceyuan.server.asgi import Door
from ceyuan.server.assembly import build_platform, running
from ceyuan.server.lag import lag, words
from ceyuan.server.listening import PatientProtocol
from ceyuan.server.logs import configure_logging
from ceyuan.server.settings import ServerSettings

logger = logging.getLogger(__name__)


class StopServing(Exception):
    """Raised by `ready` of `serve` when the platform has served its purpose."""


_ARENA_MAX = -8
"""`M_ARENA_MAX` of malloc.h."""
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class UnusableCertificate(Invalid):
    """TLS was asked for with files that cannot serve it."""

    code = "unusable_certificate"
    title = ("证书不可用", "The certificate cannot be used")


class PortTaken(Conflict):
    code = "port_taken"
    title = ("端口被占用", "The port is taken")


class AlreadyRunning(Conflict):
    code = "already_running"
    title = ("平台已在运行", "The platform is already running")


class UnsafeAddress(Invalid):
    code = "unsafe_address"
    title = ("监听地址不安全", "Unsafe address to listen on")


def require_safe(settings: ServerSettings) -> None:
    """Raise `UnsafeAddress` for a public address without TLS or a declared proxy."""
    if settings.host in LOOPBACK or settings.behind_proxy:
        return
    if settings.tls_cert is None or settings.tls_key is None:
        raise UnsafeAddress(
            (f"在 {settings.host} 上监听需要 TLS", f"listening on {settings.host} needs TLS"),
            hint=(
                "请设置 --tls-cert 与 --tls-key;若由反向代理终止 TLS,请加 --behind-proxy",
                "give --tls-cert and --tls-key, or --behind-proxy if a reverse proxy ends TLS",
            ),
        )


def require_certificate(settings: ServerSettings) -> None:
    """Raise `UnusableCertificate` unless the certificate and its key are there and belong together."""
    if settings.tls_cert is None and settings.tls_key is None:
        return
    named = f"{settings.tls_cert or '-'} / {settings.tls_key or '-'}"
    try:
        if settings.tls_cert is None or settings.tls_key is None:
            raise FileNotFoundError("one of the two is not named")
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(settings.tls_cert, settings.tls_key, password="")
    except OSError as error:  # SSLError is one
        raise UnusableCertificate(
            (f"证书或私钥不可用 {named}：{error.args[-1]}", f"certificate or key of no use, {named}: {error.args[-1]}"),
            hint=(
                "--tls-cert 与 --tls-key 须为同一证书的 PEM 文件，私钥不加口令",
                "--tls-cert and --tls-key are PEM files of one certificate, the key without a passphrase",
            ),
        ) from error


@contextmanager
def exclusive(data_dir: Path) -> Iterator[None]:
    """Hold the data folder for this process; raises `AlreadyRunning`, or `Invalid` where it cannot be written."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(data_dir / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise Invalid(
            (
                f"数据目录 {data_dir} 不可写:{error.strerror}",
                f"the data folder {data_dir} cannot be written: {error.strerror}",
            ),
            hint=(
                "请检查权限与磁盘空间,或用 --data 指定其他目录",
                "check rights and space, or name another one with --data",
            ),
        ) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(
                (f"另一个进程正在使用 {data_dir}", f"another process uses {data_dir}"),
                hint=("请先停止它,或用 --data 指定其他目录", "stop it first, or name another folder with --data"),
            ) from None
        yield
    finally:
        os.close(handle)


def bind(settings: ServerSettings) -> socket.socket:
    """The listening socket; raises `PortTaken`."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        raise PortTaken(
            (
                f"无法监听 {settings.host}:{settings.port}:{error.strerror}",
                f"cannot listen on {settings.host}:{settings.port}: {error.strerror}",
            ),
            hint=("请换一个端口:--port 8081", "choose another port: --port 8081"),
        ) from error
    listener.set_inheritable(False)
    return listener


async def prepare(platform: Platform, *, backup: Callable[[str], Awaitable[None]] | None = None) -> None:
    """Bring the database's tables to this program's version; an older one is backed up first."""
    version = await schema.current(platform.database)
    schema.require_known(version)
    if version == schema.head():
        behind = await lag(platform.database, platform.clock.now())
        if behind is not None:
            logger.warning("%s; nothing is lost, but set the machine's time right (NTP)", words(behind)[1])
        return
    if version is not None and backup is not None:
        await backup(version)
    await schema.upgrade(platform.database)


async def serve(
    settings: ServerSettings,
    *,
    ready: Callable[[Platform, str], Awaitable[None]],
    backup: Callable[[ServerSettings, str], Awaitable[None]] | None = None,
) -> None:
    """Run the platform until SIGINT or SIGTERM; `ready` is called once it answers.

    Raises the errors above before anything is changed.
    """
    require_safe(settings)
    require_certificate(settings)
    share_arenas()
    with exclusive(settings.data_dir):
        listener = bind(settings)
        try:
            port = listener.getsockname()[1]
            settings = settings.model_copy(update={"port": port})
            configure_logging(settings.log_level)
            platform = build_platform(settings)
            await prepare(platform, backup=(lambda v: backup(settings, v)) if backup else None)
            async with running(platform):
                server = _Server(_uvicorn_config(settings, platform))
                settle_heap()
                await _serve_until_told(server, listener, platform, ready, settings.origin)
        finally:
            listener.close()


def share_arenas() -> None:
    """Let all threads take memory from the same two arenas where the C library is glibc: by default each has its own,
    and what one has freed no other can use (https://www.gnu.org/software/libc/manual/html_node/Malloc-Tunable-Parameters.html).
    """
    try:
        ctypes.CDLL(None).mallopt(_ARENA_MAX, 2)
    except (AttributeError, OSError):
        return


def settle_heap() -> None:
    """Take what the start made out of the collector's sight: it stays anyway, and each look through it would keep
    every request waiting."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    gc.enable()


class _Server(uvicorn.Server):
    """Leaves the signals alone: uvicorn would end the process with them before the platform has stopped."""

    fault: Exception | None = None
    """What went wrong once it served; raised when the platform has stopped."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def stop(self) -> None:
        """Finish the answers under way and end; told again, end at once."""
        self.force_exit = self.should_exit
        self.should_exit = True


def _uvicorn_config(settings: ServerSettings, platform: Platform) -> Config:
    return Config(
        Door(platform),
        log_level=settings.log_level if settings.log_level in ("debug", "error") else "warning",
        access_log=False,
        lifespan="off",
        http=PatientProtocol,
        ws="none",
        server_header=False,
        proxy_headers=settings.behind_proxy,
        forwarded_allow_ips="*" if settings.behind_proxy else None,
        ssl_certfile=str(settings.tls_cert) if settings.tls_cert else None,
        ssl_keyfile=str(settings.tls_key) if settings.tls_key else None,
        timeout_graceful_shutdown=5,
    )


async def _serve_until_told(
    server: _Server,
    listener: socket.socket,
    platform: Platform,
    ready: Callable[[Platform, str], Awaitable[None]],
    origin: str,
) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, server.stop)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started and not task.done():
        await asyncio.sleep(0.02)
    follow = asyncio.create_task(_tell(ready, platform, origin, server))
    try:
        await task
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
    follow.cancel()
    await asyncio.gather(follow, return_exceptions=True)
    if server.fault is not None:
        raise server.fault


async def _tell(
    ready: Callable[[Platform, str], Awaitable[None]], platform: Platform, origin: str, server: _Server
) -> None:
    try:
        await ready(platform, origin)
    except StopServing:
        server.should_exit = True
    except Exception as fault:
        server.fault = fault
        server.should_exit = True
