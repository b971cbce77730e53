"""Reading on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import quote

from pydantic import BaseModel

from ceyuan.hub.browsing.cards import ShownCard
from ceyuan.hub.browsing.differences import Difference
from ceyuan.hub.browsing.service import View
from ceyuan.hub.commits.schemas import CommitOut
from ceyuan.hub.naming import PREFIXES, Kind
from ceyuan.hub.trees import Entry, Folder
from ceyuan.kernel.errors import Language, choose


class EntryOut(BaseModel):
    """A file or folder. `oid` is git's id of it; of a folder `size` and `files` count all that is below. `verdict` says
    of a file whether it could do harm: unknown where no scanner knows its form, waiting where none has looked yet."""

    path: str
    name: str
    type: Literal["file", "folder"]
    size: int
    files: int
    oid: str
    sha256: str | None
    large: bool
    executable: bool
    url: str | None
    verdict: Literal["safe", "caution", "unsafe", "unknown", "waiting"] | None


class TreeOut(BaseModel):
    """Entries of a folder of one commit; `next` is the cursor of the following page."""

    commit: str
    tree: str
    path: str
    items: list[EntryOut]
    next: str | None


class CommitsOut(BaseModel):
    """Commits, newest first; `next` is the revision to go on from."""

    items: list[CommitOut]
    next: str | None


class CardOut(BaseModel):
    """A card: front matter, Markdown, and what is wrong with the front matter if it cannot be read.
    `language` is empty for a README that does not name one."""

    commit: str
    path: str
    language: str
    languages: list[str]
    metadata: dict[str, Any]
    body: str
    problem: str | None


class ChangeOut(BaseModel):
    """A file that differs; sizes and hashes are null where it is not."""

    path: str
    status: Literal["added", "removed", "changed"]
    old_size: int | None
    new_size: int | None
    old_sha256: str | None
    new_sha256: str | None


class DifferenceOut(BaseModel):
    """What leads from one commit to another; `items` may be fewer than the counts say."""

    old: str
    new: str
    added: int
    removed: int
    changed: int
    added_bytes: int
    removed_bytes: int
    items: list[ChangeOut]


class TextDifferenceOut(BaseModel):
    """The unified diff of one file, null if it is no text or too long."""

    old: str
    new: str
    path: str
    diff: str | None


def resolve_url(kind: Kind, owner: str, name: str, revision: str, path: str) -> str:
    """Where a file is downloaded: the address that the Hub's clients use too."""
    prefix = "" if kind == "model" else f"{PREFIXES[kind]}/"
    return f"/{prefix}{owner}/{name}/resolve/{quote(revision, safe='')}/{quote(path)}"


def entry_out(view: View, path: str, entry: Entry, verdicts: Mapping[str, str]) -> dict[str, Any]:
    """What `EntryOut` shows."""
    common = {"path": path, "name": path.rpartition("/")[2], "verdict": verdicts.get(path)}
    if isinstance(entry, Folder):
        shown = {"type": "folder", "size": entry.bytes, "files": entry.files, "oid": entry.git_oid}
        return {**common, **shown, "sha256": None, "large": False, "executable": False, "url": None}
    revision = view.revision
    url = resolve_url(revision.kind, revision.owner, revision.name, revision.commit, path)
    shown = {"type": "file", "size": entry.size, "files": 1, "oid": entry.git_oid}
    shown |= {"sha256": entry.sha256, "large": entry.large, "executable": entry.executable}
    return {**common, **shown, "url": url}


def card_out(view: View, shown: ShownCard, language: Language) -> dict[str, Any]:
    """What `CardOut` shows."""
    card = shown.card
    return {
        "commit": view.commit.id,
        "path": shown.path,
        "language": shown.language,
        "languages": shown.languages,
        "metadata": card.metadata,
        "body": card.body,
        "problem": choose(card.problem, language) if card.problem else None,
    }


def difference_out(old: View, new: View, found: Difference) -> dict[str, Any]:
    """What `DifferenceOut` shows."""
    items = [
        {
            "path": change.path,
            "status": change.status,
            "old_size": change.old.size if change.old else None,
            "new_size": change.new.size if change.new else None,
            "old_sha256": change.old.sha256 if change.old else None,
            "new_sha256": change.new.sha256 if change.new else None,
        }
        for change in found.changes
    ]
    counts = {"added": found.added, "removed": found.removed, "changed": found.changed}
    sizes = {"added_bytes": found.added_bytes, "removed_bytes": found.removed_bytes}
    return {"old": old.commit.id, "new": new.commit.id, **counts, **sizes, "items": items}
