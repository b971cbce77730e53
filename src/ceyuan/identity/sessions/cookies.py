"""The cookies of a session.

`ceyuan_session` holds the secret (HttpOnly, SameSite=Lax, Secure over HTTPS, where it is called
`__Host-ceyuan_session`, so that no other host can set it). `ceyuan_csrf` is readable by the console,
which sends it back in the header X-CSRF-Token: it is an HMAC of the session's secret, so a cookie that
somebody else planted fits no session (OWASP, signed double submit).
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from fastapi import Request, Response

from ceyuan.identity.origin import is_secure
from ceyuan.kernel.platform import Platform

SESSION = "ceyuan_session"
CSRF = "ceyuan_csrf"
CSRF_HEADER = "x-csrf-token"
OWN_SESSION = "ceyuan_own_session"
"""Where an administrator's own session waits while acting as somebody else."""
DEVICE = "ceyuan_device"


def _name(name: str, secure: bool) -> str:
    return f"__Host-{name}" if secure else name


def read(platform: Platform, request: Request, name: str) -> str | None:
    """The cookie's value; over HTTPS only the `__Host-` form counts."""
    return request.cookies.get(_name(name, is_secure(platform, request)))


def put(
    platform: Platform, request: Request, response: Response, name: str, value: str, *, seconds: int | None = None
) -> None:
    """Set an HttpOnly cookie; without `seconds` it lives as long as the browser."""
    secure = is_secure(platform, request)
    response.set_cookie(
        _name(name, secure), value, max_age=seconds, path="/", secure=secure, httponly=True, samesite="lax"
    )


def drop(platform: Platform, request: Request, response: Response, name: str) -> None:
    secure = is_secure(platform, request)
    response.delete_cookie(_name(name, secure), path="/", secure=secure, httponly=True, samesite="lax")


def start_session(platform: Platform, request: Request, response: Response, secret: str, seconds: int | None) -> None:
    """Give the browser the session and its CSRF token."""
    put(platform, request, response, SESSION, secret, seconds=seconds)
    secure = is_secure(platform, request)
    response.set_cookie(CSRF, csrf_token(secret), max_age=seconds, path="/", secure=secure, samesite="lax")


def end_session(platform: Platform, request: Request, response: Response) -> None:
    """Take both cookies back."""
    drop(platform, request, response, SESSION)
    response.delete_cookie(CSRF, path="/", secure=is_secure(platform, request), samesite="lax")


def csrf_token(secret: str) -> str:
    """The token that changes under this session must carry."""
    mac = hmac.new(secret.encode(), b"ceyuan csrf token", hashlib.sha256).digest()
    return base64.urlsafe_b64encode(mac).decode().rstrip("=")


def csrf_fits(secret: str, sent: str | None) -> bool:
    return sent is not None and hmac.compare_digest(csrf_token(secret).encode(), sent.encode())
