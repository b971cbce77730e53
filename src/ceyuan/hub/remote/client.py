"""Requests to another hub.

Names are judged by what they resolve to when the connection is made, and every redirect anew; credentials go to the
address that they are for and nowhere else.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urljoin, urlsplit

import orjson

from ceyuan.addresses import PrivateAddress, reachable
from ceyuan.hub.remote.faults import RemoteFault
from ceyuan.lazy import later

if TYPE_CHECKING:
    import aiohttp

    from ceyuan import resolving
else:
    aiohttp, resolving = later("aiohttp"), later("ceyuan.resolving")

_REDIRECTS = 5
_MOST_JSON = 64 * 1024 * 1024
_MOST_PAGES = 1000
_BLOCK = 1 << 20
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class Described:
    """A revision there: its commit and the licence that its card names."""

    commit: str
    licence: str


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file there: what git calls it, and its SHA-256 if it is a large one."""

    path: str
    size: int
    git_oid: str
    sha256: str | None


def leads_inside(url: str, allowed: Sequence[str]) -> bool:
    """Whether the host of an address is written as one that may not be reached; names are the resolver's part."""
    host = urlsplit(url).hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" and not reachable("127.0.0.1", allowed)
    return not reachable(host, allowed)


class RemoteHub:
    """Another hub, spoken to as one of its users; use it as a context. Its methods raise `RemoteFault`."""

    def __init__(self, url: str, token: str | None, allowed: Sequence[str], *, timeout_s: float = 60) -> None:
        self._url = url.rstrip("/")
        self._token = token
        self._allowed = allowed
        self._timeout = aiohttp.ClientTimeout(total=None, sock_connect=timeout_s, sock_read=timeout_s)
        self._client: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> RemoteHub:
        self._client = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=resolving.GuardedResolver(self._allowed), limit=8, use_dns_cache=False
            ),
            timeout=self._timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=True,
            trust_env=False,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._client is not None
        await self._client.close()

    async def repositories(self, kind: str, owner: str) -> list[str]:
        """The names (`owner/name`) of all repositories of an owner that the token's user may see."""
        found = [
            str(row["id"])
            async for row in self._pages(f"{self._url}/api/{kind}s?author={quote(owner, safe='')}&limit=200")
            if isinstance(row.get("id"), str)
        ]
        return sorted(name for name in found if name.partition("/")[0].casefold() == owner.casefold())

    async def describe(self, kind: str, name: str, revision: str) -> Described:
        """What a revision is now."""
        url = f"{self._url}/api/{kind}s/{quote(name)}/revision/{quote(revision, safe='')}"
        data, _ = await self._json(url)
        commit = data.get("sha") if isinstance(data, dict) else None
        if not isinstance(commit, str) or not _COMMIT.fullmatch(commit):
            raise RemoteFault("bad_answer", f"上游未给出 {name} 的提交号", f"the other hub names no commit of {name}")
        card = data.get("cardData")
        named = (card.get("license") or card.get("licence")) if isinstance(card, dict) else None
        licences = named if isinstance(named, list) else [named] if named else []
        return Described(commit, ", ".join(str(each)[:60] for each in licences[:5])[:200])

    async def files(self, kind: str, name: str, commit: str) -> AsyncIterator[RemoteFile]:
        """All files of a commit."""
        async for row in self._pages(f"{self._url}/api/{kind}s/{quote(name)}/tree/{commit}?recursive=true&limit=1000"):
            if row.get("type") != "file":
                continue
            large = row.get("lfs")
            sha256 = large.get("oid") if isinstance(large, dict) else None
            path, size, oid = row.get("path"), row.get("size"), row.get("oid")
            if not isinstance(path, str) or not isinstance(size, int) or not isinstance(oid, str):
                raise RemoteFault("bad_answer", f"{name} 的文件列表无效", f"the list of files of {name} is not valid")
            yield RemoteFile(path, size, oid, sha256 if isinstance(sha256, str) else None)

    async def content(self, kind: str, name: str, commit: str, file: RemoteFile) -> AsyncIterator[bytes]:
        """A file's bytes. Once all have come they are checked: a size or hash that is not the listed one is a fault of
        the reason `damaged`, so whoever takes them believes them only when the last one was given."""
        prefix = "" if kind == "model" else f"{kind}s/"
        large = file.sha256 is not None
        # Git names a blob by what it is, its size and its bytes.
        digest = hashlib.sha256() if large else hashlib.sha1(f"blob {file.size}\0".encode(), usedforsecurity=False)
        size = 0
        async with self._opened(f"{self._url}/{prefix}{quote(name)}/resolve/{commit}/{quote(file.path)}") as answer:
            try:
                async for chunk in answer.content.iter_chunked(_BLOCK):
                    size += len(chunk)
                    if size > file.size:
                        break
                    digest.update(chunk)
                    yield chunk
            except (aiohttp.ClientError, TimeoutError) as error:
                raise _broken(file.path, error) from error
        if size != file.size or digest.hexdigest() != (file.sha256 if large else file.git_oid):
            raise RemoteFault(
                "damaged", f"“{file.path}”的内容与其哈希不符", f"the content of {file.path} is not what its hash says"
            )

    async def _pages(self, url: str) -> AsyncIterator[dict[str, Any]]:
        following: str | None = url
        for _ in range(_MOST_PAGES):
            if following is None:
                return
            data, links = await self._json(following)
            if not isinstance(data, list):
                raise RemoteFault("bad_answer", "上游的列表无效", "a list of the other hub is not valid")
            for row in data:
                if isinstance(row, dict):
                    yield row
            following = links.get("next")

    async def _json(self, url: str) -> tuple[Any, Mapping[str, str]]:
        async with self._opened(url) as answer:
            try:
                raw = await answer.content.read(_MOST_JSON + 1)
                while len(raw) <= _MOST_JSON and (more := await answer.content.read(_BLOCK)):
                    raw += more
                if len(raw) > _MOST_JSON:
                    raise RemoteFault("too_large", "上游的答复过大", "an answer of the other hub is too large")
                links = {str(name): str(link["url"]) for name, link in answer.links.items()}
                return orjson.loads(raw), links
            except (aiohttp.ClientError, TimeoutError, orjson.JSONDecodeError) as error:
                raise _broken(urlsplit(url).path, error) from error

    @asynccontextmanager
    async def _opened(self, url: str) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer to a GET, after redirects that lead nowhere inside."""
        assert self._client is not None
        for _ in range(_REDIRECTS + 1):
            if urlsplit(url).scheme not in ("http", "https"):
                raise RemoteFault(
                    "bad_redirect", "上游重定向到非 http(s) 地址", "the other hub leads to no http address"
                )
            if leads_inside(url, self._allowed):
                raise _inside()
            headers = {"user-agent": "Ceyuan-Mirror/1"}
            if self._token and urlsplit(url)[:2] == urlsplit(self._url)[:2]:
                headers["authorization"] = f"Bearer {self._token}"
            try:
                answer = await self._client.get(url, headers=headers, allow_redirects=False)
            except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
                raise _broken(urlsplit(url).path, error) from error
            async with answer:
                if answer.status in (301, 302, 303, 307, 308) and "location" in answer.headers:
                    url = urljoin(url, answer.headers["location"])
                    continue
                if answer.status != 200:
                    raise _refused(url, answer)
                yield answer
                return
        raise RemoteFault("too_many_redirects", "上游重定向过多", "the other hub redirects without end")


def _inside() -> RemoteFault:
    return RemoteFault(
        "private_address",
        "上游指向内网地址,已拒绝",
        "the other hub leads to an address inside: refused",
    )


def _refused(url: str, answer: aiohttp.ClientResponse) -> RemoteFault:
    said = answer.headers.get("x-error-message", answer.reason or "")[:200]
    path = urlsplit(url).path
    return RemoteFault(
        f"http_{answer.status}",
        f"上游对 {path} 答复 {answer.status}:{said}",
        f"the other hub answers {answer.status} to {path}: {said}",
        ("请检查名称与令牌", "check the name and the token"),
    )


def _broken(path: str, error: BaseException) -> RemoteFault:
    if isinstance(getattr(error, "os_error", error), PrivateAddress):
        return _inside()
    kind = type(error).__name__
    reason = "bad_answer" if isinstance(error, orjson.JSONDecodeError) else "unreachable"
    return RemoteFault(reason, f"无法从上游取得 {path}({kind})", f"{path} could not be had from the other hub ({kind})")
