"""A trained model as a folder that others can read: the layout of Hugging Face's Llama."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

from .durable import write_json, write_with
from .faults import ResumeFault
from .network import Decoder
from .recipe import Shape
from .tokeniser import BEGIN, BEGIN_ID, END, END_ID, load_tokeniser

__all__ = ["CHAT_TEMPLATE", "TrainedModel", "load_model", "save_model"]

WEIGHTS, CONFIG, TOKENISER = "model.safetensors", "config.json", "tokenizer.json"
# A base model continues text; a chat is handed to it as the text of its messages.
CHAT_TEMPLATE = "{% for message in messages %}{{ message['content'] }}{% endfor %}"


@dataclass(frozen=True)
class TrainedModel:
    """A decoder in evaluation mode and the tokeniser it was trained with."""

    decoder: Decoder
    tokeniser: Tokenizer


def save_model(decoder: Decoder, tokeniser: Tokenizer, folder: Path) -> None:
    """Write weights (float32), configuration and tokeniser; `transformers` opens the folder."""
    weights = {name: weight.detach().contiguous() for name, weight in decoder.named_parameters()}
    write_with(folder / WEIGHTS, lambda path: save_file(weights, path, {"format": "pt"}))
    write_with(folder / TOKENISER, lambda path: tokeniser.save(str(path)))
    write_json(folder / CONFIG, _config(decoder.shape))
    write_json(folder / "tokenizer_config.json", _tokeniser_config(decoder.shape))
    write_json(folder / "generation_config.json", {"bos_token_id": BEGIN_ID, "eos_token_id": END_ID})


def load_model(folder: Path) -> TrainedModel:
    """Open what `save_model` wrote.

    Raises:
        ResumeFault: a file is missing, damaged, or of another kind of model.
    """
    try:
        decoder = Decoder(_shape(json.loads((folder / CONFIG).read_bytes())))
        decoder.load_state_dict(load_file(folder / WEIGHTS))
        tokeniser = load_tokeniser(folder / TOKENISER)
    except Exception as error:  # the tokeniser library raises nothing narrower
        raise ResumeFault(
            f"{folder.name} 不是完整的模型文件夹：{error}",
            f"{folder.name} is not a whole model folder: {error}",
        ) from error
    return TrainedModel(decoder.eval(), tokeniser)


def _config(shape: Shape) -> dict[str, Any]:
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": shape.vocabulary,
        "hidden_size": shape.width,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.kv_heads,
        "head_dim": shape.head_width,
        "intermediate_size": shape.feed_forward,
        "max_position_embeddings": shape.context,
        "rope_theta": shape.rope_theta,
        "rope_parameters": {"rope_type": "default", "rope_theta": shape.rope_theta},
        "rms_norm_eps": shape.norm_epsilon,
        "hidden_act": "silu",
        "attention_bias": False,
        "mlp_bias": False,
        "tie_word_embeddings": True,
        "bos_token_id": BEGIN_ID,
        "eos_token_id": END_ID,
        "torch_dtype": "float32",
        "use_cache": True,
    }


def _shape(config: dict[str, Any]) -> Shape:
    if config["model_type"] != "llama" or not config["tie_word_embeddings"]:
        raise ValueError("not a Llama model with tied embeddings")
    return Shape(
        vocabulary=config["vocab_size"],
        width=config["hidden_size"],
        layers=config["num_hidden_layers"],
        heads=config["num_attention_heads"],
        kv_heads=config["num_key_value_heads"],
        feed_forward=config["intermediate_size"],
        context=config["max_position_embeddings"],
        rope_theta=config["rope_theta"],
        norm_epsilon=config["rms_norm_eps"],
    )


def _tokeniser_config(shape: Shape) -> dict[str, Any]:
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": BEGIN,
        "eos_token": END,
        "model_max_length": shape.context,
        "clean_up_tokenization_spaces": False,
        "chat_template": CHAT_TEMPLATE,
    }
