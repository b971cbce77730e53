"""The Python client's hub and `ceyuan hub`, against a platform on a real port."""

from __future__ import annotations

import asyncio
import io
import json
import os
import socket
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import Request
from typer.testing import CliRunner

from ceyuan.cli import signing
from ceyuan.cli.hub import app
from ceyuan.hub import Owner, OwnerDirectory
from ceyuan.kernel.actor import ANONYMOUS, Actor
from ceyuan.kernel.errors import CeyuanError, Invalid
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.tables import Base
from ceyuan.kernel.work import UnitOfWork
from ceyuan.sdk import Client
from ceyuan.sdk.bundles import export_bundle, import_archive, import_bundle, unpack_bundle
from ceyuan.sdk.hub import _inside
from ceyuan.server import rooms
from ceyuan.server.asgi import Door
from ceyuan.server.assembly import build_platform
from ceyuan.server.settings import ServerSettings

MEMBER = Actor(kind="person", id="per_m", label="member", roles={"org_demo": "maintainer"})


async def _prepare(folder: Path) -> Platform:
    rooms.load_tables()
    url = f"sqlite:///{folder / 'ceyuan.sqlite'}"
    platform = build_platform(ServerSettings(data_dir=folder / "data", database_url=url))
    async with platform.database.connection() as connection:
        await connection.run_sync(Base.metadata.create_all)

    async def find(_uow: UnitOfWork, name: str) -> Owner | None:
        return Owner("org_demo", "demo") if name == "demo" else None

    async def authenticate(_platform: Platform, request: Request) -> Actor:
        return MEMBER if request.headers.get("authorization") == "Bearer member" else ANONYMOUS

    platform.hooks[OwnerDirectory] = [OwnerDirectory(find)]
    platform.authenticate = authenticate
    return platform


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a platform that runs in a thread of its own."""
    folder, ready, server = tmp_path_factory.mktemp("platform"), threading.Event(), list[uvicorn.Server]()
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))

    async def serve() -> None:
        platform = await _prepare(folder)
        config = uvicorn.Config(Door(platform), lifespan="off", log_level="error")
        server.append(uvicorn.Server(config))
        ready.set()
        await server[0].serve(sockets=[listener])
        await platform.database.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(60)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server[0].should_exit = True
    thread.join(30)


@pytest.fixture
def client(url: str) -> Iterator[Client]:
    with Client(url, "member") as client:
        yield client


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    source = tmp_path / "out"
    for path, data in {"README.md": b"# x", "data/1.jsonl": b"{}\n", "data/big.bin": os.urandom(3_000_000)}.items():
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        (source / path).write_bytes(data)
    return source


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_without_a_token_a_private_repository_does_not_exist(url: str, client: Client, tmp_path: Path) -> None:
    client.hub.create("dataset", "demo/secret")
    with Client(url) as nobody, pytest.raises(CeyuanError) as caught:
        nobody.hub.download("datasets/demo/secret", tmp_path)
    assert (caught.value.code, caught.value.status) == ("repository_not_found", 404)


def test_a_folder_goes_up_and_comes_down_unchanged(client: Client, folder: Path, tmp_path: Path) -> None:
    client.hub.create("dataset", "demo/trip")
    made = client.hub.upload("datasets/demo/trip", folder, message="第一版")
    assert client.hub.upload("demo/trip", folder)["id"] == made["commit"]
    into = client.hub.download(f"datasets/demo/trip@{made['commit']}", tmp_path / "a")
    assert contents(into) == contents(folder)
    assert contents(client.hub.download("demo/trip", into, only=["data/*"])) == contents(folder)
    assert client.hub.history("demo/trip")[0]["title"] == "第一版"


def test_a_mirror_removes_what_the_folder_no_longer_has(client: Client, folder: Path) -> None:
    client.hub.create("dataset", "demo/mirror")
    client.hub.upload("datasets/demo/mirror", folder, into="v1")
    (folder / "README.md").unlink()
    assert client.hub.upload("datasets/demo/mirror", folder, into="v1", mirror=True)["files"] == 2
    assert [row["path"] for row in client.hub.files("datasets/demo/mirror")] == ["v1/data/1.jsonl", "v1/data/big.bin"]


def test_a_broken_download_goes_on_where_it_stopped(client: Client, folder: Path, tmp_path: Path) -> None:
    client.hub.create("dataset", "demo/resume")
    client.hub.upload("datasets/demo/resume", folder)
    (tmp_path / "b" / "data").mkdir(parents=True)
    whole = (folder / "data/big.bin").read_bytes()
    for begun in (whole[:1_000_000], b"x" * 1_000_000, whole + b"x"):
        (tmp_path / "b/data/.big.bin.ceyuan-part").write_bytes(begun)
        try:
            client.hub.download("datasets/demo/resume", tmp_path / "b")
        except CeyuanError:  # a spoilt beginning is thrown away, the next try succeeds
            client.hub.download("datasets/demo/resume", tmp_path / "b")
        assert contents(tmp_path / "b") == contents(folder)
        (tmp_path / "b/data/big.bin").unlink()


def test_a_path_that_would_leave_the_folder_is_refused(tmp_path: Path) -> None:
    for path in ("../x", "/etc/passwd", "a/../../x"):
        with pytest.raises(Invalid):
            _inside(tmp_path, path)


def test_an_unclear_reference_is_named(client: Client) -> None:
    for reference in ("demo", "a/b/c", "demo/none"):
        with pytest.raises(Invalid):
            client.hub.show(reference)


def test_the_command_line_does_the_same(
    url: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CEYUAN_URL", url)
    monkeypatch.setenv("CEYUAN_TOKEN", "member")

    def call(*arguments: str) -> Any:
        result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout) if result.stdout.strip() else None

    assert call("create", "model", "demo/cli")["full_name"] == "demo/cli"
    made = call("upload", "models/demo/cli", str(folder), "-m", "up")
    assert [row["path"] for row in call("files", "models/demo/cli", "--path", "data")] == [
        "data/1.jsonl",
        "data/big.bin",
    ]
    call("download", "models/demo/cli", str(tmp_path / "c"))
    assert contents(tmp_path / "c") == contents(folder)
    log = call("history", "demo/cli")
    assert log[0]["id"] == made["commit"]
    assert len(call("diff", "models/demo/cli", log[1]["id"])) == 3
    assert "demo/cli" in [row["full_name"] for row in call("ls", "--kind", "model")]
    assert call("show", "models/demo/cli")["head_commit"] == made["commit"]


def test_a_revision_is_signed_and_verified_by_the_command_line(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CEYUAN_URL", url)
    monkeypatch.setenv("CEYUAN_TOKEN", "member")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text("one\n")
    hub = Client(url, "member").hub
    hub.create("model", "demo/signed")
    hub.upload("models/demo/signed", tmp_path / "in")

    def call(*arguments: str) -> int:
        return CliRunner().invoke(signing.app, list(arguments)).exit_code

    assert call("sign", "models/demo/signed") != 0
    assert (call("key"), call("key"), call("sign", "models/demo/signed")) == (0, 0, 0)
    assert signing.key_path().stat().st_mode & 0o077 == 0
    key = hub.signatures("models/demo/signed")["signatures"][1]["public_key"]
    assert call("verify", "models/demo/signed", str(tmp_path / "in"), "--key", key) == 0
    assert call("verify", "models/demo/signed", "--key", "00" * 32) == 1
    (tmp_path / "in" / "a.txt").write_text("two\n")
    assert call("verify", "models/demo/signed", str(tmp_path / "in")) == 1


def _bundle(url: str, tmp_path: Path, name: str) -> Path:
    hub = Client(url, "member").hub
    hub.create("dataset", f"demo/{name}", exist_ok=True)
    (tmp_path / "in" / "a").mkdir(parents=True)
    (tmp_path / "in" / "a" / "b.txt").write_text("one\n")
    (tmp_path / "in" / "c.bin").write_bytes(bytes(range(256)) * 20)
    hub.upload(f"datasets/demo/{name}", tmp_path / "in")
    export_bundle(hub, f"datasets/demo/{name}", tmp_path / "out.tar")
    return tmp_path / "out.tar"


def test_a_bundle_carries_a_revision_to_another_repository(url: str, tmp_path: Path) -> None:
    hub, bundle = Client(url, "member").hub, _bundle(url, tmp_path, "far")
    key = hub.signatures("datasets/demo/far")["signatures"][0]["public_key"]
    made = import_bundle(hub, bundle, "demo/near", trust=[key])
    assert made["tree"] == hub.signatures("datasets/demo/far")["tree"]
    with pytest.raises(Invalid):
        import_bundle(hub, bundle, "demo/near", trust=["00" * 32])


def test_a_bundle_that_was_changed_on_its_way_is_refused(url: str, tmp_path: Path) -> None:
    bundle = _bundle(url, tmp_path, "changed")
    whole = bundle.read_bytes()
    for number, damaged in enumerate(
        (
            whole.replace(b"one\n", b"two\n"),
            whole[: len(whole) // 2],
            whole.replace(b"files/a/b.txt", b"files/a/c.txt"),
            whole.replace(b'"size": 4', b'"size": 5'),
            b"no archive",
        )
    ):
        bundle.write_bytes(damaged)
        with pytest.raises(Invalid):
            unpack_bundle(bundle, tmp_path / f"to-{number}")


def test_a_plain_archive_is_taken_in_and_one_that_leaves_its_folder_is_not(url: str, tmp_path: Path) -> None:
    hub = Client(url, "member").hub
    with zipfile.ZipFile(tmp_path / "good.zip", "w") as archive:
        archive.writestr("data/x.txt", "x")
    assert import_archive(hub, tmp_path / "good.zip", "dataset", "demo/zipped")["files"] == 1
    with tarfile.open(tmp_path / "bad.tar", "w") as packed:
        info = tarfile.TarInfo("../escape.txt")
        info.size = 1
        packed.addfile(info, io.BytesIO(b"x"))
    with pytest.raises(Invalid):
        import_archive(hub, tmp_path / "bad.tar", "dataset", "demo/zipped")
