"""Tokens per second of the small model's training, beside a plain PyTorch loop and the machine's limit.

Ours is the engine itself (`ceyuan.models.training`), with the default recipe's model. The peer is the usual
loop over `torch.nn.TransformerEncoder` of the same width, depth and number of parameters, once in float32
as most write it and once under bfloat16 autocast. The limit is what the model's matrix products alone would
take, each measured by itself, forward and backward. The sides take turns, and each keeps its best round: on
a shared machine that is the least disturbed one.

    python -m benchmarks.models.mini_training [--quick] [--seed N] [--json FILE] [--data DIR]

`--data DIR` is a folder of Parquet shards with a column `text`, split into train and held-out; with it, and
without `--quick`, the whole recipe is run as well and its time and held-out bits per character are told.
Without it the tokens are drawn from the seed: speed does not depend on them.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ceyuan.models.training import Recipe, Shape
from ceyuan.models.training.loop import Pulse, fit, pin_determinism, resolve_precision
from ceyuan.models.training.process import main as train

Row = dict[str, Any]


class Peer(nn.Module):
    """A causal `nn.TransformerEncoder` with as many parameters as the shape has."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        spare = shape.parameters - shape.vocabulary * shape.width - shape.context * shape.width
        wide = (spare // shape.layers - 4 * shape.width**2 - 13 * shape.width) // (2 * shape.width + 1)
        layer = nn.TransformerEncoderLayer(
            shape.width, shape.heads, wide, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        self.tokens = nn.Embedding(shape.vocabulary, shape.width)
        self.places = nn.Embedding(shape.context, shape.width)
        self.layers = nn.TransformerEncoder(layer, shape.layers, enable_nested_tensor=False)
        self.head = nn.Linear(shape.width, shape.vocabulary, bias=False)
        self.head.weight = self.tokens.weight
        self.register_buffer("mask", nn.Transformer.generate_square_subsequent_mask(shape.context))

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.tokens(tokens) + self.places(torch.arange(tokens.shape[1]))
        logits: Tensor = self.head(self.layers(x, mask=self.mask, is_causal=True))
        return logits


def ours(recipe: Recipe, tokens: np.ndarray, steps: int) -> list[float]:
    """Seconds of each step of the engine, but the first two (warming up) and the last (it saves)."""
    marks: list[float] = []

    def listen(pulse: Pulse) -> None:
        marks.append(time.perf_counter())

    settings = {**recipe.to_mapping(), "steps": steps, "checkpoint_every": 10**6, "evaluate_every": 10**6}
    precision = resolve_precision(recipe.precision)
    with tempfile.TemporaryDirectory() as folder:
        fit(Recipe.from_mapping(settings), precision, tokens, tokens, Path(folder), "bench", listen)
    return list(np.diff(marks)[1:-1])


def plain(recipe: Recipe, tokens: np.ndarray, steps: int, *, narrow: bool) -> list[float]:
    """Seconds of each step of the usual loop, but the first two."""
    torch.use_deterministic_algorithms(False)
    torch.manual_seed(recipe.seed)
    model = Peer(recipe.shape)
    optimiser = torch.optim.AdamW(model.parameters(), lr=recipe.learning_rate)
    chance = np.random.default_rng(recipe.seed)
    taken = []
    for _ in range(steps):
        began = time.perf_counter()
        starts = chance.integers(0, len(tokens) - recipe.shape.context - 1, recipe.batch)
        rows = np.stack([tokens[start : start + recipe.shape.context + 1] for start in starts])
        batch = torch.from_numpy(rows.astype(np.int64))
        with torch.autocast("cpu", torch.bfloat16, enabled=narrow):
            logits = model(batch[:, :-1])
            loss = F.cross_entropy(logits.flatten(0, 1), batch[:, 1:].flatten())
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), recipe.clip)
        optimiser.step()
        loss.item()
        taken.append(time.perf_counter() - began)
    pin_determinism(recipe.threads)
    return taken[2:]


