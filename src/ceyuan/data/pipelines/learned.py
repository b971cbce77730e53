"""Models that a recipe's operators read: files of the hub, fixed to a revision and a hash before anything runs."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ceyuan.data.pipelines.errors import RecipeInvalid
from ceyuan.hub import read_file, resolve
from ceyuan.hub.errors import EntryNotFound
from ceyuan.kernel.work import UnitOfWork

__all__ = ["FOLDER_VARIABLE", "LEARNED", "fixed", "put_models"]

LEARNED = ("quality", "perplexity", "strip_common_passages")
"""Operators that read a model; its file in a repository is called after them, `quality.npz`."""
FOLDER_VARIABLE = "CEYUAN_DATA_LEARNED"
"""Where the engine finds models by their hashes."""
_REFERENCE = re.compile(r"(?:models|datasets)/[^/\s]+/[^/\s]+")


async def fixed(uow: UnitOfWork, recipe: Mapping[str, Any]) -> dict[str, Any]:
    """The recipe with each model at the revision that its reference names now, and its hash.

    Raises `RecipeInvalid`: no reference of the hub (a path would be one of the server's), no such file, another hash
    than the recipe's; and what `resolve` raises.
    """
    steps = recipe.get("steps")
    if not isinstance(steps, list) or not any(map(_reads_model, steps)):
        return dict(recipe)
    return {**recipe, "steps": [await _fixed_step(uow, one) if _reads_model(one) else one for one in steps]}


async def put_models(uow: UnitOfWork, recipe: Mapping[str, Any], folder: Path) -> dict[str, str]:
    """Write the models of a fixed recipe to `folder`; the environment that lets the engine find them."""
    for step in filter(_reads_model, recipe.get("steps", [])):
        parameters = step["parameters"]
        content = await read_file(uow, parameters["model"], f"{step['operator']}.npz")
        await asyncio.to_thread(_write, folder / f"{parameters['sha256']}.npz", content)
    return {FOLDER_VARIABLE: str(folder)} if folder.is_dir() else {}


def _reads_model(step: Any) -> bool:
    return isinstance(step, Mapping) and step.get("operator") in LEARNED


async def _fixed_step(uow: UnitOfWork, step: Mapping[str, Any]) -> dict[str, Any]:
    name, parameters = str(step["operator"]), step.get("parameters")
    given = parameters if isinstance(parameters, Mapping) else {}
    model = str(given.get("model", ""))
    if not _REFERENCE.fullmatch(model):
        raise RecipeInvalid(
            (f"算子 {name} 的模型应为资源库引用", f"operator {name} needs a model of the hub"),
            hint=(
                f"例如 model: models/demo/{name}，该资源库含 {name}.npz；用 ceyuan data train {name} 训练",
                f"such as model: models/demo/{name}, a repository with {name}.npz; ceyuan data train {name} makes one",
            ),
        )
    revision = await resolve(uow, model)
    try:
        content = await read_file(uow, revision.ref, f"{name}.npz")
    except EntryNotFound as error:
        raise RecipeInvalid((f"{model} 中没有 {name}.npz", f"there is no {name}.npz in {model}")) from error
    sha256 = (await asyncio.to_thread(hashlib.sha256, content)).hexdigest()
    if given.get("sha256", sha256) != sha256:
        raise RecipeInvalid((f"{model} 的 {name}.npz 与配方所写的不同", f"{name}.npz of {model} is not the recipe's"))
    return {**step, "parameters": {**given, "model": revision.ref, "sha256": sha256}}


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
