"""A folder that follows a listing: fetched is what is new or has another mark, removed what is listed no more."""

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from ceyuan.data.files import read_json, remove_leftovers, write_atomically, write_json
from ceyuan.data.problems import DataProblem

__all__ = ["Fetch", "NotHad", "Report", "follow", "silent_report", "sound_name"]

_EVERY = 100  # files between two notes of how far the mirror is
_KEPT = 1000
_NAME_BYTES = 240

Report = Callable[[dict[str, object]], None]
Fetch = Callable[[str, BinaryIO], None]
"""Writes a file's content, by its name."""


class NotHad(Exception):
    """One file that could not be had: a stable reason, and a detail for people."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail = reason, detail


def silent_report(message: dict[str, object]) -> None:
    """Nobody listens."""


def sound_name(name: str) -> bool:
    """Whether a listed name may be a path below the folder, whoever chose it."""
    parts = name.split("/")
    return all(
        part and not part.startswith(".") and len(part.encode()) <= _NAME_BYTES and part.isprintable() for part in parts
    ) and not {"\\", "\0"} & set(name)


def follow(folder: Path, wanted: Mapping[str, str], fetch: Fetch, report: Report) -> dict[str, Any]:
    """Bring ``folder/files`` to the state of ``wanted`` (mark by name); counts, and what was set aside, by reason.

    A file is fetched where its mark is not the one noted in ``folder/state.json``. One that cannot be had stays as it
    was. Raises ``DataProblem`` ``disk_full``.
    """
    remove_leftovers(folder)
    noted: Any = read_json(folder / "state.json").get("marks", {})
    marks: dict[str, str] = dict(noted)
    counts: Counter[str] = Counter(unchanged=0, fetched=0, gone=0)
    reasons: Counter[str] = Counter()
    aside: list[dict[str, str]] = []
    for number, (name, mark) in enumerate(sorted(wanted.items()), 1):
        target = folder / "files" / name
        if not sound_name(name):
            reasons["bad_name"] += 1
            aside.append({"name": name[:300], "reason": "bad_name", "detail": ""})
        elif marks.get(name) == mark and target.is_file():
            counts["unchanged"] += 1
        else:
            try:
                write_atomically(target, lambda file, name=name: fetch(name, file))  # type: ignore[misc]
            except NotHad as fault:
                reasons[fault.reason] += 1
                aside.append({"name": name, "reason": fault.reason, "detail": fault.detail[:300]})
                continue
            marks[name] = mark
            counts["fetched"] += 1
            if counts["fetched"] % _EVERY == 0:
                write_json(folder / "state.json", {"marks": marks})
                words = [f"已取 {number:,}/{len(wanted):,} 个文件", f"{number:,} of {len(wanted):,} files"]
                report({"progress": number / len(wanted), "message": words})
    for name in sorted(marks.keys() - wanted.keys()):
        (folder / "files" / name).unlink(missing_ok=True)
        del marks[name]
        counts["gone"] += 1
    write_json(folder / "state.json", {"marks": marks})
    if not marks:
        raise DataProblem("nothing_to_mirror", "来源中没有可取的文件。", "The source has no file that could be had.")
    return {**counts, "quarantined": dict(sorted(reasons.items())), "quarantine": aside[:_KEPT]}
