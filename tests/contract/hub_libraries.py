"""What `datasets` and `transformers` do, in a process of its own: `python -m tests.contract.hub_libraries DEED FOLDER`.

Only the variables of their Hub client lead them to us; a deed that fails raises.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from uuid import uuid4

ROWS = [{"question": f"第{n}问", "score": n / 10} for n in range(200)]


def _name() -> str:
    return f"li/lib-{uuid4().hex[:12]}"


def datasets(place: Path) -> None:
    """A data set is pushed, read whole, read as a stream, and read from plain files."""
    from datasets import Dataset, load_dataset
    from huggingface_hub import HfApi

    name = _name()
    Dataset.from_list(ROWS).push_to_hub(name, private=True)
    whole = load_dataset(name, split="train", cache_dir=str(place / "cache"))
    assert whole.to_list() == ROWS
    stream = load_dataset(name, split="train", streaming=True)
    assert [row for row, _ in zip(stream, range(7), strict=False)] == ROWS[:7]
    api, plain = HfApi(), _name()
    api.create_repo(plain, repo_type="dataset", private=True)
    api.upload_file(
        path_or_fileobj=b"question,score\na,1\nb,2\n", path_in_repo="data/rows.csv", repo_id=plain, repo_type="dataset"
    )
    read = load_dataset(plain, split="train", cache_dir=str(place / "cache"))
    assert read["question"] == ["a", "b"] or list(read["question"]) == ["a", "b"]


def transformers(place: Path) -> None:
    """A small model is pushed and comes back with the same weights, also at an older revision."""
    import torch
    from huggingface_hub import HfApi
    from transformers import AutoConfig, AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM

    name = _name()
    shape = LlamaConfig(
        vocab_size=64,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
    )
    torch.manual_seed(0)
    model = LlamaForCausalLM(shape)
    model.push_to_hub(name, private=True)
    first = HfApi().model_info(name).sha
    back = AutoModelForCausalLM.from_pretrained(name, cache_dir=place / "cache")
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), back.parameters(), strict=True))
    with torch.no_grad():
        model.lm_head.weight += 1
    model.push_to_hub(name)
    newest = AutoModelForCausalLM.from_pretrained(name, cache_dir=place / "cache")
    older = AutoModelForCausalLM.from_pretrained(name, revision=first, cache_dir=place / "cache")
    assert torch.equal(newest.lm_head.weight, model.lm_head.weight)
    assert torch.equal(older.lm_head.weight, back.lm_head.weight)
    assert AutoConfig.from_pretrained(name).num_hidden_layers == 2


DEEDS = {deed.__name__: deed for deed in (datasets, transformers)}

if __name__ == "__main__":
    os.environ.setdefault("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")
    DEEDS[sys.argv[1]](Path(sys.argv[2]))
