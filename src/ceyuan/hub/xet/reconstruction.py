"""How a client puts a file together: the runs that it needs and signed addresses of the bytes that hold them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ceyuan.hub import grants
from ceyuan.hub.chunks import text_of
from ceyuan.hub.grants import Grant
from ceyuan.hub.repositories import repository as repositories
from ceyuan.hub.repositories.tables import HubRepository
from ceyuan.hub.xet import repository
from ceyuan.hub.xet.encoding import Run, runs_of, xorb_of
from ceyuan.hub.xet.errors import RangeBeyond, XetNotFound
from ceyuan.hub.xet.reading import Stored
from ceyuan.kernel.platform import Platform

DATA_SECONDS = 3600
_RANGE = re.compile(r"bytes=(\d{1,18})-(\d{0,18})")


async def reconstruction(platform: Platform, grant: Grant, digest: str, asked: str | None, base: str) -> dict[str, Any]:
    """The answer of the second version of the protocol for the file of this Xet hash, or the part of it that the
    header `asked` (a byte range) names. Raises `XetNotFound`, `RangeBeyond`."""
    async with platform.database.session(write=False) as session:
        row = await repository.held_file(session, grant.repository_id, digest)
        owner = await repositories.by_id(session, grant.repository_id)
        if row is None or owner is None:
            raise XetNotFound()
        runs = runs_of(row.runs)
        rows = await repository.xorbs(session, {text_of(run.xorb) for run in runs})
    stored = {digest: Stored(xorb_of(each), each.sha256) for digest, each in rows.items()}
    start, end = _span(asked, row.size)
    skip, wanted = _within(runs, stored, start, end)
    terms = [
        {"hash": text_of(r.xorb), "unpacked_length": r.size, "range": {"start": r.first, "end": r.last}} for r in wanted
    ]
    fetches = {}
    for name in dict.fromkeys(text_of(run.xorb) for run in wanted):
        spans = _merged([(run.first, run.last) for run in wanted if text_of(run.xorb) == name])
        fetches[name] = [await _fetch(platform, grant, owner, base, stored[name], span) for span in spans]
    return {"offset_into_first_range": skip, "terms": terms, "xorbs": fetches}


def first_version(answer: dict[str, Any]) -> dict[str, Any]:
    """The same as the first version of the protocol words it."""
    fetches = {
        name: [
            {"url": each["url"], "range": each["ranges"][0]["chunks"], "url_range": each["ranges"][0]["bytes"]}
            for each in entries
        ]
        for name, entries in answer["xorbs"].items()
    }
    return {
        "offset_into_first_range": answer["offset_into_first_range"],
        "terms": answer["terms"],
        "fetch_info": fetches,
    }


def _span(asked: str | None, size: int) -> tuple[int, int]:
    match = _RANGE.fullmatch(asked.strip()) if asked else None
    if match is None:
        return 0, size
    start = int(match.group(1))
    if start >= size:
        raise RangeBeyond()
    return start, min(int(match.group(2)) + 1, size) if match.group(2) else size


def _within(runs: Sequence[Run], stored: dict[str, Stored], start: int, end: int) -> tuple[int, list[Run]]:
    """The runs that hold the bytes from `start` to `end`, cut to whole chunks, and the bytes to skip in the first."""
    offset, skip = 0, 0
    found: list[Run] = []
    for run in runs:
        if offset >= end:
            break
        if offset + run.size > start:
            chunks = stored[text_of(run.xorb)].xorb.chunks
            first, last, begin = run.first, run.last, offset
            while begin + chunks[first].size <= start:
                begin += chunks[first].size
                first += 1
            finish = offset + run.size
            while finish - chunks[last - 1].size >= end:
                last -= 1
                finish -= chunks[last].size
            if not found:
                skip = max(start - begin, 0)
            found.append(Run(run.xorb, first, last, finish - begin))
        offset += run.size
    return skip, found


def _merged(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Runs of chunks with those that touch or overlap made one."""
    merged: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if merged and first <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return merged


async def _fetch(
    platform: Platform, grant: Grant, owner: HubRepository, base: str, stored: Stored, span: tuple[int, int]
) -> dict[str, Any]:
    begin, end = stored.xorb.place(*span)
    name = text_of(stored.xorb.hash)
    # A xorb may hold chunks of others' files: only an address that opens this range alone leads to the object store.
    url = await platform.blobs.range_address(stored.sha256, begin, end, DATA_SECONDS)
    if url is None:
        details = {"x": name, "s": stored.sha256, "b": begin, "n": end}
        permit, _ = grants.issue(platform, "xet-data", owner, grant.actor, seconds=DATA_SECONDS, **details)
        url = f"{base}/xet/data/{name}?permit={permit}"
    return {
        "url": url,
        "ranges": [{"chunks": {"start": span[0], "end": span[1]}, "bytes": {"start": begin, "end": end - 1}}],
    }
