"""Repositories of datasets, models and reports: create, find, upload, download, history, differences."""

from __future__ import annotations

import fnmatch
import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from ceyuan.kernel.errors import Invalid, Unavailable
from ceyuan.sdk.wire import PlatformProblem, Wire

_KINDS = {"datasets": "dataset", "models": "model", "reports": "report"}
_REST = "/api/v1/repositories"
_BLOCK = 1024 * 1024


class Hub:
    """The hub of one platform. References are written `datasets/owner/name@revision`; the prefix (`datasets`,
    `models`, `reports`) may be left out where the name is of one kind only, the revision for the default branch."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def create(
        self, kind: str, name: str, *, visibility: str = "private", exist_ok: bool = False, **fields: Any
    ) -> Any:
        """Create the repository `owner/name` of `kind` (dataset, model, report)."""
        owner, slash, own = name.partition("/")
        if not slash:
            raise Invalid((f"“{name}”应为 owner/name", f"write “{name}” as owner/name"))
        body = {"kind": kind, "owner": owner, "name": own, "visibility": visibility, "exist_ok": exist_ok, **fields}
        return self._wire.call("POST", _REST, json=body)

    def list(self, *, limit: int = 50, **filters: Any) -> Iterator[dict[str, Any]]:
        """Repositories that match; filters are those of the interface: kind, owner, text, licence, tag, sort, ..."""
        cursor, left = None, limit
        while left > 0:
            params = {**filters, "cursor": cursor, "limit": min(left, 200)}
            page = self._wire.call("GET", _REST, params={k: v for k, v in params.items() if v is not None})
            yield from page["items"]
            left, cursor = left - len(page["items"]), page["next"]
            if cursor is None:
                return

    def show(self, reference: str) -> Any:
        """One repository."""
        return self._wire.call("GET", self._address(reference)[0])

    def files(self, reference: str, path: str = "") -> Iterator[dict[str, Any]]:
        """All files of a revision (below `path`), with size, hash and download address."""
        address, revision = self._address(reference)
        cursor = None
        while True:
            params = {"revision": revision, "path": path, "recursive": True, "limit": 1000, "cursor": cursor}
            page = self._wire.call(
                "GET", f"{address}/tree", params={k: v for k, v in params.items() if v not in (None, "")}
            )
            # The first page fixes the commit: a listing must not change while it is read.
            revision, cursor = page["commit"], page["next"]
            yield from page["items"]
            if cursor is None:
                return

    def upload(
        self,
        reference: str,
        source: str | os.PathLike[str],
        *,
        into: str = "",
        message: str = "Upload",
        mirror: bool = False,
        ignore: Sequence[str] = (),
    ) -> Any:
        """Upload a file, or all files of a folder, as one commit; returns the revision.

        A file becomes `into` (or keeps its name), the files of a folder go below `into`. Content that is there
        already is not sent. With `mirror` files below `into` that the folder does not have are deleted. The
        revision of `reference` is the branch to commit to.
        """
        address, branch = self._address(reference)
        root, local = Path(source), _local_files(Path(source), into.strip("/"), ignore)
        there = {row["path"]: row["sha256"] for row in self.files(reference)}
        operations: list[dict[str, str]] = []
        for path, file in local.items():
            sha256 = _hash(file)
            if there.get(path) == sha256:
                continue
            sent = self._send(address, file, sha256)
            operations.append({"op": "add", "path": path, "sha256": sent})
        if mirror and root.is_dir():
            prefix = f"{into.strip('/')}/" if into.strip("/") else ""
            gone = sorted(path for path in there if path.startswith(prefix) and path not in local)
            operations = [{"op": "delete", "path": path} for path in gone] + operations
        if not operations:
            return self._wire.call("GET", f"{address}/commit", params={"revision": branch} if branch else {})
        body = {"message": message, "branch": branch, "operations": operations}
        return self._wire.call("POST", f"{address}/commits", json=body, timeout=600.0)

    def download(self, reference: str, into: str | os.PathLike[str], *, only: Sequence[str] = ()) -> Path:
        """Download a revision below the folder `into`; files that are there already are kept.

        `only` are patterns over paths. Interrupted files go on where they stopped; each is checked by its hash.
        """
        target = Path(into)
        for row in self.files(reference):
            if only and not any(fnmatch.fnmatch(row["path"], pattern) for pattern in only):
                continue
            self._fetch(row, _inside(target, row["path"]))
        target.mkdir(parents=True, exist_ok=True)
        return target

    def history(self, reference: str, *, path: str = "", limit: int = 50) -> Sequence[dict[str, Any]]:
        """The newest commits of a revision, or those that changed `path`."""
        address, revision = self._address(reference)
        params = {"revision": revision, "path": path, "limit": min(limit, 200)}
        page = self._wire.call("GET", f"{address}/commits", params={k: v for k, v in params.items() if v})
        found: Sequence[dict[str, Any]] = page["items"]
        return found

    def diff(self, reference: str, old: str, new: str) -> Any:
        """Which files lead from the revision `old` to `new` of a repository."""
        return self._wire.call("GET", f"{self._address(reference)[0]}/compare", params={"old": old, "new": new})

    def signatures(self, reference: str) -> Any:
        """Who vouches for a revision: commit, tree, the signed statement, and the signatures with their keys."""
        address, revision = self._address(reference)
        return self._wire.call("GET", f"{address}/signatures", params={"revision": revision} if revision else {})

    def sign(self, reference: str, key_id: str, signature: str) -> None:
        """Keep a signature (hexadecimal) of the revision's statement by one's registered key."""
        address, revision = self._address(reference)
        body = {"key_id": key_id, "signature": signature}
        self._wire.call("POST", f"{address}/signatures", params={"revision": revision} if revision else {}, json=body)

    @staticmethod
    def tree_id(files: Iterable[Mapping[str, Any]]) -> str:
        """The SHA-256 that identifies the content of a revision, computed from the list of its files.

        A folder is the line `ceyuan-tree 1` and a line for each entry in the order of the names' bytes: kind, hash (of
        a folder: its own such id), size (files only), a tab, the name.
        """
        root: dict[str, Any] = {}
        for row in files:
            *folders, name = row["path"].split("/")
            place = root
            for folder in folders:
                place = place.setdefault(folder, {})
            place[name] = row
        return _folder_id(root)

    @staticmethod
    def differing(files: Iterable[Mapping[str, Any]], folder: str | os.PathLike[str]) -> Iterator[str]:
        """The paths whose local file below `folder` is missing or has other content."""
        for row in files:
            local = _inside(Path(folder), row["path"])
            if not local.is_file() or local.stat().st_size != row["size"] or _hash(local) != row["sha256"]:
                yield row["path"]

    def add_signing_key(self, name: str, public_key: str) -> Any:
        """Register one's public Ed25519 key (hexadecimal)."""
        return self._wire.call("POST", "/api/v1/signing-keys", json={"name": name, "public_key": public_key})

    def _address(self, reference: str) -> tuple[str, str | None]:
        """The repository's address in the interface, and the revision that the reference names."""
        name, _, revision = reference.partition("@")
        parts = name.split("/")
        if len(parts) == 3 and parts[0] in _KINDS:
            kind, owner, own = _KINDS[parts[0]], parts[1], parts[2]
        elif len(parts) == 2 and all(parts):
            owner, own = parts
            kind = self._kind_of(reference, owner, own)
        else:
            raise Invalid(
                (f"“{reference}”不是仓库引用", f"“{reference}” is no reference to a repository"),
                hint=("形如 datasets/owner/name", "write it as datasets/owner/name"),
            )
        return f"{_REST}/{kind}/{quote(owner)}/{quote(own)}", revision or None

    def _kind_of(self, reference: str, owner: str, name: str) -> str:
        found = [row["kind"] for row in self.list(owner=owner, text=f"{owner}/{name}") if row["name"] == name]
        if len(set(found)) != 1:
            raise Invalid(
                (f"无法判断“{reference}”的种类", f"the kind of “{reference}” is not clear"),
                hint=("请写明 datasets/、models/ 或 reports/", "begin it with datasets/, models/ or reports/"),
            )
        return str(found[0])

    def _send(self, address: str, file: Path, sha256: str) -> str:
        # A generator without length would be sent in chunks: the size lets the platform refuse at once.
        headers = {"Content-Length": str(file.stat().st_size), "Content-Type": "application/octet-stream"}
        made = self._wire.call(
            "PUT", f"{address}/uploads", content=_blocks(file), headers=headers, params={"sha256": sha256}, timeout=None
        )
        return str(made["sha256"])

    def _fetch(self, row: dict[str, Any], target: Path) -> None:
        if target.is_file() and target.stat().st_size == row["size"] and _hash(target) == row["sha256"]:
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        if not row["url"].startswith("/") or row["url"].startswith("//"):
            raise Invalid(("下载地址不属于该平台", "the download address is not on this platform"))
        part = target.with_name(f".{target.name[:200]}.ceyuan-part")
        have = part.stat().st_size if part.exists() else 0
        if have >= row["size"] > 0 or have > row["size"]:
            part.unlink(missing_ok=True)
            have = 0
        headers = {"Range": f"bytes={have}-"} if have else {}
        try:
            with self._wire.client.stream("GET", row["url"], headers=headers, timeout=None) as response:
                if response.is_error:
                    response.read()
                    raise PlatformProblem(_json(response), response.status_code)
                mode = "ab" if response.status_code == 206 else "wb"
                with part.open(mode) as file:
                    for chunk in response.iter_bytes(_BLOCK):
                        file.write(chunk)
        except httpx.TransportError as error:
            raise Unavailable(
                (f"“{row['path']}”下载中断", f"the download of “{row['path']}” broke off"),
                hint=("再次运行会从中断处继续", "run it again: it goes on where it stopped"),
            ) from error
        if _hash(part) != row["sha256"]:
            part.unlink()
            raise Unavailable(
                (f"“{row['path']}”内容校验失败", f"the content of “{row['path']}” does not have its hash"),
                hint=("请重试", "try again"),
            )
        part.replace(target)


