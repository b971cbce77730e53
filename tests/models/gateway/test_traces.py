"""What a collector is told of calls."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ceyuan.models.gateway.call import Call
from ceyuan.models.gateway.traces import Traces, attributes_of
from tests.models.gateway.house import CHAT, House

pytest.importorskip("opentelemetry.sdk", reason="the extra “otel” is not installed")
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
CALL = Call("req_1", 1.0, "chat", "org_1", "key_1", "per_1", model="echo", upstream="fake", total_ms=20.0)


async def test_a_call_is_a_span_of_its_callers_trace_without_what_was_said(house: House) -> None:
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    kept = InMemorySpanExporter()
    traces = house.service.live.traces = Traces("http://127.0.0.1:1", exporter=kept)
    assert (await house.post(headers={"traceparent": f"00-{TRACE}-{SPAN}-01"}))[0] == 200
    assert (await house.post({**CHAT, "model": "nothing"}))[0] == 404
    await house.settle()
    await traces.close()
    good, refused = kept.get_finished_spans()
    facts = dict(good.attributes or {})
    assert (good.name, f"{good.context.trace_id:032x}", f"{good.parent.span_id:016x}") == ("chat echo", TRACE, SPAN)
    assert (facts["gen_ai.usage.input_tokens"], facts["gen_ai.usage.output_tokens"]) == (11, 6)
    assert facts["ceyuan.cost.micro_yuan"] == 70
    assert [event.name for event in good.events] == ["gen_ai.client.inference.operation.details"]
    assert "四季" not in good.to_json(indent=None)
    assert (refused.attributes or {})["error.type"] == "model_not_found"
    assert (refused.parent, refused.status.is_ok) == (None, False)


def test_a_span_tells_how_a_call_ended_and_what_was_used() -> None:
    assert "gen_ai.usage.input_tokens" not in attributes_of(CALL, 0)
    stream = replace(CALL, stream=True, first_ms=5.0, usage_from="relayed", completion_tokens=3, status="cancelled")
    told = attributes_of(stream, 0)
    assert (told["gen_ai.response.time_to_first_chunk"], told["gen_ai.usage.output_tokens"]) == (0.005, 3)
    assert "error.type" not in told
    assert attributes_of(replace(CALL, status="failed", code="upstream_error"), 0)["error.type"] == "upstream_error"
