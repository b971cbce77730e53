"""Answers to like questions: where an organisation wants that, a question that means the same as an earlier one gets
its answer. Alike are questions whose embeddings have a cosine above a bound; everything else of the two requests, the
conversation before the question too, must be equal.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from ceyuan.kernel.errors import CeyuanError
from ceyuan.kernel.ids import new_id
from ceyuan.models.gateway.course import Incoming
from ceyuan.models.gateway.keys import Caller
from ceyuan.models.gateway.memory import Memory
from ceyuan.models.gateway.prompt import Prompt
from ceyuan.models.gateway.repeats import VOLATILE, Kept, request_sha256

if TYPE_CHECKING:
    from ceyuan.models.gateway.gateway import Gateway

logger = logging.getLogger(__name__)
_MOST_GROUPS = 2_000
_MOST_PER_GROUP = 500


@dataclass(frozen=True, slots=True)
class Question:
    """A question: what all that it may be compared with has in common, and its embedding of length one."""

    group: tuple[str, str, str]
    vector: Any


def open_question(document: dict[str, Any]) -> tuple[dict[str, Any], str] | None:
    """A request without the words of its last message, and those words; `None` where the answer hangs on more than
    words (tools, pictures) or no person asks."""
    messages = document.get("messages")
    if not isinstance(messages, list) or not messages or document.get("tools"):
        return None
    last = messages[-1]
    if not isinstance(last, dict) or last.get("role") != "user" or not isinstance(last.get("content"), str):
        return None
    rest = {name: value for name, value in document.items() if name not in VOLATILE}
    rest["messages"] = [*messages[:-1], {**last, "content": ""}]
    return rest, last["content"]


class LikeAnswers:
    """Answers by the embedding of their question; in memory, never across organisations or models."""

    def __init__(self) -> None:
        self._groups: OrderedDict[tuple[str, str, str], list[tuple[Any, Kept, float]]] = OrderedDict()

    async def embed(
        self, gateway: Gateway, caller: Caller, model: str, served_id: str, prompt: Prompt, *, inside: bool
    ) -> Question | None:
        """Embed a question by a call of its own, which the caller pays; `None` where that cannot be. `inside`: its
        data must not leave the platform's own servers."""
        opened = open_question(prompt.document)
        if opened is None or prompt.endpoint != "chat":
            return None
        rest, text = opened
        body = orjson.dumps({"model": model, "input": [text], "encoding_format": "float"})

        async def read() -> bytes:
            return body

        incoming = Incoming(new_id("req"), time.time(), time.monotonic(), "embeddings", caller, read, inside=inside)
        sink = Memory()
        try:
            # A task of its own, so that each call has its own clock.
            await asyncio.create_task(gateway.handle(incoming, sink), name=f"embed-{incoming.id}")
            vector = _unit(sink.document()["data"][0]["embedding"])
        except (CeyuanError, KeyError, IndexError, TypeError, ValueError) as error:
            logger.info("no embedding of a question by %s: %s", model, error)
            return None
        return Question((caller.org_id, served_id, request_sha256(model, rest)), vector)

    def find(self, question: Question, likeness: float, max_age_s: float) -> Kept | None:
        """The answer to the most similar question that is like enough and young enough."""
        entries = self._groups.get(question.group, [])
        oldest = time.monotonic() - max_age_s
        entries[:] = [entry for entry in entries if entry[2] >= oldest]
        best, found = likeness, None
        for vector, kept, _ in entries:
            if len(vector) == len(question.vector) and (cosine := float(vector @ question.vector)) >= best:
                best, found = cosine, kept
        return found

    def keep(self, question: Question, kept: Kept) -> None:
        """Remember the answer to a question."""
        entries = self._groups.setdefault(question.group, [])
        self._groups.move_to_end(question.group)
        entries.append((question.vector, kept, time.monotonic()))
        del entries[:-_MOST_PER_GROUP]
        while len(self._groups) > _MOST_GROUPS:
            self._groups.popitem(last=False)


def _unit(values: list[float]) -> Any:
    # Imported where it is used: only organisations that want like answers need it.
    import numpy as np

    vector = np.asarray(values, dtype=np.float32)
    length = float(np.linalg.norm(vector))
    if vector.ndim != 1 or not length > 0:
        raise ValueError("not an embedding")
    return vector / length
