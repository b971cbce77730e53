"""The address under which browsers reach the platform, for links in mails and the flags of cookies."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request

from ceyuan.identity.settings import IdentitySettings
from ceyuan.kernel.platform import Platform


@dataclass(frozen=True, slots=True)
class PublicAddress:
    """Hook: the server says its `origin` (such as `https://ai.example.cn`, no slash at the end) and if it is HTTPS."""

    origin: str
    is_secure: bool


def public_address(platform: Platform) -> PublicAddress | None:
    """What the server provided, if it did."""
    found = platform.find(PublicAddress)
    return found[-1] if found else None


def link(platform: Platform, path: str) -> str:
    """An absolute link for a mail. It never comes from a request's Host header, which a stranger can choose."""
    address = public_address(platform)
    return f"{address.origin}{path}" if address else path


def is_secure(platform: Platform, request: Request) -> bool:
    """Whether the browser's connection is HTTPS, so that cookies can be Secure."""
    if platform.section(IdentitySettings).secure_cookies or request.url.scheme == "https":
        return True
    address = public_address(platform)
    return address is not None and address.is_secure


def client_address(request: Request) -> str:
    """The client's IP address (the server has already read X-Forwarded-For behind a proxy)."""
    return request.client.host if request.client else "unknown"
