"""The heavy part of a run: held-out perplexity of a trained model, in its own process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

Report = Callable[[dict[str, Any]], None]


def perplexity_main(arguments: dict[str, Any], report: Report) -> dict[str, Any]:
    """Measure. Arguments: `model` (folder), `corpus` (folder of Parquet shards), `documents` (at most), `threads`,
    and how the corpus names its columns (`column`, `split_column`, `heldout`)."""
    from ceyuan.models.training import Corpus, require_torch

    require_torch()
    import torch

    from ceyuan.models.training.model_folder import load_model
    from ceyuan.models.training.perplexity import perplexity

    torch.set_num_threads(int(arguments.get("threads", 2)))
    names = {key: str(arguments[key]) for key in ("column", "split_column", "heldout") if key in arguments}
    corpus = Corpus(Path(arguments["corpus"]), **names)
    texts = _spread(corpus, int(arguments["documents"]))
    result = perplexity(
        load_model(Path(arguments["model"])),
        texts,
        report=lambda share: report({"progress": share, "message": ("测量困惑度", "measuring perplexity")}),
    )
    return result.to_mapping()


def _spread(corpus: Any, count: int) -> list[str]:
    """`count` held-out documents, evenly spread over the corpus, so that every source is heard."""
    texts = list(corpus.texts("heldout"))
    if len(texts) <= count:
        return texts
    return [texts[i * len(texts) // count] for i in range(count)]
