"""Each call as a span for an OpenTelemetry collector, by the GenAI conventions (semantic-conventions-genai, "Semantic
conventions for generative client AI spans" and "… events"). Prompts and answers are never told."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from ceyuan.kernel.errors import Invalid
from ceyuan.models.gateway.call import Call, Endpoint

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter

_OPERATIONS: dict[Endpoint, str] = {"chat": "chat", "completions": "text_completion", "embeddings": "embeddings"}
_DETAILS = "gen_ai.client.inference.operation.details"


class Traces:
    """Tells an OTLP collector of calls. Spans wait in memory and are sent by a thread of their own; what the collector
    does not take in time is dropped, and no call waits for it."""

    def __init__(self, endpoint: str, *, exporter: SpanExporter | None = None) -> None:
        """`endpoint` is the collector's address for OTLP over HTTP, without the path. Raises `Invalid` where the extra
        “otel” is missing."""
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
        except ImportError as error:
            raise Invalid(
                (
                    "CEYUAN_GATEWAY_OTLP_ENDPOINT 需要附加组件 otel",
                    "CEYUAN_GATEWAY_OTLP_ENDPOINT needs the extra “otel”",
                ),
                hint=("pip install 'ceyuan[otel]'", "pip install 'ceyuan[otel]'"),
            ) from error
        sender = exporter or OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")
        self._provider = TracerProvider(
            resource=Resource.create({"service.name": "ceyuan-gateway"}), shutdown_on_exit=False
        )
        self._provider.add_span_processor(BatchSpanProcessor(sender))
        self._tracer = self._provider.get_tracer("ceyuan.gateway")

    def add(self, call: Call, cost_micro: int, parent: bytes) -> None:
        """A call ended; `parent` is the client's `traceparent` header, if it sent one."""
        from opentelemetry.trace import SpanKind, StatusCode
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        context = None
        if parent:
            context = TraceContextTextMapPropagator().extract({"traceparent": parent.decode("latin-1")})
        began = int(call.at * 1e9)
        ended = began + int(call.total_ms * 1e6)
        facts = attributes_of(call, cost_micro)
        name = f"{facts['gen_ai.operation.name']} {call.model}".rstrip()
        span = self._tracer.start_span(
            name, context=context, kind=SpanKind.CLIENT, attributes=facts, start_time=began, record_exception=False
        )
        span.add_event(_DETAILS, facts, timestamp=ended)
        if "error.type" in facts:
            span.set_status(StatusCode.ERROR, call.code)
        span.end(ended)

    async def close(self) -> None:
        """Send what waits."""
        await asyncio.to_thread(self._provider.shutdown)


def attributes_of(call: Call, cost_micro: int) -> dict[str, Any]:
    """What is told of a call."""
    facts: dict[str, Any] = {
        "gen_ai.operation.name": _OPERATIONS.get(call.endpoint, call.endpoint),
        "gen_ai.provider.name": call.upstream or "ceyuan",
        "gen_ai.request.model": call.model,
        "gen_ai.request.stream": call.stream,
        "gen_ai.response.id": call.id,
        "gen_ai.response.model": call.model,
        "http.response.status_code": call.http_status,
        "ceyuan.organisation.id": call.org_id,
        "ceyuan.key.id": call.key_id,
        "ceyuan.call.status": call.status,
        "ceyuan.cost.micro_yuan": cost_micro,
    }
    if call.usage_from != "none":
        facts |= {
            "gen_ai.usage.input_tokens": call.prompt_tokens,
            "gen_ai.usage.output_tokens": call.completion_tokens,
            "gen_ai.usage.cache_read.input_tokens": call.cached_tokens,
        }
    if call.stream and call.first_ms is not None:
        facts["gen_ai.response.time_to_first_chunk"] = call.first_ms / 1000
    optional = {
        "ceyuan.model.revision": call.revision,
        "ceyuan.scenario": call.scenario,
        "ceyuan.project": call.project,
    }
    facts |= {key: value for key, value in optional.items() if value}
    if verdicts := sorted({str(verdict["action"]) for verdict in call.verdicts}):
        facts["ceyuan.moderation.actions"] = verdicts
    if call.status not in ("ok", "cancelled"):
        facts["error.type"] = call.code or call.status
    return facts
