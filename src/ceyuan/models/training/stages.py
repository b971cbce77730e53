"""The stages of a training run; each one is skipped when its whole result is there."""

from __future__ import annotations

import heapq
import json
import shutil
from collections.abc import Callable
from dataclasses import asdict
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from .card import CardFacts, model_card
from .checkpoint import Progress
from .corpus import Corpus, Split
from .durable import write_bytes, write_json, write_with
from .faults import CorpusFault
from .gguf_export import export_gguf
from .loop import Pulse, fit, pin_determinism
from .manifest import MANIFEST, write_manifest
from .model_folder import load_model, save_model
from .packing import pack
from .perplexity import perplexity
from .recipe import Precision, Recipe
from .sampling import continue_text
from .telling import Teller
from .tokeniser import load_tokeniser, save_tokeniser, train_tokeniser

if TYPE_CHECKING:
    from .process import RunFolder, TrainingRequest

__all__ = ["run_all"]

HELDOUT_MEGABYTES = 8.0
SAMPLE_TOKENS = 48
PROMPTS = ("中华人民共和国", "第一条　为了", "本报讯", "春风", "这家酒店")
# Shares of the progress bar, by where the time goes.
TOKENISED, PACKED, TRAINED, SCORED = 0.05, 0.08, 0.92, 0.97


def run_all(
    request: TrainingRequest, folder: RunFolder, run: str, precision: Precision, teller: Teller
) -> dict[str, Any]:
    """All stages in order; a finished folder answers at once. See `process.main`."""
    if not (folder.model / MANIFEST).exists():
        pin_determinism(request.recipe.threads)
        counts = _prepare(request, folder, teller)
        progress = _train(request.recipe, precision, folder, run, teller)
        _export(request, folder, precision, progress, counts, teller)
    manifest = json.loads((folder.model / MANIFEST).read_bytes())
    return {
        "model": str(folder.model),
        "content_hash": manifest["content_hash"],
        "parameters": request.recipe.shape.parameters,
        "train_tokens": manifest["tokens"]["train"],
        "loss": manifest["loss"],
        "perplexity": manifest["perplexity"],
    }


def _prepare(request: TrainingRequest, folder: RunFolder, teller: Teller) -> dict[str, int]:
    """Tokeniser and packed tokens; returns tokens by split."""
    recipe, corpus = request.recipe, request.corpus
    if not folder.tokeniser.exists():
        teller.stage(0.01, "tokeniser", ("训练分词器", "Training the tokeniser"))
        texts = corpus.sample("train", recipe.tokeniser_megabytes, recipe.seed)
        save_tokeniser(train_tokeniser(texts, recipe.shape.vocabulary), folder.tokeniser)
    tokeniser = load_tokeniser(folder.tokeniser)
    shortest = recipe.shape.context + 1
    counts: dict[str, int] = {}
    limits: dict[Split, float] = {"train": recipe.corpus_megabytes, "heldout": HELDOUT_MEGABYTES}
    for split, megabytes in limits.items():
        path = folder.tokens(split)
        if not path.exists():
            teller.stage(TOKENISED, "pack", ("切分并打包文本", "Encoding and packing text"))
            pack(tokeniser, corpus.sample(split, megabytes, recipe.seed), path, shortest=shortest)
        counts[split] = len(np.load(path, mmap_mode="r"))
    return counts


def _train(recipe: Recipe, precision: Precision, folder: RunFolder, run: str, teller: Teller) -> Progress:
    train = np.load(folder.tokens("train"), mmap_mode="r")
    heldout = np.load(folder.tokens("heldout"), mmap_mode="r")
    decoder, progress, checkpoint = fit(
        recipe, precision, train, heldout, folder.checkpoints, run, _listener(folder, teller)
    )
    save_model(decoder, load_tokeniser(folder.tokeniser), folder.model)
    state = folder.model / "training_state.safetensors"
    write_with(state, lambda path: shutil.copyfile(checkpoint, path))
    return progress


def _listener(folder: RunFolder, teller: Teller) -> Callable[[Pulse], None]:
    """Tells of each step, and puts the curves on disk at each look at the held-out text."""

    def listen(pulse: Pulse) -> None:
        if pulse.heldout_loss is not None:
            write_json(folder.curves, asdict(pulse.progress.curves))
        teller.pulse(pulse, PACKED + (TRAINED - PACKED) * pulse.step / pulse.steps)

    return listen


def _export(
    request: TrainingRequest,
    folder: RunFolder,
    precision: Precision,
    progress: Progress,
    counts: dict[str, int],
    teller: Teller,
) -> None:
    """Score on held-out documents, then write what stands beside the weights; manifest last."""
    recipe, model = request.recipe, load_model(folder.model)
    message = ("评测留出集困惑度", "Scoring held-out documents")
    texts = _chosen_documents(request.corpus, recipe.heldout_documents, recipe.seed)
    score = perplexity(
        model,
        texts,
        seed=recipe.seed,
        report=lambda share: teller.share(TRAINED + (SCORED - TRAINED) * share, "score", message),
    )
    teller.stage(SCORED, "export", ("导出模型", "Exporting the model"))
    name = request.name.rpartition("/")[2]
    gguf_name = f"{name}-f32.gguf"
    export_gguf(model, folder.model / gguf_name, name=name)
    write_json(folder.model / "curves.json", asdict(progress.curves))
    write_json(folder.model / "recipe.json", recipe.to_mapping())
    write_json(folder.model / "perplexity.json", score.to_mapping())
    samples = {
        prompt: continue_text(model, prompt, SAMPLE_TOKENS, seed=recipe.seed + place)
        for place, prompt in enumerate(PROMPTS)
    }
    facts = CardFacts(
        name=name,
        dataset=request.dataset,
        licence=request.licence,
        recipe=recipe,
        precision=precision,
        train_tokens=counts["train"],
        curves=progress.curves,
        perplexity=score,
        samples=samples,
        gguf=gguf_name,
    )
    write_bytes(folder.model / "README.md", model_card(facts).encode())
    write_manifest(
        folder.model,
        {
            "recipe": recipe.to_mapping(),
            "corpus": request.corpus.fingerprint(),
            "environment": {
                "torch": torch.__version__,
                "processor": torch.backends.cpu.get_cpu_capability(),
                "precision": precision,
            },
            "tokens": counts,
            "loss": progress.curves.train[-1][1],
            "perplexity": score.to_mapping(),
        },
    )


def _chosen_documents(corpus: Corpus, number: int, seed: int) -> list[str]:
    """At most `number` held-out documents: those whose salted hash is smallest."""

    def rank(text: str) -> bytes:
        return sha256(f"{seed}\0{text}".encode()).digest()

    chosen = heapq.nsmallest(number, corpus.texts("heldout"), key=rank)
    if len(chosen) < 2:
        raise CorpusFault(
            "留出集至少需要两篇文档，才能估计困惑度及其区间。",
            "The held-out split needs at least two documents for a perplexity with an interval.",
        )
    return chosen
