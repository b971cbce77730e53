"""Where webhooks may go."""

from __future__ import annotations

import socket

import pytest
from aiohttp import ClientError
from hypothesis import given
from hypothesis import strategies as st

from ceyuan.identity.notices.addresses import GuardedResolver, PrivateAddress, check_url, is_public
from ceyuan.identity.notices.calls import Caller, new_secret
from ceyuan.identity.settings import WebhookSettings
from ceyuan.kernel.errors import Invalid
from tests.identity.notices.servers import receiver

PRIVATE = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "::1",
    "fe80::1",
    "fc00::1",
    "::ffff:127.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_known_in_every_disguise(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700:4700::1111", "64:ff9b::101:101", "::ffff:1.1.1.1"])
def test_public_ones_are_public(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses(v=4))
def test_an_address_is_as_public_in_ipv6_clothes(address: object) -> None:
    assert is_public(f"::ffff:{address}") == is_public(str(address))


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
