"""What is served under which name, from where, to whom: rules, routes, health, and the job that brings files."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select

from ceyuan.hub import commit_folder, create_repository
from ceyuan.kernel.actor import ANONYMOUS, SYSTEM, Actor
from ceyuan.kernel.errors import Forbidden, Unauthenticated
from ceyuan.kernel.jobs import Job
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.web import install_error_handlers
from ceyuan.kernel.work import UnitOfWork
from ceyuan.models.serving import (
    EngineOptions,
    LicenceNotAccepted,
    ModelDirectory,
    ModelNotServed,
    NameTaken,
    NewServed,
    NewUpstream,
    add_upstream,
    change_served,
    change_upstream,
    endpoints,
    remove_upstream,
    repository,
    serve_model,
    stop_serving,
)
from ceyuan.models.serving.catalogue import KNOWN, find_file
from ceyuan.models.serving.errors import InvalidServedModel, ModelFileUnavailable, UpstreamInUse, UpstreamUnknown
from ceyuan.models.serving.files import FileReference, local_path
from ceyuan.models.serving.service import PREPARE, bring_missing, finish_preparing, see_served
from ceyuan.models.serving.settings import ServingSettings
from ceyuan.models.serving.tables import ServedModel, Upstream
from ceyuan.server.assembly import running
from tests.identity.actors import People
from tests.models.fake_upstream import FakeUpstream
from tests.models.tiny_gguf import write_tiny_model

OPERATOR = Actor("person", "per_operator", "Operator", duties=frozenset({"operator"}))
MEMBER = Actor("person", "per_member", "Member", roles={"org_a": "owner"})
API = "/api/v1/models"


@pytest.fixture
def house(built: Platform, tmp_path: Path) -> Platform:
    """A platform whose model cache lies in the test's folder; nothing runs."""
    built.sections[ServingSettings] = ServingSettings(model_cache=tmp_path / "cache", model_hub="")
    return built


@pytest.fixture
def model_file(tmp_path: Path) -> Path:
    return write_tiny_model(tmp_path / "tiny.gguf")


async def _do(platform: Platform, use_case: Callable[[Any], Any], actor: Actor = OPERATOR) -> Any:
    async with platform.work(actor) as uow:
        return await use_case(uow)


async def _serve(platform: Platform, **fields: Any) -> ServedModel:
    row: ServedModel = await _do(platform, lambda uow: serve_model(uow, NewServed(**fields)))
    return row


async def _directory(platform: Platform) -> ModelDirectory:
    (directory,) = platform.find(ModelDirectory)
    await directory.reload()
    return directory


@pytest.mark.parametrize(("actor", "error"), [(ANONYMOUS, Unauthenticated), (MEMBER, Forbidden)])
async def test_only_operators_decide_what_is_served(house: Platform, actor: Actor, error: type[Exception]) -> None:
    for use_case in (
        lambda uow: serve_model(uow, NewServed("m", upstream="u")),
        lambda uow: add_upstream(uow, NewUpstream("u", "http://127.0.0.1/v1")),
        lambda uow: change_served(uow, "m", {}),
        lambda uow: stop_serving(uow, "m"),
    ):
        with pytest.raises(error):
            await _do(house, use_case, actor)


async def test_an_upstreams_key_is_sealed_and_only_the_route_knows_it(house: Platform) -> None:
    upstream = NewUpstream("cloud", "https://cloud.example/v1/", key="sk-very-secret", headers={"X-Tenant": "city"})
    row: Upstream = await _do(house, lambda uow: add_upstream(uow, upstream))
    assert row.sealed_key is not None
    assert b"sk-very-secret" not in row.sealed_key
    await _serve(house, name="big", upstream="cloud", upstream_model="big-7b")
    route = (await _directory(house)).find("big", "org_a")
    assert route is not None
    (replica,) = route.replicas
    assert (replica.base_url, replica.model) == ("https://cloud.example/v1", "big-7b")
    assert replica.headers == {"X-Tenant": "city", "Authorization": "Bearer sk-very-secret"}
    assert "sk-very-secret" not in repr(endpoints._shown(row))
    await _do(house, lambda uow: change_upstream(uow, "cloud", {"key": None}))
    route = (await _directory(house)).find("big", "org_a")
    assert route is not None
    assert "Authorization" not in route.replicas[0].headers


