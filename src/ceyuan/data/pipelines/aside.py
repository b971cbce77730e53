"""What was set aside while a source was read: a few examples of each reason, for its page and the job's log."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

EACH = 5
"""Examples of one reason."""
ALL = 100


def examples(folder: Path, visit: Mapping[str, Any] | None) -> list[dict[str, str]]:
    """Examples of what could not be had (`visit`'s) or read (`rejections.jsonl` in the source's raw `folder`), each
    with `where`, `reason` and `detail`."""
    rejections = folder / "rejections.jsonl"
    read = rejections.read_text("utf-8").splitlines() if rejections.is_file() else []
    return few([*(visit or {}).get("examples", []), *(json.loads(line) for line in read)])


def few(items: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """The first of each reason."""
    seen: Counter[str] = Counter()
    found: list[dict[str, str]] = []
    for one in items:
        seen[one["reason"]] += 1
        if seen[one["reason"]] <= EACH and len(found) < ALL:
            found.append({"where": one["where"], "reason": one["reason"], "detail": str(one.get("detail", ""))[:300]})
    return found


def in_words(reason: str) -> tuple[str, str]:
    """A reason in both languages; the code itself where it has no words."""
    from ceyuan.data.readers.reasons import SET_ASIDE

    return SET_ASIDE.get(reason, (reason, reason))
