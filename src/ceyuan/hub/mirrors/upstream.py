"""The other hub of a mirror: which addresses may be named, and its faults in the words of the platform."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import urlsplit

from ceyuan.hub.mirrors.errors import UpstreamFault
from ceyuan.hub.remote import RemoteFault, leads_inside
from ceyuan.kernel.errors import Invalid


def check_address(url: str, allowed: Sequence[str]) -> str:
    """The address of a hub without a slash at its end; raises `Invalid` for what is none or leads inside."""
    parts = urlsplit(url)
    try:
        fine = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        fine = False
    if not fine or parts.username or parts.query or parts.fragment:
        raise Invalid(
            ("上游须为 http(s) 网址", "the other hub's address is an http(s) URL without user, query or fragment")
        )
    if leads_inside(url, allowed):
        raise Invalid(
            ("上游不能位于内网", "the other hub's address must be public"),
            hint=(
                "运维可在 CEYUAN_HUB_MIRROR_NETWORKS 中放行网段",
                "an operator can allow networks in CEYUAN_HUB_MIRROR_NETWORKS",
            ),
        )
    return url.rstrip("/")


@contextmanager
def told() -> Iterator[None]:
    """Raise `UpstreamFault` for what the other hub did wrong."""
    try:
        yield
    except RemoteFault as fault:
        raise UpstreamFault((fault.zh, fault.en), hint=fault.hint) from fault
