"""Calls to the services of clusters over HTTP: only to the address that was checked, without redirects or proxies.

The check is made at the moment of the connection, so that a name which changes its mind gains nothing. Whoever needs
this module imports it then: a platform without such a cluster does not carry the HTTP client.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from typing import Any

import httpx2

from ceyuan.addresses import may_reach
from ceyuan.compute.executors.interface import ExecutorFault

_TIMEOUT = httpx2.Timeout(20.0, connect=8.0)


class CheckedTransport(httpx2.AsyncBaseTransport):
    """Resolves a name, checks every address that it has, and connects to the one that was checked. `authorities` is
    the PEM of the certificate authorities to trust (empty: the system's)."""

    def __init__(self, authorities: str = "", socket_path: str | None = None) -> None:
        try:
            context = ssl.create_default_context(cadata=authorities or None)
        except (ssl.SSLError, ValueError) as error:
            raise ExecutorFault("refused", f"the certificate of the authority cannot be read: {error}") from error
        self._local = socket_path is not None
        self._inner = httpx2.AsyncHTTPTransport(verify=context, trust_env=False, uds=socket_path)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if not self._local:
            host = request.url.host
            address = await _address_of(host, request.url.port or (443 if request.url.scheme == "https" else 80))
            request.extensions = {**request.extensions, "sni_hostname": host}
            request.url = request.url.copy_with(host=address)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


async def _address_of(host: str, port: int) -> str:
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise httpx2.ConnectError(f"{host}: {error}") from error
    addresses = [str(entry[4][0]) for entry in found]
    if not all(may_reach(ipaddress.ip_address(address.partition("%")[0])) for address in addresses):
        raise httpx2.ConnectError(f"{host} leads to an address that no cluster has")
    return addresses[0]


class Service:
    """A cluster's service that speaks JSON. `headers` go with every call and are never shown."""

    def __init__(self, url: str, headers: dict[str, str], authorities: str = "") -> None:
        self._url, self._headers, self._authorities = url, headers, authorities
        self._client: httpx2.AsyncClient | None = None

    async def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """(status, parsed answer) of a call; raises `ExecutorFault` where nobody, or something else, answers."""
        if self._client is None:
            local = self._url.startswith("unix:")
            transport = CheckedTransport(self._authorities, self._url[5:] if local else None)
            base = "http://localhost" if local else self._url
            self._client = httpx2.AsyncClient(
                base_url=base, headers=self._headers, transport=transport, timeout=_TIMEOUT, trust_env=False
            )
        try:
            answer = await self._client.request(method, path, json=body)
        except (httpx2.HTTPError, OSError) as error:
            raise ExecutorFault("unreachable", f"{type(error).__name__}: {error}"[:300]) from error
        if answer.status_code in (401, 403):
            raise ExecutorFault("unreachable", f"the credential is not accepted (HTTP {answer.status_code})")
        try:
            return answer.status_code, answer.json()
        except ValueError:
            return answer.status_code, answer.text

    async def close(self) -> None:
        """End kept connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None
