"""The README of a trained model, in Chinese and English."""

from __future__ import annotations

import json
from dataclasses import dataclass

from .checkpoint import Curves
from .intervals import Perplexity
from .recipe import Precision, Recipe

__all__ = ["CardFacts", "model_card"]


@dataclass(frozen=True)
class CardFacts:
    """What the card tells. `dataset` and `licence` are the caller's words, maybe empty."""

    name: str
    dataset: str
    licence: str
    recipe: Recipe
    precision: Precision
    train_tokens: int
    curves: Curves
    perplexity: Perplexity
    samples: dict[str, str]
    gguf: str


def model_card(facts: CardFacts) -> str:
    """Markdown with the front matter that model hubs read."""
    return "\n".join([*_front_matter(facts), *_chinese(facts), *_english(facts), *_samples(facts), *_use(facts)])


def _front_matter(facts: CardFacts) -> list[str]:
    rows = ["---", "language: [zh]", "library_name: transformers", "pipeline_tag: text-generation"]
    rows.append("tags: [ceyuan, llama, gguf, trained-from-scratch]")
    if facts.licence:
        rows.append(f"license: {json.dumps(facts.licence, ensure_ascii=False)}")
    if facts.dataset:
        repository = facts.dataset.partition("@")[0]
        rows.append(f"datasets: [{json.dumps(repository, ensure_ascii=False)}]")
    return [*rows, "---", f"# {facts.name}", ""]


def _chinese(facts: CardFacts) -> list[str]:
    shape, score = facts.recipe.shape, facts.perplexity
    return [
        "## 说明",
        "",
        f"这是一个从零训练的小型中文语言模型（{shape.parameters / 1e6:.2f} M 参数），分词器也在同一数据集上训练。"
        "它用于走通并检验训练、评测与服务的全过程，能续写常见句式，不能用来回答问题。",
        "",
        "| 项目 | 数值 |",
        "|---|---|",
        f"| 训练数据 | {facts.dataset or '本地文件夹'}，{facts.train_tokens:,} 个词元 |",
        f"| 训练步数 | {facts.recipe.steps:,} 步，每步 {facts.recipe.tokens_per_step:,} 个词元 |",
        f"| 结构 | Llama：{shape.layers} 层，宽 {shape.width}，{shape.heads} 头（键值 {shape.kv_heads}），"
        f"上下文 {shape.context}，词表 {shape.vocabulary} |",
        f"| 精度与种子 | {facts.precision}，种子 {facts.recipe.seed}，{facts.recipe.threads} 线程 |",
        f"| 留出集困惑度 | {score.value:.2f}（{score.confidence:.0%} 置信区间 {score.low:.2f} – {score.high:.2f}，"
        f"{score.documents} 篇文档） |",
        f"| 留出集每字比特 | {score.bits_per_character:.3f}（{score.bits_per_character_low:.3f} – "
        f"{score.bits_per_character_high:.3f}） |",
        "",
        "**局限**：训练量很小，生成内容可能不通顺、不真实，也可能复述训练文本；不得用于决策。",
        "",
    ]


def _english(facts: CardFacts) -> list[str]:
    shape, score = facts.recipe.shape, facts.perplexity
    losses = ", ".join(f"{step}: {loss:.3f}" for step, loss in facts.curves.heldout[-5:])
    return [
        "## Description",
        "",
        f"A small Chinese language model ({shape.parameters / 1e6:.2f} M parameters) trained from scratch, tokeniser "
        "included, on the dataset named above. It exists to run and check training, evaluation and serving end to "
        "end: it continues common phrases and cannot answer questions.",
        "",
        "| Item | Value |",
        "|---|---|",
        f"| Data | {facts.dataset or 'a local folder'}, {facts.train_tokens:,} tokens |",
        f"| Steps | {facts.recipe.steps:,}, {facts.recipe.tokens_per_step:,} tokens each |",
        f"| Shape | Llama: {shape.layers} layers, width {shape.width}, {shape.heads} heads ({shape.kv_heads} for keys "
        f"and values), context {shape.context}, vocabulary {shape.vocabulary} |",
        f"| Precision, seed | {facts.precision}, seed {facts.recipe.seed}, {facts.recipe.threads} threads |",
        f"| Held-out perplexity | {score.value:.2f} ({score.confidence:.0%} interval {score.low:.2f} – "
        f"{score.high:.2f}, {score.documents} documents) |",
        f"| Held-out bits per character | {score.bits_per_character:.3f} ({score.bits_per_character_low:.3f} – "
        f"{score.bits_per_character_high:.3f}) |",
        f"| Held-out loss by step | {losses} |",
        "",
        "**Limits**: trained on little text; what it writes may be incoherent, untrue, or repeat training text. "
        "Not for decisions.",
        "",
    ]


def _samples(facts: CardFacts) -> list[str]:
    rows = ["## 续写样例 / Samples", "", "| 开头 / Prompt | 续写 / Continuation |", "|---|---|"]
    for prompt, text in facts.samples.items():
        rest = text.removeprefix(prompt).replace("|", "\\|").replace("\n", " ").strip()
        rows.append(f"| {prompt} | {rest} |")
    return [*rows, ""]


def _use(facts: CardFacts) -> list[str]:
    return [
        "## 使用 / Use",
        "",
        "```python",
        "from transformers import AutoModelForCausalLM, AutoTokenizer",
        "",
        'model, tokenizer = AutoModelForCausalLM.from_pretrained("."), AutoTokenizer.from_pretrained(".")',
        "```",
        "",
        f"`{facts.gguf}` 可由 llama.cpp 及兼容引擎直接加载。 / "
        f"llama.cpp and compatible engines load `{facts.gguf}` as it is.",
        "",
        "`training_state.safetensors` 含优化器、随机状态与数据位置，可据此继续训练；`manifest.json` 列出全部文件的 "
        "SHA-256。 / `training_state.safetensors` holds optimiser, random state and data position for further "
        "training; `manifest.json` lists the SHA-256 of every file.",
        "",
    ]
