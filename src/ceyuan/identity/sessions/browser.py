"""What the routes of sign-in read from a request."""

from __future__ import annotations

from typing import TypedDict

from fastapi import Request, Response

from ceyuan.identity.errors import CsrfFailed
from ceyuan.identity.origin import client_address
from ceyuan.identity.sessions import cookies
from ceyuan.identity.sessions.schemas import SignedIn
from ceyuan.identity.sessions.service import Opened
from ceyuan.kernel.platform import Platform


def refuse_other_sites(request: Request) -> None:
    """Raise `CsrfFailed` when another site's page sends the request (Fetch Metadata, W3C).

    Sign-in and the like work without a session, so no token can protect them from a page that signs its
    visitor in as somebody else.
    """
    if request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin", "same-site"):
        raise CsrfFailed(("请求来自其他网站", "the request comes from another site"))


class Whence(TypedDict):
    """The client's address and user agent, for the list of sessions."""

    address: str
    client: str


def where_from(request: Request) -> Whence:
    """Where the request comes from."""
    return Whence(address=client_address(request), client=request.headers.get("user-agent", "")[:200])


def hand_over(platform: Platform, request: Request, response: Response, opened: Opened) -> SignedIn:
    """Give the browser its session."""
    cookies.start_session(platform, request, response, opened.secret, opened.seconds)
    return SignedIn(
        person_id=opened.person_id,
        session_id=opened.session_id,
        csrf_token=cookies.csrf_token(opened.secret),
        expires_in_s=opened.seconds,
    )
