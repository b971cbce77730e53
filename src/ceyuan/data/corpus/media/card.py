"""The card of a media dataset in Chinese and in English."""

from collections.abc import Mapping, Sequence
from typing import Any

from ceyuan.data.corpus.licences import matrix_of, matrix_table
from ceyuan.data.corpus.markdown import bounds_of, table
from ceyuan.data.corpus.media.recipe import MediaRecipe
from ceyuan.data.operators import REASONS, STATISTICS

__all__ = ["media_cards"]

_PURPOSES = {"images": ("图像", "images"), "speech": ("语音", "speech"), "video": ("视频", "video")}
_WORDS = {
    "about": (
        "由策源媒体引擎从下列来源生成。每个文件都完整解码检查；未保留的文件各有原因，见 `statistics.parquet`、"
        "`drop_reasons.json` 与 `quarantine.jsonl`（无法解码者）。",
        "Made by the Ceyuan media engine from the sources below. Every file was decoded whole; each one that was not "
        "kept has its reason in `statistics.parquet`, `drop_reasons.json` and, if it cannot be decoded, "
        "`quarantine.jsonl`.",
    ),
    "sources": ("来源", "Sources"),
    "source_row": (("来源", "出处", "许可", "文件"), ("source", "origin", "licence", "files")),
    "licences": ("许可矩阵", "Licence matrix"),
    "contents": ("内容", "Contents"),
    "content_row": (("项", "数量"), ("item", "number")),
    "dropped": ("剔除原因", "Reasons for dropping"),
    "reason_row": (("领域", "原因", "数量"), ("domain", "reason", "files")),
    "bounds": ("阈值", "Bounds"),
    "bound_row": (("领域", "原因", "统计量", "界限"), ("domain", "reason", "statistic", "bounds")),
    "files": ("文件", "Files"),
    "files_text": (
        "`media/` 原文件（以 SHA-256 命名）；`previews/` 缩略图、波形峰值或关键帧；`data/` 清单与统计量；"
        "`cluster` 相同者总在划分的同一侧。",
        "`media/`: the files, named by SHA-256; `previews/`: thumbnails, peaks of waveforms or key frames; `data/`: "
        "the list with statistics; what shares a `cluster` is on one side of the split.",
    ),
}


def media_cards(
    title: Mapping[str, str],
    recipe: MediaRecipe,
    sources: Sequence[Mapping[str, Any]],
    counts: Mapping[str, Any],
    reasons: Sequence[Mapping[str, Any]],
) -> dict[str, str]:
    """``README.md`` (Chinese, with the front matter that hubs read) and ``README.en.md``."""
    licences = sorted({str(source["source"]["licence"]) for source in sources})
    front = ["---", f'pretty_name: "{title["zh"].replace(chr(34), chr(39))}"', "license:"]
    front += [f"- {one.lower()}" if not one.startswith("LicenseRef-") else "- other" for one in licences]
    front += ["configs:", "- config_name: default", "  data_files:"]
    for split in sorted(counts["splits"], reverse=True):
        front += [f"  - split: {split}", f"    path: data/{split}-*.parquet"]
    head = "\n".join([*front, "---", "", ""])
    return {
        "README.md": head + _card(0, title["zh"], recipe, sources, counts, reasons),
        "README.en.md": _card(1, title["en"], recipe, sources, counts, reasons),
    }


def _card(
    side: int,
    title: str,
    recipe: MediaRecipe,
    sources: Sequence[Mapping[str, Any]],
    counts: Mapping[str, Any],
    reasons: Sequence[Mapping[str, Any]],
) -> str:
    word: dict[str, Any] = {name: pair[side] for name, pair in _WORDS.items()}
    named = [(one["source"], one["documents"]) for one in sources]
    rows = [(one["title"], f"`{one['origin']}`", one["licence"], f"{count:,}") for one, count in named]
    total = counts["total"]
    items = [(_PURPOSES[recipe.media][side], f"{total['documents']:,} → {total['kept']:,}")]
    items += [(split, f"{row['documents']:,}") for split, row in counts["splits"].items()]
    dropped = [(row["domain"], row["zh" if side == 0 else "en"], f"{row['documents']:,}") for row in reasons]
    parts = [f"# {title}", word["about"], f"## {word['sources']}", table(word["source_row"], rows)]
    parts += [f"## {word['licences']}", matrix_table(side, matrix_of(sources, counts))]
    parts += [f"## {word['contents']}", table(word["content_row"], items)]
    parts += [f"## {word['dropped']}", table(word["reason_row"], dropped)]
    parts += [f"## {word['bounds']}", table(word["bound_row"], _bounds(side, recipe))]
    parts += [f"## {word['files']}", word["files_text"]]
    return "\n\n".join(parts) + "\n"


def _bounds(side: int, recipe: MediaRecipe) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for domain, filters in recipe.filters().items():
        for one in filters:
            reason = REASONS.get(one.reason, (one.reason, one.reason))[side]
            rows.append((domain, reason, STATISTICS[one.statistic][side], bounds_of(one)))
    return rows
