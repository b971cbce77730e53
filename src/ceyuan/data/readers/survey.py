"""What columns the files of a source have, which of them probably hold what, and how some rows look once mapped."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from ceyuan.data.readers.documents import Columns, Document, Documents, ReadOptions, Rejection, clean_text
from ceyuan.data.readers.fields import TITLE_NAMES, text_fields
from ceyuan.data.readers.folder import inside, read_file
from ceyuan.data.readers.mapping import columns_of, is_time, plain, present

__all__ = ["main", "previewed", "proposed", "surveyed"]

_ENDINGS = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet", ".xlsx")
_FILES = 24
_RECORDS = 40  # looked at in each file
_SHOWN, _SAMPLE, _EXCERPT = 3, 200, 600  # samples of a column and their characters; characters of a row's text
_MOST = 400  # columns
_LONG = 60  # characters on average from which a column without a known name may be the text
_USUAL: dict[str, tuple[str, ...]] = {
    "title": (*TITLE_NAMES, "headline"),
    "id": ("id", "编号", "uuid", "doc_id", "文号", "序号"),
    "time": (
        *(
            "time",
            "date",
            "published",
            "publish_time",
            "publish_date",
            "pub_time",
            "pubdate",
            "created_at",
            "timestamp",
        ),
        *("时间", "日期", "发布时间", "发布日期", "公布日期", "发表时间", "成文日期"),
    ),
    "author": ("author", "authors", "writer", "creator", "作者", "发布机构", "制定机关", "发布单位", "来源单位"),
    "url": ("url", "link", "href", "source_url", "网址", "链接", "原文链接"),
    "licence": ("licence", "license", "rights", "许可", "许可证", "授权"),
    "group": ("group", "series", "doc", "document", "book", "thread_id", "书名", "篇名", "丛书"),
}


@dataclass(slots=True)
class _Column:
    seen: int = 0
    filled: int = 0
    characters: int = 0
    files: set[str] = field(default_factory=set)
    samples: list[str] = field(default_factory=list)
    times: int = 0
    addresses: int = 0

    def note(self, value: object, name: str) -> None:
        self.seen += 1
        self.files.add(name)
        shown = plain(value).strip()
        if not shown:
            return
        self.filled += 1
        self.characters += len(shown)
        self.times += is_time(shown)
        self.addresses += shown.startswith(("http://", "https://"))
        excerpt = clean_text(shown[:_SAMPLE])
        if len(self.samples) < _SHOWN and excerpt not in self.samples:
            self.samples.append(excerpt)


def surveyed(root: Path) -> dict[str, Any]:
    """``columns`` of the first files of tables below a folder (or of one file): name, number of files, share filled,
    samples; ``files`` with the names of theirs, ``proposal`` of a mapping, and ``more`` where not all was looked at."""
    known: dict[str, _Column] = {}
    files: dict[str, list[str]] = {}
    names, more = _tables(root)

    def note(where: str, record: Mapping[str, object]) -> None:
        name = where.split("#", 1)[0]
        here = files.setdefault(name, [])
        for key, value in record.items():
            label = clean_text(str(key))
            if label not in known and len(known) == _MOST:
                continue
            known.setdefault(label, _Column()).note(value, name)
            if label not in here:
                here.append(label)

    base = root if root.is_dir() else root.parent
    for name in names:
        for _ in islice(_single(base, name, ReadOptions(observer=note)), _RECORDS):
            pass
    proposal = asdict(proposed(known, list(files.values())))
    return {
        "columns": [
            {
                "name": name,
                "files": len(one.files),
                "filled": round(one.filled / max(1, one.seen), 4),
                "samples": one.samples,
            }
            for name, one in known.items()
        ],
        "files": [{"name": name, "columns": columns} for name, columns in files.items()],
        "proposal": {name: list(one) if isinstance(one, tuple) else one for name, one in proposal.items()},
        "more": more,
    }


def proposed(known: Mapping[str, _Column], files: list[list[str]]) -> Columns:
    """The mapping that the names suggest, and where they do not, what the columns hold."""
    texts: dict[str, None] = {}
    for names in files:
        filled = [name for name in names if name in known and known[name].filled]
        found = text_fields(filled, ReadOptions()) or _longest(known, filled)
        texts |= dict.fromkeys(found)
    taken = set(texts)
    chosen: dict[str, tuple[str, ...]] = {"text": tuple(texts)}
    for target, usual in _USUAL.items():
        named = tuple(one for one in present(known, usual) if one not in taken)
        if not named:
            named = _by_content(target, known, taken)
        chosen[target] = named
        taken |= set(named)
    return columns_of(chosen)


def _longest(known: Mapping[str, _Column], names: list[str]) -> tuple[str, ...]:
    sizes = {name: known[name].characters / max(1, known[name].filled) for name in names if name in known}
    best = max(sizes, key=lambda name: sizes[name], default="")
    return (best,) if sizes.get(best, 0) >= _LONG else ()


def _by_content(target: str, known: Mapping[str, _Column], taken: set[str]) -> tuple[str, ...]:
    counted = {"time": "times", "url": "addresses"}.get(target)
    if counted is None:
        return ()
    sure = [
        name
        for name, one in known.items()
        if name not in taken and one.filled >= 2 and getattr(one, counted) >= 0.9 * one.filled
    ]
    return tuple(sure[:1])


def previewed(root: Path, columns: Columns, rows: int = 12) -> dict[str, Any]:
    """``rows`` as they look once mapped, taken from all files in turn, and ``rejected`` with reasons."""
    names, _ = _tables(root)
    base = root if root.is_dir() else root.parent
    turns = [_single(base, name, ReadOptions(columns=columns)) for name in names]
    shown: list[dict[str, Any]] = []
    rejected: list[dict[str, str]] = []
    looked = 0
    while turns and len(shown) < rows and looked < _FILES * _RECORDS:
        for turn in list(turns):
            item = next(turn, None)
            looked += 1
            if item is None:
                turns.remove(turn)
            elif isinstance(item, Rejection):
                rejected.append({"where": item.where, "reason": item.reason, "detail": item.detail[:_SAMPLE]})
            elif len(shown) < rows:
                shown.append(_row(item))
    return {"rows": shown, "rejected": rejected[:rows]}


def main(args: Mapping[str, Any], report: object) -> dict[str, Any]:
    """As a process: ``folder``, and ``mapping`` for a preview; without it the survey."""
    del report  # it takes a moment
    root = Path(args["folder"])
    return previewed(root, columns_of(args["mapping"])) if args.get("mapping") else surveyed(root)


def _row(one: Document) -> dict[str, Any]:
    noted = dict(one.meta)
    known = {name: noted.pop(name, "") for name in ("id", "time", "author", "url", "licence")}
    text = {"where": one.id, "text": one.text[:_EXCERPT], "characters": len(one.text)}
    return text | {"title": one.title, "group": one.group} | known | {"notes": noted}


def _single(base: Path, name: str, options: ReadOptions) -> Iterator[Document | Rejection]:
    for item in read_file(base, name, options):
        if isinstance(item, Documents):
            yield from item.each()
        else:
            yield item


def _tables(root: Path) -> tuple[list[str], bool]:
    """(the first files of records below ``root``, whether there are more); no folder is walked further than needed."""
    if root.is_file():
        return [root.name], False
    found: list[str] = []
    true_root = os.path.realpath(root)
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if name[0] != ".")
        for name in sorted(files):
            plain_name = name.lower().removesuffix(".gz")
            if name[0] == "." or not plain_name.endswith(_ENDINGS):
                continue
            if os.path.islink(os.path.join(folder, name)) and not inside(os.path.join(folder, name), true_root):
                continue
            if len(found) == _FILES:
                return found, True
            found.append((Path(folder) / name).relative_to(root).as_posix())
    return found, False