def products_alone(recipe: Recipe, kind: torch.dtype, rounds: int) -> float:
    """Seconds of one step's matrix products, each the best of its rounds."""
    shape, rows = recipe.shape, recipe.tokens_per_step
    narrow = shape.kv_heads * shape.head_width
    sizes = [(shape.width, shape.width + 2 * narrow), (shape.width, shape.width)]
    sizes += [(shape.width, shape.feed_forward)] * 2 + [(shape.feed_forward, shape.width)]
    layers = sum(_product(rows, a, b, kind, rounds) for a, b in sizes)
    return shape.layers * layers + _product(rows, shape.width, shape.vocabulary, kind, rounds)


def _product(rows: int, inner: int, outer: int, kind: torch.dtype, rounds: int) -> float:
    x, w, g = (torch.randn(size).to(kind) for size in ((rows, inner), (outer, inner), (rows, outer)))
    forms: list[Callable[[], Tensor]] = [lambda: x @ w.T, lambda: g @ w, lambda: g.T @ x]
    total = 0.0
    for form in forms:
        taken = []
        for _ in range(rounds):
            began = time.perf_counter()
            form()
            taken.append(time.perf_counter() - began)
        total += min(taken)
    return total


def speeds(recipe: Recipe, tokens: np.ndarray, rounds: int, steps: int) -> dict[str, float]:
    """Tokens per second of every side."""
    kind = torch.bfloat16 if resolve_precision(recipe.precision) == "bfloat16" else torch.float32
    sides: dict[str, Callable[[], list[float]]] = {
        "ours": lambda: ours(recipe, tokens, steps),
        "float32": lambda: plain(recipe, tokens, steps, narrow=False),
        "bfloat16": lambda: plain(recipe, tokens, steps, narrow=True),
        "limit": lambda: [products_alone(recipe, kind, 4)],
    }
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, side in sides.items():
            taken[name] += side()
    return {name: recipe.tokens_per_step / min(times) for name, times in taken.items()}


def speed_rows(recipe: Recipe, found: dict[str, float]) -> list[Row]:
    """The table's rows about speed."""
    size = f"{recipe.shape.parameters / 1e6:.1f} M parameters, {recipe.threads} threads"
    common = {"ours": round(found["ours"]), "unit": "tokens/s", "better": "higher", "target": None}
    return [
        {"bar": f"training, {size}; peer: TransformerEncoder float32", "peer": round(found["float32"]), **common}
        | {"limit": round(found["limit"])},
        {"bar": f"training, {size}; peer: TransformerEncoder bfloat16", "peer": round(found["bfloat16"]), **common}
        | {"limit": round(found["limit"])},
    ]


def whole_recipe(recipe: Recipe, corpus: Path) -> list[Row]:
    """The default run from corpus to model folder."""
    with tempfile.TemporaryDirectory() as folder:
        asked = {"corpus": str(corpus), "output": folder, "recipe": recipe.to_mapping()}
        result = train(asked, lambda report: print(report["message"][1]))
    score = result["perplexity"]
    print(f"held-out perplexity {score['value']:.1f} ({score['low']:.1f} - {score['high']:.1f})")
    nothing = {"peer": None, "limit": None, "better": "lower"}
    return [
        {"bar": "whole default run, tokeniser to export", "ours": round(result["seconds"])}
        | {"target": 200, "unit": "s", **nothing},
        {"bar": "held-out bits per character after the default run", "ours": score["bits_per_character"]}
        | {"target": None, "unit": "bits/character", **nothing},
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of Parquet shards with a column `text`")
    parser.add_argument("--quick", action="store_true", help="few steps, no whole run")
    parser.add_argument("--seed", type=int, default=Recipe().seed)
    parser.add_argument("--json", type=Path, help="write the rows here")
    arguments = parser.parse_args()
    recipe = Recipe.from_mapping({"seed": arguments.seed})
    pin_determinism(recipe.threads)
    tokens = np.random.default_rng(arguments.seed).integers(2, recipe.shape.vocabulary, 400_000).astype(np.uint16)
    rounds, steps = (2, 8) if arguments.quick else (5, 20)
    rows = speed_rows(recipe, speeds(recipe, tokens, rounds, steps))
    if arguments.data and not arguments.quick:
        rows += whole_recipe(recipe, arguments.data)
    for row in rows:
        print(f"{row['bar']}: ours {row['ours']:,} · peer {row['peer']} · limit {row['limit']} {row['unit']}")
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, ensure_ascii=False, indent=2) + "\n")


if __name__ == "__main__":
    main()
