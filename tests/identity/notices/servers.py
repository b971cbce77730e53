"""Real servers on loopback that receive what the courier delivers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiohttp import web


@dataclass
class MailServer:
    """An SMTP server (RFC 5321) that keeps messages, or refuses them with `refusal`."""

    messages: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    refusal: str | None = None
    port: int = 0

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def say(line: str) -> None:
            writer.write(f"{line}\r\n".encode())
            await writer.drain()

        await say("220 test")
        while line := (await reader.readline()).decode().strip():
            verb = line[:4].upper()
            if verb == "DATA":
                await say("354 go on")
                content = (await reader.readuntil(b"\r\n.\r\n"))[:-5]
                self.messages.append(message_from_bytes(content, policy=policy.default))  # type: ignore[arg-type]
                await say("250 kept")
            elif verb == "RCPT" and self.refusal:
                await say(self.refusal)
            elif verb == "RCPT":
                self.recipients.append(line.partition("<")[2].rstrip(">"))
                await say("250 fine")
            elif verb == "QUIT":
                await say("221 bye")
                break
            else:
                await say("250 fine")
        writer.close()


@asynccontextmanager
async def mail_server() -> AsyncIterator[MailServer]:
    """A mail server on a free port."""
    kept = MailServer()
    server = await asyncio.start_server(kept._talk, "127.0.0.1", 0)
    kept.port = server.sockets[0].getsockname()[1]
    async with server:
        yield kept


@dataclass
class Receiver:
    """An HTTP server that keeps what webhooks send, and answers with `status`."""

    calls: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    status: int = 200
    location: str = ""
    url: str = ""

    async def _take(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.calls.append((headers, await request.read()))
        return web.Response(status=self.status, headers={"location": self.location} if self.location else {})


@asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    """A webhook receiver on a free port."""
    kept = Receiver()
    app = web.Application()
    app.router.add_post("/hook", kept._take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    kept.url = f"http://127.0.0.1:{port}/hook"
    try:
        yield kept
    finally:
        await runner.cleanup()
