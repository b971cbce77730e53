"""A Llama-family decoder in plain PyTorch, under the tensor names of Hugging Face."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .attention import causal_attention
from .head import linear_cross_entropy
from .recipe import Shape

__all__ = ["Decoder"]


class Norm(nn.Module):
    """Root-mean-square normalisation (Zhang and Sennrich 2019, arXiv:1910.07467)."""

    def __init__(self, width: int, epsilon: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.epsilon = epsilon

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, (x.shape[-1],), self.weight, self.epsilon)


class Attention(nn.Module):
    """Causal attention with rotary positions and grouped queries."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads, self.kv_heads, self.head_width = shape.heads, shape.kv_heads, shape.head_width
        inner, narrow = shape.heads * shape.head_width, shape.kv_heads * shape.head_width
        self.q_proj = nn.Linear(shape.width, inner, bias=False)
        self.k_proj = nn.Linear(shape.width, narrow, bias=False)
        self.v_proj = nn.Linear(shape.width, narrow, bias=False)
        self.o_proj = nn.Linear(inner, shape.width, bias=False)

    def forward(self, x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
        batch, length, _ = x.shape
        # One product for all three: narrow key and value matrices alone leave cores idle.
        joint = torch.cat((self.q_proj.weight, self.k_proj.weight, self.v_proj.weight))
        rows = F.linear(x, joint).view(batch, length, -1, self.head_width)
        turned, value = rows.split((self.heads + self.kv_heads, self.kv_heads), dim=2)
        turned = _rotate(turned, cosine, sine)
        query, key = turned.split((self.heads, self.kv_heads), dim=2)
        return self.o_proj(causal_attention(query, key, value))


class FeedForward(nn.Module):
    """SwiGLU (Shazeer 2020, arXiv:2002.05202)."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(shape.width, shape.feed_forward, bias=False)
        self.up_proj = nn.Linear(shape.width, shape.feed_forward, bias=False)
        self.down_proj = nn.Linear(shape.feed_forward, shape.width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    """Attention and feed-forward, each behind a norm and beside a residual."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.self_attn = Attention(shape)
        self.mlp = FeedForward(shape)
        self.input_layernorm = Norm(shape.width, shape.norm_epsilon)
        self.post_attention_layernorm = Norm(shape.width, shape.norm_epsilon)

    def forward(self, x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
        x = x + self.self_attn(self.input_layernorm(x), cosine, sine)
        return x + self.mlp(self.post_attention_layernorm(x))


class Stack(nn.Module):
    """Embedding, layers and final norm: what Hugging Face names `model`."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(shape.vocabulary, shape.width)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.norm = Norm(shape.width, shape.norm_epsilon)


class Decoder(nn.Module):
    """The language model; its `state_dict` is a Llama checkpoint with tied embeddings."""

    cosine: Tensor
    sine: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.model = Stack(shape)
        cosine, sine = _angles(shape)
        self.register_buffer("cosine", cosine, persistent=False)
        self.register_buffer("sine", sine, persistent=False)

    def start(self, seed: int) -> None:
        """Fill all weights from `seed`: normal, 0.02 wide, narrower into the residual stream.

        Residual outputs are divided by sqrt(2 layers) (Radford et al. 2019, GPT-2, section 2.3).
        """
        random = torch.Generator().manual_seed(seed)
        for name, weight in self.named_parameters():
            if weight.dim() == 1:
                continue
            residual = name.endswith(("o_proj.weight", "down_proj.weight"))
            spread = 0.02 / (2 * self.shape.layers) ** 0.5 if residual else 0.02
            with torch.no_grad():
                weight.normal_(0.0, spread, generator=random)

    def hidden(self, tokens: Tensor) -> Tensor:
        """Final hidden states; tokens int64 (batch, length) to (batch, length, width)."""
        x = self.model.embed_tokens(tokens)
        cosine, sine = self.cosine[: tokens.shape[1]], self.sine[: tokens.shape[1]]
        for layer in self.model.layers:
            x = layer(x, cosine, sine)
        normed: Tensor = self.model.norm(x)
        return normed

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits over the vocabulary, (batch, length, vocabulary)."""
        return F.linear(self.hidden(tokens), self.model.embed_tokens.weight)

    def loss(self, tokens: Tensor, targets: Tensor) -> Tensor:
        """Mean cross-entropy in nats per token; both int64 (batch, length)."""
        hidden = self.hidden(tokens).flatten(0, 1)
        return linear_cross_entropy(hidden, self.model.embed_tokens.weight, targets.flatten())


def _angles(shape: Shape) -> tuple[Tensor, Tensor]:
    """Rotary cosines and sines, each (context, 1, head width) (arXiv:2104.09864)."""
    steps = torch.arange(0, shape.head_width, 2, dtype=torch.float64) / shape.head_width
    turns = torch.outer(torch.arange(shape.context), shape.rope_theta**-steps)
    both = torch.cat((turns, turns), dim=-1).unsqueeze(1)
    return both.cos().float(), both.sin().float()


def _rotate(x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Turn pairs half a head apart; x is (batch, length, heads, head width)."""
    first, second = x.chunk(2, dim=-1)
    turned = x * cosine + torch.cat((-second, first), dim=-1) * sine
    return turned.to(x.dtype)
