"""Peak memory of a mixture by weights and a budget, over corpora many times as large as the data.

``python -m benchmarks.data.mixtures [--data DIR] [--times N] [--quick] [--seed N] [--json FILE]``

``DIR`` holds Parquet files with a column ``text``. Three corpora are made of them, together ``N`` times as large, in
the files that the platform publishes; the mixture takes them by weight, one of them twice, leaves benchmark items
out, looks for twins across corpora and writes its shards, in a process of its own whose peak memory is the figure.
"""

import argparse
import itertools
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from benchmarks.data.corpus_v1 import _DEFAULT, Row, _print, _row
from benchmarks.data.versions import corpus
from ceyuan.data.corpus.emit import DATASET_SCHEMA
from ceyuan.data.readers import Document
from ceyuan.data.versions.splicing import put_table

_NAMES = ("law", "news", "web")
_ROWS = 4000  # documents in a file
_RUN = """
import json, pathlib, resource, sys, time
from ceyuan.data.mixing.process import mix_main
start = time.process_time()
made = mix_main(json.loads(pathlib.Path(sys.argv[1]).read_text("utf-8")), lambda message: None)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"peak": peak, "seconds": time.process_time() - start, "counts": made["counts"]}))
"""


def main() -> None:
    """Run it and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=_DEFAULT)
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    texts = [t for f in sorted(options.data.glob("*.parquet")) for t in pl.read_parquet(f, columns=["text"])["text"]]
    times = 1 if options.quick else options.times
    with tempfile.TemporaryDirectory() as name:
        rows = _mixed(Path(name), texts, times, options.seed)
    _print(rows)
    if options.json:
        options.json.write_text(json.dumps(rows, ensure_ascii=False, indent=1), "utf-8")


def _mixed(folder: Path, texts: list[str], times: int, seed: int) -> list[Row]:
    documents, characters = corpus(texts, times, seed), 0
    each = -(-times * len(texts) // len(_NAMES))
    for name in _NAMES:
        characters += _put(folder / name, name, itertools.islice(documents, each))
    parts = [
        {"name": name, "folder": str(folder / name), "weight": 1.0 + number, "epochs": 2 if number == 2 else 1}
        for number, name in enumerate(_NAMES)
    ]
    items = [(f"item-{number}", text[50:250]) for number, text in enumerate(texts[:500]) if len(text) > 300]
    arguments = {
        "parts": parts,
        "budget": characters,
        "unit": "characters",
        "heldout": 0.01,
        "seed": seed,
        "ngram": 13,
        "items": items,
        "benchmarks": [],
        "out": str(folder / "out"),
        "title": {"zh": "配", "en": "mixture"},
    }
    (folder / "arguments.json").write_text(json.dumps(arguments), "utf-8")
    command = [sys.executable, "-c", _RUN, str(folder / "arguments.json")]
    made = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1])
    print(f"{characters:,} characters; {made['seconds']:.1f} CPU-s; {made['counts']}")
    return [_row(f"peak memory of a mixture of {times} x the corpus", made["peak"], 1024, "MiB", better="lower")]


def _put(folder: Path, name: str, documents: Iterator[Document]) -> int:
    """Write the documents as a published dataset; their characters."""
    (folder / "data").mkdir(parents=True)
    characters, number = 0, 0
    while some := list(itertools.islice(documents, _ROWS)):
        about = {"title": "", "source": name, "domain": "general", "licence": "CC0-1.0", "meta": "{}"}
        table = pl.DataFrame({"id": [f"{name}/{one.id}" for one in some], "text": [one.text for one in some]})
        table = table.with_columns(cluster=pl.col("id"), **{key: pl.lit(value) for key, value in about.items()})
        with (folder / "data" / f"train-{number:05d}.parquet").open("wb") as file:
            put_table(table.select(DATASET_SCHEMA.names).to_arrow().cast(DATASET_SCHEMA), file)
        characters += int(table["text"].str.len_chars().sum())
        number += 1
    return characters


if __name__ == "__main__":
    main()
