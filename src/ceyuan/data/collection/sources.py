"""What a source is to the engine: a folder or a registered corpus, and how much of it to take."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from heapq import heappush, heappushpop
from typing import Self

from ceyuan.data.collection.corpora import CORPORA
from ceyuan.data.problems import DataProblem
from ceyuan.data.readers import Document, Documents, Item, Rejection
from ceyuan.data.readers.mapping import columns_of

__all__ = ["Source", "sampled"]

_KEY = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Source:
    """One source of a collection.

    ``kind`` is ``folder`` (``location``: a path) or ``package`` (``location``: a key of ``CORPORA``).
    ``limit`` takes that many documents at most, 0 all of them; which ones follows from their names, so the
    sample is the same every time. A source that is not ``required`` and cannot be had is skipped with the
    reason instead of ending the run. ``origin`` tells where a folder's texts were first published. ``mapping`` says
    which columns hold what, as ``ceyuan.data.readers.Columns``; ``vector_field`` names the field with an embedding of
    the text, where records bring one. ``identity`` says whether records that have no ids of their own are known by
    their ``place`` in their file or by their ``content``.
    """

    key: str
    kind: str
    location: str
    title: str = ""
    licence: str = ""
    domain: str = "general"
    limit: int = 0
    required: bool = True
    text_field: str = ""
    title_field: str = ""
    id_field: str = ""
    origin: str = ""
    vector_field: str = ""
    identity: str = "place"
    mapping: dict = field(default_factory=dict)  # type: ignore[type-arg]  # compared with the types of values

    def __post_init__(self) -> None:
        if not _KEY.fullmatch(self.key):
            raise _invalid(self.key, "名称只能含小写字母、数字和 . _ -", "a key holds a-z, 0-9 and . _ - only")
        if self.kind not in ("folder", "package"):
            raise _invalid(self.key, f"未知类型 {self.kind}", f"unknown kind {self.kind}")
        if self.kind == "package" and self.location not in CORPORA:
            raise _invalid(self.key, f"未登记的语料 {self.location}", f"no registered corpus {self.location}")
        if self.limit < 0:
            raise _invalid(self.key, "数量上限不能为负", "the limit cannot be negative")
        if self.identity not in ("place", "content"):
            raise _invalid(self.key, f"未知的记录标识 {self.identity}", "records are known by place or content")
        try:
            columns_of(self.mapping)
        except ValueError as error:
            raise _invalid(self.key, "字段映射无效", str(error)) from error

    @classmethod
    def of(cls, values: Mapping[str, object]) -> Self:
        """A source from JSON. Raises ``DataProblem`` ``source_invalid`` for an unknown or ill-typed value."""
        types = {one.name: one.type for one in fields(cls)}
        for name, value in values.items():
            if name not in types or type(value) is not types[name]:
                raise _invalid(str(values.get("key", "?")), f"字段 {name} 无效", f"field {name} is not valid")
        missing = [name for name in ("key", "kind", "location") if name not in values]
        if missing:
            raise _invalid(str(values.get("key", "?")), f"缺少 {missing[0]}", f"{missing[0]} is missing")
        return cls(**values)  # type: ignore[arg-type]

    def described(self) -> dict[str, object]:
        """The source as JSON, with what the register of corpora adds."""
        values: dict[str, object] = asdict(self)
        if not self.mapping:
            del values["mapping"]
        if not self.vector_field:
            del values["vector_field"]
        if self.identity == "place":
            del values["identity"]
        if self.kind == "package":
            corpus = CORPORA[self.location]
            values["title"] = self.title or corpus.title_zh
            values["licence"] = self.licence or corpus.licence
            values["domain"] = corpus.domain
            values["origin"] = corpus.package.purl
            values["package_sha256"] = corpus.package.sha256
        else:
            values["title"] = self.title or self.key
            values["licence"] = self.licence or "LicenseRef-unstated"
            values["origin"] = self.origin or "folder"
        return values


def sampled(items: Iterable[Item], limit: int) -> Iterator[Item]:
    """``items`` with at most ``limit`` documents, chosen by a hash of group and name; 0 means all.

    Documents of one group are taken together as long as the limit allows. Order is kept; memory holds the
    chosen ones.
    """
    if not limit:
        yield from items
        return
    chosen: list[tuple[bytes, int, Document]] = []
    single = (one for item in items for one in (item.each() if isinstance(item, Documents) else (item,)))
    for number, item in enumerate(single):
        if isinstance(item, Rejection):
            yield item
            continue
        # A heap gives up its smallest first, so the hash is turned round to keep the smallest.
        entry = (_turned(item.group or item.id), -number, item)
        if len(chosen) < limit:
            heappush(chosen, entry)
        else:
            heappushpop(chosen, entry)
    yield from (document for _, _, document in sorted(chosen, key=lambda entry: -entry[1]))


def _turned(name: str) -> bytes:
    return bytes(255 - byte for byte in hashlib.blake2b(name.encode(), digest_size=8).digest())


def _invalid(key: str, zh: str, en: str) -> DataProblem:
    return DataProblem("source_invalid", f"来源 {key}：{zh}。", f"Source {key}: {en}.")
