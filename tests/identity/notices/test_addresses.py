"""Where webhooks may go."""

from __future__ import annotations

import socket

import pytest
from aiohttp import ClientError

from ceyuan.addresses import PrivateAddress
from ceyuan.identity.notices.addresses import check_url
from ceyuan.identity.notices.calls import Caller, new_secret
from ceyuan.identity.settings import WebhookSettings
from ceyuan.kernel.errors import Invalid
from ceyuan.resolving import GuardedResolver
from tests.identity.notices.servers import receiver


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.cn/",
        "https://",
        "https://user:pass@example.cn/",
        "https://example.cn/#part",
        "http://127.0.0.1/",
        "http://[::1]/",
        "http://localhost:8080/",
        "http://a.localhost/",
        "http://example.cn:99999/",
        "javascript:alert(1)",
    ],
)
def test_an_address_that_is_no_webhook_s_is_refused_when_it_is_named(url: str) -> None:
    with pytest.raises(Invalid):
        check_url(url, allow_private=False)


def test_the_operator_may_allow_private_addresses() -> None:
    assert check_url("http://10.0.0.5:9000/hook", allow_private=True)


async def test_a_name_that_leads_inside_is_refused_at_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    async with receiver() as there:
        port = there.url.rpartition(":")[2].partition("/")[0]
        answers = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", int(port)))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: answers)
        with pytest.raises(PrivateAddress):
            await GuardedResolver().resolve("rebound.example.cn", int(port))
        caller = Caller(WebhookSettings())
        with pytest.raises((ClientError, PrivateAddress)):
            await caller.call(f"http://rebound.example.cn:{port}/hook", new_secret(), "dlv_1", 0, {})
        await caller.close()
        assert there.calls == []


@pytest.mark.parametrize("host", ["127.0.0.1", "[::ffff:127.0.0.1]", "127.1", "2130706433", "0x7f000001"])
async def test_no_way_of_writing_loopback_gets_through(host: str) -> None:
    async with receiver() as there:
        port = there.url.rpartition(":")[2].partition("/")[0]
        caller = Caller(WebhookSettings())
        with pytest.raises((ClientError, PrivateAddress, OSError)):
            await caller.call(f"http://{host}:{port}/hook", new_secret(), "dlv_1", 0, {})
        await caller.close()
        assert there.calls == []
