"""Recall@5 of the retrieval engine on question-answering text, beside a plain bigram TF-IDF in the same run.

Data: `cmrc2018_dev.json` (CMRC 2018 layout: paragraphs with context and questions) in `--data`; contexts are cut into
passages of 120 characters, and a question counts as answered if one of the first five passages holds its answer.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import time
from collections import Counter
from pathlib import Path
from typing import Any

from ceyuan.scenarios.retrieval import Index, chunk, fold

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "scenarios" / "retrieval"


def load(folder: Path) -> tuple[list[str], list[tuple[str, set[int]]]]:
    """Passages, and questions with the passages that hold an answer."""
    passages: list[str] = []
    questions: list[tuple[str, set[int]]] = []
    content = json.loads((folder / "cmrc2018_dev.json").read_text(encoding="utf-8"))
    for article in content["data"]:
        for paragraph in article["paragraphs"]:
            base, cut = len(passages), chunk(paragraph["context"], 120)
            passages += cut
            for question in paragraph["qas"]:
                answers = [a["text"] for a in question["answers"]]
                gold = {base + i for i, text in enumerate(cut) if any(a in text for a in answers)}
                if gold:
                    questions.append((question["question"], gold))
    return passages, questions


def tfidf(passages: list[str], queries: list[str]) -> list[list[int]]:
    """The peer: cosine of bigram TF-IDF, as a first attempt would write it."""

    def grams(text: str) -> Counter[str]:
        return Counter(text[i : i + 2] for i in range(len(text) - 1))

    documents = [grams(p) for p in passages]
    found_in = Counter(g for d in documents for g in d)
    idf = {g: math.log(len(passages) / n) for g, n in found_in.items()}
    postings: dict[str, list[tuple[int, float]]] = {}
    for number, document in enumerate(documents):
        norm = math.sqrt(sum((c * idf[g]) ** 2 for g, c in document.items())) or 1.0
        for g, c in document.items():
            postings.setdefault(g, []).append((number, c * idf[g] / norm))
    best = []
    for query in queries:
        scores: dict[int, float] = {}
        for g, c in grams(query).items():
            for number, weight in postings.get(g, ()):
                scores[number] = scores.get(number, 0.0) + c * idf[g] * weight
        best.append(sorted(scores, key=lambda n: (-scores[n], n))[:5])
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--quick", action="store_true", help="a fifth of the questions")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    passages, questions = load(options.data)
    if options.quick:
        questions = random.Random(options.seed).sample(questions, len(questions) // 5)
    began = time.process_time()
    index = Index.build(passages)
    built = time.process_time() - began
    began = time.process_time()
    ours = [[h.number for h in index.search(q, 5)] for q, _ in questions]
    searched = (time.process_time() - began) / len(questions) * 1000
    theirs = tfidf([fold(p) for p in passages], [fold(q) for q, _ in questions])

    def recall(found: list[list[int]]) -> float:
        return sum(bool(gold & set(row)) for row, (_, gold) in zip(found, questions, strict=True)) / len(questions)

    rows: list[dict[str, Any]] = [
        {
            "bar": f"recall@5, {len(questions)} questions over {len(passages)} passages",
            "ours": recall(ours),
            "peer": recall(theirs),
            "limit": 1.0,
            "target": 0.92,
            "unit": "share",
            "better": "higher",
        },
        {
            "bar": "one query",
            "ours": searched,
            "peer": None,
            "limit": None,
            "target": None,
            "unit": "CPU ms",
            "better": "lower",
        },
        {
            "bar": "building the index",
            "ours": built,
            "peer": None,
            "limit": None,
            "target": None,
            "unit": "CPU s",
            "better": "lower",
        },
    ]
    for row in rows:
        print(f"{row['bar']}: {row['ours']:.4g} {row['unit']} (peer {row['peer']}, target {row['target']})")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
