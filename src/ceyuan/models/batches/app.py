"""The lean ASGI handler of `/v1/files` and `/v1/batches`: the gateway's keys, OpenAI's shapes."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs, quote

import orjson
from fastapi import Request

from ceyuan.kernel.errors import CeyuanError
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.platform import Platform
from ceyuan.models.batches import service
from ceyuan.models.batches.settings import BatchSettings
from ceyuan.models.batches.upload import receive_form
from ceyuan.models.batches.views import batch_document, file_document, listing
from ceyuan.models.gateway.answers import JSON, error_body, error_headers, language_of
from ceyuan.models.gateway.app import Arrived, read_body
from ceyuan.models.gateway.errors import BadRequest, ClientGone, UnknownRoute, UpstreamTimeout, WrongMethod
from ceyuan.models.gateway.keys import Caller, KeyStore, caller_of, key_of, require_owner, session_owner

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Handler = Callable[["_Call"], Awaitable[None]]
_MOST = 10_000
_LONGEST_BODY = 1 << 16


class _Call:
    """One request of a known caller."""

    def __init__(self, arrived: Arrived, caller: Caller, send: Send, reference: str) -> None:
        self.arrived = arrived
        self.caller = caller
        self.send = send
        self.reference = reference
        self.query = {name: values[-1] for name, values in parse_qs(arrived.scope["query_string"].decode()).items()}

    def limit(self, default: int, most: int) -> int:
        """The page's length; raises `BadRequest`."""
        text = self.query.get("limit", str(default))
        if not text.isdigit() or not 0 < int(text) <= most:
            raise BadRequest((f"limit 须为 1 至 {most}", f"limit must be 1 to {most}"), param="limit")
        return int(text)

    async def answer(self, document: Any, status: int = 200) -> None:
        """Answer with JSON."""
        body = orjson.dumps(document)
        request_id = self.arrived.id.encode()
        headers = [JSON, (b"content-length", b"%d" % len(body)), (b"x-request-id", request_id)]
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})


