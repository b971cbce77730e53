"""Chinese kept as Chinese, and typography left alone.

``python -m benchmarks.data.chinese [--data DIR] [--quick] [--seed N] [--json FILE]``

Poems and reviews come from the registered packages (downloaded once into the cache), laws from ``DIR``. A poem or
review counts as kept where its domain's profile takes it for Chinese; a law counts as unchanged where normalising
alters nothing but spaces at line ends, line ends and characters that cannot be seen.
"""

import argparse
import json
import re
import unicodedata
from itertools import islice
from pathlib import Path

import polars as pl

from benchmarks.data.corpus_v1 import _DEFAULT, _print, _row
from ceyuan.data.collection import CORPORA, PackageCache
from ceyuan.data.corpus import default_profiles
from ceyuan.data.operators import find

_UNSEEN = re.compile("[\\s\x00-\x1f\x7f-\x9f\u00ad\u200b\u2060\ufeff]")


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=_DEFAULT)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rows = []
    for key, target in (("chinese-poetry", 0.99), ("reviews", 0.98)):
        share, count, examples = _kept(key, 20_000 if options.quick else None)
        print(f"{key}: {count:,} documents; not taken for Chinese: {examples}")
        rows.append(_row(f"{key}: kept as Chinese", share, target, "share"))
    laws = pl.read_parquet(options.data / "laws_zh.parquet", columns=["text"])
    rows.append(_row("laws: typography unchanged", _unchanged(laws), 1, "share"))
    _print(rows)
    if options.json:
        options.json.write_text(json.dumps(rows, ensure_ascii=False, indent=1), "utf-8")


def _kept(key: str, most: int | None) -> tuple[float, int, list[str]]:
    corpus = CORPORA[key]
    documents = corpus.read(PackageCache().get(corpus.package).path)
    texts = [one.text for one in islice(documents, most) if len(one.text) >= 2]
    bound = next(one for one in default_profiles()[corpus.domain] if one.reason == "not_chinese")
    kept = total = 0
    examples: list[str] = []
    for start in range(0, len(texts), 50_000):
        batch = find("composition")(find("normalise")(pl.DataFrame({"text": texts[start : start + 50_000]})))
        failed = batch.filter(bound.fails())
        kept += batch.height - failed.height
        total += batch.height
        examples += failed["text"].str.head(20).to_list()[: 5 - len(examples)]
    return kept / total, total, examples


def _unchanged(laws: pl.DataFrame) -> float:
    clean = find("normalise")(laws)["text"].to_list()
    same = 0
    for before, after in zip(laws["text"].to_list(), clean, strict=True):
        same += _UNSEEN.sub("", unicodedata.normalize("NFC", before)) == _UNSEEN.sub("", after)
    return same / len(clean)


if __name__ == "__main__":
    main()
