"""The training loop: from a checkpoint, or from the seed, to the last step."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from .checkpoint import Progress, foreign_checkpoint, latest, restore, save_checkpoint
from .faults import TrainingFault
from .network import Decoder
from .packing import Tokens, WindowOrder, windows
from .recipe import Precision, Recipe

__all__ = ["Pulse", "fit", "learning_rate", "pin_determinism", "resolve_precision"]


@dataclass(frozen=True)
class Pulse:
    """What the loop says after a step. Speeds are of this process, since it began."""

    step: int
    steps: int
    loss: float
    heldout_loss: float | None
    learning_rate: float
    tokens: int
    tokens_per_second: float
    seconds_left: float
    progress: Progress


def pin_determinism(threads: int) -> None:
    """Fix the thread count and refuse kernels whose result depends on scheduling.

    Sums are split by thread, so another count gives other last bits: it belongs to the recipe.
    """
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)
    # Only guards reads of memory never written, which no code here does; costs a pass over it.
    torch.utils.deterministic.fill_uninitialized_memory = False


def resolve_precision(precision: Precision) -> Precision:
    """What "auto" means on this processor; the other two stand for themselves."""
    if precision != "auto":
        return precision
    fast = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return "bfloat16" if fast else "float32"


def learning_rate(recipe: Recipe, step: int) -> float:
    """Rate of step 0, 1, ...: linear warm-up, then half a cosine down to the final share."""
    if step < recipe.warmup:
        return recipe.learning_rate * (step + 1) / (recipe.warmup + 1)
    along = (step - recipe.warmup) / max(1, recipe.steps - recipe.warmup)
    share = recipe.final_rate + (1 - recipe.final_rate) * (1 + math.cos(math.pi * along)) / 2
    return recipe.learning_rate * share


def fit(
    recipe: Recipe,
    precision: Precision,
    train: Tokens,
    heldout: Tokens,
    folder: Path,
    run: str,
    report: Callable[[Pulse], None],
) -> tuple[Decoder, Progress, Path]:
    """Train to the recipe's last step, resuming from the newest checkpoint in `folder`.

    Returns the decoder, what is known of its way, and the checkpoint of the last step.

    Raises:
        ResumeFault: the checkpoint belongs to another run.
        TrainingFault: the loss is no longer finite.
    """
    decoder = Decoder(recipe.shape)
    optimiser = _optimiser(recipe, decoder)
    torch.manual_seed(recipe.seed)
    decoder.start(recipe.seed)
    progress = Progress(run=run)
    checkpoint = latest(folder)
    if checkpoint is not None:
        progress = restore(checkpoint, decoder, optimiser)
        if progress.run != run:
            raise foreign_checkpoint(checkpoint)
    order = WindowOrder(windows(train, recipe.shape.context), recipe.seed)
    probe = _probe(recipe, heldout)
    began, first = time.perf_counter(), progress.step
    while progress.step < recipe.steps:
        rate = learning_rate(recipe, progress.step)
        numbers = order.take(progress.position, recipe.batch)
        loss = _step(recipe, precision, decoder, optimiser, _batch(recipe, train, numbers), rate)
        if not math.isfinite(loss):
            raise TrainingFault(
                f"第 {progress.step + 1} 步的损失不是有限数，训练发散。请降低学习率或增加预热步数。",
                f"The loss of step {progress.step + 1} is not finite: training diverged. "
                "Lower the learning rate or lengthen the warm-up.",
            )
        progress.step += 1
        progress.position += recipe.batch
        progress.curves.train.append((progress.step, loss))
        last = progress.step == recipe.steps
        heldout_loss = None
        if last or progress.step % recipe.evaluate_every == 0:
            heldout_loss = _heldout_loss(recipe, decoder, probe)
            progress.curves.heldout.append((progress.step, heldout_loss))
        if last or progress.step % recipe.checkpoint_every == 0:
            checkpoint = save_checkpoint(folder, decoder, optimiser, progress)
        report(_pulse(recipe, progress, rate, heldout_loss, time.perf_counter() - began, first))
    assert checkpoint is not None, "the last step writes one"
    return decoder, progress, checkpoint


def _optimiser(recipe: Recipe, decoder: Decoder) -> torch.optim.AdamW:
    """AdamW (Loshchilov and Hutter 2019, arXiv:1711.05101); norms are not decayed.

    Every parameter is its own position in one fixed order, which checkpoints rely on.
    """
    groups = [
        {"params": [weight], "weight_decay": recipe.weight_decay if weight.dim() > 1 else 0.0}
        for _, weight in decoder.named_parameters()
    ]
    return torch.optim.AdamW(groups, lr=recipe.learning_rate, betas=(recipe.beta1, recipe.beta2), fused=True)


def _step(
    recipe: Recipe,
    precision: Precision,
    decoder: Decoder,
    optimiser: torch.optim.AdamW,
    batch: Tensor,
    rate: float,
) -> float:
    for group in optimiser.param_groups:
        group["lr"] = rate
    with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
        loss = decoder.loss(batch[:, :-1], batch[:, 1:])
    loss.backward()
    torch.nn.utils.clip_grad_norm_(decoder.parameters(), recipe.clip)
    optimiser.step()
    optimiser.zero_grad(set_to_none=True)
    return round(float(loss.detach()), 6)


def _batch(recipe: Recipe, tokens: Tokens, numbers: np.ndarray) -> Tensor:
    """Windows with one token more than the context, int64 (windows, context + 1)."""
    span = np.arange(recipe.shape.context + 1)
    rows = tokens[numbers[:, None] * recipe.shape.context + span]
    return torch.from_numpy(rows.astype(np.int64))


def _probe(recipe: Recipe, heldout: Tokens) -> Tensor:
    """Evenly spaced held-out windows, the same at every look."""
    count = windows(heldout, recipe.shape.context)
    chosen = np.unique(np.linspace(0, count - 1, min(count, recipe.evaluate_windows)).astype(int))
    return _batch(recipe, heldout, chosen)


def _heldout_loss(recipe: Recipe, decoder: Decoder, probe: Tensor) -> float:
    """Mean nats per token over the probe, in float32."""
    total = 0.0
    with torch.no_grad():
        for rows in probe.split(recipe.batch):
            logits = decoder(rows[:, :-1]).flatten(0, 1)
            total += float(F.cross_entropy(logits, rows[:, 1:].flatten())) * len(rows)
    return round(total / len(probe), 6)


def _pulse(
    recipe: Recipe,
    progress: Progress,
    rate: float,
    heldout_loss: float | None,
    seconds: float,
    first: int,
) -> Pulse:
    done = progress.step - first
    return Pulse(
        step=progress.step,
        steps=recipe.steps,
        loss=progress.curves.train[-1][1],
        heldout_loss=heldout_loss,
        learning_rate=rate,
        tokens=progress.step * recipe.tokens_per_step,
        tokens_per_second=done * recipe.tokens_per_step / max(seconds, 1e-9),
        seconds_left=(recipe.steps - progress.step) * seconds / done,
        progress=progress,
    )
