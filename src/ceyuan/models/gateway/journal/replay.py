"""Reading the journals of processes that are gone: which calls they owe to the ledger, which they left unfinished."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ceyuan.models.gateway.call import Call
from ceyuan.models.gateway.journal.lines import INTENT, OUTCOME, PROGRESS, read_lines


@dataclass(frozen=True, slots=True)
class Abandoned:
    """The journal of a process that ended without posting everything."""

    folder: Path
    calls: list[Call]

    def forget(self) -> None:
        """Remove the journal; only after its calls are posted and committed."""
        shutil.rmtree(self.folder, ignore_errors=True)


@contextmanager
def abandoned_journals(root: Path) -> Iterator[list[Abandoned]]:
    """The journals below `root` whose processes are gone. They stay locked meanwhile, so that of several
    processes that start together only one takes each."""
    locks: list[int] = []
    found: list[Abandoned] = []
    try:
        for folder in sorted(path for path in root.glob("*") if path.is_dir()) if root.exists() else []:
            fd = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(fd)
                continue
            locks.append(fd)
            found.append(Abandoned(folder, read_calls(folder)))
        yield found
    finally:
        for fd in locks:
            os.close(fd)


def read_calls(folder: Path) -> list[Call]:
    """The calls of a journal in the order of their intents; those without an outcome are marked as interrupted."""
    intents: dict[str, dict[str, Any]] = {}
    outcomes: dict[str, dict[str, Any]] = {}
    relayed: dict[str, dict[str, Any]] = {}
    books = {INTENT: intents, OUTCOME: outcomes, PROGRESS: relayed}
    for path in sorted(folder.glob("*.jsonl")):
        for document in read_lines(path):
            books[document.pop("t")][document["id"]] = document
    return [
        Call.restore(intent, outcomes[call_id]) if call_id in outcomes else _interrupted(intent, relayed.get(call_id))
        for call_id, intent in intents.items()
    ]


def _interrupted(intent: dict[str, Any], relayed: dict[str, Any] | None) -> Call:
    """A call that our own end cut off: what had been relayed is charged; in doubt until its upstream was asked."""
    call = Call(**intent, status="interrupted", http_status=0, code="interrupted", in_doubt=True)
    if relayed is not None:
        call.prompt_tokens = call.prompt_estimate
        call.completion_tokens = relayed["tokens"]
        call.usage_from = "relayed"
    return call
