"""What changed: documents to put in and documents to take out; found in a folder by its files."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ceyuan.data.files import read_json, sha256_of, write_json
from ceyuan.data.readers import Document, ReadOptions, Rejection, read_path

__all__ = ["Change", "changed_files"]


@dataclass(frozen=True, slots=True)
class Change:
    """``put``: new documents and new forms of known ones, by id; ``delete``: ids that are no more."""

    put: Iterable[Document]
    delete: tuple[str, ...] = ()


def changed_files(
    folder: Path, noted: Path, options: ReadOptions | None = None
) -> tuple[Change, list[Rejection], "FolderState"]:
    """The change of ``folder`` since the state in the file ``noted``, what could not be read, and the new state.

    A file is looked into only where its size or time differ, and read only where its content does; of a file that
    is read again, documents that are no longer in it are deleted. Keep the state (``FolderState.keep``) after the
    change was taken in.
    """
    before = read_json(noted).get("files", {})
    known: dict[str, dict[str, object]] = before if isinstance(before, dict) else {}
    put: list[Document] = []
    gone: list[str] = []
    rejections: list[Rejection] = []
    now: dict[str, dict[str, object]] = {}
    files = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    for name, path in files.items():
        facts = path.stat()
        old = known.get(name, {})
        if old and [old["size"], old["time"]] == [facts.st_size, facts.st_mtime_ns]:
            now[name] = old
            continue
        digest = sha256_of(path)
        if old and old["sha256"] == digest:
            now[name] = old | {"time": facts.st_mtime_ns}
            continue
        here = list(_read(path, name, options, rejections))
        put += here
        ids = [one.id for one in here]
        gone += sorted({str(one) for one in _ids(old)} - set(ids))
        now[name] = {"size": facts.st_size, "time": facts.st_mtime_ns, "sha256": digest, "ids": ids}
    for name in sorted(known.keys() - files.keys()):
        gone += [str(one) for one in _ids(known[name])]
    return Change(put, tuple(gone)), rejections, FolderState(noted, now)


@dataclass(frozen=True, slots=True)
class FolderState:
    """What is known of a folder's files."""

    noted: Path
    files: dict[str, dict[str, object]]

    def keep(self) -> None:
        """Remember it for the next time."""
        write_json(self.noted, {"files": self.files})


def _ids(facts: dict[str, object]) -> list[object]:
    ids = facts.get("ids", [])
    return ids if isinstance(ids, list) else []


def _read(path: Path, name: str, options: ReadOptions | None, rejections: list[Rejection]) -> Iterator[Document]:
    for one in read_path(path, options):
        if isinstance(one, Rejection):
            rejections.append(Rejection(f"{name}{one.where.removeprefix(path.name)}", one.reason, one.detail))
        else:
            own = f"{name}{one.id.removeprefix(path.name)}"
            group = f"{name}{one.group.removeprefix(path.name)}" if one.group else ""
            yield Document(own, one.text, one.title, group, one.domain, one.rank, one.meta, vector=one.vector)
