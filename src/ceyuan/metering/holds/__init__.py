"""Holds: money set aside before use, captured as use is measured, released afterwards; and quotes beforehand."""

from ceyuan.metering.holds.service import (
    Hold,
    capture,
    expire_holds,
    extend_hold,
    find_hold,
    get_hold,
    list_holds,
    place_hold,
    release_hold,
)
from ceyuan.metering.holds.wants import Quote, Want, quote

__all__ = [
    "Hold",
    "Quote",
    "Want",
    "capture",
    "expire_holds",
    "extend_hold",
    "find_hold",
    "get_hold",
    "list_holds",
    "place_hold",
    "quote",
    "release_hold",
]
