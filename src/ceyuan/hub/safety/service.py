"""Use cases of verdicts: each content is scanned once for each form that it is read in."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass
from typing import Any

from ceyuan.hub.browsing.service import find_file, open_repository
from ceyuan.hub.gating.access import require_open
from ceyuan.hub.naming import Kind
from ceyuan.hub.repositories.service import find_repository
from ceyuan.hub.safety.tables import HubVerdict
from ceyuan.hub.scanning import HEAD, VERSION, Form, Scan, form_of, holds_tensors, scan
from ceyuan.hub.trees import File
from ceyuan.hub.xet.reading import read_part
from ceyuan.kernel.actor import Actor
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.upserts import upsert

_MOST_BYTES = 64 * 1024**3


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of a file: `verdict` is safe, caution, unsafe or unknown."""

    path: str
    form: Form
    verdict: str
    findings: list[dict[str, Any]]


async def verdict_of(
    platform: Platform, actor: Actor, address: tuple[Kind, str, str], revision: str | None, path: str
) -> Verdict:
    """The verdict on a file of a revision, made now if there is none yet."""
    async with platform.work(actor, write=False) as uow:
        row = await find_repository(uow, *address)
        await require_open(uow, row)
        file = await find_file(await open_repository(uow, row, revision), path)
    return await judge(platform, path, file)


async def judge(platform: Platform, path: str, file: File) -> Verdict:
    """The verdict on content under this name."""
    form = form_of(path)
    async with platform.database.session(write=False) as session:
        known = await session.get(HubVerdict, (file.sha256, form))
    if known is not None and known.version == VERSION:
        return Verdict(path, form, known.verdict, list(known.findings))
    if form == "other" or file.size > _MOST_BYTES:
        return Verdict(path, form, "unknown", [])
    made = await _scanned(platform, form, file)
    findings = [asdict(finding) for finding in made.findings]
    async with platform.work() as uow:
        values = {
            "sha256": file.sha256,
            "form": form,
            "version": VERSION,
            "verdict": made.verdict,
            "findings": findings,
            "scanned_at": uow.clock.now(),
        }
        update = ["version", "verdict", "findings", "scanned_at"]
        await uow.session.execute(upsert(uow.session, HubVerdict, values, key=["sha256", "form"], update=update))
    return Verdict(path, form, made.verdict, findings)


async def _scanned(platform: Platform, form: Form, file: File) -> Scan:
    # Weights are large: nothing is put together from chunks to see that they are no program.
    if form == "tensors" and holds_tensors(await read_part(platform, file.sha256, 0, HEAD), file.size):
        return Scan(form, "safe", [])
    async with platform.blobs.as_file(file.sha256) as local:
        return await asyncio.to_thread(scan, local, form)
