"""From answers to figures with intervals, and to the report that people read."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

from ceyuan.evaluation.items import Item, all_families
from ceyuan.evaluation.runs.tables import EvaluationAnswer
from ceyuan.evaluation.statistics import bootstrap_mean, mcnemar, paired_difference, wilson


def summarise(
    answers: Sequence[EvaluationAnswer], items: Sequence[Item], perplexities: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """All figures of a run: accuracy by model and family (Wilson), latency, pairwise differences, perplexity."""
    by_model: dict[str, list[EvaluationAnswer]] = {}
    for answer in answers:
        by_model.setdefault(answer.model, []).append(answer)
    chance = sum(i.chance for i in items) / len(items) if items else 0.0
    models = [_model_figures(name, rows) for name, rows in by_model.items()]
    pairs = [_pair(a, by_model[a], b, by_model[b]) for a, b in combinations(by_model, 2)]
    return {"items": len(items), "chance": chance, "models": models, "pairs": pairs, "perplexity": list(perplexities)}


def _model_figures(name: str, rows: Sequence[EvaluationAnswer]) -> dict[str, Any]:
    families: dict[str, list[bool]] = {}
    for row in rows:
        families.setdefault(row.family, []).append(row.is_right)
    return {
        "model": name,
        "accuracy": wilson(sum(r.is_right for r in rows), len(rows)).as_dict(),
        "families": {f: wilson(sum(v), len(v)).as_dict() for f, v in sorted(families.items())},
        "latency_ms": bootstrap_mean([r.latency_ms for r in rows]).as_dict(),
        "faults": sum(r.fault is not None for r in rows),
    }


def _pair(first: str, a: Sequence[EvaluationAnswer], second: str, b: Sequence[EvaluationAnswer]) -> dict[str, Any]:
    left = {r.item_id: r.is_right for r in a}
    right = {r.item_id: r.is_right for r in b}
    common = sorted(set(left) & set(right))
    x, y = [left[i] for i in common], [right[i] for i in common]
    return {
        "first": first,
        "second": second,
        "difference": paired_difference([float(v) for v in x], [float(v) for v in y]).as_dict(),
        "p_value": mcnemar(x, y),
    }


def _percent(estimate: dict[str, Any]) -> str:
    return f"{estimate['value']:.1%} [{estimate['low']:.1%}, {estimate['high']:.1%}]"


def card(name: str, summary: dict[str, Any], seed: int) -> str:
    """The report's README in both languages; nothing in it depends on the time of the run."""
    lines = [
        "---",
        "language: [zh, en]",
        "tags: [evaluation-report]",
        "---",
        f"# {name}",
        "",
        f"题目由程序生成(种子 {seed}),答案由构造保证正确;区间为 95 % Wilson 区间。",
        "",
        f"Items are generated (seed {seed}), their answers right by construction; intervals are Wilson's at 95 %.",
        "",
        f"题数 Items: {summary['items']} · 随机猜测 Chance: {summary['chance']:.1%}",
        "",
    ]
    if summary["models"]:
        names = [m["model"] for m in summary["models"]]
        lines += ["| 类别 Family | " + " | ".join(names) + " |", "|---|" + "---|" * len(names)]
        lines.append("| **全部 All** | " + " | ".join(_percent(m["accuracy"]) for m in summary["models"]) + " |")
        for family in sorted({f for m in summary["models"] for f in m["families"]}):
            label = all_families()[family]
            cells = [_percent(m["families"][family]) if family in m["families"] else "–" for m in summary["models"]]
            lines.append(f"| {label.label_zh} {label.label_en} | " + " | ".join(cells) + " |")
        lines.append("")
    for pair in summary["pairs"]:
        lines.append(
            f"- {pair['first']} − {pair['second']}: {_percent(pair['difference'])}, McNemar p = {pair['p_value']:.3g}"
        )
    for one in summary["perplexity"]:
        lines.append(
            f"- 困惑度 Perplexity {one['model']}: {one['value']:.2f} [{one['low']:.2f}, {one['high']:.2f}] "
            f"({one['documents']} documents, {one['bits_per_character']:.3f} bits/character)"
        )
    return "\n".join(lines).rstrip() + "\n"
