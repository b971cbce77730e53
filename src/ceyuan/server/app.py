"""The application: FastAPI for the control plane, the console's files, and the lean byte paths beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import FastAPI, Query, Request
from fastapi.responses import FileResponse, RedirectResponse, Response
from fastapi.routing import APIRoute
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel
from starlette.middleware.gzip import GZipMiddleware

from ceyuan import __version__
from ceyuan.identity import ReservedNames
from ceyuan.kernel.errors import NotFound
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.web import CurrentActor, CurrentPlatform, Problem, install_error_handlers
from ceyuan.server import rooms
from ceyuan.server.middleware import SecurityHeaders
from ceyuan.server.settings import ServerSettings
from ceyuan.server.switchboard import Switchboard

CONSOLE_DIR = Path(__file__).resolve().parent / "console"
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]", "testserver"})
_NEAR = frozenset({"127.0.0.1", "::1"})


class Health(BaseModel):
    """Whether the platform can do its work."""

    status: str
    version: str


def _operation_id(route: APIRoute) -> str:
    return route.name


def _take_routes(app: FastAPI) -> None:
    """The rooms' routes as they stand: their paths are whole, and `include_router` would build each a second time."""
    for router in rooms.routers():
        app.router.routes.extend(router.routes)


def create_app(platform: Platform) -> FastAPI:
    """The control plane over a platform, which whoever serves the application starts and stops."""
    settings = platform.section(ServerSettings)

    app = FastAPI(
        title="Ceyuan",
        version=__version__,
        summary="The open platform that a city, a park, a university or a hospital group runs its AI on.",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=_operation_id,
    )
    app.state.platform = platform
    install_error_handlers(app)
    _take_routes(app)
    _add_system_routes(app, settings)
    _add_console(app)
    _complete_document(app)
    _reserve_names(app, platform)
    app.router.middleware_stack = Switchboard(app.router)
    app.add_middleware(GZipMiddleware, minimum_size=2048, compresslevel=4)
    app.add_middleware(SecurityHeaders, secure=settings.is_secure, hosts=_allowed_hosts(settings))
    return app


def _allowed_hosts(settings: ServerSettings) -> frozenset[str] | None:
    if settings.public_url:
        return _LOOPBACK | {(urlsplit(settings.public_url).hostname or "").lower()}
    if settings.host in ("127.0.0.1", "localhost", "::1"):
        return _LOOPBACK
    return None


def _add_system_routes(app: FastAPI, settings: ServerSettings) -> None:
    @app.get("/api/v1/health", response_model=Health, tags=["system"])
    async def health(platform: CurrentPlatform) -> Health:
        """Say whether the database answers."""
        await platform.database.ping()
        return Health(status="ok", version=__version__)

    @app.get("/metrics", include_in_schema=False)
    async def metrics(request: Request, actor: CurrentActor) -> Response:
        # A Prometheus on this machine needs no token; what a proxy passes on comes from this machine too.
        near = request.client is not None and request.client.host in _NEAR
        if not near or settings.behind_proxy:
            actor.require_duty("operator")
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def _add_console(app: FastAPI) -> None:
    @app.get("/", include_in_schema=False)
    async def root() -> RedirectResponse:
        return RedirectResponse("/console/")

    @app.get("/docs", include_in_schema=False)
    async def docs() -> RedirectResponse:
        return RedirectResponse("/console/api")

    @app.get("/console", include_in_schema=False)
    async def console_root() -> RedirectResponse:
        return RedirectResponse("/console/")

    @app.get("/console/{path:path}", include_in_schema=False)
    async def console(path: str, v: Annotated[str | None, Query()] = None) -> Response:
        file = (CONSOLE_DIR / path).resolve()
        if path and file.is_file() and file.is_relative_to(CONSOLE_DIR):
            # Built assets carry a hash of their content in their name.
            age = "public, max-age=31536000, immutable" if path.startswith("assets/") else "no-cache"
            return FileResponse(file, headers={"Cache-Control": age})
        index = CONSOLE_DIR / "index.html"
        if path.startswith("assets/") or not index.is_file():
            raise NotFound(
                ("控制台文件不存在", "this file of the console does not exist"),
                hint=("源码运行时请先执行 make console", "in a source tree run make console first"),
            )
        return FileResponse(index, headers={"Cache-Control": "no-cache"})


def _reserve_names(app: FastAPI, platform: Platform) -> None:
    """Nobody may be called like the first segment of a route."""
    paths = [path for route in app.routes if (path := getattr(route, "path", None))]
    paths += [path for room in rooms.ROOMS for path in room.byte_path_items()]
    platform.provide(ReservedNames, ReservedNames.from_paths(paths))


def _complete_document(app: FastAPI) -> None:
    """Put the lean handlers' paths into the OpenAPI document beside the others, and what errors look like."""
    described = app.openapi

    def openapi() -> dict[str, Any]:
        document = described()
        for room in rooms.ROOMS:
            for path, item in room.byte_path_items().items():
                document["paths"].setdefault(path, item)
        document["components"]["schemas"]["Problem"] = Problem.model_json_schema()
        return document

    app.openapi = openapi  # type: ignore[method-assign]
