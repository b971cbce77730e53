"""A server with an embedding model, asked over HTTP in the form that OpenAI's embeddings have.

Which one, the platform tells an engine's process in its environment: its own gateway behind a socket that only this
process is told of, or any server by its address. Of addresses only public ones are reached, and those in the networks
that are allowed; redirects are not followed.
"""

import asyncio
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt
import orjson

from ceyuan.data.duplicates.vectors import DIMENSIONS
from ceyuan.data.problems import DataProblem

if TYPE_CHECKING:
    import aiohttp

__all__ = ["EMBEDDING", "Asked", "EmbeddingServer", "ask_all", "refused_all"]

EMBEDDING = "CEYUAN_EMBEDDING"
_TRIES = 6
_PAUSE_S = 1.0  # before the second try, doubled before each further one
_LONGEST_PAUSE_S = 30.0
_ANSWER_S = 300
_BYTES = 64 << 20
_BUSY = (408, 409, 425, 429, 503, 504)
_FAULTY = (500, 502)
_FAULTS = 3  # tries of a request that a server breaks down over
_LOCKED = (401, 402, 403, 404, 405)
_SHORTEST = 16  # characters that a text is cut to at least
_IN_A_ROW = 50  # texts that may be refused with none answered between
_TOO_LONG = re.compile(r"too (?:long|large|many)|exceed|maximum|context|过长|超过|超出|上限", re.IGNORECASE)
_BATCH_TEXTS, _BATCH_CHARACTERS = 32, 32_000
_AT_ONCE = 4

Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class EmbeddingServer:
    """``url`` ends with the API's root (``/v1``); ``socket``: path of a Unix socket that it is behind; ``allowed`` are
    networks (CIDR) besides the public internet."""

    url: str
    key: str = ""
    socket: str = ""
    allowed: tuple[str, ...] = ()

    @classmethod
    def told(cls) -> Self:
        """The server that this process was told of. Raises ``DataProblem`` ``embedding_unconfigured``."""
        words = os.environ.get(EMBEDDING, "")
        if not words:
            raise DataProblem(
                "embedding_unconfigured",
                "没有可用的向量模型服务；在平台上运行时经网关调用，在本机运行时请给出 --embedding-url。",
                "No server with embedding models is known; the platform has its gateway, on your own machine give "
                "--embedding-url.",
            )
        values: dict[str, Any] = orjson.loads(words)
        return cls(values["url"].rstrip("/"), values["key"], values["socket"], tuple(values["allowed"]))

    def environment(self) -> dict[str, str]:
        """What tells a process of this server."""
        return {EMBEDDING: orjson.dumps(asdict(self)).decode()}


@dataclass(slots=True)
class Asked:
    """How many texts a model gave vectors for, and how many it refused, with its last words on one of those;
    ``in_a_row``: how many it refused since it answered."""

    answered: int = 0
    refused: int = 0
    in_a_row: int = 0
    words: tuple[str, str] = ("", "")


class _Refusal(Exception):
    """The server will not answer for these texts, for a reason in both languages; others may be asked about.

    ``no_room``: it says that something is too long; ``crowded``: it might have answered for fewer at a time.
    """

    def __init__(self, zh: str, en: str, status: int = 0) -> None:
        super().__init__(en)
        self.words = (zh, en)
        self.no_room = bool(_TOO_LONG.search(f"{zh} {en}"))
        self.crowded = status == 503 and self.no_room


def ask_all(
    server: EmbeddingServer,
    model: str,
    texts: Iterable[tuple[bytes, str]],
    keep: Callable[[Sequence[bytes], Vectors], None],
) -> Asked:
    """Ask ``model`` for the vectors of ``texts``, each with its mark; ``keep`` takes marks and vectors of each answer
    as soon as it is there.

    A busy server is asked again, a bounded number of times. Texts that are refused together are asked about in halves,
    and one that is too long for the model is cut in half until it fits. Raises ``DataProblem``
    ``embedding_unreachable`` or ``embedding_refused`` where no further text would be answered either, and
    ``embedding_invalid``.
    """
    return asyncio.run(_all(server, model, _batches(texts), keep))


