"""The lean ASGI application of the protocol."""

from __future__ import annotations

import logging
import re
from urllib.parse import quote

from fastapi import Request

from ceyuan.hub.errors import RepositoryNotFound
from ceyuan.hub.lean import ClientGone, Failure, MethodNotAllowed, Receive, Reply, Scope, Send
from ceyuan.hub.protocol import handlers  # noqa: F401 - the import declares the routes
from ceyuan.hub.protocol.call import Call
from ceyuan.hub.protocol.routing import KINDS, find
from ceyuan.kernel.errors import CeyuanError, NotFound
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.platform import Platform

_GIT = re.compile(r"/(?:(?:models|datasets)/)?[^/]+/[^/]+/(?:info/refs|git-upload-pack|git-receive-pack)")
logger = logging.getLogger(__name__)


class HubProtocol:
    """Answers the Hub's clients."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    @staticmethod
    def serves(path: str) -> bool:
        """Whether a path is the protocol's: all of `/api/` but our REST, git, LFS, and addresses without an owner."""
        if path.startswith("/api/"):
            return not path.startswith("/api/v1/") and path != "/api/v1"
        return ".git/info/" in path or _GIT.fullmatch(path) is not None or path.split("/")[2:3] == ["resolve"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        try:
            reply = await self._reply(request, scope, receive)
        except ClientGone:
            return
        except CeyuanError as error:
            await Failure(error, request, _numbered()).response()(scope, receive, send)
            return
        except Exception:
            logger.exception("unhandled error on %s %s", request.method, request.url.path)
            problem = CeyuanError(("平台内部错误,已记入日志", "something went wrong inside; it was logged"))
            await Failure(problem, request, _numbered()).response()(scope, receive, send)
            return
        if request.method == "HEAD":
            reply = Reply(reply.status, reply.headers)
        await Reply(reply.status, {**reply.headers, **_numbered()}, reply.first, reply.rest).send(receive, send)

    async def _reply(self, request: Request, scope: Scope, receive: Receive) -> Reply:
        raw = scope.get("raw_path") or quote(scope["path"]).encode()
        segments = raw.decode("latin-1").partition("?")[0].strip("/").split("/")
        if _GIT.fullmatch(request.url.path):
            # People write a repository's address with or without the ending that git gives it.
            at = -3 if segments[-1] == "refs" else -2
            segments[at] = f"{segments[at].removesuffix('.git')}.git"
        found, parameters, known = find(request.method, segments)
        if found is None:
            # An id without an owner names no repository of ours, whatever is asked of it.
            if "resolve" in segments or (segments[1:2] and segments[1] in KINDS and (len(segments) < 5 or not known)):
                raise RepositoryNotFound()
            if known:
                raise MethodNotAllowed(allow=", ".join(sorted(known)))
            raise NotFound()
        actor = await self._platform.authenticate(self._platform, request)
        return await found.handler(Call(self._platform, request, receive, actor, parameters))


def _numbered() -> dict[str, str]:
    """The header by which people and operators speak about one request."""
    return {"x-request-id": new_id("req")}
