"""The lines of a batch: requests read and checked, results written as they come and read again after a crash."""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

_MOST_FAULTS = 100
_LONGEST_KEY = 200


@dataclass(frozen=True, slots=True)
class Line:
    """A request of a batch: its number in the file, what its owner calls it, its body."""

    number: int
    custom_id: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a line, in English, with a code of its own."""

    line: int
    code: str
    message: str
    param: str | None = None

    def document(self) -> dict[str, Any]:
        """As OpenAI shows it."""
        return {"code": self.code, "message": self.message, "param": self.param, "line": self.line}


async def split_lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The lines of a content that comes in chunks, without their ends; empty ones are left out."""
    rest = b""
    async for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            if line.strip():
                yield line
    if rest.strip():
        yield rest


async def read_requests(chunks: AsyncIterator[bytes], endpoint: str, most: int) -> tuple[list[Line], list[Fault]]:
    """All requests of a file, or what is wrong with it (at most a hundred faults)."""
    lines: list[Line] = []
    faults: list[Fault] = []
    seen: set[str] = set()
    number = 0
    async for text in split_lines(chunks):
        number += 1
        if number > most:
            faults.append(Fault(number, "too_many_requests", f"a batch may have at most {most} requests"))
            break
        found = _read(text, number, endpoint, seen)
        if isinstance(found, Fault):
            faults.append(found)
            if len(faults) >= _MOST_FAULTS:
                break
        else:
            seen.add(found.custom_id)
            lines.append(found)
    if not number:
        faults.append(Fault(0, "empty_file", "the file has no requests"))
    return lines, faults


def _read(text: bytes, number: int, endpoint: str, seen: set[str]) -> Line | Fault:
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        return Fault(number, "invalid_json_line", f"the line is not valid JSON: {error}")
    if not isinstance(document, dict):
        return Fault(number, "invalid_json_line", "the line is not a JSON object")
    custom_id, body = document.get("custom_id"), document.get("body")
    if not isinstance(custom_id, str) or not custom_id:
        return Fault(number, "missing_custom_id", "custom_id is missing", "custom_id")
    if custom_id in seen:
        return Fault(number, "duplicate_custom_id", f"the custom_id {custom_id[:80]!r} came before", "custom_id")
    if document.get("method") != "POST":
        return Fault(number, "invalid_method", "method must be POST", "method")
    if document.get("url") != endpoint:
        return Fault(number, "invalid_url", f"url must be {endpoint}, as the batch's endpoint", "url")
    if not isinstance(body, dict) or not isinstance(body.get("model"), str):
        return Fault(number, "invalid_body", "body must be an object that names a model", "body")
    if body.get("stream"):
        return Fault(number, "invalid_body", "requests of a batch are not streamed", "body.stream")
    return Line(number, custom_id, body)


def repeat_key(batch_id: str, custom_id: str) -> str:
    """The idempotency key of a line's call."""
    key = f"{batch_id}:{custom_id}"
    return key if len(key) <= _LONGEST_KEY else f"{batch_id}:{hashlib.sha256(custom_id.encode()).hexdigest()}"


class Spool:
    """Results on their way into a file: appended line by line, whole after a crash but for the last."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.done = self._recover()
        self._file = path.open("ab")

    def _recover(self) -> set[str]:
        """The custom ids that have their result; what was cut off is dropped."""
        done: set[str] = set()
        whole = 0
        if not self.path.exists():
            return done
        with self.path.open("rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    break
                try:
                    done.add(orjson.loads(line)["custom_id"])
                except (orjson.JSONDecodeError, KeyError, TypeError):
                    break
                whole += len(line)
        os.truncate(self.path, whole)
        return done

    def add(self, result: dict[str, Any]) -> None:
        """Append a result; it is in the operating system's hands at once."""
        self._file.write(orjson.dumps(result) + b"\n")
        self._file.flush()

    def close(self) -> None:
        """Put everything on the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
