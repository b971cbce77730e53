"""What a run reads: the raw shards of one or more collections, in a fixed order, known by their hashes."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

from ceyuan.data.files import canonical_json, read_json, sha256_of
from ceyuan.data.problems import DataProblem

__all__ = ["Inputs", "RawShard"]


@dataclass(frozen=True, slots=True)
class RawShard:
    """One raw file with its hash and number of documents."""

    path: Path
    sha256: str
    documents: int


@dataclass(frozen=True, slots=True)
class Inputs:
    """The shards of all sources, and the sources' records as ``ceyuan.data.collection`` wrote them."""

    shards: tuple[RawShard, ...]
    sources: tuple[dict[str, Any], ...]

    @classmethod
    def of(cls, collections: Sequence[Path], kind: Literal["shards", "media"] = "shards") -> Self:
        """The inputs in the folders of ``collections``, each with a ``collection.json``: the shards of texts or those
        of media.

        Raises ``DataProblem``: ``collection_missing``, ``source_twice``, ``nothing_to_read``.
        """
        shards: list[RawShard] = []
        sources: list[dict[str, Any]] = []
        for folder in collections:
            record: dict[str, Any] = read_json(folder / "collection.json")
            if not record:
                raise DataProblem(
                    "collection_missing",
                    f"{folder} 中没有已完成的收集结果。",
                    f"{folder} holds no finished collection.",
                )
            for source in record["sources"]:
                sources.append(source)
                for shard in source.get(kind, ()):
                    path = folder / source["source"]["key"] / shard["file"]
                    shards.append(RawShard(path, shard["sha256"], shard["documents"]))
        keys = [source["source"]["key"] for source in sources]
        if twice := sorted({key for key in keys if keys.count(key) > 1}):
            raise DataProblem("source_twice", f"来源 {twice[0]} 出现了两次。", f"Source {twice[0]} comes twice.")
        if not shards:
            raise DataProblem(
                "nothing_to_read",
                "这些来源中没有文本文档。" if kind == "shards" else "这些来源中没有图像、音频或视频。",
                "The sources hold no text." if kind == "shards" else "The sources hold no image, audio or video.",
            )
        return cls(tuple(shards), tuple(sources))

    def identity(self) -> str:
        """Hash of the shards' hashes in order, with what the sources say of themselves."""
        known = [[shard.sha256 for shard in self.shards], [source["source"] for source in self.sources]]
        return hashlib.sha256(canonical_json(known)).hexdigest()[:32]

    def verify(self, shard: RawShard) -> None:
        """Raises ``DataProblem`` ``shard_damaged`` when the file is gone or not the one that was collected."""
        if not shard.path.is_file() or sha256_of(shard.path) != shard.sha256:
            raise DataProblem(
                "shard_damaged",
                f"原始分片 {shard.path.name} 缺失或已损坏，请重新收集该来源。",
                f"Raw shard {shard.path.name} is missing or damaged; collect its source again.",
            )
