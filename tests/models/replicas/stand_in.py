"""A stand-in for an inference server: OpenAI's API by the standard library alone, with what the revision's `words` say
for an answer.

It lies in the revision itself, so that the task's sandbox shows it, and is run as `command`. It takes only its own key.
The word `broken` makes it end at once; a prompt of digits makes it answer after so many milliseconds; `POST /die` is
how a test kills it, whose process it cannot know from outside the sandbox.
"""

from __future__ import annotations

import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

HOST, PORT, NAME, MODEL = sys.argv[1:5]
WORDS = (Path(MODEL) / "words").read_text().strip()
KEY = os.environ["CEYUAN_REPLICA_KEY"]


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/health":
            self.answer(200, {})
        elif not self.refused():
            self.answer(200, {"object": "list", "data": [{"id": NAME, "object": "model"}]})

    def do_POST(self) -> None:
        if self.path == "/die":
            os._exit(9)
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.refused():
            return
        prompt = json.loads(body)["messages"][-1]["content"]
        time.sleep(int(prompt) / 1000 if prompt.isdigit() else 0)
        choice = {"index": 0, "message": {"role": "assistant", "content": WORDS}, "finish_reason": "stop"}
        usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
        told = {"id": "x", "object": "chat.completion", "created": 0, "model": NAME, "choices": [choice]}
        self.answer(200, {**told, "usage": usage})

    def refused(self) -> bool:
        """Whether the key is not ours, which is told."""
        if self.headers["authorization"] == f"Bearer {KEY}":
            return False
        self.answer(401, {"error": "Unauthorized"})
        return True

    def answer(self, status: int, document: dict[str, Any]) -> None:
        data = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Nothing of single requests."""


def main() -> None:
    sys.stderr.write(f"the key is {KEY}\n")
    if WORDS == "broken":
        sys.exit("these weights cannot be loaded")
    ThreadingHTTPServer((HOST, int(PORT)), Handler).serve_forever()


if __name__ == "__main__":
    main()
