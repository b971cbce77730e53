"""The licence matrix: under which licences how much of a dataset stands, and what all of them together allow."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ceyuan.data.corpus.markdown import table
from ceyuan.hub.licences import TERMS, conflicts, normal

__all__ = ["matrix", "matrix_of", "matrix_table"]

_HEAD = (
    ("许可", "来源", "文档", "字符", "可商用", "可演绎", "相同方式共享", "用途受限"),
    ("licence", "sources", "documents", "characters", "commercial use", "derived works", "share alike", "limited uses"),
)
_SAID: dict[object, tuple[str, str]] = {
    True: ("是", "yes"),
    False: ("否", "no"),
    None: ("未知", "unknown"),
    "no": ("否", "no"),
    "weak": ("仅原文件", "own files only"),
    "strong": ("是", "yes"),
}
_ALL = ("合计", "together")


def matrix_of(sources: Sequence[Mapping[str, Any]], counts: Mapping[str, Any]) -> dict[str, Any]:
    """The matrix of a corpus by the records of its sources and what was kept of each."""
    about = {one["source"]["key"]: str(one["source"]["licence"]) for one in sources}
    kept = counts["sources"].items()
    return matrix((about.get(key, ""), key, row["kept"], row["kept_characters"]) for key, row in kept)


def matrix(amounts: Iterable[tuple[str, str, int, int]]) -> dict[str, Any]:
    """The matrix of ``amounts`` (licence, source, documents, characters).

    ``licences``: per licence its sources, documents, characters and terms, null where the licence is not one whose
    terms are known. ``together``: what holds for the dataset as a whole (a use is allowed where every licence allows
    it, null where nobody can say), and ``conflicts``: pairs of licences of which one asks that the whole be under it.
    """
    rows: dict[str, dict[str, Any]] = {}
    for licence, source, documents, characters in amounts:
        if not documents:
            continue
        row = rows.setdefault(licence, {"licence": licence, "sources": [], "documents": 0, "characters": 0})
        row["sources"] = sorted({*row["sources"], source})
        row["documents"] += documents
        row["characters"] += characters
    for name, row in rows.items():
        terms = TERMS.get(normal(name))
        row["commercial"] = terms.commercial if terms else None
        row["derivatives"] = terms.derivatives if terms else None
        row["share_alike"] = terms.share if terms else None
        row["limited"] = terms.uses if terms else None
    listed = [rows[name] for name in sorted(rows)]
    return {"licences": listed, "together": _together(listed)}


def matrix_table(side: int, found: Mapping[str, Any]) -> str:
    """The matrix as a Markdown table, in Chinese (0) or English (1)."""
    lines = []
    for row in found["licences"]:
        amount = [f"{row['documents']:,}", f"{row['characters']:,}"]
        said = [_SAID[row[name]][side] for name in ("commercial", "derivatives", "share_alike", "limited")]
        lines.append([row["licence"] or "-", ", ".join(row["sources"]), *amount, *said])
    whole = found["together"]
    total = [f"{sum(row[name] for row in found['licences']):,}" for name in ("documents", "characters")]
    said = [_SAID[whole[name]][side] for name in ("commercial", "derivatives", "share_alike", "limited")]
    lines.append([_ALL[side], "", *total, *said])
    text = table(_HEAD[side], lines)
    clashes = [f"{one} / {other}" for one, other in whole["conflicts"]]
    words = ("许可相互冲突，不能合并发布：", "Licences that cannot stand together in one publication: ")
    return f"{text}\n\n{words[side]}{'；'.join(clashes)}" if clashes else text


def _together(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    shares = {row["share_alike"] for row in rows}
    names = [str(row["licence"]) for row in rows if row["share_alike"] == "strong"]
    clashes = sorted(
        {
            tuple(sorted((one, other)))
            for one in names
            for other in names
            if one < other and conflicts(one, [("", other)]) and conflicts(other, [("", one)])
        }
    )
    return {
        "commercial": _allowed([row["commercial"] for row in rows]),
        "derivatives": _allowed([row["derivatives"] for row in rows]),
        "share_alike": next((one for one in ("strong", None, "weak") if one in shares), "no"),
        "limited": _any([row["limited"] for row in rows]),
        "conflicts": [list(pair) for pair in clashes],
    }


def _allowed(said: Sequence[bool | None]) -> bool | None:
    return False if False in said else None if None in said or not said else True


def _any(said: Sequence[bool | None]) -> bool | None:
    return True if True in said else None if None in said or not said else False
