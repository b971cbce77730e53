"""Embedding models for a run: its process asks the platform's own gateway, as the organisation that the run is for.

The process reaches it by a socket that only it is told of and that is there while it runs, so it holds no key, and
calls are guarded, limited and paid as all others are.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import orjson

from ceyuan.data.pipelines.errors import RecipeInvalid
from ceyuan.kernel.actor import Actor
from ceyuan.kernel.errors import CeyuanError
from ceyuan.kernel.jobs import JobContext
from ceyuan.kernel.platform import Platform

if TYPE_CHECKING:
    from aiohttp import web

__all__ = ["Embedder", "embedding_model", "embedding_socket", "require_embedding_model"]

_BODY_BYTES = 8 << 20
_END_S = 1.0


class Embedder(Protocol):
    """Hook: embeddings by the models that the platform serves. `platform.provide(Embedder, ...)`."""

    def offers(self, platform: Platform, org_id: str, model: str) -> bool:
        """Whether this embedding model is served to the organisation."""
        ...

    async def embed(
        self, platform: Platform, actor: Actor, org_id: str, document: Mapping[str, Any], repeat_key: str
    ) -> dict[str, Any]:
        """OpenAI's answer to OpenAI's request; the organisation pays, once for each `repeat_key`."""
        ...


def embedding_model(recipe: Mapping[str, Any]) -> str:
    """The embedding model that a recipe asks; empty where it asks none."""
    duplicates = recipe.get("duplicates")
    semantic = duplicates.get("semantic") if isinstance(duplicates, Mapping) else None
    model = semantic.get("model", "") if isinstance(semantic, Mapping) and "media" not in recipe else ""
    return model.strip() if isinstance(model, str) else ""


def require_embedding_model(platform: Platform, org_id: str, recipe: Mapping[str, Any]) -> None:
    """Raise `RecipeInvalid` where a recipe asks an embedding model that is not served to the organisation."""
    model = embedding_model(recipe)
    if model and not any(one.offers(platform, org_id, model) for one in _embedders(platform)):
        raise RecipeInvalid(
            (f"“{model}”不是可用的向量模型", f"“{model}” is no embedding model that is served to you"),
            hint=(
                "请在“模型”中选择已上线的向量模型，或去掉 duplicates.semantic.model 以使用来源自带的向量",
                "choose a served model that can do embeddings, or leave duplicates.semantic.model out for vectors that "
                "sources bring",
            ),
        )


def _embedders(platform: Platform) -> list[Embedder]:
    return platform.find(Embedder)  # type: ignore[type-abstract]


@asynccontextmanager
async def embedding_socket(ctx: JobContext, org_id: str, recipe: Mapping[str, Any]) -> AsyncIterator[dict[str, str]]:
    """What tells the run's process of the gateway, while it is there; nothing where the recipe asks no model."""
    model = embedding_model(recipe)
    if not model:
        yield {}
        return
    from aiohttp import web

    async def answer(request: web.Request) -> web.Response:
        return await _answered(ctx, org_id, model, await request.read())

    app = web.Application(client_max_size=_BODY_BYTES)
    app.router.add_post("/v1/embeddings", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_END_S)
    folder = Path(tempfile.mkdtemp(prefix="ceyuan-"))  # nobody else may enter it, and its path is short enough
    try:
        await runner.setup()
        await web.UnixSite(runner, str(folder / "gateway")).start()
        told = {"url": "http://gateway/v1", "key": "", "socket": str(folder / "gateway"), "allowed": []}
        yield {"CEYUAN_EMBEDDING": orjson.dumps(told).decode()}
    finally:
        await runner.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


async def _answered(ctx: JobContext, org_id: str, model: str, body: bytes) -> web.Response:
    from aiohttp import web

    document: dict[str, Any] = orjson.loads(body) | {"model": model}
    key = f"{ctx.job_id}:{sha256(body).hexdigest()}"
    embedder = next(iter(_embedders(ctx.platform)))
    try:
        answer = await embedder.embed(ctx.platform, ctx.actor, org_id, document, key)
    except CeyuanError as error:
        words = {"message": error.line("en"), "message_zh": error.line("zh")}
        words["upstream_words"] = str(error.fields.get("upstream_words") or "")
        pause = error.fields.get("retry_after_s")
        headers = {"Retry-After": str(int(pause))} if isinstance(pause, int | float) else {}
        return web.json_response({"error": words}, status=error.status, headers=headers)
    return web.Response(body=orjson.dumps(answer), content_type="application/json")
