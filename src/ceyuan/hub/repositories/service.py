"""Use cases of the catalogue: create, find, change, move, delete, restore."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, cast

from ceyuan.hub.errors import ReferenceAmbiguous, RepositoryExists, RestoreTooLate, RevisionNotFound
from ceyuan.hub.history import repository as history
from ceyuan.hub.history.commits import write_commit
from ceyuan.hub.history.source import DatabaseTrees
from ceyuan.hub.naming import HEADS, KINDS, Kind, Reference, check_repository_name, kind_label, path_key
from ceyuan.hub.owners import find_owner
from ceyuan.hub.repositories import repository
from ceyuan.hub.repositories.access import Visibility, can_read, not_found, require_change, require_read
from ceyuan.hub.repositories.cards import FACETS, clean, labels_of, parse_card, title_of
from ceyuan.hub.repositories.grading import grade_of, narrow, raise_grade, require_fitting, stricter
from ceyuan.hub.repositories.tables import HubRepository
from ceyuan.hub.settings import HubSettings
from ceyuan.hub.stored import Content
from ceyuan.hub.trees import EMPTY, Draft, file_of
from ceyuan.kernel.ids import is_id, new_id
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.work import UnitOfWork

MAIN = "main"


async def create_repository(
    uow: UnitOfWork,
    kind: Kind,
    owner: str,
    name: str,
    *,
    visibility: Visibility = "private",
    description: str = "",
    labels: Mapping[str, list[str]] | None = None,
    exist_ok: bool = False,
    attributes: Content | None = None,
) -> HubRepository:
    """Create an empty repository with the branch `main`; the actor must be a member of the owner.

    With `attributes`, a stored `.gitattributes`, the first commit holds that file.

    `labels` maps facets (licence, language, task, tag) to values; a card's front matter overrides them.
    With `exist_ok` a repository that exists is returned as it is, else `RepositoryExists` is raised.
    """
    uow.actor.require_known()
    uow.actor.require_scope("hub:write")
    check_repository_name(name)
    found = await find_owner(uow, owner)
    uow.actor.require_role(found.org_id, "member")
    now = uow.clock.now()
    key = path_key(kind, found.name, name)
    declared = {facet: list((labels or {}).get(facet, ())) for facet in FACETS}
    row = await repository.insert(
        uow.session,
        {
            "id": new_id("rep"),
            "kind": kind,
            "org_id": found.org_id,
            "owner": found.name,
            "name": name,
            "path_key": key,
            "visibility": visibility,
            "title": "",
            "description": clean(description),
            "default_branch": MAIN,
            "declared": declared,
            "card": {},
            "search_text": "",
            "created_by": uow.actor.id,
            "creator": uow.actor.label,
            "created_at": now,
            "updated_at": now,
            "head_commit": "",
            "protected": [],
            **{"head_files": 0, "head_bytes": 0, "held_bytes": 0, "downloads": 0, "likes": 0, "gated": "no"},
        },
    )
    if row is None:
        existing = await repository.by_key(uow.session, key)
        if not exist_ok or existing is None:
            raise taken(kind, found.name, name)
        return existing
    require_fitting(row)
    await _begin(uow, row, attributes)
    await describe(uow, row)
    await uow.audit("hub.repository_create", row.id, row.org_id, kind=kind, name=f"{row.owner}/{name}")
    await uow.publish("hub.repository_created", **named(row))
    return row


async def _begin(uow: UnitOfWork, row: HubRepository, attributes: Content | None) -> None:
    """The first commit: it gives every repository a head, which the Hub's clients and git count on."""
    root, title = EMPTY, f"Create {row.owner}/{row.name}"
    if attributes is not None:
        trees = DatabaseTrees(uow.session, row.id)
        draft = Draft(trees)
        await draft.put(
            ".gitattributes", file_of(".gitattributes", attributes.sha256, attributes.size, attributes.git_oid)
        )
        sealed = draft.seal()
        await trees.keep(sealed)
        await uow.platform.blobs.refer(uow, [attributes.sha256])
        row.held_bytes = await history.hold(uow.session, row.id, {attributes.sha256: attributes.size})
        root, title = sealed.root, "initial commit"
    first = await write_commit(uow.session, row.id, root, None, author=uow.actor, at=row.created_at, title=title)
    await history.add_ref(uow.session, row.id, HEADS + MAIN, first.id, row.created_at)
    row.head_commit, row.head_files, row.head_bytes = first.id, first.files, first.bytes


