"""The keyring: master keys that wrap data keys, and seeds of signing keys, kept in one small JSON document.

The newest of each comes first and is the one in use; older ones stay readable until they are retired.
The document lies in a file of mode 0600 outside the database, or in the environment.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ceyuan.kernel.secrets.errors import KeyFault

KEY_BYTES = 32
ID_BYTES = 8
FORMAT = "ceyuan-keys-1"


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"ceyuan key id\x00" + key).digest()[:ID_BYTES]


@dataclass(frozen=True, slots=True)
class Keyring:
    """Master keys and signing seeds (32 bytes each), newest first; never empty."""

    masters: tuple[bytes, ...]
    seeds: tuple[bytes, ...]

    def __repr__(self) -> str:
        return f"Keyring({len(self.masters)} master keys, {len(self.seeds)} signing seeds)"

    @classmethod
    def fresh(cls) -> Keyring:
        """A keyring of new random keys."""
        return cls((os.urandom(KEY_BYTES),), (os.urandom(KEY_BYTES),))

    @property
    def current_id(self) -> bytes:
        """The id (8 bytes) of the master key in use."""
        return _key_id(self.masters[0])

    @property
    def by_id(self) -> dict[bytes, bytes]:
        """Master keys by their ids."""
        return {_key_id(key): key for key in self.masters}

    def with_new_master(self) -> Keyring:
        """The keyring after a rotation: a new master key in front."""
        return Keyring((os.urandom(KEY_BYTES), *self.masters), self.seeds)

    def with_new_seed(self) -> Keyring:
        """The keyring with a new signing seed in front; signatures by the older ones stay verifiable."""
        return Keyring(self.masters, (os.urandom(KEY_BYTES), *self.seeds))

    def without_old_masters(self) -> Keyring:
        """The keyring with only the master key in use: values still wrapped by older ones become unreadable."""
        return Keyring(self.masters[:1], self.seeds)

    def dump(self) -> str:
        """The document that `parse` reads."""
        document = {
            "format": FORMAT,
            "masters": [base64.b64encode(key).decode() for key in self.masters],
            "seeds": [base64.b64encode(seed).decode() for seed in self.seeds],
        }
        return json.dumps(document, indent=1) + "\n"


def _decode(text: object, origin: str) -> bytes:
    try:
        raw = base64.b64decode(text if isinstance(text, str) else "", validate=True)
    except binascii.Error:
        raw = b""
    if len(raw) != KEY_BYTES:
        raise KeyFault(
            (f"{origin}中的密钥不是 32 字节的 base64", f"a key in {origin} is not 32 bytes in base64"),
            hint=("可用 openssl rand -base64 32 生成", "openssl rand -base64 32 makes one"),
        )
    return raw


def parse(text: str, origin: str) -> Keyring:
    """The keyring written in `text`: a key file's document, or one bare key in base64.

    A bare key also yields the signing seed (HKDF-SHA256), so that one environment variable is enough.
    `origin` names the place in errors. Raises `KeyFault`.
    """
    text = text.strip()
    if not text.startswith("{"):
        master = _decode(text, origin)
        seed = HKDF(algorithm=hashes.SHA256(), length=KEY_BYTES, salt=None, info=b"ceyuan signing seed").derive(master)
        return Keyring((master,), (seed,))
    try:
        document = json.loads(text)
    except json.JSONDecodeError:
        document = None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise KeyFault(
            (f"{origin}不是密钥文件", f"{origin} is not a key file"),
            hint=("请恢复备份中的密钥文件", "restore the key file from its backup"),
        )
    lists = [document.get("masters"), document.get("seeds")]
    if any(not isinstance(keys, list) or not keys for keys in lists):
        raise KeyFault((f"{origin}中没有密钥", f"{origin} holds no key"))
    masters, seeds = (tuple(_decode(key, origin) for key in keys) for keys in lists if isinstance(keys, list))
    return Keyring(masters, seeds)


def read_file(path: Path) -> Keyring:
    """The keyring in `path`; raises `KeyFault` where others than its owner may read or write it."""
    try:
        with open(path, "rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            content = file.read()
    except OSError as error:
        raise KeyFault(
            (f"无法读取密钥文件 {path}:{error.strerror}", f"the key file {path} cannot be read: {error.strerror}"),
            hint=(
                "请恢复备份中的密钥文件,或用 CEYUAN_KEY_FILE 指定其位置",
                "restore the key file from its backup or set CEYUAN_KEY_FILE to its place",
            ),
        ) from error
    if mode & 0o077:
        raise KeyFault(
            (
                f"密钥文件 {path} 的权限为 {mode:04o},其他用户可以访问",
                f"the key file {path} has mode {mode:04o}: others can reach it",
            ),
            hint=(f"请运行 chmod 600 {path}", f"run chmod 600 {path}"),
        )
    return parse(content.decode("utf-8", "replace"), str(path))


def write_file(path: Path, keyring: Keyring, *, replace: bool) -> None:
    """Write `keyring` to `path` with mode 0600, whole or not at all; raises `FileExistsError` unless `replace`."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".keys-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(keyring.dump())
            file.flush()
            os.fsync(file.fileno())
        if replace:
            os.replace(name, path)
        else:
            os.link(name, path)
    finally:
        Path(name).unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
