"""An OpenAI-compatible server on loopback that does what its caller says in the prompt."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
from aiohttp import web

WORDS = ["春", "夏", "秋", "冬", " spring", " summer"]


class FakeUpstream:
    """Answers with `WORDS` unless told otherwise.

    `script` holds one instruction: "" (answer), "error:<status>", "hang", "drop" (close without an answer), "break"
    (close in mid-stream), "stall" (fall silent in mid-stream), "junk" (no JSON), "slow" (a pause before each word),
    "stream_error" (an error event in mid-stream). `seen` are the requests, `cancelled` how many clients left, `peak`
    the most calls at once.
    """

    def __init__(self) -> None:
        self.script = ""
        self.refusal = "the upstream says no"
        self.words = list(WORDS)
        self.extra: dict[str, Any] = {}
        self.usage_in_stream = True
        self.seen: list[dict[str, Any]] = []
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.running = self.peak = 0
        self.cancelled = 0
        self.finished = 0
        self.url = ""
        self.more_routes: list[web.RouteDef] = []
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application(client_max_size=1 << 28)
        app.router.add_post("/v1/chat/completions", self._answer)
        app.router.add_post("/v1/completions", self._answer)
        app.router.add_post("/v1/embeddings", self._embed)
        app.router.add_post("/v1/rerank", self._rerank)
        app.router.add_post("/v1/images/generations", self._images)
        app.router.add_post("/v1/audio/speech", self._speak)
        app.router.add_post("/v1/audio/transcriptions", self._hear)
        app.router.add_get("/v1/models", self._models)
        app.router.add_routes(self.more_routes)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{port}/v1"

    async def stop(self) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _models(self, request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": "echo", "object": "model"}]})

    async def _take(self, request: web.Request) -> dict[str, Any]:
        body = await request.read()
        document: dict[str, Any] = orjson.loads(body)
        self.bodies.append(body)
        self.seen.append(document)
        self.headers.append(dict(request.headers))
        return document

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        document = await self._take(request)
        self.running += 1
        self.peak = max(self.peak, self.running)
        try:
            response = await self._scripted(request, document)
            self.finished += 1
            return response
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.running -= 1

    async def _scripted(self, request: web.Request, document: dict[str, Any]) -> web.StreamResponse:
        script = self.script
        if script.startswith("error:"):
            status = int(script.partition(":")[2])
            error = {"error": {"message": self.refusal, "type": "test", "code": "no", "param": None}}
            return web.json_response(error, status=status, headers={"Retry-After": "7"} if status == 429 else {})
        if script == "hang":
            await asyncio.sleep(600)
        if script == "drop":
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        if script == "junk":
            return web.Response(body=b"\xff\xfenot json", content_type="application/json")
        if document.get("stream"):
            return await self._stream(request, document)
        if script == "slow":
            await asyncio.sleep(0.05 * len(self.words))
        return web.Response(body=orjson.dumps(self._whole(document)), content_type="application/json")

    def _usage(self) -> dict[str, Any]:
        count = len(self.words)
        details = {"cached_tokens": 2}
        return {
            "prompt_tokens": 11,
            "completion_tokens": count,
            "total_tokens": 11 + count,
            "prompt_tokens_details": details,
        }

    def _whole(self, document: dict[str, Any]) -> dict[str, Any]:
        text = "".join(self.words)
        chat = "messages" in document
        choice: dict[str, Any] = {"index": 0, "finish_reason": "stop", "logprobs": None}
        choice |= {"message": {"role": "assistant", "content": text}} if chat else {"text": text}
        return {
            "id": "cmpl-1",
            "object": "chat.completion" if chat else "text_completion",
            "created": 1_700_000_000,
            "model": document["model"],
            "choices": [choice],
            "usage": self._usage(),
            "system_fingerprint": "fp_test",
            **self.extra,
        }

    async def _stream(self, request: web.Request, document: dict[str, Any]) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        chat = "messages" in document
        base = {"id": "cmpl-1", "object": "chat.completion.chunk", "created": 1_700_000_000, "model": document["model"]}

        async def send(choices: list[dict[str, Any]], **more: Any) -> None:
            await response.write(b"data: " + orjson.dumps({**base, "choices": choices, **more}) + b"\n\n")

        if chat:
            await send([{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}])
        for number, word in enumerate(self.words):
            if number == 3 and self.script == "break":
                assert request.transport is not None
                request.transport.abort()
                return response
            if number == 3 and self.script == "stall":
                await asyncio.sleep(600)
            if number == 3 and self.script == "stream_error":
                await response.write(b'data: {"error": {"message": "out of memory", "code": 500}}\n\n')
                return response
            if self.script == "slow":
                await asyncio.sleep(0.05)
            piece = {"delta": {"content": word}} if chat else {"text": word}
            await send([{"index": 0, **piece, "finish_reason": None}])
        end: dict[str, Any] = {"delta": {}} if chat else {"text": ""}
        await send([{"index": 0, **end, "finish_reason": "stop"}], **self.extra)
        options = document.get("stream_options") or {}
        if options.get("include_usage") and self.usage_in_stream:
            await send([], usage=self._usage())
        await response.write(b"data: [DONE]\n\n")
        return response

    async def _embed(self, request: web.Request) -> web.Response:
        document = await self._take(request)
        texts = document["input"] if isinstance(document["input"], list) else [document["input"]]
        data = [
            {"object": "embedding", "index": number, "embedding": [float(number), 0.5, -0.25]}
            for number in range(len(texts))
        ]
        usage = {"prompt_tokens": 5 * len(texts), "total_tokens": 5 * len(texts)}
        body = {"object": "list", "data": data, "model": document["model"], "usage": usage}
        return web.Response(body=orjson.dumps(body), content_type="application/json")

    async def _rerank(self, request: web.Request) -> web.Response:
        document = await self._take(request)
        count = len(document["documents"])
        results = [{"index": number, "relevance_score": 1 - number / count} for number in range(count)]
        return web.json_response({"model": document["model"], "results": results, "usage": {"total_tokens": 9}})

    async def _images(self, request: web.Request) -> web.Response:
        document = await self._take(request)
        data = [{"b64_json": "aW1hZ2U="}] * document.get("n", 1)
        return web.json_response({"created": 1_700_000_000, "data": data})

    async def _speak(self, request: web.Request) -> web.Response:
        await self._take(request)
        return web.Response(body=b"ID3\x00\xffsound", content_type="audio/mpeg")

    async def _hear(self, request: web.Request) -> web.Response:
        self.headers.append(dict(request.headers))
        form = await request.post()
        upload = form["file"]
        assert isinstance(upload, web.FileField)
        content = upload.file.read()
        self.seen.append({name: value for name, value in form.items() if isinstance(value, str)})
        self.bodies.append(content)
        if form.get("response_format") == "text":
            return web.Response(text="四季")
        return web.json_response({"text": "四季", **self.extra})
