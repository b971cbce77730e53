"""Building a law index in a process of its own: Parquet rows → articles and index files, with measured recall."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ceyuan.scenarios.retrieval import Index
from ceyuan.scenarios.statutes.articles import Article, articles_from_rows
from ceyuan.scenarios.statutes.questions import build_questions
from ceyuan.scenarios.statutes.search import LawSearch

ARTICLES, INDEX = "articles.jsonl", "index.npz"
Report = Callable[[dict[str, Any]], None]


class NoArticles(ValueError):
    """A dataset without articles of law."""

    message = ("数据集中没有带条号的法律条文", "the dataset holds no articles of law with numbers")
    hint = (
        "数据行的 meta 应含 law_name 与 article_no",
        "rows need law_name and article_no in their meta column",
    )


def _rows(folder: Path) -> Iterator[tuple[str, str, dict[str, str]]]:
    import pyarrow.parquet as pq

    for path in sorted(folder.rglob("*.parquet")):
        with pq.ParquetFile(path) as file:
            if not {"id", "text", "meta"} <= set(file.schema_arrow.names):
                continue
            for batch in file.iter_batches(4096, columns=["id", "text", "meta"]):
                for row in batch.to_pylist():
                    if '"law_name"' in row["meta"]:
                        yield row["id"], row["text"], json.loads(row["meta"])


def recall(search: LawSearch, count: int, seed: int) -> dict[str, Any]:
    """Recall@1 and @5 on questions built from the articles, with Wilson intervals, and how many were refused."""
    from ceyuan.evaluation.statistics import wilson

    questions = build_questions(search.articles, count, seed)
    first = fifth = refused = 0
    for question in questions:
        found = [f.article.id for f in search.search(question.text, 5).found]
        first += bool(found) and found[0] in question.article_ids
        fifth += bool(question.article_ids & set(found))
        refused += not found
    n = len(questions)
    return {
        "questions": n,
        "seed": seed,
        "recall_at_1": wilson(first, n).as_dict(),
        "recall_at_5": wilson(fifth, n).as_dict(),
        "refused": refused,
    }


def main(arguments: dict[str, Any], report: Report) -> dict[str, Any]:
    """Build. Arguments: `corpus` (folder of Parquet shards), `output` (folder), `questions` (count), `seed`.

    Returns how many articles and laws there are and the measured recall; raises `NoArticles`.
    """
    output = Path(arguments["output"])
    output.mkdir(parents=True, exist_ok=True)
    report({"progress": 0.05, "message": ("读取条文", "reading articles")})
    articles = sorted(articles_from_rows(_rows(Path(arguments["corpus"]))), key=lambda a: a.id)
    if not articles:
        raise NoArticles("no articles")
    report({"progress": 0.3, "message": (f"索引 {len(articles)} 条", f"indexing {len(articles)} articles")})
    search = LawSearch.build(articles)
    search.save(output / INDEX)
    with (output / ARTICLES).open("w", encoding="utf-8") as file:
        for article in articles:
            file.write(json.dumps(asdict(article), ensure_ascii=False) + "\n")
    report(
        {
            "progress": 0.7,
            "message": ("以自动构造的问题测召回率", "measuring recall on questions built from the articles"),
        }
    )
    quality = recall(search, int(arguments.get("questions", 300)), int(arguments.get("seed", 0)))
    return {"articles": len(articles), "laws": len({a.law for a in articles}), "quality": quality}


def load(articles: Path, index: Path) -> LawSearch:
    """The search over what `main` wrote."""
    with articles.open(encoding="utf-8") as file:
        listed = [Article(**json.loads(line)) for line in file]
    return LawSearch(listed, Index.load(index))
