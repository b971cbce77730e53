"""The door: sends byte paths to their lean handlers and everything else to the control plane."""

from __future__ import annotations

from ceyuan.kernel.platform import Platform
from ceyuan.server import rooms
from ceyuan.server.app import create_app
from ceyuan.server.middleware import App, Receive, Scope, Send


class Door:
    """The top-level ASGI application of one process."""

    def __init__(self, platform: Platform) -> None:
        self.app = create_app(platform)
        self._handlers: list[rooms.ByteHandler] = [h for room in rooms.ROOMS for h in room.byte_handlers(platform)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            handler = self._handler_of(scope)
            if handler is not None:
                await handler(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def _handler_of(self, scope: Scope) -> App | None:
        path: str = scope["path"]
        for handler in self._handlers:
            if handler.matches(path):
                app: App = handler.app
                return app
        return None
