"""The moderation hook: the gateway asks before a prompt goes upstream and before a text reaches the client.

The rooms above fill it: `platform.provide(Moderation, implementation)`. Without one everything passes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

from ceyuan.kernel.errors import Text
from ceyuan.models.gateway.call import Call

Action = Literal["allow", "flag", "mask", "block"]
_SEVERITY: dict[Action, int] = {"allow": 0, "flag": 1, "mask": 2, "block": 3}
CONTEXT = 200
"""Characters before a text that a check may look back on."""


@dataclass(frozen=True, slots=True)
class Mask:
    """Characters `start` to `end` (exclusive) of the checked text that are replaced."""

    start: int
    end: int
    replacement: str = "***"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found. `clause` names the rule of the standard, `reason` says it to people, `masks` are what
    "mask" replaces, `evidence` is kept with the call's record and must not repeat the offending text at length."""

    action: Action = "allow"
    clause: str = ""
    reason: Text | None = None
    masks: tuple[Mask, ...] = ()
    source: str = ""
    evidence: dict[str, Any] | None = None

    def facts(self, stage: str) -> dict[str, Any]:
        """The verdict for the call's record."""
        return {
            "stage": stage,
            "action": self.action,
            "clause": self.clause,
            "source": self.source,
            "evidence": self.evidence or {},
        }


ALLOW = Verdict()


@runtime_checkable
class Moderation(Protocol):
    """A guard of prompts and answers.

    `hold_back` is how many characters of a stream it wants to see beyond those that it lets go, so that
    a forbidden phrase cannot slip through in two halves.
    """

    name: str
    hold_back: int

    async def check_input(self, call: Call, texts: Sequence[str]) -> Verdict:
        """Judge the texts of a prompt; masks count as "flag" here, since prompts are not rewritten."""
        ...

    async def check_output(self, call: Call, context: str, text: str, final: bool) -> Verdict:
        """Judge generated `text`, not released yet, that follows `context` (at most `CONTEXT` released characters).

        The same characters may be asked about again while more is generated. Masks are positions in `text`.
        """
        ...


class Guards:
    """All guards together: the gravest verdict decides, masks add up."""

    def __init__(self, guards: Sequence[Moderation]) -> None:
        self._guards = list(guards)
        self.hold_back = max((guard.hold_back for guard in guards), default=0)

    def __bool__(self) -> bool:
        return bool(self._guards)

    async def check_input(self, call: Call, texts: Sequence[str]) -> list[Verdict]:
        """The verdicts that are not "allow", gravest first."""
        return _gravest_first([await guard.check_input(call, texts) for guard in self._guards])

    async def check_output(self, call: Call, context: str, text: str, final: bool) -> list[Verdict]:
        """The verdicts that are not "allow", gravest first."""
        return _gravest_first([await guard.check_output(call, context, text, final) for guard in self._guards])


def _gravest_first(verdicts: list[Verdict]) -> list[Verdict]:
    told = [verdict for verdict in verdicts if verdict.action != "allow"]
    return sorted(told, key=lambda verdict: -_SEVERITY[verdict.action])


def masked(text: str, verdicts: Sequence[Verdict]) -> str:
    """`text` with every mask applied; masks that overlap become one."""
    spans = sorted((m for v in verdicts if v.action == "mask" for m in v.masks), key=lambda m: (m.start, -m.end))
    parts, at = [], 0
    for mask in spans:
        if mask.end <= at or mask.start >= len(text):
            continue
        if mask.start >= at:
            parts += [text[at : mask.start], mask.replacement]
        at = min(mask.end, len(text))
    return "".join([*parts, text[at:]])


class StreamGuard:
    """One choice of a stream on its way through the guards: takes what is generated, gives what may be released."""

    def __init__(self, guards: Guards, call: Call) -> None:
        self._guards = guards
        self._call = call
        self._context = ""
        self._pending = ""
        self._told: set[tuple[str, str, str]] = set()
        self.blocked: Verdict | None = None

    async def feed(self, text: str, *, final: bool = False) -> str:
        """Add generated text; returns what may go to the client now. After a block everything is withheld."""
        if self.blocked is not None:
            return ""
        self._pending += text
        if not self._pending or (not final and len(self._pending) <= self._guards.hold_back):
            return ""
        verdicts = await self._guards.check_output(self._call, self._context, self._pending, final)
        self._record(verdicts)
        if verdicts and verdicts[0].action == "block":
            self.blocked = verdicts[0]
            return ""
        cut = len(self._pending) if final else self._safe_cut(verdicts)
        ready = [
            Verdict("mask", masks=tuple(m for m in v.masks if m.end <= cut)) for v in verdicts if v.action == "mask"
        ]
        released = masked(self._pending[:cut], ready)
        self._context = (self._context + self._pending[:cut])[-CONTEXT:]
        self._pending = self._pending[cut:]
        return released

    def _safe_cut(self, verdicts: Sequence[Verdict]) -> int:
        """Where to cut: the last `hold_back` characters stay, and no mask is cut in two."""
        cut = len(self._pending) - self._guards.hold_back
        for mask in sorted((m for v in verdicts for m in v.masks), key=lambda m: -m.start):
            if mask.start < cut < mask.end:
                cut = mask.start
        return max(cut, 0)

    def _record(self, verdicts: Sequence[Verdict]) -> None:
        for verdict in verdicts:
            key = (verdict.source, verdict.action, verdict.clause)
            if key not in self._told:
                self._told.add(key)
                self._call.verdicts.append(verdict.facts("output"))


def texts_of(document: dict[str, Any]) -> list[str]:
    """The texts of a request that a guard should see: messages, tool arguments, prompt, input."""
    texts: list[str] = []
    for message in document.get("messages") or ():
        if isinstance(message, dict):
            texts += _content_texts(message.get("content"))
    for name in ("prompt", "input", "suffix", "query", "documents"):
        texts += _content_texts(document.get(name))
    return texts


def _content_texts(content: Any) -> list[str]:
    if isinstance(content, str):
        return [content] if content else []
    if not isinstance(content, list):
        return []
    texts = [part for part in content if isinstance(part, str)]
    return texts + [part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str)]
