"""The trained model as one GGUF file, as llama.cpp and what is built on it read it.

Format: GGUF version 3, ggml-org/ggml `docs/gguf.md`; tensor names and the order of rotary pairs
are those of llama.cpp's "llama" architecture.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

import gguf
import numpy as np
from numpy.typing import NDArray

from .durable import write_with
from .model_folder import CHAT_TEMPLATE, TrainedModel
from .recipe import Shape
from .tokeniser import BEGIN_ID, END_ID, PRE_TOKENISER

__all__ = ["GgufType", "export_gguf"]

GgufType = Literal["f32", "f16"]

LAYER_NAMES = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
}
OUTER_NAMES = {
    "model.embed_tokens.weight": "token_embd.weight",
    "model.norm.weight": "output_norm.weight",
}


def export_gguf(model: TrainedModel, path: Path, *, name: str, kind: GgufType = "f32") -> None:
    """Write the model to `path`, atomically; the same model gives the same bytes.

    Args:
        name: what the file calls itself (`general.name`).
        kind: type of the matrices; norms are always float32.
    """

    def produce(temporary: Path) -> None:
        writer = gguf.GGUFWriter(temporary, "llama")
        writer.add_name(name)
        file_type = gguf.LlamaFileType.ALL_F32 if kind == "f32" else gguf.LlamaFileType.MOSTLY_F16
        writer.add_file_type(file_type)
        _add_shape(writer, model.decoder.shape)
        _add_tokeniser(writer, model)
        for key, weight in model.decoder.named_parameters():
            writer.add_tensor(*_tensor(key, weight.detach().numpy(), model.decoder.shape, kind))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()

    write_with(path, produce)


def _add_shape(writer: gguf.GGUFWriter, shape: Shape) -> None:
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.feed_forward)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_rope_dimension_count(shape.head_width)
    writer.add_rope_freq_base(shape.rope_theta)
    writer.add_layer_norm_rms_eps(shape.norm_epsilon)
    writer.add_vocab_size(shape.vocabulary)


def _add_tokeniser(writer: gguf.GGUFWriter, model: TrainedModel) -> None:
    described = json.loads(model.tokeniser.to_str())["model"]
    by_id = {number: token for token, number in described["vocab"].items()}
    tokens, kinds = [], []
    for number in range(model.decoder.shape.vocabulary):
        # A small corpus yields fewer merges than the model has rows; the rest is never produced.
        tokens.append(by_id.get(number, f"<|unused{number}|>"))
        control = number in (BEGIN_ID, END_ID)
        kind = gguf.TokenType.CONTROL if control else gguf.TokenType.NORMAL
        kinds.append(kind if number in by_id else gguf.TokenType.UNUSED)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(PRE_TOKENISER)
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges([" ".join(pair) for pair in described["merges"]])
    writer.add_bos_token_id(BEGIN_ID)
    writer.add_eos_token_id(END_ID)
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)
    writer.add_chat_template(CHAT_TEMPLATE)


def _tensor(
    key: str, weight: NDArray[np.float32], shape: Shape, kind: GgufType
) -> tuple[str, NDArray[np.float32 | np.float16]]:
    name = OUTER_NAMES.get(key)
    if name is None:
        _, _, layer, rest = key.split(".", 3)
        stem = rest.removesuffix(".weight")
        name = f"blk.{layer}.{LAYER_NAMES[stem]}.weight"
        if stem == "self_attn.q_proj":
            weight = _interleaved(weight, shape.heads)
        elif stem == "self_attn.k_proj":
            weight = _interleaved(weight, shape.kv_heads)
    if kind == "f16" and weight.ndim > 1:
        return name, weight.astype(np.float16)
    return name, np.ascontiguousarray(weight)


def _interleaved(weight: NDArray[np.float32], heads: int) -> NDArray[np.float32]:
    """Rows of each head reordered: rotary pairs half a head apart become neighbours."""
    rows, columns = weight.shape
    pairs = weight.reshape(heads, 2, rows // heads // 2, columns).swapaxes(1, 2)
    return pairs.reshape(rows, columns)
