"""A bundle goes out of one platform and is served by another, offline; one that was changed is refused."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import orjson
import pytest

from ceyuan.kernel.actor import SYSTEM, Actor
from ceyuan.kernel.errors import Forbidden
from ceyuan.kernel.platform import Platform
from ceyuan.models.serving import EngineOptions, ModelDirectory, NewServed, NewUpstream, add_upstream, serve_model
from ceyuan.models.serving.bundle import pack, serve_bundle, size_of, stream, unpack
from ceyuan.models.serving.errors import InvalidServedModel
from tests.models.tiny_gguf import write_tiny_model


async def _bundle(platform: Platform, tmp_path: Path) -> Path:
    model = write_tiny_model(tmp_path / "tiny.gguf")
    async with platform.work(SYSTEM) as uow:
        new = NewServed("lab/tiny", title="小模型", file=f"file:{model}", engine=EngineOptions(context=512, threads=1))
        await serve_model(uow, new)
        bundled = await pack(uow, "lab/tiny")
    archive = tmp_path / bundled.filename
    archive.write_bytes(b"".join([chunk async for chunk in stream(bundled)]))
    assert archive.stat().st_size == size_of(bundled)
    return archive


async def test_a_bundle_is_served_under_its_name_with_its_configuration(built: Platform, tmp_path: Path) -> None:
    archive = await _bundle(built, tmp_path)
    with tarfile.open(archive) as tar:
        assert tar.getnames() == ["manifest.json", "model.gguf"]
    async with built.work(SYSTEM) as uow:
        from ceyuan.models.serving import stop_serving

        await stop_serving(uow, "lab/tiny")
    (tmp_path / "tiny.gguf").unlink()
    for _ in range(2):
        assert await serve_bundle(built, archive) == "lab/tiny"
    (directory,) = built.find(ModelDirectory)
    await directory.reload()
    route = directory.find("lab/tiny", "org_any")
    assert route is not None
    assert (route.title, route.context) == ("小模型", 512)


async def test_a_bundle_that_was_changed_is_refused(built: Platform, tmp_path: Path) -> None:
    archive = await _bundle(built, tmp_path)
    content = bytearray(archive.read_bytes())
    content[-4096] ^= 1
    archive.write_bytes(content)
    with pytest.raises(InvalidServedModel, match="changed"):
        unpack(archive, tmp_path / "into")
    archive.write_bytes(content[:3000])
    with pytest.raises(InvalidServedModel):
        unpack(archive, tmp_path / "into")
    assert list((tmp_path / "into").rglob("*.gguf")) == []


def test_what_is_no_bundle_is_refused_and_names_in_it_lead_nowhere(tmp_path: Path) -> None:
    archive = tmp_path / "evil.tar"
    for manifest in (
        {"format": "other"},
        {"format": "ceyuan-bundle", "version": 1, "files": {"model.gguf": {"sha256": "../x"}}},
    ):
        with tarfile.open(archive, "w") as tar:
            for name, content in (("manifest.json", orjson.dumps(manifest)), ("../../escape", b"x")):
                info = tarfile.TarInfo(name)
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
        with pytest.raises(InvalidServedModel):
            unpack(archive, tmp_path / "into")
    archive.write_bytes(b"no archive")
    with pytest.raises(InvalidServedModel):
        unpack(archive, tmp_path / "into")
    assert not (tmp_path / "into").exists()


async def test_only_those_who_answer_for_a_model_may_take_it_along(built: Platform, tmp_path: Path) -> None:
    await _bundle(built, tmp_path)
    stranger = Actor("person", "per_x", "X", roles={"org_x": "owner"})
    async with built.work(stranger, write=False) as uow:
        with pytest.raises(Forbidden):
            await pack(uow, "lab/tiny")
    async with built.work(SYSTEM) as uow:
        await add_upstream(uow, NewUpstream("cloud", "http://127.0.0.1:9/v1"))
        await serve_model(uow, NewServed("far", upstream="cloud"))
        with pytest.raises(InvalidServedModel):
            await pack(uow, "far")
