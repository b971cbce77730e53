"""One webhook call, signed after Standard Webhooks (standardwebhooks.com, version 1).

The receiver checks `webhook-signature: v1,<base64 of HMAC-SHA256>` over `<webhook-id>.<webhook-timestamp>.<body>`
with the secret `whsec_<base64>`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import orjson

from ceyuan.addresses import PrivateAddress, reachable
from ceyuan.identity.settings import WebhookSettings
from ceyuan.lazy import later

if TYPE_CHECKING:
    import aiohttp

    from ceyuan import resolving
else:
    aiohttp, resolving = later("aiohttp"), later("ceyuan.resolving")

SECRET_PREFIX = "whsec_"


class CallFailed(Exception):
    """The receiver did not answer with 2xx."""


def new_secret() -> str:
    """A fresh signing secret of 256 bits."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    mac = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(mac).decode()}"


class Caller:
    """Makes webhook calls with one pooled client."""

    def __init__(self, settings: WebhookSettings) -> None:
        self._settings = settings
        self._client: aiohttp.ClientSession | None = None

    async def call(self, url: str, secret: str, message_id: str, timestamp: int, payload: dict[str, object]) -> None:
        """POST the payload; raises `CallFailed`, `PrivateAddress` or an `aiohttp.ClientError`."""
        self._check_literal(url)
        body = orjson.dumps(payload)
        headers = {
            "content-type": "application/json",
            "user-agent": "Ceyuan-Webhook/1",
            "webhook-id": message_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": sign(secret, message_id, timestamp, body),
        }
        async with self._session().post(url, data=body, headers=headers, allow_redirects=False) as response:
            if not 200 <= response.status < 300:
                raise CallFailed(f"HTTP {response.status}")

    def _check_literal(self, url: str) -> None:
        # The HTTP client asks no resolver about a host that is an address already.
        host = urlsplit(url).hostname or ""
        try:
            private = not reachable(host)
        except ValueError:
            return
        if private and not self._settings.allow_private:
            raise PrivateAddress(f"{host} is a private address")

    def _session(self) -> aiohttp.ClientSession:
        if self._client is None:
            resolver = None if self._settings.allow_private else resolving.GuardedResolver()
            self._client = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(resolver=resolver, limit=16, use_dns_cache=False),
                timeout=aiohttp.ClientTimeout(total=self._settings.timeout_s),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
            )
        return self._client

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()
            self._client = None
