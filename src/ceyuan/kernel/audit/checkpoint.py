"""Signed tree heads in the form of C2SP checkpoints (c2sp.org/tlog-checkpoint, c2sp.org/signed-note).

A head is a short text that anybody can keep and check with common tools: the log's name, its size, its
root and the time, a blank line, and an Ed25519 signature line. Whoever keeps one can later prove that
the log was cut off or rewritten.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

from ceyuan.kernel.errors import Invalid
from ceyuan.kernel.secrets import Vault, verify_signature

KEY_NAME = "audit"
"""The vault's signing key for heads."""
_ED25519 = b"\x01"
_MARK = "— "


@dataclass(frozen=True, slots=True)
class Head:
    """The log's state at a moment: how many entries, and the Merkle root over them."""

    origin: str
    size: int
    root: bytes
    at: datetime

    def text(self) -> str:
        """What is signed."""
        at = self.at.astimezone(UTC).isoformat().replace("+00:00", "Z")
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n{at}\n"


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A head with its signature as it was read from a note; `checks` says whether a key made it."""

    head: Head
    signed: bytes
    key_hash: bytes
    signature: bytes

    def checks(self, public_key: bytes) -> bool:
        """Whether the owner of this Ed25519 public key (32 raw bytes) signed the head."""
        return self.key_hash == note_key_hash(self.head.origin, public_key) and verify_signature(
            public_key, self.signed, self.signature
        )


def note_key_hash(name: str, public_key: bytes) -> bytes:
    """The 4 bytes by which a note names its key: SHA-256(name ‖ LF ‖ 0x01 ‖ key), cut."""
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + public_key).digest()[:4]


def verifier_key(name: str, public_key: bytes) -> str:
    """The public key in the form that signed-note tools take: `name+hash+base64`."""
    encoded = base64.b64encode(_ED25519 + public_key).decode()
    return f"{name}+{note_key_hash(name, public_key).hex()}+{encoded}"


def parse_verifier_key(text: str) -> bytes:
    """The raw public key of what `verifier_key` made; raises `Invalid`."""
    try:
        name, key_hash, encoded = text.strip().split("+", 2)
        raw = base64.b64decode(encoded, validate=True)
    except (ValueError, binascii.Error):
        raw, name, key_hash = b"", "", ""
    if len(raw) != 33 or raw[:1] != _ED25519 or note_key_hash(name, raw[1:]).hex() != key_hash:
        raise Invalid(("验证公钥无效", "this is not a verifier key of the audit log"))
    return raw[1:]


def sign_head(head: Head, vault: Vault) -> str:
    """The signed note of `head`."""
    text = head.text()
    key = vault.public_key(KEY_NAME)
    signature = vault.sign(KEY_NAME, text.encode()).value
    line = base64.b64encode(note_key_hash(head.origin, key) + signature).decode()
    return f"{text}\n{_MARK}{head.origin} {line}\n"


def parse_note(note: str) -> SignedHead:
    """Read a signed note; raises `Invalid` when it is none. The signature is not checked here."""
    try:
        text, _, tail = note.partition("\n\n")
        origin, size, root, at = text.split("\n")
        line = tail.splitlines()[0].removeprefix(_MARK)
        blob = base64.b64decode(line.rpartition(" ")[2], validate=True)
        head = Head(origin, int(size), base64.b64decode(root, validate=True), datetime.fromisoformat(at))
    except (ValueError, IndexError, binascii.Error) as error:
        raise Invalid(("不是审计日志的签名树头", "this is not a signed head of an audit log")) from error
    if len(blob) != 68 or len(head.root) != 32 or head.size < 0:
        raise Invalid(("审计日志的签名树头已损坏", "this signed head of an audit log is damaged"))
    return SignedHead(head, f"{text}\n".encode(), blob[:4], blob[4:])
