"""Opaque credentials: random, recognisable by prefix and check characters, kept only as SHA-256.

A token is `cyk_` + 36 random base62 characters (214 bits) + 6 check characters (CRC-32 in base62), so
that a leak is found by scanners and a mistyped token is refused without asking the database. A fast
hash is enough for values of this entropy (NIST SP 800-63B, §5.1.2: "at least 112 bits").
"""

from __future__ import annotations

import hashlib
import secrets
import zlib

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BODY = 36
_CHECK = 6
TOKEN_PREFIX = "cyk_"
INVITATION_PREFIX = "cyi_"
LINK_PREFIX = "cyl_"
SESSION_PREFIX = "cys_"


def _check(text: str) -> str:
    value, out = zlib.crc32(text.encode()), []
    for _ in range(_CHECK):
        value, digit = divmod(value, 62)
        out.append(_ALPHABET[digit])
    return "".join(reversed(out))


def new_credential(prefix: str) -> str:
    """A fresh credential; show it once and keep only its `fingerprint`."""
    body = prefix + "".join(secrets.choice(_ALPHABET) for _ in range(_BODY))
    return body + _check(body)


def is_credential(text: str, prefix: str) -> bool:
    """Whether `text` has the form, and the right check characters, of a credential with this prefix."""
    if len(text) != len(prefix) + _BODY + _CHECK or not text.startswith(prefix) or not text.isascii():
        return False
    return secrets.compare_digest(_check(text[:-_CHECK]), text[-_CHECK:])


def fingerprint(credential: str) -> str:
    """The SHA-256 of a credential, in hex: what the database and the caches know it by."""
    return hashlib.sha256(credential.encode()).hexdigest()


def readable_password() -> str:
    """A random password that a person can type: four groups of five characters, 98 bits."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(alphabet) for _ in range(5)) for _ in range(4))