def _batches(texts: Iterable[tuple[bytes, str]]) -> Iterator[list[tuple[bytes, str]]]:
    batch: list[tuple[bytes, str]] = []
    size = 0
    for mark, text in texts:
        if batch and (len(batch) == _BATCH_TEXTS or size + len(text) > _BATCH_CHARACTERS):
            yield batch
            batch, size = [], 0
        batch.append((mark, text))
        size += len(text)
    if batch:
        yield batch


async def _all(
    server: EmbeddingServer,
    model: str,
    batches: Iterator[list[tuple[bytes, str]]],
    keep: Callable[[Sequence[bytes], Vectors], None],
) -> Asked:
    import aiohttp

    from ceyuan.resolving import GuardedResolver

    asked = Asked()
    connector = (
        aiohttp.UnixConnector(server.socket)
        if server.socket
        else aiohttp.TCPConnector(resolver=GuardedResolver(server.allowed))
    )
    timeout = aiohttp.ClientTimeout(total=_ANSWER_S, sock_connect=20)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        asking = _Asking(server, model, session, keep, asked)

        faults: list[Exception] = []

        async def work() -> None:
            for batch in batches:  # one iterator for all: each takes what comes next
                try:
                    await asking.batch(batch)
                except Exception as fault:
                    faults.append(fault)
                if faults:  # what others asked already is answered and kept, for it is paid
                    return

        await asyncio.gather(*(work() for _ in range(_AT_ONCE)))
        if faults:
            raise faults[0]
    return asked


