"""The vault: seals small secrets by envelope encryption and signs with named keys.

A sealed value is `magic(4) | master key id(8) | nonce(12) | wrapped data key(48) | nonce(12) | ciphertext + tag(16)`:
each value has its own AES-256-GCM data key (NIST SP 800-38D), which the master key wraps. Rotation
therefore re-wraps 48 bytes and leaves the content alone. The context (such as `oidc.client_secret:idp_…`)
is authenticated with the content, so that a value copied into another row does not open there.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ceyuan.kernel.secrets.errors import KeyFault, UnsealFault
from ceyuan.kernel.secrets.keyring import ID_BYTES, KEY_BYTES, Keyring, parse, read_file, write_file
from ceyuan.kernel.secrets.settings import SecretSettings

MAGIC = b"CYS1"
_NONCE = 12
_WRAPPED = KEY_BYTES + 16
_HEADER = len(MAGIC) + ID_BYTES
_PREFIX = _HEADER + _NONCE + _WRAPPED


@dataclass(frozen=True, slots=True)
class Signature:
    """An Ed25519 signature (64 bytes) and the id (16 hexadecimal digits) of the public key that checks it."""

    key_id: str
    value: bytes


def public_key_id(public_key: bytes) -> str:
    """The id of an Ed25519 public key (32 raw bytes): the first 16 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(public_key).hexdigest()[:16]


