"""The parts of a streamed answer, without a server: events, guards with their hold-back, labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceyuan.models.gateway.call import Call
from ceyuan.models.gateway.errors import UpstreamFault
from ceyuan.models.gateway.labels import Labeller, add_text, implicit_label, with_label
from ceyuan.models.gateway.moderation import Guards, Mask, StreamGuard, Verdict, masked, texts_of
from ceyuan.models.gateway.sse import MAX_EVENT, EventSplitter, document_of
from ceyuan.models.gateway.stream import Shape, StreamRelay
from ceyuan.models.gateway.whole import read_embeddings, relay_whole

PLAIN = Shape("off", "")


def _call() -> Call:
    return Call("req_1", 0.0, "chat", "org", "key", "per")


class WordGuard:
    """Blocks or masks a word wherever it stands, also across pieces."""

    name = "word"

    def __init__(self, word: str, action: Any = "block") -> None:
        self.word = word
        self.action = action
        self.hold_back = len(word) - 1
        self.asked: list[str] = []

    async def check_input(self, call: Call, texts: Sequence[str]) -> Verdict:
        return Verdict(self.action, clause="A.1") if any(self.word in text for text in texts) else Verdict()

    async def check_output(self, call: Call, context: str, text: str, final: bool) -> Verdict:
        self.asked.append(text)
        spans, at = [], text.find(self.word)
        while at >= 0:
            spans.append(Mask(at, at + len(self.word), "*"))
            at = text.find(self.word, at + len(self.word))
        if not spans:
            return Verdict()
        return Verdict(self.action, clause="A.1", masks=tuple(spans), source=self.name)


@given(st.lists(st.text("ab\n:，é", min_size=1, max_size=6).map(lambda t: t.strip("\n") or "x"), max_size=6), st.data())
def test_events_are_the_same_however_the_bytes_are_cut(events: list[str], data: st.DataObject) -> None:
    wire = b"".join(b"data: " + event.replace("\n", "").encode() + b"\n\n" for event in events)
    whole = EventSplitter().feed(wire)
    splitter, cut = EventSplitter(), []
    while wire:
        size = data.draw(st.integers(1, len(wire)))
        cut += splitter.feed(wire[:size])
        wire = wire[size:]
    assert cut + splitter.finish() == whole


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_of_the_standard_is_understood(end: str) -> None:
    wire = f": ping{end}{end}data: 1{end}{end}data: {{{end}data: }}{end}{end}".encode()
    splitter = EventSplitter()
    events = [event for byte in wire for event in splitter.feed(bytes([byte]))] + splitter.finish()
    assert events == [b": ping", b"data: 1", b"data: {\ndata: }"]
    assert document_of(events[2]) == {}


def test_an_event_that_never_ends_is_refused() -> None:
    splitter = EventSplitter()
    assert splitter.feed(b"x" * MAX_EVENT) == []
    with pytest.raises(UpstreamFault):
        splitter.feed(b"x")


async def _through(guard: WordGuard, pieces: Sequence[str]) -> tuple[str, StreamGuard]:
    stream = StreamGuard(Guards([guard]), _call())
    out = [await stream.feed(piece) for piece in pieces]
    out.append(await stream.feed("", final=True))
    return "".join(out), stream


@settings(max_examples=60)
@given(st.lists(st.sampled_from(["禁", "词", "禁词", "好", "天气", ""]), max_size=12))
async def test_a_masked_word_never_passes_however_it_is_cut(pieces: list[str]) -> None:
    text, _ = await _through(WordGuard("禁词", "mask"), pieces)
    assert text == "".join(pieces).replace("禁词", "*")


@settings(max_examples=60)
@given(st.lists(st.sampled_from(["禁", "词", "禁词", "好", "天气", ""]), max_size=12))
async def test_a_blocked_word_never_passes_and_nothing_after_it(pieces: list[str]) -> None:
    text, stream = await _through(WordGuard("禁词"), pieces)
    whole = "".join(pieces)
    assert "禁词" not in text
    assert whole.startswith(text)
    assert (stream.blocked is not None) == ("禁词" in whole)


async def test_text_flows_while_only_the_hold_back_is_kept() -> None:
    stream = StreamGuard(Guards([WordGuard("abcd")]), _call())
    assert await stream.feed("hello ") == "hel"
    assert await stream.feed("world") == "lo wo"
    assert await stream.feed("", final=True) == "rld"


async def test_the_gravest_verdict_decides_and_each_is_recorded_once() -> None:
    call = _call()
    stream = StreamGuard(Guards([WordGuard("a", "flag"), WordGuard("b", "mask")]), call)
    assert await stream.feed("xaxbxaxb", final=True) == "xax*xax*"
    assert sorted(verdict["action"] for verdict in call.verdicts) == ["flag", "mask"]


def test_masks_that_overlap_become_one() -> None:
    masks = (Mask(1, 4), Mask(2, 6), Mask(8, 99))
    assert masked("0123456789", [Verdict("mask", masks=masks)]) == "0***67***"


def test_the_texts_of_a_prompt_are_found_in_every_form() -> None:
    document = {
        "messages": [
            {"role": "system", "content": "a"},
            {"role": "user", "content": [{"type": "text", "text": "b"}, {"type": "image_url", "image_url": {}}]},
            {"role": "assistant", "content": None},
        ],
        "prompt": ["c", "d"],
        "input": "e",
    }
    assert texts_of(document) == ["a", "b", "c", "d", "e"]


def _event(text: str | None = None, finish: str | None = None, **more: Any) -> bytes:
    delta = {"content": text} if text is not None else {}
    choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
    return b"data: " + orjson.dumps({"id": "c", "model": "m", "choices": choices, **more}) + b"\n\n"


async def _relayed(relay: StreamRelay, *chunks: bytes) -> list[Any]:
    data = b"".join([await relay.feed(chunk) for chunk in chunks]) + await relay.close()
    events = [event.removeprefix(b"data: ") for event in data.split(b"\n\n") if event]
    return [event.decode() if event == b"[DONE]" else orjson.loads(event) for event in events]


async def test_what_is_not_touched_passes_byte_for_byte() -> None:
    relay = StreamRelay(_call(), PLAIN, Guards([]), Labeller("p"))
    wire = (
        b': hello\n\ndata: {"choices":[{"index":0,"delta":{"content":"\\u4f60"},"finish_reason":"stop"}],"x":1.0}\n\n'
    )
    assert await relay.feed(wire + b"data: [DONE]\n\n") == wire + b"data: [DONE]\n\n"
    assert relay.finished
    assert relay.said.text == "你"


async def test_a_guarded_stream_releases_everything_before_it_ends() -> None:
    relay = StreamRelay(_call(), PLAIN, Guards([WordGuard("禁词", "mask")]), Labeller("p"))
    wire = [_event("今天禁"), _event("词很"), _event("好"), _event(finish="stop"), b"data: [DONE]\n\n"]
    events = await _relayed(relay, *wire)
    texts = [e["choices"][0]["delta"].get("content", "") for e in events if e != "[DONE]"]
    assert "".join(texts) == "今天*很好"
    assert events[-1] == "[DONE]"
    assert events[-2]["choices"][0]["finish_reason"] == "stop"
    assert relay.said.text == "今天*很好"


async def test_a_blocked_stream_ends_with_content_filter_and_takes_no_more() -> None:
    relay = StreamRelay(_call(), PLAIN, Guards([WordGuard("禁词")]), Labeller("p"))
    events = await _relayed(relay, _event("很好,"), _event("禁词"), _event("更多"), b"data: [DONE]\n\n")
    assert events[-2]["choices"][0] == {
        "index": 0,
        "delta": {},
        "finish_reason": "content_filter",
        "content_filter": {"clause": "A.1"},
    }
    assert "更多" not in str(events)
    assert relay.stopped is not None
    assert relay.said.pieces == 2


async def test_tool_calls_pass_a_guard() -> None:
    relay = StreamRelay(_call(), PLAIN, Guards([WordGuard("禁词")]), Labeller("p"))
    calls = [{"index": 0, "function": {"arguments": '{"a":1}'}}]
    document = {"choices": [{"index": 0, "delta": {"tool_calls": calls}, "finish_reason": None}]}
    events = await _relayed(relay, b"data: " + orjson.dumps(document) + b"\n\n", _event(finish="tool_calls"))
    assert events[0] == document


async def test_the_visible_label_comes_before_the_end_of_the_text() -> None:
    relay = StreamRelay(_call(), Shape("text", "(AI 生成)"), Guards([]), Labeller("p"))
    events = await _relayed(relay, _event("好"), _event(finish="stop"), b"data: [DONE]\n\n")
    assert [e["choices"][0]["delta"].get("content") for e in events[:3]] == ["好", "(AI 生成)", None]
    assert events[2]["AIGC"]["Label"] == "1"


async def test_the_public_name_replaces_the_upstreams_in_every_event() -> None:
    relay = StreamRelay(_call(), Shape("off", "", (b'"m"', b'"public/m"')), Guards([]), Labeller("p"))
    events = await _relayed(relay, _event("m"), _event(finish="stop"))
    assert [event["model"] for event in events] == ["public/m", "public/m"]
    assert events[0]["choices"][0]["delta"]["content"] == "m"


async def test_a_whole_answer_that_is_blocked_loses_its_text() -> None:
    body = orjson.dumps({"choices": [{"index": 0, "message": {"content": "含禁词"}, "finish_reason": "stop"}]})
    data, said, blocked = await relay_whole(_call(), body, PLAIN, Guards([WordGuard("禁词")]), Labeller("p"))
    choice = orjson.loads(data)["choices"][0]
    assert (choice["message"]["content"], choice["finish_reason"]) == ("", "content_filter")
    assert said.text == ""
    assert blocked is not None


def test_the_implicit_label_has_the_fields_of_the_standard() -> None:
    label = implicit_label("producer", "req_1")
    assert list(label) == [
        "Label",
        "ContentProducer",
        "ProduceID",
        "ReservedCode1",
        "ContentPropagator",
        "PropagateID",
        "ReservedCode2",
    ]
    assert all(isinstance(value, str) for value in label.values())


def test_the_header_label_is_ascii_json_whatever_the_producer_is_called() -> None:
    headers = dict(Labeller("市人工智能平台😀").headers("header", "req_1"))
    assert headers[b"x-ceyuan-generated"] == b"1"
    assert headers[b"x-aigc"].isascii()
    assert orjson.loads(headers[b"x-aigc"])["ContentProducer"] == "市人工智能平台😀"
    assert Labeller("x").headers("off", "req_1") == []


@given(st.dictionaries(st.text(max_size=5), st.one_of(st.integers(-9, 9), st.text(max_size=5)), max_size=4))
def test_labelling_adds_one_member_and_changes_nothing_else(document: dict[str, Any]) -> None:
    document.pop("AIGC", None)
    labelled = orjson.loads(with_label(orjson.dumps(document) + b"\n", {"Label": "1"}))
    assert labelled.pop("AIGC") == {"Label": "1"}
    assert labelled == document


def test_only_texts_get_the_visible_label() -> None:
    document: dict[str, Any] = {"choices": [{"message": {"content": None, "tool_calls": []}}, {"text": "a"}]}
    assert add_text(document, "!")
    assert document["choices"][1]["text"] == "a!"
    assert document["choices"][0]["message"]["content"] is None


@pytest.mark.parametrize("first", [True, False])
def test_the_usage_of_embeddings_is_found_at_either_end(first: bool) -> None:
    usage = b'"usage":{"prompt_tokens":7,"total_tokens":7}'
    data = b'"data":[{"embedding":[' + b",".join([b"0.25"] * 500) + b"]}]"
    call = _call()
    read_embeddings(call, b"{" + (usage + b"," + data if first else data + b"," + usage) + b"}")
    assert (call.prompt_tokens, call.usage_from) == (7, "upstream")


@pytest.mark.parametrize("event", [b'data: {"a": "\xff"}', b'data: {"choices": [', b"event: x\ndata: <html>"])
@pytest.mark.parametrize("guarded", [False, True])
async def test_an_event_that_nobody_can_read_is_a_fault_and_passes_no_guard(event: bytes, guarded: bool) -> None:
    guards = Guards([WordGuard("secret")] if guarded else [])
    relay = StreamRelay(_call(), PLAIN, guards, Labeller("p"))
    with pytest.raises(UpstreamFault, match="not valid JSON in UTF-8"):
        await relay.feed(event + b"\n\n")


@pytest.mark.parametrize("event", [b"data: [DONE]", b"data:[DONE]", b"data: ", b": a comment", b"event: ping"])
def test_an_event_without_a_document_is_none(event: bytes) -> None:
    assert document_of(event) is None
