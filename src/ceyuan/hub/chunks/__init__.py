"""Content in chunks as the Xet protocol knows it: cutting by content, hashes, xorbs and shards.

Pure functions over bytes. Which xorbs are kept, where, and who may see them is for the room above (`hub.xet`).
"""

from ceyuan.hub.chunks.hashes import (
    Sized,
    chunk_hash,
    file_hash,
    is_eligible,
    parse_hash,
    protected,
    term_hash,
    text_of,
    xorb_hash,
)
from ceyuan.hub.chunks.packing import PackedFile, Place, chunk_list, pack_file
from ceyuan.hub.chunks.problems import ChunkProblem
from ceyuan.hub.chunks.shards import MAX_SHARD, SentFile, Shard, Term, parse_shard, stored_shard
from ceyuan.hub.chunks.xorbs import MAX_CHUNK, MAX_XORB, Chunk, Content, Xorb, XorbCheck, contents, pack

__all__ = [
    "MAX_CHUNK",
    "MAX_SHARD",
    "MAX_XORB",
    "Chunk",
    "ChunkProblem",
    "Content",
    "PackedFile",
    "Place",
    "SentFile",
    "Shard",
    "Sized",
    "Term",
    "Xorb",
    "XorbCheck",
    "chunk_hash",
    "chunk_list",
    "contents",
    "file_hash",
    "is_eligible",
    "pack",
    "pack_file",
    "parse_hash",
    "parse_shard",
    "protected",
    "stored_shard",
    "term_hash",
    "text_of",
    "xorb_hash",
]
