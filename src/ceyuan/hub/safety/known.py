"""Verdicts that were made already, for many files at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ceyuan.hub.safety.tables import HubVerdict
from ceyuan.hub.scanning import VERSION, form_of
from ceyuan.hub.trees import Entry, File

_CHUNK = 500


async def verdicts(session: AsyncSession, entries: Iterable[tuple[str, Entry]]) -> Mapping[str, str]:
    """What is known of the files among `entries`, by path: safe, caution, unsafe, unknown where no scanner knows the
    form, or waiting where none has looked yet."""
    wanted = {path: (entry.sha256, str(form_of(path))) for path, entry in entries if isinstance(entry, File)}
    hashes = sorted({sha256 for sha256, form in wanted.values() if form != "other"})
    found: dict[tuple[str, str], str] = {}
    for start in range(0, len(hashes), _CHUNK):
        rows = await session.execute(
            select(HubVerdict.sha256, HubVerdict.form, HubVerdict.verdict).where(
                HubVerdict.sha256.in_(hashes[start : start + _CHUNK]), HubVerdict.version == VERSION
            )
        )
        found.update({(sha256, form): verdict for sha256, form, verdict in rows})
    return {path: "unknown" if key[1] == "other" else found.get(key, "waiting") for path, key in wanted.items()}