def taken(kind: Kind, owner: str, name: str) -> RepositoryExists:
    """What is said when an address is in use."""
    label = kind_label(kind)
    return RepositoryExists(
        (f"{label[0]}“{owner}/{name}”已存在", f"A {label[1]} repository called “{owner}/{name}” already exists"),
        hint=("请换一个名称", "choose another name"),
        repository=f"{owner}/{name}",
    )


def named(row: HubRepository) -> dict[str, Any]:
    """What every event about a repository says."""
    return {"repository_id": row.id, "org_id": row.org_id, "kind": row.kind, "owner": row.owner, "name": row.name}


async def find_repository(uow: UnitOfWork, kind: Kind, owner: str, name: str) -> HubRepository:
    """The repository at an address, or that was there before it moved; raises `RepositoryNotFound`."""
    found = await repository.by_key(uow.session, path_key(kind, owner, name))
    if found is None:
        raise not_found()
    require_read(uow.actor, found)
    return found


async def find_by_reference(uow: UnitOfWork, reference: str | Reference) -> HubRepository:
    """The repository that a reference names, by its id too. Without a kind the name must be of one kind only,
    else `ReferenceAmbiguous` is raised."""
    if isinstance(reference, str) and is_id(reference.partition("@")[0], "rep"):
        row = await repository.by_id(uow.session, reference.partition("@")[0])
        if row is None or row.deleted_at is not None or not can_read(uow.actor, row):
            raise not_found()
        return row
    ref = Reference.parse(reference) if isinstance(reference, str) else reference
    if ref.kind is not None:
        return await find_repository(uow, ref.kind, ref.owner, ref.name)
    rows = [await repository.by_key(uow.session, path_key(kind, ref.owner, ref.name)) for kind in KINDS]
    seen = {row.id: row for row in rows if row is not None and can_read(uow.actor, row)}
    if not seen:
        raise not_found()
    if len(seen) > 1:
        kinds = sorted(row.kind for row in seen.values())
        raise ReferenceAmbiguous(
            (f"“{ref}”同时是{'、'.join(kinds)}", f"“{ref}” is the name of a {' and of a '.join(kinds)}"),
            hint=("请写明种类,如 datasets/owner/name", "say which, as in datasets/owner/name"),
        )
    return next(iter(seen.values()))


async def change_repository(
    uow: UnitOfWork,
    row: HubRepository,
    *,
    visibility: Visibility | None = None,
    description: str | None = None,
    labels: Mapping[str, list[str] | None] | None = None,
    default_branch: str | None = None,
    gated: str | None = None,
    protected: list[str] | None = None,
) -> HubRepository:
    """Change what is given. Visibility, gate (no, auto, manual), grade, default branch and protected branches need
    a maintainer, the rest a member."""
    grade = (labels or {}).get("grade")
    regraded = grade is not None and grade != row.declared.get("grade", [])
    of_weight = visibility or default_branch or gated or protected is not None or regraded
    require_change(uow.actor, row, "maintainer" if of_weight else "member")
    graded = grade_of(row)
    if protected is not None and protected != row.protected:
        await uow.audit("hub.protection_change", row.id, row.org_id, old=row.protected, new=protected)
        row.protected = protected
    if gated is not None and gated != row.gated:
        await uow.audit("hub.gate_change", row.id, row.org_id, old=row.gated, new=gated)
        row.gated = gated
    if visibility is not None and visibility != row.visibility:
        await uow.audit("hub.visibility_change", row.id, row.org_id, old=row.visibility, new=visibility)
        row.visibility = visibility
    if description is not None:
        row.description = clean(description)
    if labels:
        row.declared = {**row.declared, **{f: v for f, v in labels.items() if v is not None}}
    if grade_of(row) != graded:
        await uow.audit("hub.grade_change", row.id, row.org_id, old=graded, new=grade_of(row))
    require_fitting(row)
    if default_branch is not None and default_branch != row.default_branch:
        commit = await history.resolve(uow.session, row.id, HEADS + default_branch)
        if commit is None:
            raise RevisionNotFound((f"没有分支“{default_branch}”", f"there is no branch “{default_branch}”"))
        row.default_branch, row.head_commit = default_branch, commit.id
        row.head_files, row.head_bytes = commit.files, commit.bytes
    row.updated_at = uow.clock.now()
    await describe(uow, row)
    await uow.publish("hub.repository_changed", **named(row))
    return row


async def strictest_grade(uow: UnitOfWork, references: Iterable[str], grades: Iterable[str] = ()) -> str:
    """The strictest of the grades of these repositories and of those given besides; empty where none is graded."""
    strictest = ""
    for reference in references:
        strictest = stricter(strictest, grade_of(await find_by_reference(uow, reference)))
    for grade in grades:
        strictest = stricter(strictest, grade)
    return strictest


