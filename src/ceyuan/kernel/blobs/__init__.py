"""Blobs: content by its SHA-256, stored once, verified when read, collected when nothing refers to it.

What a blob means (a file of a revision, a report, a log) is for the rooms that refer to it.
"""

from ceyuan.kernel.blobs.collection import BlobReferences, Collection, Scrub, collect_garbage, scrub
from ceyuan.kernel.blobs.errors import BlobCorrupt, BlobMissing, HashMismatch, StorageFull, StoreUnavailable
from ceyuan.kernel.blobs.landing import Landing
from ceyuan.kernel.blobs.settings import BlobSettings
from ceyuan.kernel.blobs.store import Blob, BlobOrigin, BlobStore

__all__ = [
    "Blob",
    "BlobCorrupt",
    "BlobMissing",
    "BlobOrigin",
    "BlobReferences",
    "BlobSettings",
    "BlobStore",
    "Collection",
    "HashMismatch",
    "Landing",
    "Scrub",
    "StorageFull",
    "StoreUnavailable",
    "collect_garbage",
    "scrub",
]