def _folder_id(entries: Mapping[str, Any]) -> str:
    digest = hashlib.sha256(b"ceyuan-tree 1\n")
    for name in sorted(entries, key=str.encode):
        entry = entries[name]
        if "sha256" in entry and not isinstance(entry["sha256"], dict):
            kind = {(True, True): "large-exec", (True, False): "large", (False, True): "exec"}.get(
                (entry["large"], entry["executable"]), "file"
            )
            line = f"{kind} {entry['sha256']} {entry['size']}\t{name}\n"
        else:
            line = f"folder {_folder_id(entry)}\t{name}\n"
        digest.update(line.encode())
    return digest.hexdigest()


def _json(response: httpx.Response) -> dict[str, Any]:
    try:
        found = response.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _local_files(source: Path, into: str, ignore: Sequence[str]) -> dict[str, Path]:
    """Remote path → local file, sorted; links and what is ignored are left out."""
    if source.is_file():
        return {into or source.name: source}
    if not source.is_dir():
        raise Invalid((f"“{source}”不存在", f"“{source}” does not exist"))
    found: dict[str, Path] = {}
    for file in sorted(source.rglob("*")):
        path = file.relative_to(source).as_posix()
        if file.is_file() and not file.is_symlink() and not any(fnmatch.fnmatch(path, p) for p in ignore):
            found[f"{into}/{path}" if into else path] = file
    return found


def _inside(target: Path, path: str) -> Path:
    """Where a remote path lies below `target`; a path that would leave it is refused, whoever sent it."""
    placed = target / path
    if Path(path).is_absolute() or ".." in Path(path).parts:
        raise Invalid((f"路径“{path}”越界", f"the path “{path}” leaves the folder"))
    return placed


def _blocks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as stream:
        while block := stream.read(_BLOCK):
            yield block


def _hash(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
