"""The dataset's card in Chinese and in English: what it is, where it comes from, what was done, what it holds."""

from collections.abc import Mapping, Sequence
from typing import Any

from ceyuan.data.corpus.licences import matrix_of, matrix_table
from ceyuan.data.corpus.markdown import bounds_of, table
from ceyuan.data.corpus.profiles import DOMAINS
from ceyuan.data.corpus.recipe import Recipe
from ceyuan.data.operators import REASONS, STATISTICS, find

__all__ = ["cards"]

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))

_WORDS = {
    "about": ("简介", "About"),
    "about_text": (
        "由策源语料引擎从下列来源生成。同样的输入与配方得到逐字节相同的文件；每一篇被剔除的文档都有原因，见 "
        "`statistics.parquet`、`drop_reasons.json` 与 `samples.json`。",
        "Made by the Ceyuan corpus engine from the sources below. The same input and recipe give the same bytes; "
        "every document that was dropped has its reason in `statistics.parquet`, `drop_reasons.json` and "
        "`samples.json`.",
    ),
    "sources": ("来源", "Sources"),
    "source": ("来源", "source"),
    "origin": ("出处", "origin"),
    "licence": ("许可", "licence"),
    "raw": ("原始文档", "raw documents"),
    "unread": ("未能读取", "unreadable"),
    "licences": ("许可矩阵", "Licence matrix"),
    "contents": ("内容", "Contents"),
    "domain": ("领域", "domain"),
    "kept": ("保留文档", "documents kept"),
    "share": ("保留率", "share kept"),
    "characters": ("字符", "characters"),
    "split": ("划分", "split"),
    "documents": ("文档", "documents"),
    "clusters": ("簇", "clusters"),
    "dropped": ("剔除原因", "Reasons for dropping"),
    "reason": ("原因", "reason"),
    "processing": ("处理", "Processing"),
    "statistic": ("统计量", "statistic"),
    "bounds": ("阈值", "bounds"),
    "fields": ("字段", "Fields"),
    "fields_text": (
        "`id` 文档标识；`text` 正文；`title` 标题；`source` 来源；`domain` 领域；`licence` 许可；`cluster` "
        "相关文档簇（同簇文档只在一侧划分）；`meta` 附注（JSON）。",
        "`id`; `text`; `title`; `source`; `domain`; `licence`; `cluster`: documents that belong together, always on "
        "one side of the split; `meta`: notes as JSON.",
    ),
}


def cards(
    title: Mapping[str, str],
    recipe: Recipe,
    sources: Sequence[Mapping[str, Any]],
    counts: Mapping[str, Any],
    reasons: Sequence[Mapping[str, Any]],
) -> dict[str, str]:
    """``README.md`` (Chinese, with the front matter that hubs read) and ``README.en.md``."""
    return {
        "README.md": _front_matter(title["zh"], sources, counts)
        + _card(0, title["zh"], recipe, sources, counts, reasons),
        "README.en.md": _card(1, title["en"], recipe, sources, counts, reasons),
    }


def _front_matter(title: str, sources: Sequence[Mapping[str, Any]], counts: Mapping[str, Any]) -> str:
    licences = sorted({str(source["source"]["licence"]) for source in sources})
    kept = counts["total"]["kept"]
    size = next((name for bound, name in _SIZES if kept < bound), "1M<n<10M")
    lines = ["---", f'pretty_name: "{title.replace(chr(34), chr(39))}"', "language:", "- zh", "license:"]
    lines += [f"- {licence.lower()}" if not licence.startswith("LicenseRef-") else "- other" for licence in licences]
    lines += ["size_categories:", f"- {size}", "configs:", "- config_name: default", "  data_files:"]
    for split in sorted(counts["splits"], reverse=True):
        lines += [f"  - split: {split}", f"    path: data/{split}-*.parquet"]
    return "\n".join([*lines, "---", "", ""])


