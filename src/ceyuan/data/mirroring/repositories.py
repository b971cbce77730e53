"""A dataset of an HF-compatible hub, as files of the same names; an object's id tells its change."""

import asyncio
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote, urljoin, urlsplit

import aiohttp

from ceyuan.addresses import GuardedResolver, PrivateAddress
from ceyuan.data.crawling.fetching import Refused, check_address
from ceyuan.data.mirroring.mirror import NotHad, Report, follow
from ceyuan.data.problems import DataProblem

__all__ = ["mirror_repository"]

_HOPS = 5
_BLOCK = 1 << 20
_LISTING = 64 << 20


def mirror_repository(
    folder: Path,
    endpoint: str,
    repository: str,
    revision: str,
    report: Report,
    *,
    secret: str = "",
    allowed: Sequence[str] = (),
    max_bytes: int = 2 << 30,
) -> dict[str, Any]:
    """Bring the files of a revision into ``folder``; counts as ``follow`` gives them, and the ``commit``.

    ``secret`` is a token, sent to the hub's own host only. Only public addresses are reached, and those in the networks
    ``allowed``. Raises ``DataProblem`` ``repository_unreachable``.
    """
    hub = _Hub(endpoint.rstrip("/"), secret, tuple(allowed), max_bytes)
    path = f"/api/datasets/{quote(repository)}/revision/{quote(revision, safe='')}?blobs=true"
    try:
        found = asyncio.run(hub.listing(path))
    except NotHad as fault:
        raise DataProblem(
            "repository_unreachable",
            f"无法读取 {endpoint} 上的 {repository}：{fault}",
            f"{repository} at {endpoint} cannot be read: {fault}",
        ) from fault
    commit = str(found["sha"])
    wanted = {}
    hashes: dict[str, str] = {}
    for one in found.get("siblings", ()):
        large = one.get("lfs") or {}
        wanted[str(one["rfilename"])] = str(large.get("sha256") or large.get("oid") or one.get("blobId") or commit)
        if large.get("sha256"):
            hashes[str(one["rfilename"])] = str(large["sha256"])

    def fetch(name: str, file: BinaryIO) -> None:
        place = f"/datasets/{quote(repository)}/resolve/{quote(commit)}/{quote(name)}"
        digest = asyncio.run(hub.download(place, file))
        if name in hashes and digest != hashes[name]:
            raise NotHad("damaged", "its content is not what the hub says")

    plain = {name: mark for name, mark in wanted.items() if not any(p.startswith(".") for p in name.split("/"))}
    return follow(folder, plain, fetch, report) | {"commit": commit}


class _Hub:
    """Requests to a hub, redirects followed by hand."""

    def __init__(self, endpoint: str, token: str, allowed: tuple[str, ...], max_bytes: int) -> None:
        self._endpoint, self._token, self._allowed, self._max_bytes = endpoint, token, allowed, max_bytes

    async def listing(self, path: str) -> dict[str, Any]:
        """The JSON object at ``path``."""
        import io

        import orjson

        file = io.BytesIO()
        await self.download(path, file, _LISTING)
        try:
            value = orjson.loads(file.getvalue())
        except orjson.JSONDecodeError as error:
            raise NotHad("bad_answer", "not JSON") from error
        if not isinstance(value, dict) or "sha" not in value:
            raise NotHad("bad_answer", "no revision")
        return value

    async def download(self, path: str, file: BinaryIO, most: int = 0) -> str:
        """Write what is at ``path`` into ``file``; its SHA-256. Raises ``NotHad``."""
        url, most = self._endpoint + path, most or self._max_bytes
        connector = aiohttp.TCPConnector(resolver=GuardedResolver(self._allowed))
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=30, sock_read=60)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
            for _ in range(_HOPS + 1):
                try:
                    check_address(url, self._allowed)
                    target, digest = await self._once(session, url, file, most)
                except Refused as refused:
                    raise NotHad(refused.reason, refused.detail) from refused
                except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
                    inner = getattr(error, "os_error", error)
                    raise NotHad(
                        "private_address" if isinstance(inner, PrivateAddress) else "unreachable", str(error)
                    ) from error
                if not target:
                    return digest
                url = urljoin(url, target)
                if urlsplit(url).scheme not in ("http", "https"):
                    raise NotHad("bad_redirect", url)
        raise NotHad("too_many_redirects", url)

    async def _once(self, session: aiohttp.ClientSession, url: str, file: BinaryIO, most: int) -> tuple[str, str]:
        own = urlsplit(url).netloc == urlsplit(self._endpoint).netloc
        headers = {"Authorization": f"Bearer {self._token}"} if self._token and own else {}
        async with session.get(url, headers=headers, allow_redirects=False) as answer:
            if answer.status in (301, 302, 303, 307, 308):
                return answer.headers.get("Location", ""), ""
            if answer.status != 200:
                raise NotHad(f"http_{answer.status}", url)
            digest, size = hashlib.sha256(), 0
            async for block in answer.content.iter_chunked(_BLOCK):
                size += len(block)
                if size > most:
                    raise NotHad("too_large", f"over {most} bytes")
                digest.update(block)
                file.write(block)
            return "", digest.hexdigest()
