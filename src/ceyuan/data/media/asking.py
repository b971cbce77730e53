"""A server with a model that sees images, asked over HTTP in the form that OpenAI's chat completions have.

Which one, the platform tells an engine's process in its environment, so that the key is never among its arguments. Only
public addresses are reached, and those in the networks that the operator allows; redirects are not followed.
"""

import asyncio
import base64
import io
import os
import re
from dataclasses import asdict, dataclass
from typing import Any, Self

import orjson

from ceyuan.data.media.images import Picture
from ceyuan.data.problems import DataProblem

__all__ = ["VISION", "Refusal", "Vision", "ask", "share_in"]

VISION = "CEYUAN_VISION"
_TRIES = 4
_PAUSE_S = 1.0  # before the second try, doubled before each further one
_ANSWER_S = 120
_BYTES = 1 << 20
_BUSY = (408, 409, 429, 500, 502, 503, 504)
_LOCKED = (401, 402, 403, 404)
_NUMBER = re.compile(r"\d{1,3}(?:\.\d{1,6})?")


class Refusal(Exception):
    """The server will not answer for this one image; others may be asked about."""


@dataclass(frozen=True, slots=True)
class Vision:
    """``url`` ends with the API's root (``/v1``); ``allowed`` are networks (CIDR) besides the public internet."""

    url: str
    model: str
    key: str = ""
    allowed: tuple[str, ...] = ()

    @classmethod
    def told(cls) -> Self | None:
        """The server that this process was told of; None where there is none."""
        words = os.environ.get(VISION, "")
        if not words:
            return None
        values: dict[str, Any] = orjson.loads(words)
        return cls(values["url"].rstrip("/"), values["model"], values["key"], tuple(values["allowed"]))

    @classmethod
    def required(cls, operator: str) -> Self:
        """The server; raises ``DataProblem`` ``vision_unconfigured``."""
        found = cls.told()
        if found is None:
            raise DataProblem(
                "vision_unconfigured",
                f"算子 {operator} 需要视觉模型；请运维设置 CEYUAN_DATA_VISION_URL 与 CEYUAN_DATA_VISION_MODEL。",
                f"Operator {operator} needs a model that sees; ask for CEYUAN_DATA_VISION_URL and _MODEL to be set.",
            )
        return found

    def environment(self) -> dict[str, str]:
        """What tells a process of this server."""
        return {VISION: orjson.dumps(asdict(self)).decode()}


def ask(vision: Vision, picture: Picture, words: str, tokens: int) -> str:
    """What the model answers to ``words`` about the image, in at most ``tokens`` tokens, without randomness.

    A busy server is asked again. Raises ``Refusal``, or ``DataProblem`` ``vision_unreachable`` where no further image
    would be answered either.
    """
    url = f"data:image/jpeg;base64,{base64.b64encode(_jpeg(picture)).decode()}"
    content = [{"type": "text", "text": words}, {"type": "image_url", "image_url": {"url": url}}]
    messages = [{"role": "user", "content": content}]
    body = {"model": vision.model, "messages": messages, "temperature": 0, "seed": 0, "max_tokens": tokens}
    answer = asyncio.run(_answer(vision, orjson.dumps(body)))
    try:
        said = orjson.loads(answer)["choices"][0]["message"]["content"]
    except (orjson.JSONDecodeError, LookupError, TypeError) as error:
        raise _unreachable("the answer is no chat completion") from error
    if not isinstance(said, str):
        raise Refusal("no words")
    return said.strip()


def share_in(answer: str) -> float | None:
    """The first number between 0 and 100 in an answer, as a share; None where there is none."""
    found = _NUMBER.search(answer)
    value = float(found[0]) if found else -1.0
    return value / 100 if 0 <= value <= 100 else None


async def _answer(vision: Vision, body: bytes) -> bytes:
    import aiohttp

    from ceyuan.addresses import PrivateAddress
    from ceyuan.data.crawling.fetching import Refused, check_address
    from ceyuan.resolving import GuardedResolver

    headers = {"Content-Type": "application/json"}
    if vision.key:
        headers["Authorization"] = f"Bearer {vision.key}"
    connector = aiohttp.TCPConnector(resolver=GuardedResolver(vision.allowed))
    timeout = aiohttp.ClientTimeout(total=_ANSWER_S, sock_connect=20)
    last = ""
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        for number in range(_TRIES):
            if number:
                await asyncio.sleep(_PAUSE_S * 2 ** (number - 1))
            try:
                check_address(vision.url, vision.allowed)
                address = f"{vision.url}/chat/completions"
                async with session.post(address, data=body, headers=headers, allow_redirects=False) as answer:
                    said = await answer.content.read(_BYTES)
                    while not answer.content.at_eof() and len(said) < _BYTES:
                        said += await answer.content.read(_BYTES - len(said))
            except Refused as refused:
                raise _unreachable(str(refused)) from refused
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                inner = getattr(error, "os_error", error)
                if isinstance(inner, PrivateAddress):
                    raise _unreachable(str(inner)) from error
                last = f"{type(error).__name__}: {error}"
                continue
            if answer.status == 200:
                return said
            last = f"HTTP {answer.status}"
            if answer.status in _LOCKED or 300 <= answer.status < 400:
                break
            if answer.status not in _BUSY:
                raise Refusal(last)
    raise _unreachable(last)


def _unreachable(detail: str) -> DataProblem:
    return DataProblem(
        "vision_unreachable",
        f"视觉模型没有应答（{detail[:200]}）；恢复后重新运行，会从断点继续。",
        f"The model that sees does not answer ({detail[:200]}); run again once it does, it continues there.",
    )


def _jpeg(picture: Picture) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(picture.rgb).save(file, "JPEG", quality=85)
    return file.getvalue()