class BatchesApp:
    """Files and batches over HTTP."""

    def __init__(self, platform: Platform, keys: KeyStore) -> None:
        self._platform = platform
        self._keys = keys
        self._routes: list[tuple[re.Pattern[str], dict[str, Handler]]] = [
            (re.compile(r"/v1/files"), {"POST": self._upload, "GET": self._files}),
            (re.compile(r"/v1/files/([^/]+)/content"), {"GET": self._content}),
            (re.compile(r"/v1/files/([^/]+)"), {"GET": self._file, "DELETE": self._remove}),
            (re.compile(r"/v1/batches"), {"POST": self._create, "GET": self._batches}),
            (re.compile(r"/v1/batches/([^/]+)/cancel"), {"POST": self._cancel}),
            (re.compile(r"/v1/batches/([^/]+)"), {"GET": self._batch}),
        ]

    def serves(self, path: str) -> bool:
        """Whether a path belongs here."""
        return path.startswith(("/v1/files", "/v1/batches")) and path[len("/v1/") :].split("/", maxsplit=1)[0] in (
            "files",
            "batches",
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        arrived = Arrived(new_id("req"), scope, headers, receive)
        try:
            handler, reference = self._route(scope["path"], scope["method"])
            await handler(_Call(arrived, await self._caller(arrived), send, reference))
        except ClientGone:
            return
        except CeyuanError as error:
            body = error_body(error, arrived.id, language_of(headers.get(b"accept-language", b"")))
            found = error_headers(error, body, arrived.id)
            await send({"type": "http.response.start", "status": error.status, "headers": found})
            await send({"type": "http.response.body", "body": body})

    def _route(self, path: str, method: str) -> tuple[Handler, str]:
        for pattern, methods in self._routes:
            if match := pattern.fullmatch(path):
                if method not in methods:
                    raise WrongMethod(hint=(f"请使用 {'、'.join(methods)}", f"use {' or '.join(methods)}"))
                return methods[method], match[1] if match.groups() else ""
        raise UnknownRoute(hint=("请对照接口文档检查路径", "check the path; see the API reference"))

    async def _caller(self, arrived: Arrived) -> Caller:
        headers = arrived.headers
        authorization, api_key = headers.get(b"authorization", b""), headers.get(b"x-api-key", b"")
        owner = None
        if not authorization and not api_key and b"cookie" in headers:
            owner = await session_owner(self._platform, Request(arrived.scope))
        if owner is None:
            owner = await require_owner(self._keys, key_of(authorization, api_key))
        wanted = headers.get(b"openai-organization", b"").decode("utf-8", "replace")
        project = headers.get(b"openai-project", b"").decode("utf-8", "replace").strip()[:80]
        return await caller_of(self._keys, owner, wanted, project)

    async def _upload(self, call: _Call) -> None:
        platform, settings = self._platform, self._platform.section(BatchSettings)
        try:
            async with asyncio.timeout(settings.upload_timeout_s):
                form = receive_form(
                    _chunks(call.arrived),
                    call.arrived.headers.get(b"content-type", b""),
                    platform.data_dir / "gateway" / "uploads",
                    int(settings.max_file_mb * 1e6),
                )
                async with form as upload:
                    purpose = upload.fields.get("purpose", "")
                    if purpose not in service.PURPOSES:
                        known = ", ".join(service.PURPOSES)
                        raise BadRequest(
                            (f"purpose 须为 {known} 之一", f"purpose must be one of {known}"), param="purpose"
                        )
                    blob = await platform.blobs.put_file(upload.path)
        except TimeoutError:
            raise UpstreamTimeout(("上传超时", "the upload took too long")) from None
        async with platform.work(call.caller.actor) as uow:
            uow.actor.require_role(call.caller.org_id, "member")
            org_id = call.caller.org_id
            row = await service.keep_file(uow, org_id, blob, purpose=purpose, filename=upload.filename)
            document = file_document(row)
        await call.answer(document)

    async def _files(self, call: _Call) -> None:
        limit, purpose, after = call.limit(_MOST, _MOST), call.query.get("purpose"), call.query.get("after")
        async with self._platform.work(call.caller.actor, write=False) as uow:
            rows = await service.list_files(uow, call.caller.org_id, purpose=purpose, after=after, limit=limit)
            found = listing([file_document(row) for row in rows], limit)
        await call.answer(found)

    async def _file(self, call: _Call) -> None:
        async with self._platform.work(call.caller.actor, write=False) as uow:
            document = file_document(await service.find_file(uow, call.caller.org_id, call.reference))
        await call.answer(document)

    async def _content(self, call: _Call) -> None:
        async with self._platform.work(call.caller.actor, write=False) as uow:
            row = await service.find_file(uow, call.caller.org_id, call.reference)
        name = quote(row.filename)
        headers = [
            (b"content-type", b"application/octet-stream"),
            (b"content-length", b"%d" % row.bytes),
            (b"content-disposition", f"attachment; filename*=UTF-8''{name}".encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"x-request-id", call.arrived.id.encode()),
        ]
        await call.send({"type": "http.response.start", "status": 200, "headers": headers})
        async for chunk in self._platform.blobs.stream(row.sha256):
            await call.send({"type": "http.response.body", "body": chunk, "more_body": True})
        await call.send({"type": "http.response.body", "body": b""})

    async def _remove(self, call: _Call) -> None:
        async with self._platform.work(call.caller.actor) as uow:
            await service.remove_file(uow, call.caller.org_id, call.reference)
        await call.answer({"id": call.reference, "object": "file", "deleted": True})

    async def _create(self, call: _Call) -> None:
        body = await read_body(call.arrived, _LONGEST_BODY)
        try:
            wanted = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise BadRequest(("请求体不是有效的 JSON", f"the body is not valid JSON: {error}")) from error
        if not isinstance(wanted, dict):
            raise BadRequest(("请求体必须是 JSON 对象", "the body must be a JSON object"))
        async with self._platform.work(call.caller.actor) as uow:
            document = batch_document(await service.create_batch(uow, call.caller, wanted))
        await call.answer(document)

    async def _batches(self, call: _Call) -> None:
        limit, after = call.limit(20, 100), call.query.get("after")
        async with self._platform.work(call.caller.actor, write=False) as uow:
            rows = await service.list_batches(uow, call.caller.org_id, after=after, limit=limit)
            found = listing([batch_document(row) for row in rows], limit)
        await call.answer(found)

    async def _batch(self, call: _Call) -> None:
        async with self._platform.work(call.caller.actor, write=False) as uow:
            document = batch_document(await service.find_batch(uow, call.caller.org_id, call.reference))
        await call.answer(document)

    async def _cancel(self, call: _Call) -> None:
        async with self._platform.work(call.caller.actor) as uow:
            document = batch_document(await service.cancel_batch(uow, call.caller.org_id, call.reference))
        await call.answer(document)


async def _chunks(arrived: Arrived) -> AsyncIterator[bytes]:
    """The body as it comes; raises `ClientGone`."""
    while True:
        message = await arrived.receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        if body := message.get("body", b""):
            yield body
        if not message.get("more_body", False):
            return
