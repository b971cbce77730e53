"""Duplicates across documents: candidates by MinHash and banding, every deletion verified by real Jaccard.

A text is compared by its folded characters (compatibility form, lower case, simplified, no spaces and
punctuation) in overlapping pieces of five. Documents are taken in order of preference; one is a duplicate
only of a document that is kept, with the measured similarity told. No chains, no deletion on a hash alone.
``search`` does it for any number of documents within a bound of memory, and again after a change at the cost
of the change. ``pairs_of`` and ``survivors`` do the same by the cosine of embeddings.
"""

from ceyuan.data.duplicates.buckets import shared_buckets, sharing
from ceyuan.data.duplicates.hyperplanes import Hyperplanes
from ceyuan.data.duplicates.known import Known
from ceyuan.data.duplicates.resolve import Resolution, resolve
from ceyuan.data.duplicates.search import BandKeys, Found, KeysInMemory, Search, search
from ceyuan.data.duplicates.semantic import Pairs, Seeking, Survivors, alike, bands_of, pairs_of, survivors
from ceyuan.data.duplicates.sketch import SHINGLE, Banding, sketch
from ceyuan.data.duplicates.vectors import DIMENSIONS, Vectors, quantised

__all__ = [
    "DIMENSIONS",
    "SHINGLE",
    "BandKeys",
    "Banding",
    "Found",
    "Hyperplanes",
    "KeysInMemory",
    "Known",
    "Pairs",
    "Resolution",
    "Search",
    "Seeking",
    "Survivors",
    "Vectors",
    "alike",
    "bands_of",
    "pairs_of",
    "quantised",
    "resolve",
    "search",
    "shared_buckets",
    "sharing",
    "sketch",
    "survivors",
]
