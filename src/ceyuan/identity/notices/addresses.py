"""Where webhooks may go: not into the operator's own network, unless the operator says so."""

from __future__ import annotations

from urllib.parse import urlsplit

from ceyuan.addresses import reachable
from ceyuan.kernel.errors import Invalid


def check_url(url: str, *, allow_private: bool) -> str:
    """Return the URL if a webhook may have it, else raise `Invalid`."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = -1
    if parts.scheme not in ("http", "https") or not parts.hostname or port == -1 or parts.username or parts.fragment:
        raise Invalid(("回调地址须为 http(s) 网址", "a webhook's address is an http(s) URL without user or fragment"))
    try:
        literal_is_private = not reachable(parts.hostname)
    except ValueError:
        literal_is_private = parts.hostname == "localhost" or parts.hostname.endswith(".localhost")
    if literal_is_private and not allow_private:
        raise Invalid(
            ("回调地址不能指向内网", "a webhook's address must be public"),
            hint=(
                "运维可设置 CEYUAN_WEBHOOK_ALLOW_PRIVATE=true 放开",
                "an operator can allow it with CEYUAN_WEBHOOK_ALLOW_PRIVATE=true",
            ),
        )
    return url