@pytest.mark.parametrize(
    "address",
    [
        *("ftp://x/v1", "http://", "https://user:pass@x/v1", "https://x/v1?key=1", "file:///etc/passwd"),
        *(
            "http://169.254.169.254/v1",
            "http://100.100.100.200/v1",
            "http://[::ffff:169.254.1.1]/v1",
            "http://0.0.0.0/v1",
        ),
    ],
)
async def test_an_address_that_is_none_is_refused(house: Platform, address: str) -> None:
    with pytest.raises(InvalidServedModel):
        await _do(house, lambda uow: add_upstream(uow, NewUpstream("bad", address)))


async def test_a_file_that_the_machine_lost_is_brought_again_at_the_start(house: Platform, model_file: Path) -> None:
    await _serve(house, name="here", file=f"file:{model_file}")
    await _serve(house, name="lost", file="known:qwen2.5-coder-0.5b-instruct", accept_licence=True)

    async def jobs(uow: UnitOfWork) -> int:
        return await uow.session.scalar(select(func.count()).where(Job.kind == PREPARE)) or 0

    before = await _do(house, jobs)
    await bring_missing(house)
    assert await _do(house, jobs) == before, "it is being prepared already"
    await _do(house, lambda uow: _set_ready(uow, "lost"))
    for _ in range(2):
        await bring_missing(house)
    assert await _do(house, jobs) == before + 1, "each process that starts asks for it, one job does it"
    lost = await _do(house, lambda uow: repository.get_served(uow.session, "lost"))
    await _do(house, lambda uow: finish_preparing(uow, lost.id, lost.file or "", None))
    await bring_missing(house)
    assert await _do(house, jobs) == before + 2, "it is lost again"


async def _set_ready(uow: UnitOfWork, name: str) -> None:
    (await repository.get_served(uow.session, name)).state = "ready"


async def test_an_upstream_that_serves_models_stays(house: Platform) -> None:
    await _do(house, lambda uow: add_upstream(uow, NewUpstream("cloud", "https://cloud.example/v1")))
    with pytest.raises(NameTaken):
        await _do(house, lambda uow: add_upstream(uow, NewUpstream("cloud", "https://other.example/v1")))
    await _serve(house, name="m", upstream="cloud")
    with pytest.raises(UpstreamInUse, match="m"):
        await _do(house, lambda uow: remove_upstream(uow, "cloud"))
    await _do(house, lambda uow: stop_serving(uow, "m"))
    await _do(house, lambda uow: remove_upstream(uow, "cloud"))
    with pytest.raises(UpstreamUnknown):
        await _serve(house, name="m", upstream="cloud")


async def test_a_model_comes_from_an_upstream_or_a_file_and_from_one_alone(house: Platform, model_file: Path) -> None:
    file = f"file:{model_file}"
    for fields in (
        {"name": "m"},
        {"name": "m", "upstream": "u", "file": file},
        {"name": "bad name", "file": file},
        {"name": "m", "file": file, "capabilities": ()},
        {"name": "m", "file": file, "capabilities": ("sing",)},
        {"name": "m", "file": "file:relative.gguf"},
        {"name": "m", "file": "file:/nowhere/model.gguf"},
        {"name": "m", "file": f"file:{__file__}"},
        {"name": "m", "file": "http://example.com/model.gguf"},
        {"name": "m", "file": "hub:demo/mini"},
    ):
        with pytest.raises(InvalidServedModel):
            await _serve(house, **fields)
    assert (await _serve(house, name="m", file=file)).state == "ready"


async def test_a_name_is_served_once_unless_it_is_replaced(house: Platform, model_file: Path) -> None:
    first = await _serve(house, name="m", file=f"file:{model_file}")
    with pytest.raises(NameTaken):
        await _serve(house, name="m", file=f"file:{model_file}")
    new = NewServed("m", file=f"file:{model_file}", title="again", engine=EngineOptions(context=512))
    again = await _do(house, lambda uow: serve_model(uow, new, replace_existing=True))
    assert (again.id, again.title, again.engine) == (first.id, "again", {"context": 512})


async def test_a_listed_model_is_open_to_its_organisations_alone(house: Platform, model_file: Path) -> None:
    await _serve(house, name="ours", file=f"file:{model_file}", visible_to=["org_a"])
    directory = await _directory(house)
    assert directory.find("ours", "org_a") is not None
    assert directory.find("ours", "org_b") is None
    assert [route.name for route in directory.visible("org_b")] == []
    async with house.work(MEMBER, write=False) as uow:
        assert (await see_served(uow, "ours")).name == "ours"
    async with house.work(replace(MEMBER, roles={"org_b": "owner"}), write=False) as uow:
        with pytest.raises(ModelNotServed):
            await see_served(uow, "ours")
    await _do(house, lambda uow: change_served(uow, "ours", {"visible_to": None}))
    assert (await _directory(house)).find("ours", "org_b") is not None


