"""Continuations of a prompt, straight from the decoder; for samples on a card and for checks."""

from __future__ import annotations

import torch

from .model_folder import TrainedModel
from .tokeniser import BEGIN_ID, END_ID

__all__ = ["continue_greedily", "continue_text"]

# Sampling keeps to the likeliest: a small model's tail is mostly broken characters.
CANDIDATES = 40


def continue_greedily(model: TrainedModel, prompt: list[int], length: int) -> list[int]:
    """The most likely `length` tokens after `prompt` (token ids, with the begin token).

    Stops early after the end token, and at the end of the context.
    """
    return _continue(model, prompt, length, None)


def continue_text(model: TrainedModel, text: str, length: int, *, seed: int, temperature: float = 0.8) -> str:
    """`text` with up to `length` sampled tokens after it; the same seed gives the same words."""
    prompt = [BEGIN_ID, *model.tokeniser.encode(text, add_special_tokens=False).ids]
    random = torch.Generator().manual_seed(seed)
    ids = _continue(model, prompt, length, (random, temperature))
    decoded: str = model.tokeniser.decode(prompt[1:] + ids)
    return decoded.rstrip("\ufffd")


def _continue(
    model: TrainedModel,
    prompt: list[int],
    length: int,
    draw: tuple[torch.Generator, float] | None,
) -> list[int]:
    ids = list(prompt)
    context = model.decoder.shape.context
    with torch.inference_mode():
        while len(ids) < min(len(prompt) + length, context):
            logits = model.decoder(torch.tensor([ids]))[0, -1]
            if draw is None:
                chosen = int(logits.argmax())
            else:
                best = (logits / draw[1]).topk(min(CANDIDATES, len(logits)))
                drawn = torch.multinomial(best.values.softmax(dim=0), 1, generator=draw[0])
                chosen = int(best.indices[drawn])
            ids.append(chosen)
            if chosen == END_ID:
                break
    return ids[len(prompt) :]
