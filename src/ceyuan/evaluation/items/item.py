"""What an item is, and the registry of families."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module


@dataclass(frozen=True, slots=True)
class Item:
    """One question: its family, the prompt, the accepted answers (the first is the canonical one), how it is
    graded (`number`, `choice`, `text` or `json`), and the chance of guessing right."""

    id: str
    family: str
    prompt: str
    answers: tuple[str, ...]
    kind: str
    chance: float


@dataclass(frozen=True, slots=True)
class Draft:
    """An item as its family makes it."""

    prompt: str
    answers: tuple[str, ...]
    kind: str
    chance: float = 0.0


@dataclass(frozen=True, slots=True)
class Family:
    """A generator of items that test one ability."""

    name: str
    label_zh: str
    label_en: str
    make: Callable[[random.Random], Draft]


_families: dict[str, Family] = {}
_MODULES = ("arithmetic", "language", "reasoning", "reading")


def family(
    name: str, label_zh: str, label_en: str
) -> Callable[[Callable[[random.Random], Draft]], Callable[[random.Random], Draft]]:
    """Declare a family; the decorated function makes one draft from a random generator."""

    def declare(make: Callable[[random.Random], Draft]) -> Callable[[random.Random], Draft]:
        _families[name] = Family(name, label_zh, label_en, make)
        return make

    return declare


def all_families() -> Mapping[str, Family]:
    """Every family by its name."""
    for module in _MODULES:
        import_module(f"ceyuan.evaluation.items.{module}")
    return _families


def generate(per_family: int, *, seed: int, families: Sequence[str] | None = None) -> list[Item]:
    """`per_family` different items of each family, the same for the same seed; ids are hashes of the content."""
    known = all_families()
    items: list[Item] = []
    for name in families or sorted(known):
        chooser = random.Random(f"{seed}/{name}")
        prompts: set[str] = set()
        for _ in range(per_family * 50):
            if len(prompts) == per_family:
                break
            draft = known[name].make(chooser)
            if draft.prompt in prompts:
                continue
            prompts.add(draft.prompt)
            digest = hashlib.sha256(f"{name}\n{draft.prompt}\n{draft.answers}".encode()).hexdigest()[:16]
            items.append(Item(f"{name}-{digest}", name, draft.prompt, draft.answers, draft.kind, draft.chance))
    return items