async def test_a_disabled_model_is_gone_until_it_is_enabled(house: Platform, model_file: Path) -> None:
    await _serve(house, name="m", file=f"file:{model_file}")
    await _do(house, lambda uow: change_served(uow, "m", {"enabled": False}))
    assert (await _directory(house)).find("m", "org_a") is None
    await _do(house, lambda uow: change_served(uow, "m", {"enabled": True, "price_model": "cheap"}))
    route = (await _directory(house)).find("m", "org_a")
    assert route is not None
    assert route.price_model == "cheap"


async def test_the_licence_of_a_file_that_must_be_fetched_is_accepted_first(house: Platform) -> None:
    with pytest.raises(LicenceNotAccepted, match=r"Apache-2\.0"):
        await _serve(house, name="qwen", file="known:qwen2.5-coder-0.5b-instruct")


def test_references_to_files_are_read_back_as_they_are_written() -> None:
    for text in ("known:qwen2.5-coder-0.5b-instruct", "file:/models/a.gguf", "hub:models/demo/mini@main:gguf/m.gguf"):
        assert str(FileReference.parse(text)) == text


async def _until_ready(platform: Platform, name: str) -> ServedModel:
    for _ in range(400):
        async with platform.work(SYSTEM, write=False) as uow:
            row = await see_served(uow, name)
        if row.state != "preparing":
            return row
        await asyncio.sleep(0.05)
    raise AssertionError("the model was never prepared")


async def test_a_hub_revisions_file_is_brought_and_the_route_names_the_revision(
    house: Platform, tmp_path: Path
) -> None:
    people = People(house)
    async with running(house):
        await people.organisation("demo", li="owner")
        actor = replace(await people.actor("li"), duties=frozenset({"operator"}))
        folder = tmp_path / "revision"
        folder.mkdir()
        write_tiny_model(folder / "mini.gguf")
        await _do(house, lambda uow: create_repository(uow, "model", "demo", "mini"), actor)
        revision = await commit_folder(house, "models/demo/mini", folder, message="first", actor=actor)
        new = NewServed("demo/mini", file="hub:models/demo/mini@main:mini.gguf", capabilities=("completions",))
        row = await _do(house, lambda uow: serve_model(uow, new), actor)
        assert (row.state, row.revision) == ("preparing", revision.ref)
        row = await _until_ready(house, "demo/mini")
        assert (row.state, row.fault) == ("ready", None)
        assert row.file is not None
        path = local_path(house, FileReference.parse(row.file))
        assert path is not None
        assert path.read_bytes() == (folder / "mini.gguf").read_bytes()
        missing = NewServed("x", file="hub:models/demo/mini@main:other.gguf")
        with pytest.raises(InvalidServedModel):
            await _do(house, lambda uow: serve_model(uow, missing), actor)


