"""The platform's compute identifiers (算力标识): one for each published offer, resolvable for ever.

Form: `cy.<region code>.<accelerator>.<ten characters of Crockford base32><check character>`. The check
character is the number of the ten modulo 37, written as Crockford's base32 proposes (crockford.com/base32).
An identifier that a national or industry node has issued is kept beside it.
"""

from __future__ import annotations

import hashlib

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_CHECK = _ALPHABET + "*~$=u"
_LENGTH = 10


def make_identifier(region_code: str, accelerator: str, offer_id: str) -> str:
    """The identifier of an offer; the same offer always has the same."""
    number = int.from_bytes(hashlib.sha256(offer_id.encode()).digest()[:8], "big") >> (64 - 5 * _LENGTH)
    body, rest = "", number
    for _ in range(_LENGTH):
        body = _ALPHABET[rest & 31] + body
        rest >>= 5
    return f"cy.{region_code}.{accelerator}.{body}{_CHECK[number % 37]}"


def is_identifier(text: str) -> bool:
    """Whether the text has the form of our identifiers and a right check character."""
    parts = text.strip().lower().split(".")
    if len(parts) != 4 or parts[0] != "cy" or len(parts[3]) != _LENGTH + 1:
        return False
    body, check = parts[3][:_LENGTH], parts[3][_LENGTH:]
    if any(c not in _ALPHABET for c in body):
        return False
    number = 0
    for c in body:
        number = number * 32 + _ALPHABET.index(c)
    return _CHECK[number % 37] == check
