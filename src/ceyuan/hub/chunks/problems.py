"""What is wrong with chunks, xorbs and shards that somebody sent."""

from __future__ import annotations


class ChunkProblem(ValueError):
    """Bytes that break the format or do not have the hash that names them: one sentence in each language."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en
