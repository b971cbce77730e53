"""What a run reads: the raw shards of one or more collections, in a fixed order, known by their hashes.

A source that was brought up to date has shards in layers: of several rows of one id the last one counts, and none where
the id is among those that are gone.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

import polars as pl

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
    """The shards of all sources, and the sources' records as ``ceyuan.data.collection`` wrote them; ``gone``: tables
    of ids that no source has any more, ``layered``: whether rows of the shards are replaced or gone."""

    shards: tuple[RawShard, ...]
    sources: tuple[dict[str, Any], ...]
    gone: tuple[RawShard, ...] = ()
    layered: bool = False

    @classmethod
    def of(cls, collections: Sequence[Path], kind: Literal["shards", "media"] = "shards") -> Self:
        """The inputs in the folders of ``collections``, each with a ``collection.json``: the shards of texts or those
        of media.

        Raises ``DataProblem``: ``collection_missing``, ``source_twice``, ``nothing_to_read``.
        """
        shards: list[RawShard] = []
        sources: list[dict[str, Any]] = []
        gone: list[RawShard] = []
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
                if one := source.get("gone"):
                    gone.append(
                        RawShard(folder / source["source"]["key"] / one["file"], one["sha256"], one["documents"])
                    )
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
        layered = kind == "shards" and any(source.get("superseded") for source in sources)
        return cls(tuple(shards), tuple(sources), tuple(gone), layered)

    def identity(self) -> str:
        """Hash of the shards' hashes in order, with what the sources say of themselves."""
        known = [[shard.sha256 for shard in self.shards], [source["source"] for source in self.sources]]
        if self.gone:
            known.append([one.sha256 for one in self.gone])
        return hashlib.sha256(canonical_json(known)).hexdigest()[:32]

    def gone_ids(self) -> pl.Series:
        """Ids that no source has any more. Raises ``DataProblem`` ``shard_damaged``."""
        for one in self.gone:
            self.verify(one)
        return pl.concat([pl.Series("id", [], pl.String), *(pl.read_parquet(one.path)["id"] for one in self.gone)])

    def counting(self) -> pl.DataFrame | None:
        """``shard`` and ``row`` of the rows that count; None where all do. Raises ``DataProblem`` ``shard_damaged``."""
        if not self.layered:
            return None
        frames = [
            pl.read_parquet(shard.path, columns=["id"])
            .with_row_index("row")
            .with_columns(pl.lit(number, pl.UInt32).alias("shard"))
            for number, shard in enumerate(self.shards)
        ]
        last = pl.concat(frames).unique("id", keep="last", maintain_order=True)
        return last.filter(~pl.col("id").is_in(self.gone_ids().implode())).select("shard", "row")

    def verify(self, shard: RawShard) -> None:
        """Raises ``DataProblem`` ``shard_damaged`` when the file is gone or not the one that was collected."""
        if not shard.path.is_file() or sha256_of(shard.path) != shard.sha256:
            raise DataProblem(
                "shard_damaged",
                f"原始分片 {shard.path.name} 缺失或已损坏，请重新收集该来源。",
                f"Raw shard {shard.path.name} is missing or damaged; collect its source again.",
            )
