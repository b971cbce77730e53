"""Train a small Chinese language model from scratch on a CPU, exactly repeatable.

An engine: from a folder of Parquet text to a folder with tokeniser, weights, GGUF file, curves,
perplexity and card. It knows no database, hub or job; those who want a run with a page submit a
job of the room above it. PyTorch is an optional component, imported only when a run begins.

`process:main` is the entry for a process of its own. Lossless resume after a kill, and the same
bytes from the same recipe, corpus and machine type, are promises of this package. What needs
PyTorch is imported from its module: `loop`, `model_folder`, `perplexity`, `gguf_export`,
`verification`, `sampling`.
"""

from typing import TYPE_CHECKING, Any

from .faults import CorpusFault, RecipeFault, ResumeFault, TorchMissing, TrainingFault
from .recipe import RECIPE_BOUNDS, SHAPE_BOUNDS, Precision, Recipe, Shape
from .torch_extra import require_torch, torch_installed

if TYPE_CHECKING:
    from .corpus import Corpus
    from .intervals import Perplexity, perplexity_of

__all__ = [
    "RECIPE_BOUNDS",
    "SHAPE_BOUNDS",
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

# Arrow and NumPy are loaded when one of these is asked for: rooms that only describe a run stay light.
_LATE = {"Corpus": "corpus", "Perplexity": "intervals", "perplexity_of": "intervals"}


def __getattr__(name: str) -> Any:
    if name not in _LATE:
        raise AttributeError(name)
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_LATE[name]}"), name)