class _Asking:
    def __init__(
        self,
        server: EmbeddingServer,
        model: str,
        session: "aiohttp.ClientSession",
        keep: Callable[[Sequence[bytes], Vectors], None],
        asked: Asked,
    ) -> None:
        self._server, self._model, self._session = server, model, session
        self._keep, self._asked = keep, asked
        self._together = _BATCH_TEXTS  # texts that the server has room for at a time

    async def batch(self, batch: list[tuple[bytes, str]]) -> None:
        """Ask about some texts; where the server refuses them, about each half."""
        together = self._together  # others may lower it meanwhile
        if len(batch) > together:
            for start in range(0, len(batch), together):
                await self.batch(batch[start : start + together])
            return
        try:
            vectors = await self._answer([text for _, text in batch])
        except _Refusal as refusal:
            middle = len(batch) // 2
            if middle:
                if refusal.crowded:
                    self._together = min(self._together, middle)
                await self.batch(batch[:middle])
                await self.batch(batch[middle:])
                return
            mark, text = batch[0]
            if refusal.no_room and len(text) >= 2 * _SHORTEST:
                await self.batch([(mark, text[: len(text) // 2])])
            else:
                self._refused(refusal)
            return
        self._keep([mark for mark, _ in batch], vectors)
        self._asked.answered += len(batch)
        self._asked.in_a_row = 0

    def _refused(self, refusal: _Refusal) -> None:
        asked = self._asked
        asked.refused += 1
        asked.in_a_row += 1
        asked.words = refusal.words
        if asked.in_a_row >= _IN_A_ROW:
            raise refused_all(self._model, asked)

    async def _answer(self, texts: list[str]) -> Vectors:
        import aiohttp

        from ceyuan.addresses import PrivateAddress
        from ceyuan.data.crawling.fetching import Refused, check_address

        body = orjson.dumps({"model": self._model, "input": texts, "encoding_format": "float"})
        headers = {"Content-Type": "application/json"}
        if self._server.key:
            headers["Authorization"] = f"Bearer {self._server.key}"
        last, pause = ("", ""), 0.0
        refusal = _Refusal("", "")
        for number in range(_TRIES):
            if number:
                await asyncio.sleep(max(pause, min(_PAUSE_S * 2 ** (number - 1), _LONGEST_PAUSE_S)))
            try:
                if not self._server.socket:
                    check_address(self._server.url, self._server.allowed)
                address = f"{self._server.url}/embeddings"
                async with self._session.post(address, data=body, headers=headers, allow_redirects=False) as answer:
                    said = await _read(answer)
                    status, pause = answer.status, _wished(answer.headers.get("Retry-After", ""))
            except Refused as refused:
                raise _unreachable(self._model, str(refused), str(refused)) from refused
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                inner = getattr(error, "os_error", error)
                if isinstance(inner, PrivateAddress):
                    raise _unreachable(self._model, str(inner), str(inner)) from error
                last, pause = (f"{type(error).__name__}: {error}",) * 2, 0.0
                continue
            if status == 200:
                return vectors_in(said, len(texts))
            zh, en = _words(said)
            last = (f"HTTP {status}：{zh}", f"HTTP {status}: {en}")
            refusal = _Refusal(*last, status)
            # Many texts at once fill a context that each alone would fit into, also where it is only said to be busy.
            full = refusal.no_room and (status in (*_FAULTY, 413) or (refusal.crowded and len(texts) > 1))
            if full or (status in _FAULTY and number + 1 >= _FAULTS):
                raise refusal
            if status in _LOCKED or 300 <= status < 400:
                break
            if status not in (*_BUSY, *_FAULTY):
                raise refusal
        if refusal.crowded:
            raise refusal
        raise _unreachable(self._model, *last)


async def _read(answer: "aiohttp.ClientResponse") -> bytes:
    said = bytearray()
    async for piece in answer.content.iter_chunked(1 << 16):
        said += piece
        if len(said) > _BYTES:
            raise _invalid(f"the answer is longer than {_BYTES >> 20} MB")
    return bytes(said)


def vectors_in(said: bytes, count: int) -> Vectors:
    """The vectors of an answer for ``count`` texts, in their order. Raises ``DataProblem`` ``embedding_invalid``."""
    try:
        rows = {int(one["index"]): one["embedding"] for one in orjson.loads(said)["data"]}
        vectors = np.array([rows[number] for number in range(count)], np.float32)
    except (orjson.JSONDecodeError, LookupError, TypeError, ValueError) as error:
        raise _invalid("it does not hold one vector for each text") from error
    if len(rows) != count or vectors.ndim != 2 or not 1 <= vectors.shape[1] <= DIMENSIONS:
        raise _invalid(f"it does not hold one vector of 1 to {DIMENSIONS} numbers for each text")
    return vectors


def _words(said: bytes) -> tuple[str, str]:
    """What an error's answer says (Chinese, where it does; English): OpenAI's form, problem+json, or its beginning."""
    beginning = said[:200].decode("utf-8", "replace")
    try:
        found = orjson.loads(said)
    except orjson.JSONDecodeError:
        return beginning, beginning
    inner = found.get("error", found) if isinstance(found, dict) else found
    if isinstance(inner, dict):
        told = [inner[name] for name in ("message", "detail", "title") if isinstance(inner.get(name), str)]
        words = next((one for one in told if one), beginning)
    else:
        words = inner if isinstance(inner, str) else beginning
    own = inner.get("message_zh") if isinstance(inner, dict) else None
    own_gateway = inner.get("ceyuan", inner) if isinstance(inner, dict) else None
    more = own_gateway.get("upstream_words") if isinstance(own_gateway, dict) else None
    further = f" ({more})" if isinstance(more, str) and more else ""
    return (own if isinstance(own, str) and own else words)[:200] + further[:200], words[:200] + further[:200]


def _wished(header: str) -> float:
    """The pause that a server asks for, in seconds; 0 where it does not."""
    return min(float(header), _LONGEST_PAUSE_S) if header.isdigit() else 0.0


def _invalid(detail: str) -> DataProblem:
    return DataProblem(
        "embedding_invalid",
        f"向量模型的应答无效（{detail}）；请确认该模型支持 /v1/embeddings。",
        f"The embedding model's answer is not valid ({detail}); see that the model does /v1/embeddings.",
    )


def refused_all(model: str, asked: Asked) -> DataProblem:
    """The problem of a model that answers for no text."""
    return DataProblem(
        "embedding_refused",
        f"向量模型 {model} 接连拒绝了 {asked.refused:,} 篇文本（{asked.words[0]}）；请减小 characters 或换一个模型。",
        f"The embedding model {model} refused {asked.refused:,} texts in a row ({asked.words[1]}); lower `characters` "
        "or choose another model.",
    )


def _unreachable(model: str, zh: str, en: str) -> DataProblem:
    return DataProblem(
        "embedding_unreachable",
        f"无法请求向量模型 {model}（{zh[:300]}）；解决后重新运行，已有的向量不会再次请求。",
        f"The embedding model {model} cannot be asked ({en[:300]}); mend that and run again, none is asked for twice.",
    )
