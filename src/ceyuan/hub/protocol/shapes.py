"""Repositories, files and commits as the Hub's clients read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from ceyuan.hub.history.tables import HubCommit
from ceyuan.hub.repositories.cards import labels_of
from ceyuan.hub.repositories.tables import HubRepository
from ceyuan.hub.trees import Entry, File, Folder, pointer


def moment(at: datetime) -> str:
    """A time as the clients parse it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def gate_of(row: HubRepository) -> str | bool:
    """`auto`, `manual`, or false where nobody has to ask."""
    return False if row.gated == "no" else row.gated


def repository_info(row: HubRepository, commit: HubCommit | None = None) -> dict[str, Any]:
    """What an answer about a repository says in any case."""
    labels = labels_of(row.declared, row.card)
    tags = [*labels.tag, *(f"language:{v}" if row.kind == "dataset" else v for v in labels.language)]
    tags += [f"license:{v}" for v in labels.licence]
    tags += [f"task_categories:{v}" if row.kind == "dataset" else v for v in labels.task]
    full = f"{row.owner}/{row.name}"
    info: dict[str, Any] = {
        "_id": row.id,
        "id": full,
        "author": row.owner,
        "sha": commit.id if commit is not None else row.head_commit,
        "lastModified": moment(row.updated_at),
        "createdAt": moment(row.created_at),
        "private": row.visibility != "public",
        "visibility": row.visibility,
        "gated": gate_of(row),
        "disabled": False,
        "downloads": row.downloads,
        "likes": row.likes,
        "tags": list(dict.fromkeys(tags)),
    }
    if row.kind == "model":
        info |= {"modelId": full}
        if labels.task:
            info["pipeline_tag"] = labels.task[0]
        library = row.card.get("library_name")
        if isinstance(library, str):
            info["library_name"] = library
            info["tags"] = list(dict.fromkeys([library, *info["tags"]]))
    else:
        info["description"] = row.description
    return info


def card_data(row: HubRepository) -> dict[str, Any] | None:
    """The front matter of the card, if there is one."""
    return dict(row.card) or None


def file_info(path: str, file: File, *, blobs: bool) -> dict[str, Any]:
    """A file in the list of a repository's files."""
    if not blobs:
        return {"rfilename": path}
    info: dict[str, Any] = {"rfilename": path, "size": file.size, "blobId": file.git_oid}
    return info | (
        {"lfs": {"sha256": file.sha256, "size": file.size, "pointerSize": _pointer(file)}} if file.large else {}
    )


def entry_info(path: str, entry: Entry, xet: Mapping[str, str]) -> dict[str, Any]:
    """A file or folder in a listing of a tree; `xet` has the Xet hashes by SHA-256."""
    if isinstance(entry, Folder):
        return {"type": "directory", "oid": entry.git_oid, "size": 0, "path": path}
    info: dict[str, Any] = {"type": "file", "oid": entry.git_oid, "size": entry.size, "path": path}
    if entry.large:
        info["lfs"] = {"oid": entry.sha256, "size": entry.size, "pointerSize": _pointer(entry)}
        if entry.sha256 in xet:
            info["xetHash"] = xet[entry.sha256]
    return info


_SAFETY = {"safe": "safe", "caution": "suspicious", "unsafe": "unsafe", "waiting": "queued", "unknown": "unscanned"}


def file_safety(verdict: str) -> dict[str, Any]:
    """What the scanners say of a file; no scanner here is one for viruses."""
    return {"status": _SAFETY[verdict], "avScan": None, "pickleImportScan": None}


def repository_safety(verdicts: Mapping[str, str]) -> dict[str, Any]:
    """What the scanners say of all files, and whether they have looked at all of them."""
    issues = [(path, verdict) for path, verdict in verdicts.items() if verdict in ("caution", "unsafe")]
    return {
        "scansDone": "waiting" not in verdicts.values(),
        "filesWithIssues": [{"path": path, "level": _SAFETY[verdict]} for path, verdict in issues],
    }


def _pointer(file: File) -> int:
    """The bytes of the Git LFS pointer to a file."""
    return len(pointer(file.sha256, file.size))


def last_commit(commit: HubCommit) -> dict[str, Any]:
    """The commit that changed an entry last."""
    return {"id": commit.id, "title": commit.title, "date": moment(commit.created_at)}


def commit_info(commit: HubCommit) -> dict[str, Any]:
    """A commit in a history."""
    return {
        "id": commit.id,
        "title": commit.title,
        "message": commit.description,
        "date": moment(commit.created_at),
        "authors": [{"user": commit.author}],
        "parents": commit.parents,
    }


def large_hashes(entries: Iterable[tuple[str, Entry]]) -> list[str]:
    """The SHA-256 of the large files among entries."""
    return [entry.sha256 for _, entry in entries if isinstance(entry, File) and entry.large]
