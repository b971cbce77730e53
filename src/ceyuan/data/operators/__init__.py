"""Operators on text in columns: normalisation, statistics, and filters as predicates over statistics.

Everything works on batches (Polars frames over Arrow buffers, kernels compiled by Numba where it is installed)
and is right for Chinese: characters are classed by Unicode, official typography is left alone unless a recipe
asks for a change, thresholds belong to a domain. Duplicates across documents are ``ceyuan.data.duplicates``'
work, the whole run ``ceyuan.data.corpus``'.
"""

from ceyuan.data.operators import (
    detected,
    forms,
    language,
    lines,
    models,
    ngrams,
    normalise,
    passages,
    patterns,
    questions,
    repair,
    sentences,
    statistics,
    strip,
    typography,
    wording,
)
from ceyuan.data.operators.classes import CLASSES
from ceyuan.data.operators.filters import REASONS, Filter, first_reason
from ceyuan.data.operators.models import train_language_model, train_quality
from ceyuan.data.operators.normalise import simplified
from ceyuan.data.operators.operator import (
    ALWAYS,
    STATISTICS,
    Operator,
    Parameters,
    Specification,
    find,
    meaning,
    operator,
    specifications,
)
from ceyuan.data.operators.texts import Texts

_DECLARING = (
    *(detected, forms, language, lines, models, ngrams, normalise, passages, patterns, questions, repair),
    *(sentences, statistics, strip, typography, wording),
)
"""Importing a module declares its operators."""

__all__ = [
    "ALWAYS",
    "CLASSES",
    "REASONS",
    "STATISTICS",
    "Filter",
    "Operator",
    "Parameters",
    "Specification",
    "Texts",
    "find",
    "first_reason",
    "meaning",
    "operator",
    "simplified",
    "specifications",
    "train_language_model",
    "train_quality",
]
