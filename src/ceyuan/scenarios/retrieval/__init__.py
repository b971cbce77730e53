"""Retrieval engine: lexical search over Chinese text that needs no model and no word segmenter.

BM25 (Robertson & Zaragoza 2009) over character unigrams and bigrams, after folding traditional to
simplified characters. It finds passages and says which characters matched; what is done with them is
the scenarios' business.
"""

from ceyuan.scenarios.retrieval.bm25 import Hit, Index
from ceyuan.scenarios.retrieval.chunks import chunk
from ceyuan.scenarios.retrieval.text import fold, query_terms

__all__ = ["Hit", "Index", "chunk", "fold", "query_terms"]
