"""The card of a mixture in both languages: what was mixed by which weights, what was left out, what it stands under."""

from collections.abc import Mapping, Sequence
from typing import Any

from ceyuan.data.corpus.licences import matrix_table
from ceyuan.data.corpus.markdown import table
from ceyuan.data.mixing.carrying import front_matter

__all__ = ["cards"]

_WORDS = {
    "made": (
        "由策源按权重与预算配成，文档按哈希顺序选取，同样的输入与设置得到逐字节相同的文件；被剔除的文档及原因见 "
        "`left_out.parquet`。",
        "Mixed by Ceyuan by weights and a budget; documents are taken in the order of a hash, and the same input and "
        "settings give the same bytes. What was left out, and why, is in `left_out.parquet`.",
    ),
    "licences": ("许可矩阵", "Licence matrix"),
    "parts": ("构成", "Corpora"),
    "corpus": ("数据集", "corpus"),
    "weight": ("权重", "weight"),
    "passes": ("遍数", "passes"),
    "documents": ("文档", "documents"),
    "amount": ("数量", "amount"),
    "share": ("占比", "share"),
    "settings": ("设置", "Settings"),
    "setting": ("项目", "setting"),
    "value": ("值", "value"),
    "budget": ("预算", "budget"),
    "unit": ("单位", "unit"),
    "heldout": ("验证集比例", "share held out"),
    "seed": ("种子", "seed"),
    "benchmark": ("剔除：与评测题重合", "left out: holds benchmark items"),
    "twin": ("剔除：跨数据集重复", "left out: repeats another corpus"),
    "items": ("评测题数", "benchmark items"),
    "ngram": ("视为重合的字符数", "characters that coincide"),
    "none": ("不限", "none"),
    "characters": ("字符", "characters"),
    "tokens": ("词元", "tokens"),
    "bytes": ("字节", "bytes"),
    "train": ("训练集文档", "documents for training"),
    "heldout_documents": ("验证集文档", "documents held out"),
}


def cards(title: Mapping[str, str], manifest: Mapping[str, Any]) -> dict[str, str]:
    """``README.md`` (Chinese, with the front matter that hubs read) and ``README.en.md``."""
    named = [str(row["licence"]) for row in manifest["licences"]["licences"]]
    licences = sorted({"other" if not one or one.startswith("LicenseRef-") else one.lower() for one in named})
    about = ["language:", "- zh", "license:", *(f"- {one}" for one in licences)]
    head = front_matter(about, {side: f"data/{side}-*.parquet" for side in manifest["counts"]["splits"]})
    return {"README.md": head + _card(0, title["zh"], manifest), "README.en.md": _card(1, title["en"], manifest)}


def _card(side: int, title: str, manifest: Mapping[str, Any]) -> str:
    word = {name: both[side] for name, both in _WORDS.items()}
    counts, plan = manifest["counts"], manifest["mixture"]
    splits = {name: one["documents"] for name, one in counts["splits"].items()}
    settings = [
        (word["unit"], word[plan["unit"]]),
        (word["budget"], f"{plan['budget']:,}" if plan["budget"] else word["none"]),
        (word["heldout"], f"{plan['heldout']:.2%}"),
        (word["seed"], str(plan["seed"])),
        (word["train"], f"{splits.get('train', 0):,}"),
        (word["heldout_documents"], f"{splits.get('heldout', 0):,}"),
        (word["items"], f"{plan['benchmark_items']:,}"),
        (word["ngram"], str(plan["ngram"])),
        *((word[name], f"{counts['left_out'].get(name, 0):,}") for name in ("benchmark", "twin")),
    ]
    columns = [word[name] for name in ("corpus", "weight", "passes", "documents", "amount", "share")]
    parts = [
        *(f"# {title}", word["made"], f"## {word['parts']}"),
        table(columns, [_row(part, counts["parts"][part["name"]]) for part in plan["parts"]]),
        *(f"## {word['settings']}", table([word["setting"], word["value"]], settings)),
        *(f"## {word['licences']}", matrix_table(side, manifest["licences"])),
    ]
    return "\n\n".join(parts) + "\n"


def _row(part: Mapping[str, Any], counted: Mapping[str, Any]) -> Sequence[str]:
    amounts = (f"{counted['documents']:,}", f"{counted['amount']:,}", f"{counted['share']:.2%}")
    return (f"`{part['name']}`", f"{part['weight']:g}", str(part["epochs"]), *amounts)