def _card(
    side: int,
    title: str,
    recipe: Recipe,
    sources: Sequence[Mapping[str, Any]],
    counts: Mapping[str, Any],
    reasons: Sequence[Mapping[str, Any]],
) -> str:
    word = {name: pair[side] for name, pair in _WORDS.items()}
    parts = [f"# {title}", f"## {word['about']}", word["about_text"], f"## {word['sources']}"]
    parts.append(table([word[n] for n in ("source", "origin", "licence", "raw", "unread")], _source_rows(sources)))
    parts += [f"## {word['licences']}", matrix_table(side, matrix_of(sources, counts))]
    parts.append(f"## {word['contents']}")
    parts.append(table([word[n] for n in ("domain", "raw", "kept", "share", "characters")], _domain_rows(side, counts)))
    sides = [
        (name, f"{row['documents']:,}", f"{row['characters']:,}", f"{row['clusters']:,}")
        for name, row in counts["splits"].items()
    ]
    parts.append(table([word[n] for n in ("split", "documents", "characters", "clusters")], sides))
    parts.append(f"## {word['dropped']}")
    dropped = [
        (_name(DOMAINS, row["domain"], side), row["zh" if side == 0 else "en"], f"{row['documents']:,}")
        for row in reasons
    ]
    parts.append(table([word[n] for n in ("domain", "reason", "documents")], dropped))
    parts += [f"## {word['processing']}", _steps(side, recipe, counts.get("semantic"))]
    parts.append(
        table([word[n] for n in ("domain", "reason", "statistic", "bounds")], _bound_rows(side, recipe, counts))
    )
    parts += [f"## {word['fields']}", word["fields_text"]]
    return "\n\n".join(parts) + "\n"


def _source_rows(sources: Sequence[Mapping[str, Any]]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for record in sources:
        source = record["source"]
        unread = sum(record["rejected"].values())
        rows.append(
            (source["title"], f"`{source['origin']}`", source["licence"], f"{record['documents']:,}", f"{unread:,}")
        )
    return rows


def _domain_rows(side: int, counts: Mapping[str, Any]) -> list[tuple[str, ...]]:
    total = {"∑": counts["total"]}
    return [
        (
            _name(DOMAINS, domain, side),
            f"{row['documents']:,}",
            f"{row['kept']:,}",
            f"{row['kept'] / max(row['documents'], 1):.1%}",
            f"{row['kept_characters']:,}",
        )
        for domain, row in (counts["domains"] | total).items()
    ]


def _bound_rows(side: int, recipe: Recipe, counts: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """The bounds by which the documents were cut; those of domains that the corpus does not have say nothing of it."""
    rows: list[tuple[str, ...]] = []
    profiles = recipe.filters()
    cutting = {domain if domain in profiles else "general" for domain in counts["domains"]}
    for domain in (one for one in profiles if one in cutting):
        for one in profiles[domain]:
            statistic = _name(STATISTICS, one.statistic, side)
            rows.append((_name(DOMAINS, domain, side), _name(REASONS, one.reason, side), statistic, bounds_of(one)))
    return rows


def _steps(side: int, recipe: Recipe, semantic: Mapping[str, Any] | None) -> str:
    dup, split = recipe.duplicates, recipe.split
    maps = [one.specification.title for one in recipe.operators() if one.specification.kind == "map"]
    named = [title for title in maps if title != find("normalise").specification.title]
    zh = [f"Unicode {recipe.form} 规范化，标点与全角字符除下列算子外不改动"]
    en = [f"Unicode {recipe.form}; punctuation and full-width signs untouched but by the operators below"]
    if named:
        zh.append("改写：" + "、".join(title[0] for title in named))
        en.append("rewritten: " + ", ".join(title[1] for title in named))
    if dup.exact:
        zh.append("精确去重（规范化正文的 SHA-256）")
        en.append("exact duplicates removed (SHA-256 of the normalised text)")
    if dup.near:
        zh.append(
            f"近似去重：MinHash {dup.bands}×{dup.rows} 取候选，逐对核对 5 字片段 Jaccard ≥ {dup.threshold:g} 才剔除"
        )
        en.append(
            f"near-duplicates: candidates by MinHash {dup.bands}×{dup.rows}, dropped only where the Jaccard similarity "
            f"of 5-character shingles is ≥ {dup.threshold:g}"
        )
    if dup.semantic and semantic:
        asked = dup.semantic.model
        missing = semantic["documents"] - semantic["vectors"]
        zh.append(
            f"语义去重：{f'模型 {asked} 的' if asked else '来源自带的'}向量，随机超平面取候选，逐对核对余弦 ≥ "
            f"{dup.semantic.threshold:g} 才剔除；{missing:,} 篇没有可用向量，未参与"
        )
        en.append(
            f"semantic duplicates: vectors {f'by the model {asked}' if asked else 'of the sources'}, candidates by "
            f"random hyperplanes, dropped only where the cosine is ≥ {dup.semantic.threshold:g}; {missing:,} documents "
            "without a usable vector took no part"
        )
    zh.append(f"按文档簇划分，留出 {split.heldout:g}（种子 {split.seed}）")
    en.append(f"split by clusters of documents, {split.heldout:g} held out (seed {split.seed})")
    return "\n".join(f"{number}. {step}" for number, step in enumerate((zh, en)[side], 1))


def _name(names: Mapping[str, tuple[str, str]], key: str, side: int) -> str:
    return names[key][side] if key in names else key
