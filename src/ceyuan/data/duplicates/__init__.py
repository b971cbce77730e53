"""Duplicates across documents: candidates by MinHash and banding, every deletion verified by real Jaccard.

A text is compared by its folded characters (compatibility form, lower case, simplified, no spaces and
punctuation) in overlapping pieces of five. Documents are taken in order of preference; one is a duplicate
only of a document that is kept, with the measured similarity told. No chains, no deletion on a hash alone.
"""

from ceyuan.data.duplicates.buckets import shared_buckets
from ceyuan.data.duplicates.resolve import Resolution, resolve
from ceyuan.data.duplicates.sketch import SHINGLE, Banding, sketch

__all__ = ["SHINGLE", "Banding", "Resolution", "resolve", "shared_buckets", "sketch"]
