"""A model of the hub is its owner's alone until the release workflow let it out."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ceyuan.hub import commit_folder, create_repository, find_by_reference, tellable
from ceyuan.kernel.actor import ANONYMOUS, SYSTEM, Actor
from ceyuan.kernel.events import Event
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.work import UnitOfWork
from ceyuan.models.serving import ModelDirectory, NewServed, NewUpstream, ReleaseBook, add_upstream, serve_model
from ceyuan.models.serving.endpoints import _seen
from ceyuan.models.serving.service import may_see, see_served
from ceyuan.models.serving.wiring import hear_release
from tests.identity.actors import People
from tests.models.tiny_gguf import write_tiny_model

FILE = "hub:models/lab/mini@main:mini.gguf"


@dataclass
class Book:
    """Says what is released."""

    released: set[str] = field(default_factory=set)

    async def is_released(self, uow: UnitOfWork, node_id: str) -> bool:
        return node_id in self.released


@dataclass
class House:
    platform: Platform
    book: Book
    org: str
    other: str
    node: str

    async def serve(self, **fields: object) -> None:
        async with self.platform.work(SYSTEM) as uow:
            await serve_model(uow, NewServed(**{"name": "mini", **fields}), replace_existing=True)  # type: ignore[arg-type]

    async def callers(self) -> tuple[bool, bool]:
        """Whether the owner may call the model, and whether another organisation may."""
        (directory,) = self.platform.find(ModelDirectory)
        await directory.reload()
        return directory.find("mini", self.org) is not None, directory.find("mini", self.other) is not None


@pytest.fixture
async def house(built: Platform, tmp_path: Path) -> House:
    """A lab with a model in the hub, and another organisation."""
    people, book = People(built), Book()
    org = await people.organisation("lab", li="owner")
    other = await people.organisation("other", wang="owner")
    built.provide(ReleaseBook, book)  # type: ignore[type-abstract]
    folder = tmp_path / "model"
    folder.mkdir()
    write_tiny_model(folder / "mini.gguf")
    async with built.work(SYSTEM) as uow:
        await create_repository(uow, "model", "lab", "mini", exist_ok=True)
    revision = await commit_folder(built, "models/lab/mini", folder, message="first", actor=SYSTEM)
    # Its file lies on this machine already, so that nothing has to be brought.
    local = built.data_dir / "models" / revision.ref.replace("/", "--")
    local.mkdir(parents=True)
    write_tiny_model(local / "mini.gguf")
    return House(built, book, org, other, revision.node_id)


async def test_a_candidate_is_its_owners_alone_whatever_its_visibility_says(house: House) -> None:
    await house.serve(file=FILE)
    assert await house.callers() == (True, False)
    await house.serve(file=FILE, visible_to=[house.other])
    assert await house.callers() == (True, False)
    async with house.platform.work(Actor("person", "per_x", "x", roles={house.other: "owner"}), write=False) as uow:
        from ceyuan.models.serving import repository

        assert not may_see(uow, await repository.get_served(uow.session, "mini"))


async def test_a_release_lets_it_out_and_a_rejection_does_not(house: House) -> None:
    await house.serve(file=FILE)
    for state, expected in (("rejected", False), ("released", True), ("withdrawn", False)):
        async with house.platform.work(SYSTEM) as uow:
            await hear_release(uow, Event("model.release_decided", {"model_node": house.node, "state": state}))
        assert await house.callers() == (True, expected)


async def test_what_is_released_already_is_served_to_all_at_once(house: House) -> None:
    house.book.released.add(house.node)
    await house.serve(file=FILE)
    assert await house.callers() == (True, True)
    async with house.platform.work(SYSTEM, write=False) as uow:
        assert (await see_served(uow, "mini")).released


async def test_an_upstreams_model_and_an_operators_file_are_no_candidates(house: House, tmp_path: Path) -> None:
    await house.serve(file=f"file:{write_tiny_model(tmp_path / 'own.gguf')}")
    assert await house.callers() == (True, True)
    async with house.platform.work(SYSTEM) as uow:
        await add_upstream(uow, NewUpstream("cloud", "http://127.0.0.1:9/v1"))
    await house.serve(upstream="cloud")
    assert await house.callers() == (True, True)


async def test_a_private_repository_is_not_told_by_the_model_that_is_served_of_it(house: House) -> None:
    house.book.released.add(house.node)
    await house.serve(file=FILE)
    (directory,) = house.platform.find(ModelDirectory)

    async def told(visibility: str) -> list[str | None]:
        async with house.platform.work(SYSTEM) as uow:
            (await find_by_reference(uow, "models/lab/mini")).visibility = visibility
        await directory.reload()
        seen = []
        for org in (house.org, house.other):
            actor = Actor("person", f"per_{org}", "x", roles={org: "member"}, scopes=frozenset({"*"}))
            async with house.platform.work(actor, write=False) as uow:
                row = await see_served(uow, "mini")
                seen.append(_seen(uow, row, await tellable(uow, [row.revision])).revision)
            route = directory.find("mini", org)
            assert route is not None
            seen.append(route.revision_for(org))
        return seen

    ref = (await told("public"))[0]
    assert ref is not None
    assert ref.startswith("models/lab/mini@")
    assert await told("public") == [ref, ref, ref, ref]
    assert await told("private") == [ref, ref, None, None]


async def test_what_may_be_told_of_repositories(house: House) -> None:
    stranger = Actor("person", "per_x", "x", roles={house.other: "owner"}, scopes=frozenset({"*"}))
    asked = ["models/lab/mini@main", "lab/mini", "sha256:00", "models/lab/none@main", None]
    async with house.platform.work(SYSTEM) as uow:
        (await find_by_reference(uow, "models/lab/mini")).visibility = "private"
    async with house.platform.work(stranger, write=False) as uow:
        assert await tellable(uow, asked) == {"sha256:00"}
        assert await tellable(uow, asked, SYSTEM) == set(asked) - {None}
    async with house.platform.work(SYSTEM) as uow:
        (await find_by_reference(uow, "models/lab/mini")).visibility = "internal"
    async with house.platform.work(stranger, write=False) as uow:
        assert await tellable(uow, asked) == {"sha256:00", "models/lab/mini@main", "lab/mini"}
        assert await tellable(uow, asked, ANONYMOUS) == {"sha256:00"}
