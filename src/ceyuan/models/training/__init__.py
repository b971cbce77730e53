"""Train a small Chinese language model from scratch on a CPU, exactly repeatable.

An engine: from a folder of Parquet text to a folder with tokeniser, weights, GGUF file, curves,
perplexity and card. It knows no database, hub or job; those who want a run with a page submit a
job of the room above it. PyTorch is an optional component, imported only when a run begins.

`process:main` is the entry for a process of its own. Lossless resume after a kill, and the same
bytes from the same recipe, corpus and machine type, are promises of this package. What needs
PyTorch is imported from its module: `loop`, `model_folder`, `perplexity`, `gguf_export`,
`verification`, `sampling`.
"""

from .corpus import Corpus
from .faults import CorpusFault, RecipeFault, ResumeFault, TorchMissing, TrainingFault
from .intervals import Perplexity, perplexity_of
from .recipe import Precision, Recipe, Shape
from .torch_extra import require_torch, torch_installed

__all__ = [
    "Corpus",
    "CorpusFault",
    "Perplexity",
    "Precision",
    "Recipe",
    "RecipeFault",
    "ResumeFault",
    "Shape",
    "TorchMissing",
    "TrainingFault",
    "perplexity_of",
    "require_torch",
    "torch_installed",
]
