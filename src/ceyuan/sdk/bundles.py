"""One file that carries a revision across an air gap: what is in it is signed, listed and verified on the other side.

A bundle is an uncompressed tar archive. Its first member, `ceyuan-bundle.json`, names the revision, the statement that
was signed, the signatures, and every file with its hash; the files follow below `files/` in that order.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ceyuan.kernel.errors import Invalid
from ceyuan.sdk.hub import Hub

MANIFEST, FOLDER = "ceyuan-bundle.json", "files/"
_MOST_MANIFEST = 256 * 1024 * 1024
_BLOCK = 1024 * 1024
_FIELDS = ("path", "size", "sha256", "large", "executable")


def export_bundle(hub: Hub, reference: str, target: str | os.PathLike[str]) -> dict[str, Any]:
    """Write the revision that `reference` names into the file `target`; returns the manifest without its files."""
    found = hub.signatures(reference)
    row = hub.show(reference)
    fixed = f"{row['kind']}s/{row['full_name']}@{found['commit']}"
    files = [{name: entry[name] for name in _FIELDS} for entry in hub.files(fixed)]
    head = {
        "format": 1,
        "reference": fixed,
        "commit": found["commit"],
        "tree": found["tree"],
        "statement": found["statement"],
        "signatures": [
            {name: each[name] for name in ("by", "kind", "key_id", "public_key", "signature")}
            for each in found["signatures"]
        ],
    }
    place = Path(target)
    part = place.with_name(f".{place.name}.part")
    try:
        with tempfile.TemporaryDirectory(dir=place.parent, prefix=".ceyuan-bundle-") as folder:
            hub.download(fixed, folder)
            with tarfile.open(part, "w", format=tarfile.PAX_FORMAT) as archive:
                _add(archive, MANIFEST, json.dumps({**head, "files": files}, ensure_ascii=False).encode())
                for entry in files:
                    info = tarfile.TarInfo(FOLDER + entry["path"])
                    info.size = entry["size"]
                    with (Path(folder) / entry["path"]).open("rb") as content:
                        archive.addfile(info, content)
        os.replace(part, place)
    finally:
        part.unlink(missing_ok=True)
    return {**head, "files": len(files)}


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    archive.addfile(info, io.BytesIO(data))


def unpack_bundle(source: str | os.PathLike[str], into: Path, *, trust: Sequence[str] = ()) -> dict[str, Any]:
    """Verify a bundle and put its files below the folder `into`; returns the manifest.

    Verified are: the list of files against the signed tree, every signature against the statement, a signature by each
    of the public keys (hexadecimal) in `trust`, every file against its hash, and that nothing is missing or more.
    Raises `Invalid` at the first fault.
    """
    try:
        with tarfile.open(source, "r:") as archive:
            first = archive.next()
            if first is None or first.name != MANIFEST or not first.isfile() or first.size > _MOST_MANIFEST:
                raise _fault("不是导出包", "this is no bundle")
            manifest = json.loads(_content(archive, first).read())
            _check(manifest, trust)
            for entry in manifest["files"]:
                member = archive.next()
                if member is None or not member.isfile() or member.name != FOLDER + entry["path"]:
                    raise _fault(f"缺少文件 {entry['path']}", f"the file {entry['path']} is missing")
                _place(_content(archive, member), entry, into)
            if archive.next() is not None:
                raise _fault("包含清单之外的内容", "there is more in it than it lists")
    except (tarfile.TarError, json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError, EOFError) as error:
        raise _fault("不是完整的导出包", "this is no whole bundle") from error
    found: dict[str, Any] = manifest
    return found


def import_bundle(
    hub: Hub, source: str | os.PathLike[str], name: str, *, trust: Sequence[str] = (), visibility: str = "private"
) -> Any:
    """Verify a bundle and make its content the newest revision of the repository `owner/name`, which is made if there
    is none; returns the revision."""
    with tempfile.TemporaryDirectory(prefix="ceyuan-bundle-") as folder:
        manifest = unpack_bundle(source, Path(folder), trust=trust)
        kinds, _, _ = str(manifest["reference"]).partition("/")
        hub.create(kinds.removesuffix("s"), name, visibility=visibility, exist_ok=True)
        return hub.upload(f"{kinds}/{name}", folder, message=f"Import {manifest['reference']}", mirror=True)


def is_bundle(source: str | os.PathLike[str]) -> bool:
    """Whether a file begins as a bundle does."""
    try:
        with tarfile.open(source, "r:") as archive:
            first = archive.next()
    except (tarfile.TarError, OSError):
        return False
    return first is not None and first.name == MANIFEST


def import_archive(
    hub: Hub, source: str | os.PathLike[str], kind: str, name: str, *, visibility: str = "private"
) -> Any:
    """Make the files of a folder, or of a .zip or .tar archive (also compressed), the newest revision of the repository
    `owner/name`, which is made if there is none. Members that would leave the folder, and links, are refused."""
    hub.create(kind, name, visibility=visibility, exist_ok=True)
    target, message = f"{kind}s/{name}", f"Import {Path(source).name}"
    if Path(source).is_dir():
        return hub.upload(target, source, message=message, mirror=True)
    with tempfile.TemporaryDirectory(prefix="ceyuan-import-") as folder:
        try:
            if zipfile.is_zipfile(source):
                with zipfile.ZipFile(source) as packed:
                    packed.extractall(folder)
            else:
                with tarfile.open(source) as archive:
                    archive.extractall(folder, filter="data")
        except (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError) as error:
            raise Invalid(
                (f"无法解开 {Path(source).name}:{error}", f"{Path(source).name} cannot be unpacked: {error}"),
                hint=("支持 zip 与 tar(可压缩)", "zip and tar archives are read, also compressed"),
            ) from error
        return hub.upload(target, folder, message=message, mirror=True)


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    content = archive.extractfile(member)
    assert content is not None
    return content


def _check(manifest: Mapping[str, Any], trust: Sequence[str]) -> None:
    if manifest["format"] != 1:
        raise _fault("导出包的格式版本未知", "the bundle is of a later format")
    statement = str(manifest["statement"])
    if f"\ntree {manifest['tree']}\n" not in statement or f"\ncommit {manifest['commit']}\n" not in statement:
        raise _fault("签名不属于该版本", "the signatures are not of this revision")
    if Hub.tree_id(manifest["files"]) != manifest["tree"]:
        raise _fault("文件清单与所签内容不符", "the list of files is not what was signed")
    signed = {str(each["public_key"]) for each in manifest["signatures"] if _signed(each, statement.encode())}
    if len(signed) != len(manifest["signatures"]):
        raise _fault("有签名无效", "a signature is not valid")
    for public in trust:
        if public.lower() not in signed:
            raise _fault(f"没有密钥 {public[:16]}… 的签名", f"the key {public[:16]}… did not sign it")


def _signed(row: Mapping[str, Any], statement: bytes) -> bool:
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(row["public_key"]))
        key.verify(bytes.fromhex(row["signature"]), statement)
    except (InvalidSignature, ValueError):
        return False
    return True


def _place(content: IO[bytes], entry: Mapping[str, Any], into: Path) -> None:
    parts = Path(entry["path"]).parts
    if not parts or ".." in parts or Path(entry["path"]).is_absolute():
        raise _fault(f"路径“{entry['path']}”越界", f"the path “{entry['path']}” leaves the folder")
    target = into.joinpath(*parts)
    target.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with target.open("xb") as file:
        while block := content.read(_BLOCK):
            digest.update(block)
            size += len(block)
            file.write(block)
    if (digest.hexdigest(), size) != (entry["sha256"], entry["size"]):
        raise _fault(f"文件 {entry['path']} 与其哈希不符", f"the file {entry['path']} does not have its hash")


def _fault(zh: str, en: str) -> Invalid:
    return Invalid((zh, en), hint=("请重新导出", "export it again"))