async def inherit_grade(
    uow: UnitOfWork, row: HubRepository, references: Iterable[str], grades: Iterable[str] = ()
) -> None:
    """Grade a repository as strictly as the repositories that its content is made of, and as the `grades` of what else
    it is made of, and close it as far as that demands; it is never graded lower so."""
    if await raise_grade(uow, row, await strictest_grade(uow, references, grades)):
        await describe(uow, row)


async def describe(uow: UnitOfWork, row: HubRepository, readme: str | None = None) -> None:
    """Bring labels, title and search text up to date; `readme` is the card when it has changed. Where its grade forbids
    that so many see the repository, fewer do from now on.

    A card whose front matter cannot be read leaves the labels of the one before.
    """
    if readme is not None:
        card = parse_card(readme)
        if card.problem is None:
            row.card = dict(card.metadata)
            row.title = title_of(card.metadata, card.body)
    await narrow(uow, row)
    labels = labels_of(row.declared, row.card)
    await repository.set_labels(uow.session, row.id, labels)
    words = [
        row.owner,
        row.name,
        f"{row.owner}/{row.name}",
        row.title,
        row.description,
        *(v for _, v in labels.pairs()),
    ]
    row.search_text = clean("\n".join(words)).lower()[:8000]


async def move_repository(uow: UnitOfWork, row: HubRepository, owner: str, name: str) -> HubRepository:
    """Give the repository another name or owner; its old address leads here until somebody takes it."""
    require_change(uow.actor, row, "maintainer")
    check_repository_name(name)
    target = await find_owner(uow, owner)
    uow.actor.require_role(target.org_id, "member" if target.org_id != row.org_id else "maintainer")
    old = {"owner": row.owner, "name": row.name}
    await rename(uow, row, target.name, name)
    row.org_id = target.org_id
    await describe(uow, row)
    await uow.audit("hub.repository_move", row.id, row.org_id, old=old, new={"owner": row.owner, "name": row.name})
    await uow.publish("hub.repository_moved", **named(row), former=f"{old['owner']}/{old['name']}")
    return row


async def rename(uow: UnitOfWork, row: HubRepository, owner: str, name: str) -> None:
    """Change the address and leave a redirect; raises `RepositoryExists` if it is another's."""
    kind = cast(Kind, row.kind)
    old_key, new_key = row.path_key, path_key(kind, owner, name)
    if new_key != old_key:
        there = await repository.by_key(uow.session, new_key)
        if there is not None and there.id != row.id and there.path_key == new_key:
            raise taken(kind, owner, name)
        if old_key is not None:
            await repository.redirect(uow.session, old_key, row.id, new_key)
            row.path_key = new_key
    row.owner, row.name, row.updated_at = owner, name, uow.clock.now()


async def delete_repository(uow: UnitOfWork, row: HubRepository) -> None:
    """Take the repository away: its name is free at once, and for some days it can be restored."""
    require_change(uow.actor, row, "maintainer")
    row.path_key, row.deleted_at = None, uow.clock.now()
    await uow.audit("hub.repository_delete", row.id, row.org_id, name=f"{row.owner}/{row.name}")
    await uow.publish("hub.repository_deleted", **named(row))


async def restore_repository(uow: UnitOfWork, repository_id: str) -> HubRepository:
    """Bring a deleted repository back under its name; raises `RestoreTooLate` or `RepositoryExists`."""
    uow.actor.require_known()
    row = await repository.by_id(uow.session, repository_id, lock=True)
    if row is None:
        raise not_found()
    require_change(uow.actor, row, "maintainer")
    if row.deleted_at is None:
        raise RestoreTooLate(("该仓库没有被删除", "this repository is not deleted"))
    key = path_key(cast(Kind, row.kind), row.owner, row.name)
    there = await repository.by_key(uow.session, key)
    if there is not None and there.path_key == key:
        raise taken(cast(Kind, row.kind), row.owner, row.name)
    row.path_key, row.deleted_at, row.updated_at = key, None, uow.clock.now()
    await uow.audit("hub.repository_restore", row.id, row.org_id, name=f"{row.owner}/{row.name}")
    await uow.publish("hub.repository_changed", **named(row))
    return row


async def purge_deleted(platform: Platform) -> int:
    """Remove for good what was deleted longer ago than it can be restored; returns how many."""
    horizon = platform.clock.now() - timedelta(days=platform.section(HubSettings).restore_days)
    async with platform.work() as uow:
        return await repository.purge(uow.session, horizon)
