"""A streamed answer on its way to the client: read along, guarded, labelled, and otherwise passed on as it came."""

from __future__ import annotations

from typing import Any, NamedTuple

from ceyuan.kernel.secrets import redact
from ceyuan.models.gateway.call import Call
from ceyuan.models.gateway.labels import Labeller, LabelMode, with_label
from ceyuan.models.gateway.moderation import Guards, StreamGuard, Verdict
from ceyuan.models.gateway.sse import DONE, EventSplitter, document_of, event_of
from ceyuan.models.gateway.usage import Generated, note_usage

END = b"\n\n"
_TEXT_FIELDS = ("reasoning_content", "content")


class Shape(NamedTuple):
    """What is to be changed in an answer: `rename` replaces the upstream's name of the model (both as they stand
    in JSON), `hide_usage` drops the count that the client did not ask for."""

    label: LabelMode
    label_text: str
    rename: tuple[bytes, bytes] | None = None
    hide_usage: bool = False

    def renamed(self, data: bytes) -> bytes:
        """The bytes of an answer or event with the model's public name."""
        if self.rename is None:
            return data
        old, new = self.rename
        for middle in (b'"model":', b'"model": '):
            data = data.replace(middle + old, middle + new, 1)
        return data


class StreamRelay:
    """One streamed answer. `feed` takes bytes of the upstream and returns bytes for the client; `finished` says that
    the last of them are in the hand, so that the outcome can be written down before they are sent."""

    def __init__(self, call: Call, shape: Shape, guards: Guards, labeller: Labeller) -> None:
        self.call = call
        self.said = Generated()
        self.finished = False
        self.stopped: Verdict | None = None
        self.complete = False
        self.failed = False
        self.words = ""
        self._shape = shape
        self._guards = guards
        self._labeller = labeller
        self._splitter = EventSplitter()
        self._by_choice: dict[tuple[int, str], StreamGuard] = {}
        self._labelled: set[int] = set()

    async def feed(self, chunk: bytes) -> bytes:
        """The client's share of a chunk; empty while a guard holds everything back."""
        events = self._splitter.feed(chunk)
        return await self._pass(events) if self._guards else self._pass_plain(events)

    async def close(self) -> bytes:
        """The upstream ended: what was still in hand."""
        events = self._splitter.finish()
        return await self._pass(events) if self._guards else self._pass_plain(events)

    def _pass_plain(self, events: list[bytes]) -> bytes:
        """The same as `_pass` where nothing has to be asked of a guard."""
        out: list[bytes] = []
        for event in events:
            if event == DONE:
                out += [DONE, END]
                self.finished = self.complete = True
                break
            document = document_of(event)
            if document is None:
                out += [event, END]
                continue
            choices = document.get("choices")
            if not choices or document.get("usage") is not None:
                if not self._note(document, choices):
                    continue
                if not choices:
                    out += [self._shape.renamed(event), END]
                    continue
            ends = self._read(choices)
            if ends and self._shape.label == "text":
                self._add_label(document, choices, out)
            self._emit(self._shape.renamed(event), ends, out)
        return b"".join(out)

    def _note(self, document: dict[str, Any], choices: Any) -> bool:
        """Note the usage and errors that an event carries; False if the client is not to see it."""
        usage = document.get("usage")
        if usage is not None:
            note_usage(self.call, usage)
            if not choices and self._shape.hide_usage:
                return False
        if not choices and "error" in document:
            # An upstream that fails in mid-stream says so in an event of its own.
            self.failed, self.words = True, _said(document["error"])
        return True

    async def _pass(self, events: list[bytes]) -> bytes:
        out: list[bytes] = []
        for event in events:
            if self.finished:
                break
            if event == DONE:
                out += [DONE, END]
                self.finished = self.complete = True
                break
            document = document_of(event)
            if document is None:
                out += [event, END]
            else:
                await self._pass_document(document, event, out)
        return b"".join(out)

    async def _pass_document(self, document: dict[str, Any], event: bytes, out: list[bytes]) -> None:
        choices = document.get("choices")
        if not self._note(document, choices):
            return
        if choices:
            await self._pass_guarded(document, choices, out)
        else:
            out += [self._shape.renamed(event), END]

    def _read(self, choices: list[dict[str, Any]]) -> bool:
        """Note what the choices say; True if one of them ends."""
        ends = False
        for choice in choices:
            delta = choice.get("delta")
            text = delta.get("content") if delta is not None else choice.get("text")
            if text:
                self.said.count(text)
                self.said.add(choice.get("index", 0), text)
            if delta and delta.get("tool_calls"):
                self.said.add_tools(delta["tool_calls"])
            if choice.get("finish_reason") is not None:
                ends = self.complete = True
        return ends

    def _emit(self, event: bytes, ends: bool, out: list[bytes]) -> None:
        if ends and self._shape.label in ("field", "text") and event.startswith(b"data: {"):
            label = self._labeller.document(self.call.id, self.said.sha256())
            event = b"data: " + with_label(event[6:], label)
        out += [event, END]

    def _add_label(self, document: dict[str, Any], choices: list[dict[str, Any]], out: list[bytes]) -> None:
        """Put the visible label before the chunk that ends a choice."""
        for choice in choices:
            index = choice.get("index", 0)
            if choice.get("finish_reason") is None or index in self._labelled or index not in self.said.parts:
                continue
            self._labelled.add(index)
            out += [self._shape.renamed(event_of(_extra(document, choice, self._shape.label_text))), END]

    async def _pass_guarded(self, document: dict[str, Any], choices: list[dict[str, Any]], out: list[bytes]) -> None:
        keep = False
        for choice in choices:
            keep |= await self._guard_choice(document, choice, out)
            if self.stopped is not None:
                return
        if keep or document.get("usage") is not None:
            ends = any(choice.get("finish_reason") is not None for choice in choices)
            self.complete |= ends
            if ends and self._shape.label == "text":
                self._add_label(document, choices, out)
            self._emit(self._shape.renamed(event_of(document)), ends, out)

    async def _guard_choice(self, document: dict[str, Any], choice: dict[str, Any], out: list[bytes]) -> bool:
        """Replace the text of a choice by what may be released; False if nothing of it is left to send."""
        index, ends = choice.get("index", 0), choice.get("finish_reason") is not None
        delta = choice.get("delta")
        holder, names = (delta, _TEXT_FIELDS) if isinstance(delta, dict) else (choice, ("text",))
        keep = ends
        for name in names:
            text = holder.get(name)
            guard = self._by_choice.get((index, name))
            if not isinstance(text, str) and guard is None:
                continue
            if guard is None:
                guard = self._by_choice[index, name] = StreamGuard(self._guards, self.call)
            if text:
                self.said.count(text)
            # The thinking is over when the answer begins.
            over = ends or (name == "reasoning_content" and bool(holder.get("content")))
            released = await guard.feed(text if isinstance(text, str) else "", final=over)
            if guard.blocked is not None:
                self._stop(document, choice, guard.blocked, out)
                return True
            if released and name != "reasoning_content":
                self.said.add(index, released)
            if released and ends:
                # A chunk that ends a choice carries no text of its own.
                out += [self._shape.renamed(event_of(_extra(document, choice, released, name))), END]
                released = ""
            if isinstance(text, str) or released:
                holder[name] = released
            keep |= bool(released)
        if isinstance(delta, dict):
            others = {name: value for name, value in delta.items() if name not in _TEXT_FIELDS and value is not None}
            if others.get("tool_calls"):
                self.said.add_tools(others["tool_calls"])
            keep |= bool(others)
        return keep

    def _stop(self, document: dict[str, Any], choice: dict[str, Any], verdict: Verdict, out: list[bytes]) -> None:
        """End the answer here: the choice finishes with `content_filter`."""
        self.stopped, self.finished = verdict, True
        last = _extra(document, choice, "")
        last["choices"][0]["finish_reason"] = "content_filter"
        if "delta" in last["choices"][0]:
            last["choices"][0]["delta"] = {}
        last["choices"][0]["content_filter"] = {"clause": verdict.clause}
        out += [self._shape.renamed(event_of(last)), END, DONE, END]


def _said(error: Any) -> str:
    """The words of an error event, without secrets."""
    said = error.get("message", error) if isinstance(error, dict) else error
    return redact(str(said).replace("\0", ""))[:500]


def _extra(document: dict[str, Any], choice: dict[str, Any], text: str, name: str = "content") -> dict[str, Any]:
    """A chunk like `document` that carries only `text` for one choice."""
    more = {key: value for key, value in document.items() if key not in ("choices", "usage", "timings")}
    piece: dict[str, Any] = {"index": choice.get("index", 0), "finish_reason": None}
    if "delta" in choice:
        piece["delta"] = {name: text}
    else:
        piece["text"] = text
    return {**more, "choices": [piece]}