async def test_a_file_that_cannot_be_had_is_a_failed_model_with_the_reason(
    house: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = replace(find_file("qwen2.5-coder-0.5b-instruct"), name="gone", sha256="0" * 64, pieces=())
    monkeypatch.setitem(KNOWN, "gone", gone)

    async def no_process(*_: Any, **__: Any) -> Any:
        raise ModelFileUnavailable("gone", [("mirror", "HTTP 404")])

    monkeypatch.setattr("ceyuan.kernel.jobs.context.run_process", no_process)
    async with running(house):
        people = People(house)
        await people.add("op", duties=("operator",))
        new = NewServed("gone", file="known:gone", accept_licence=True)
        await _do(house, lambda uow: serve_model(uow, new), await people.actor("op"))
        row = await _until_ready(house, "gone")
        assert row.state == "failed"
        assert row.fault is not None
        assert "HTTP 404" in row.fault


class TestOverHttp:
    """The same over HTTP."""

    @pytest.fixture
    async def upstream(self) -> AsyncIterator[FakeUpstream]:
        upstream = FakeUpstream()
        await upstream.start()
        yield upstream
        await upstream.stop()

    @pytest.fixture
    async def as_(self, house: Platform) -> AsyncIterator[Callable[..., Any]]:
        people = People(house)
        app = FastAPI()
        app.state.platform = house
        app.include_router(endpoints.router)
        install_error_handlers(app)
        async with AsyncExitStack() as stack:

            async def sign_in(name: str, **options: Any) -> httpx.AsyncClient:
                headers = {}
                if name:
                    await people.add(name, **options)
                    headers["Authorization"] = f"Bearer {await people.token(name)}"
                transport = httpx.ASGITransport(app=app)
                client = httpx.AsyncClient(transport=transport, base_url="http://t", headers=headers)
                return await stack.enter_async_context(client)

            yield sign_in

    async def test_an_operator_serves_looks_and_stops(
        self, as_: Callable[..., Any], upstream: FakeUpstream, model_file: Path
    ) -> None:
        nobody, member = await as_(""), await as_("member")
        operator = await as_("operator", duties=("operator",))
        assert (await nobody.get(f"{API}/served")).status_code == 401
        assert (await nobody.get(f"{API}/files")).status_code == 401
        assert (await member.get(f"{API}/upstreams")).status_code == 403
        body: dict[str, Any] = {"name": "fake", "base_url": upstream.url, "key": "sk-secret"}
        assert (await member.post(f"{API}/upstreams", json=body)).status_code == 403
        made = await operator.post(f"{API}/upstreams", json=body)
        assert made.status_code == 201
        assert made.json()["has_key"] is True
        assert "sk-secret" not in made.text
        health = (await operator.get(f"{API}/upstreams/fake/health")).json()
        assert (health["healthy"], health["models"]) == (True, ["echo"])
        served = await operator.post(f"{API}/served", json={"name": "echo", "upstream": "fake"})
        assert served.status_code == 201
        served_id = served.json()["id"]
        assert (await member.get(f"{API}/served/{served_id}")).json()["name"] == "echo"
        assert (await member.get(f"{API}/served/{served_id}/health")).json()["healthy"] is True
        assert (await member.patch(f"{API}/served/{served_id}", json={"title": "x"})).status_code == 403
        changed = await operator.patch(f"{API}/served/{served_id}", json={"max_concurrency": 5})
        assert (changed.json()["max_concurrency"], changed.json()["title"]) == (5, "echo")
        assert (await operator.delete(f"{API}/upstreams/fake")).status_code == 409
        assert (await operator.delete(f"{API}/served/{served_id}")).status_code == 204
        assert (await operator.delete(f"{API}/upstreams/fake")).status_code == 204
        assert (await operator.get(f"{API}/served")).json()["items"] == []

    async def test_what_can_be_fetched_is_listed_with_its_licence(self, as_: Callable[..., Any]) -> None:
        files = (await (await as_("member")).get(f"{API}/files")).json()
        assert {file["name"]: (file["licence"], file["cached"]) for file in files} == {
            "qwen2.5-coder-0.5b-instruct": ("Apache-2.0", False),
            "qwen2.5-coder-1.5b-instruct": ("Apache-2.0", False),
        }

    async def test_where_its_file_lies_and_for_whom_it_runs_is_not_told_to_everybody(
        self, as_: Callable[..., Any], model_file: Path
    ) -> None:
        operator, member = await as_("operator", duties=("operator",)), await as_("member")
        assert (await operator.post(f"{API}/served", json={"name": "m", "file": f"file:{model_file}"})).is_success
        assert (await operator.get(f"{API}/served/m")).json()["file"] == f"file:{model_file}"
        for answer in (await member.get(f"{API}/served/m"), await member.get(f"{API}/served")):
            assert '"m"' in answer.text
            assert str(model_file) not in answer.text

    async def test_health_names_what_is_wrong(
        self, as_: Callable[..., Any], upstream: FakeUpstream, model_file: Path
    ) -> None:
        operator = await as_("operator", duties=("operator",))
        await operator.post(f"{API}/upstreams", json={"name": "fake", "base_url": upstream.url})
        await operator.post(f"{API}/upstreams", json={"name": "gone", "base_url": "http://127.0.0.1:9/v1"})
        for name, source, reason in (
            ("unlisted", {"upstream": "fake"}, "does not list"),
            ("away", {"upstream": "gone"}, "ConnectError"),
            ("sleeping", {"file": f"file:{model_file}"}, None),
        ):
            served = (await operator.post(f"{API}/served", json={"name": name, **source})).json()
            health = (await operator.get(f"{API}/served/{served['id']}/health")).json()
            assert (name, health["healthy"]) == (name, reason is None)
            assert reason is None or reason in health["reason"]
        model_file.unlink()
        health = (await operator.get(f"{API}/served/{served['id']}/health")).json()
        assert health["reason"] == "its file is not on this machine"
