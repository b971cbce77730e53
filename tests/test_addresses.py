"""Which addresses the platform's own requests may reach."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceyuan.addresses import reachable

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
    assert not reachable(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700:4700::1111", "64:ff9b::101:101", "::ffff:1.1.1.1"])
def test_public_ones_are_public(address: str) -> None:
    assert reachable(address)


@given(st.ip_addresses(v=4))
def test_an_address_is_as_public_in_ipv6_clothes(address: object) -> None:
    assert reachable(f"::ffff:{address}") == reachable(str(address))


def test_what_the_operator_allows_is_reached_in_every_disguise() -> None:
    assert reachable("10.1.2.3", ["10.0.0.0/8"])
    assert reachable("::ffff:10.1.2.3", ["10.0.0.0/8"])
    assert not reachable("10.1.2.3", ["192.168.0.0/16"])
