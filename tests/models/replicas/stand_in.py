"""A stand-in for an inference server: OpenAI's API over aiohttp, with what the revision's `words` say for an answer.

It lies in the revision itself, so that the task's sandbox shows it, and is run as `command`. It takes only its own key.
The word `broken` makes it end at once; a prompt of digits makes it answer after so many milliseconds; `POST /die` is
how a test kills it, whose process it cannot know from outside the sandbox.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from aiohttp import web

HOST, PORT, NAME, MODEL = sys.argv[1:5]
WORDS = (Path(MODEL) / "words").read_text().strip()
KEY = os.environ["CEYUAN_REPLICA_KEY"]


def refused(request: web.Request) -> bool:
    return request.headers.get("Authorization") != f"Bearer {KEY}"


async def health(request: web.Request) -> web.Response:
    return web.Response()


async def models(request: web.Request) -> web.Response:
    if refused(request):
        return web.json_response({"error": "Unauthorized"}, status=401)
    return web.json_response({"object": "list", "data": [{"id": NAME, "object": "model"}]})


async def chat(request: web.Request) -> web.Response:
    if refused(request):
        return web.json_response({"error": "Unauthorized"}, status=401)
    asked = await request.json()
    prompt = asked["messages"][-1]["content"]
    await asyncio.sleep(int(prompt) / 1000 if prompt.isdigit() else 0)
    choice = {"index": 0, "message": {"role": "assistant", "content": WORDS}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    return web.json_response(
        {"id": "x", "object": "chat.completion", "created": 0, "model": NAME, "choices": [choice], "usage": usage}
    )


async def die(request: web.Request) -> web.Response:
    os._exit(9)


def main() -> None:
    sys.stderr.write(f"the key is {KEY}\n")
    if WORDS == "broken":
        sys.exit("these weights cannot be loaded")
    app = web.Application()
    app.router.add_get("/health", health)
    app.router.add_get("/v1/models", models)
    app.router.add_post("/die", die)
    app.router.add_post("/v1/chat/completions", chat)
    web.run_app(app, host=HOST, port=int(PORT), print=lambda *_: None, shutdown_timeout=2)


if __name__ == "__main__":
    main()
