"""The card of a collection: which sources, under which licence, how many documents, what could not be read."""

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["cards"]

_WORDS = {
    "title": ("原始语料", "Raw corpus"),
    "about": (
        "各来源的原始文档，未作任何清洗；分片为 Parquet，按来源分文件夹。",
        "Documents of each source as they were read, not cleaned; Parquet shards in one folder per source.",
    ),
    "header": (
        ("来源", "标识", "出处", "许可", "文档", "字符", "未能读取"),
        ("source", "key", "origin", "licence", "documents", "characters", "unreadable"),
    ),
    "skipped": ("未取得的来源", "Sources that could not be had"),
}


def cards(collection: Mapping[str, Any]) -> dict[str, str]:
    """``README.md`` (Chinese, with front matter) and ``README.en.md`` of a collection's record."""
    licences = sorted({str(record["source"]["licence"]) for record in collection["sources"]})
    names = [f"- {name.lower()}" if not name.startswith("LicenseRef-") else "- other" for name in licences]
    front = "\n".join(["---", "language:", "- zh", "license:", *dict.fromkeys(names), "---", "", ""])
    return {"README.md": front + _card(0, collection), "README.en.md": _card(1, collection)}


def _card(side: int, collection: Mapping[str, Any]) -> str:
    header: Sequence[str] = _WORDS["header"][side]
    rows = []
    for record in collection["sources"]:
        source, unread = record["source"], record["rejected"]
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in unread.items()) or "0"
        counts = (f"{record['documents']:,}", f"{record['characters']:,}", reasons)
        rows.append((source["title"], f"`{source['key']}`", f"`{source['origin']}`", source["licence"], *counts))
    lines = [f"# {_WORDS['title'][side]}", "", str(_WORDS["about"][side]), ""]
    lines += ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    if collection["skipped"]:
        lines += ["", f"## {_WORDS['skipped'][side]}", ""]
        lines += [f"- `{one['key']}`: {one['message'][side]}" for one in collection["skipped"]]
    return "\n".join(lines) + "\n"
