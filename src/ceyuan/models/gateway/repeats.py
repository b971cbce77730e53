"""Answers that may be given a second time: under the caller's own idempotency key, for as long as it is kept in the
database; and, where an organisation wants that, to an equal request for a while, from memory."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import orjson

from ceyuan.kernel.platform import Platform
from ceyuan.models.gateway import repository
from ceyuan.models.gateway.call import Call
from ceyuan.models.gateway.errors import RepeatedDifferently

LONGEST_KEY = 200
VOLATILE = ("user", "metadata", "stream_options", "store")
"""Fields of a request that say nothing of its answer."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer as the client got it, the call that it belongs to, and the SHA-256 of its request."""

    call_id: str
    request_sha256: str
    body: bytes


def request_sha256(endpoint: str, document: dict[str, Any]) -> str:
    """What a repeated request must be equal in: its JSON, whatever the order of keys."""
    return hashlib.sha256(endpoint.encode() + orjson.dumps(document, option=orjson.OPT_SORT_KEYS)).hexdigest()


def id_of_repeat(call: Call) -> str:
    """The one id of a call under an idempotency key that comes to the same end however often it is asked."""
    told = f"{call.org_id}\n{call.repeat_key}\n{call.request_sha256}"
    return f"req_{hashlib.sha256(told.encode()).hexdigest()[:26]}"


class Repeats:
    """Answers under idempotency keys. Until its call is posted an answer is in memory and in the journal, after that
    in the database."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._fresh: dict[tuple[str, str], Kept] = {}
        self._running: set[tuple[str, str]] = set()

    async def begin(self, call: Call) -> Kept | None:
        """The answer that was given under the call's key before; None, and then `end` must follow.

        Raises `RepeatedDifferently` if the key stands for another request, or for one that still runs.
        """
        key = (call.org_id, call.repeat_key)
        if key in self._running:
            raise RepeatedDifferently(
                ("同一幂等键的请求仍在执行", "the request with this idempotency key still runs"), retry_after_s=5
            )
        self._running.add(key)
        try:
            kept = self._fresh.get(key)
            if kept is None:
                async with self._platform.work(write=False) as uow:
                    row = await repository.get_repeat(uow.session, *key)
                if row is not None:
                    kept = Kept(row.call_id, row.request_sha256, row.body.encode())
            if kept is not None and kept.request_sha256 != call.request_sha256:
                raise RepeatedDifferently(
                    ("该幂等键已用于另一请求", "this idempotency key was used for another request"),
                    hint=("请为每个不同的请求使用新的键", "use a new key for each different request"),
                )
        except BaseException:
            self._running.discard(key)
            raise
        if kept is not None:
            self._running.discard(key)
        return kept

    def end(self, call: Call) -> None:
        """The call with this key is over, well or badly."""
        self._running.discard((call.org_id, call.repeat_key))

    def keep(self, call: Call) -> None:
        """The answer of a call that is over, until it is posted."""
        kept = Kept(call.id, call.request_sha256, call.answer_body.encode())
        self._fresh[call.org_id, call.repeat_key] = kept

    def posted(self, call: Call) -> None:
        """The database has it."""
        self._fresh.pop((call.org_id, call.repeat_key), None)


class AnswerCache:
    """Whole answers by organisation and request; the oldest are dropped beyond `most_bytes`."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._size = 0
        self._kept: OrderedDict[tuple[str, str, str], tuple[Kept, float]] = OrderedDict()

    def key(self, org_id: str, served_id: str, endpoint: str, document: dict[str, Any]) -> tuple[str, str, str]:
        """What an answer is found by: never across organisations, nor across models."""
        said = {name: value for name, value in document.items() if name not in VOLATILE}
        return org_id, served_id, request_sha256(endpoint, said)

    def find(self, key: tuple[str, str, str], max_age_s: float) -> Kept | None:
        """The answer if it is young enough."""
        found = self._kept.get(key)
        if found is None:
            return None
        if time.monotonic() - found[1] > max_age_s:
            self._drop(key)
            return None
        self._kept.move_to_end(key)
        return found[0]

    def keep(self, key: tuple[str, str, str], kept: Kept) -> None:
        """Remember an answer, unless it alone would fill a tenth of the room."""
        if len(kept.body) * 10 > self._most:
            return
        self._drop(key)
        self._kept[key] = (kept, time.monotonic())
        self._size += len(kept.body)
        while self._size > self._most:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: tuple[str, str, str]) -> None:
        found = self._kept.pop(key, None)
        if found is not None:
            self._size -= len(found[0].body)
