"""The corpus engine: raw shards become a dataset, cleaned, deduplicated, split, with every drop explained.

Raw shards are measured one by one (normalised, statistics, sketches), one decision is taken over all
documents' statistics, and the kept ones are written as Parquet with card, manifest, reasons and samples.
The same input and recipe give the same bytes; an interrupted run continues where it stopped.
``build`` is the library call, ``ceyuan.data.corpus.entry:main`` the same as a process.
"""

from ceyuan.data.corpus.build import build
from ceyuan.data.corpus.inputs import Inputs
from ceyuan.data.corpus.profiles import DOMAINS, default_profiles
from ceyuan.data.corpus.recipe import Recipe
from ceyuan.data.corpus.recut import recut

__all__ = ["DOMAINS", "Inputs", "Recipe", "build", "default_profiles", "recut"]
