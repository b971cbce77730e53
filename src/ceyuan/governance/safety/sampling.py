"""The heavy part: draw texts of a dataset by a public seed and run them through the chain, in its own process."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ceyuan.governance.detectors import Chain

Report = Callable[[dict[str, Any]], None]
_EXCERPT = 60


def _texts(folder: Path) -> Iterator[tuple[str, str]]:
    import pyarrow.parquet as pq

    for path in sorted(folder.rglob("*.parquet")):
        with pq.ParquetFile(path) as file:
            names = set(file.schema_arrow.names)
            if "text" not in names:
                continue
            columns = ["id", "text"] if "id" in names else ["text"]
            for number, batch in enumerate(file.iter_batches(4096, columns=columns)):
                rows = batch.to_pydict()
                ids = rows.get("id") or [f"{path.name}:{number * 4096 + i}" for i in range(len(rows["text"]))]
                yield from zip(ids, rows["text"], strict=True)


def draw(folder: Path, count: int, seed: int) -> tuple[list[tuple[str, str]], int, str]:
    """`count` texts with the smallest hashes of (seed, id): anyone can draw them again from the same revision.

    Returns the drawn (id, text) in the order of their ids, the size of the population, and its hash.
    """
    population, total = hashlib.sha256(), 0
    heap: list[tuple[int, str, str]] = []
    for item, text in _texts(folder):
        total += 1
        population.update(f"{item}\n".encode())
        rank = -int.from_bytes(hashlib.sha256(f"{seed}\n{item}".encode()).digest()[:8], "big")
        if len(heap) < count:
            heapq.heappush(heap, (rank, item, text))
        elif rank > heap[0][0]:
            heapq.heapreplace(heap, (rank, item, text))
    return sorted((item, text) for _, item, text in heap), total, population.hexdigest()


def excerpt(chain: Chain, text: str, start: int, end: int) -> str:
    """The finding with some text around it, identifiers masked."""
    around = text[max(0, start - _EXCERPT) : min(len(text), end + _EXCERPT)][: 4 * _EXCERPT]
    return chain.mask(around).replace("\n", " ")


def inspect_texts(
    chain: Chain, part: str, texts: list[tuple[str, str]], report: Report | None = None
) -> list[dict[str, Any]]:
    """The findings in texts, as rows of the report. Personal information flags; whole-text findings show the head."""
    found = []
    for number, (item, text) in enumerate(texts):
        for finding in chain.inspect(text, personal="flag").findings:
            row = asdict(finding)
            end = finding.end if finding.detector != "classifier" else min(finding.end, _EXCERPT)
            row |= {"part": part, "item": item, "excerpt": excerpt(chain, text, finding.start, end)}
            found.append(row)
        if report is not None and number % 200 == 0:
            report({"progress": number / len(texts)})
    return found


def corpus_main(arguments: dict[str, Any], report: Report) -> dict[str, Any]:
    """Check a dataset. Arguments: `corpus` (folder of Parquet shards), `texts`, `seed`."""
    drawn, total, population = draw(Path(arguments["corpus"]), int(arguments["texts"]), int(arguments["seed"]))
    message = (f"检测 {len(drawn)} / {total} 篇", f"checking {len(drawn)} of {total} texts")
    report({"progress": 0.02, "message": message})
    chain = Chain()
    findings = inspect_texts(chain, "corpus", drawn, report)
    return {
        "drawn": len(drawn),
        "population": total,
        "population_sha256": population,
        "findings": findings,
        "version": chain.version,
    }


def answers_main(arguments: dict[str, Any], report: Report) -> dict[str, Any]:
    """Check answers. Arguments: `answers`, a list of [item, text]."""
    chain = Chain()
    texts = [(str(item), str(text)) for item, text in arguments["answers"]]
    return {"findings": inspect_texts(chain, "answers", texts, report), "version": chain.version}
