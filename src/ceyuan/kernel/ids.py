"""Sortable identifiers: `prefix_` + 26 characters of Crockford base32 (ULID, github.com/ulid/spec), lower case.

The first 48 bits are milliseconds since 1970, the rest is random; within one process and one
millisecond the random part counts up, so that ids made one after the other sort in that order.
"""

from __future__ import annotations

import os
import re
import threading
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
_SHIFTS = tuple(range(120, -1, -10))
_RANDOM_BITS = 80
_COUNTED_BITS = 20
"""The end of an id that counts up; what is before it changes once in a million ids of one millisecond."""
_COUNTED = (1 << _COUNTED_BITS) - 1
_ID = re.compile(r"[a-z]{1,12}_[0-9a-hjkmnp-tv-z]{26}")
_lock = threading.Lock()
_last_ms = 0
_last_random = 0
_last_head = ""
"""The characters of the last id that the next one of its millisecond has as well."""


def new_id(prefix: str) -> str:
    """A fresh id such as `job_01kajy…`; `prefix` names the kind of thing (lower-case letters)."""
    global _last_ms, _last_random, _last_head
    with _lock:
        now_ms = max(time.time_ns() // 1_000_000, _last_ms)
        value = _last_random + 1
        if now_ms != _last_ms:
            value = int.from_bytes(os.urandom(10), "big") >> 1
        if now_ms != _last_ms or not value & _COUNTED:
            _last_head = encode((now_ms << _RANDOM_BITS) + value)[: -_COUNTED_BITS // 5]
        _last_ms, _last_random = now_ms, value
        head = _last_head
    return f"{prefix}_{head}{_PAIRS[value >> 10 & 1023]}{_PAIRS[value & 1023]}"


def encode(value: int) -> str:
    """The 26 base32 characters of a 128-bit number."""
    return "".join([_PAIRS[(value >> shift) & 1023] for shift in _SHIFTS])


def is_id(text: str, prefix: str | None = None) -> bool:
    """Whether `text` has the form of an id (of this `prefix`)."""
    return bool(_ID.fullmatch(text)) and (prefix is None or text.startswith(f"{prefix}_"))
