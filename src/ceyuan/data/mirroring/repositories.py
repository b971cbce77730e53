"""A dataset of an HF-compatible hub, as files of the same names; an object's id tells its change."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

from ceyuan.data.mirroring.holding import holding
from ceyuan.data.mirroring.mirror import NotHad, Report, follow
from ceyuan.data.problems import DataProblem
from ceyuan.hub.remote import RemoteFault, RemoteFile, RemoteHub

__all__ = ["mirror_repository"]


def mirror_repository(
    folder: Path,
    endpoint: str,
    repository: str,
    revision: str,
    report: Report,
    *,
    secret: str = "",
    allowed: Sequence[str] = (),
    max_bytes: int = 2 << 30,
) -> dict[str, Any]:
    """Bring the files of a revision that hold data into ``folder``; counts as ``follow`` does, and the ``commit``.

    ``secret`` is a token, sent to the hub's own host only. Only public addresses are reached, and those in the networks
    ``allowed``. Every file is checked by its hash. Raises ``DataProblem`` ``repository_unreachable``.
    """

    async def listed() -> tuple[str, list[RemoteFile]]:
        async with RemoteHub(endpoint, secret or None, allowed) as hub:
            commit = (await hub.describe("dataset", repository, revision)).commit
            return commit, [file async for file in hub.files("dataset", repository, commit)]

    async def copied(file: RemoteFile, into: BinaryIO) -> None:
        async with RemoteHub(endpoint, secret or None, allowed) as hub:
            async for block in hub.content("dataset", repository, commit, file):
                into.write(block)

    def fetch(name: str, into: BinaryIO) -> None:
        if wanted[name].size > max_bytes:
            raise NotHad("too_large", f"over {max_bytes} bytes")
        try:
            asyncio.run(copied(wanted[name], into))
        except RemoteFault as fault:
            raise NotHad(fault.reason, str(fault)) from fault

    try:
        commit, files = asyncio.run(listed())
    except RemoteFault as fault:
        raise DataProblem(
            "repository_unreachable",
            f"无法读取 {endpoint} 上的 {repository}：{fault.reason}: {fault.zh}",
            f"{repository} at {endpoint} cannot be read: {fault.reason}: {fault}",
        ) from fault
    seen = {file.path: file for file in files if not any(part.startswith(".") for part in file.path.split("/"))}
    wanted = {name: seen[name] for name in holding(seen)}
    marks = {name: file.sha256 or file.git_oid for name, file in wanted.items()}
    return follow(folder, marks, fetch, report) | {"commit": commit}