def verify_signature(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` is the Ed25519 (RFC 8032) signature of `message`; needs no vault."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


class Vault:
    """Encrypts, decrypts, signs; rotates its keys when they come from a file."""

    def __init__(self, keyring: Keyring, *, path: Path | None = None) -> None:
        self._keyring = keyring
        self._path = path
        self._lock = threading.Lock()

    @property
    def path(self) -> Path | None:
        """The key file, which a backup must keep apart from the data; None when the key is in the environment."""
        return self._path

    @property
    def current_key_id(self) -> str:
        """The id of the master key in use, hexadecimal."""
        return self._keyring.current_id.hex()

    @property
    def key_ids(self) -> list[str]:
        """The ids of all master keys that can still unwrap, newest first, hexadecimal."""
        return [key_id.hex() for key_id in self._keyring.by_id]

    def encrypt(self, plain: bytes, context: str) -> bytes:
        """Seal `plain` for `context`; 100 bytes longer than the content."""
        data_key = os.urandom(KEY_BYTES)
        nonce = os.urandom(_NONCE)
        content = AESGCM(data_key).encrypt(nonce, plain, context.encode())
        return self._wrap(data_key) + nonce + content

    def decrypt(self, sealed: bytes, context: str) -> bytes:
        """The content of `sealed`; raises `UnsealFault` for another context, altered bytes or an unknown key."""
        data_key = self._unwrap(sealed)
        nonce, content = sealed[_PREFIX : _PREFIX + _NONCE], sealed[_PREFIX + _NONCE :]
        try:
            return AESGCM(data_key).decrypt(nonce, content, context.encode())
        except InvalidTag as error:
            raise _altered() from error

    def key_id_of(self, sealed: bytes) -> str:
        """The id of the master key that wraps `sealed`, hexadecimal."""
        if len(sealed) < _PREFIX + _NONCE + 16 or not sealed.startswith(MAGIC):
            raise _altered()
        return sealed[len(MAGIC) : _HEADER].hex()

    def rewrap(self, sealed: bytes) -> bytes:
        """The same sealed value under the master key in use; its content is neither read nor changed."""
        if self.key_id_of(sealed) == self.current_key_id:
            return sealed
        return self._wrap(self._unwrap(sealed)) + sealed[_PREFIX:]

    def add_master_key(self) -> str:
        """Put a new master key into the key file and use it from now on; returns its id."""
        with self._changing() as path:
            self._keyring = read_file(path).with_new_master()
            write_file(path, self._keyring, replace=True)
        return self.current_key_id

    def add_signing_seed(self) -> None:
        """Sign with new keys from now on; signatures by the old ones stay verifiable."""
        with self._changing() as path:
            self._keyring = read_file(path).with_new_seed()
            write_file(path, self._keyring, replace=True)

    def retire_old_masters(self) -> None:
        """Forget all master keys but the one in use. Call it only after every value was re-wrapped."""
        with self._changing() as path:
            self._keyring = read_file(path).without_old_masters()
            write_file(path, self._keyring, replace=True)

    def sign(self, name: str, message: bytes) -> Signature:
        """Sign `message` with the key called `name` (such as `audit`), which is made at first use."""
        private = _signing_key(self._keyring.seeds[0], name)
        return Signature(public_key_id(private.public_key().public_bytes_raw()), private.sign(message))

    def verify(self, name: str, message: bytes, signature: Signature) -> bool:
        """Whether one of our own keys called `name`, in use or older, signed `message`."""
        public = self.public_keys(name).get(signature.key_id)
        if public is None:
            self._reload()
            public = self.public_keys(name).get(signature.key_id)
        return public is not None and verify_signature(public, message, signature.value)

    def public_key(self, name: str) -> bytes:
        """The Ed25519 public key (32 raw bytes) of the signing key called `name` that is in use."""
        return _signing_key(self._keyring.seeds[0], name).public_key().public_bytes_raw()

    def public_keys(self, name: str) -> dict[str, bytes]:
        """All public keys called `name` by their ids, the one in use first."""
        raw = (_signing_key(seed, name).public_key().public_bytes_raw() for seed in self._keyring.seeds)
        return {public_key_id(key): key for key in raw}

    def public_key_pem(self, name: str) -> str:
        """The public key in use as SubjectPublicKeyInfo PEM (RFC 8410), which openssl reads."""
        public = _signing_key(self._keyring.seeds[0], name).public_key()
        return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def _wrap(self, data_key: bytes) -> bytes:
        keyring = self._keyring
        header = MAGIC + keyring.current_id
        nonce = os.urandom(_NONCE)
        return header + nonce + AESGCM(keyring.masters[0]).encrypt(nonce, data_key, header)

    def _unwrap(self, sealed: bytes) -> bytes:
        key_id = bytes.fromhex(self.key_id_of(sealed))
        master = self._keyring.by_id.get(key_id)
        if master is None:
            # Another process may have rotated the file since we read it.
            self._reload()
            master = self._keyring.by_id.get(key_id)
        if master is None:
            raise UnsealFault(
                (f"缺少主密钥 {key_id.hex()}", f"the master key {key_id.hex()} is missing"),
                hint=(
                    "请恢复与该数据库同期的密钥文件",
                    "restore the key file that belongs to this database",
                ),
            )
        nonce, wrapped = sealed[_HEADER : _HEADER + _NONCE], sealed[_HEADER + _NONCE : _PREFIX]
        try:
            return AESGCM(master).decrypt(nonce, wrapped, sealed[:_HEADER])
        except InvalidTag as error:
            raise _altered() from error

    def _reload(self) -> None:
        if self._path is not None:
            self._keyring = read_file(self._path)

    @contextmanager
    def _changing(self) -> Iterator[Path]:
        if self._path is None:
            raise KeyFault(
                ("主密钥来自环境变量,平台不能修改", "the master key comes from the environment: we cannot change it"),
                hint=(
                    "请把密钥改存到文件并设置 CEYUAN_KEY_FILE",
                    "keep the key in a file and set CEYUAN_KEY_FILE",
                ),
            )
        # The file itself is replaced by a rename, so the lock is held on its folder.
        with self._lock:
            folder = os.open(self._path.parent, os.O_RDONLY)
            try:
                fcntl.flock(folder, fcntl.LOCK_EX)
                yield self._path
            finally:
                os.close(folder)


def _altered() -> UnsealFault:
    return UnsealFault(("密文已被改动或不属于此处", "a sealed value was altered or belongs elsewhere"))


def _signing_key(seed: bytes, name: str) -> Ed25519PrivateKey:
    info = b"ceyuan signing key\x00" + name.encode()
    return Ed25519PrivateKey.from_private_bytes(HKDF(hashes.SHA256(), KEY_BYTES, None, info).derive(seed))


def open_vault(settings: SecretSettings, data_dir: Path, *, create: bool = True) -> Vault:
    """The vault of a platform: its key from the environment, or from its file, which is made when missing.

    With `create=False` (a database with sealed values exists already) a missing file is a `KeyFault`.
    """
    if settings.master_key is not None:
        return Vault(parse(settings.master_key.get_secret_value(), "CEYUAN_MASTER_KEY"))
    path = settings.key_file or data_dir / "keys" / "master.json"
    if create and not path.exists():
        try:
            write_file(path, Keyring.fresh(), replace=False)
        except FileExistsError:
            pass
    return Vault(read_file(path), path=path)
