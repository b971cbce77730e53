"""A Hub client in a few words: what the stock ones send, through the whole application."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import httpx
import orjson


class HubClient:
    """Speaks the protocol as one person."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def create(self, name: str = "demo/m", kind: str = "model", **more: Any) -> httpx.Response:
        return await self.http.post("/api/repos/create", json={"name": name, "type": kind, **more})

    async def commit(
        self,
        files: dict[str, bytes] | None = None,
        *,
        repo: str = "models/demo/m",
        revision: str = "main",
        lfs: dict[str, str] | None = None,
        delete: tuple[str, ...] = (),
        lines: tuple[dict[str, Any], ...] = (),
        parent: str | None = None,
        query: str = "",
    ) -> httpx.Response:
        header: dict[str, Any] = {"summary": "a change", "description": ""}
        if parent is not None:
            header["parentCommit"] = parent
        sent: list[dict[str, Any]] = [{"key": "header", "value": header}]
        for path, data in (files or {}).items():
            content = base64.b64encode(data).decode()
            sent.append({"key": "file", "value": {"path": path, "content": content, "encoding": "base64"}})
        for path, oid in (lfs or {}).items():
            sent.append({"key": "lfsFile", "value": {"path": path, "algo": "sha256", "oid": oid}})
        sent += [{"key": "deletedFile", "value": {"path": path}} for path in delete]
        body = b"\n".join(orjson.dumps(line) for line in [*sent, *lines])
        return await self.http.post(
            f"/api/{repo}/commit/{revision}{query}", content=body, headers={"content-type": "application/x-ndjson"}
        )

    async def batch(self, *contents: bytes, repo: str = "demo/m", **more: Any) -> httpx.Response:
        objects = [{"oid": hashlib.sha256(data).hexdigest(), "size": len(data)} for data in contents]
        body = {"operation": "upload", "transfers": ["basic", "multipart"], "objects": objects, **more}
        return await self.http.post(f"/{repo}.git/info/lfs/objects/batch", json=body)
