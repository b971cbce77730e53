"""kill -9 at random moments: collecting, a full run and a refresh of a corpus end with the hashes of undisturbed ones.

``python -m benchmarks.data.kills [--data DIR] [--kills N] [--quick] [--seed N] [--json FILE]``

``DIR`` holds Parquet files with a column ``text``. Each turn collects a folder, makes its dataset, changes a tenth of
the folder, collects it again and refreshes the dataset; its process is killed at random moments and begun again until
it ends by itself. All files of the datasets are compared, and the manifests' hashes.
"""

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from benchmarks.data.corpus_v1 import _DEFAULT, Row, _print, _row
from ceyuan.data.collection import PackageCache, Source, collect
from ceyuan.data.files import read_json, sha256_of
from ceyuan.data.versions.publish import main as publish

_READY = "ready"
_PROGRAM = f"""
import sys
from pathlib import Path
from benchmarks.data.kills import turn
print("{_READY}", flush=True)
turn(Path(sys.argv[1]), Path(sys.argv[2]))
"""


def main() -> None:
    """Run the storm and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=_DEFAULT)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--documents", type=int, default=1500)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    files = sorted(options.data.glob("*.parquet"))
    texts = [text for file in files for text in pl.read_parquet(file, columns=["text"])["text"]]
    kills, documents = (6, 300) if options.quick else (options.kills, options.documents)
    with tempfile.TemporaryDirectory() as name:
        rows = storm(Path(name), texts[:: max(1, len(texts) // documents)], kills, options.seed)
    _print(rows)
    if options.json:
        options.json.write_text(json.dumps(rows, ensure_ascii=False, indent=1), "utf-8")


def storm(folder: Path, texts: Sequence[str], kills: int, seed: int) -> list[Row]:
    """Turns under ``folder`` until ``kills`` processes were killed; the table's rows."""
    own = folder / "own"
    for step in ("before", "after"):
        for number, text in enumerate(texts):
            changed = step == "after" and number % 10 == 0
            if step == "before" or number % 50:
                path = own / step / f"{number // 100:03d}" / f"{number:05d}.txt"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text + "\n后来加上的一段，与原来不同。" * changed, "utf-8")
    turn(folder / "warm", own)
    started = time.monotonic()
    _until_done(folder / "calm", own, random.Random(seed), 0, 0.0)
    span, expected = time.monotonic() - started, found(folder / "calm")
    chance = random.Random(seed)
    same = killed = turns = 0
    while killed < kills:
        root = folder / "storm"
        shutil.rmtree(root, ignore_errors=True)
        killed += _until_done(root, own, chance, kills - killed, span)
        turns += 1
        same += found(root) == expected
    print(f"{killed} kills in {turns} turns of {span:.1f} s, {len(expected)} files compared each")
    return [_row(f"turns equal to an undisturbed one, of {turns}, after {killed} x kill -9", same, turns, "turns")]


def turn(root: Path, own: Path) -> None:
    """Collect, make, change, collect, refresh; what is done already is not done again."""
    kept: list[Path] = []
    for step in ("before", "after"):
        raw, out = root / step / "raw", root / step / "out"
        if kept and not raw.exists():  # the next job begins with what the last one kept
            shutil.copytree(kept[-1] / "raw", root / "copy", dirs_exist_ok=True)
            raw.parent.mkdir(parents=True, exist_ok=True)
            (root / "copy").rename(raw)
        source = Source("own", "folder", str(own / step), licence="CC0-1.0")
        collect(raw, [_placed(source, root)], PackageCache(root / "cache"), _silent)
        previous = {"previous": str(kept[-1] / "out"), "previous_ref": "before"} if kept else {}
        arguments = {"store": str(root / "store"), "collections": [str(raw)], "out": str(out), "recipe": {}}
        publish(arguments | {"title": {"zh": "语料", "en": "corpus"}, "threads": 1} | previous, _silent)
        kept.append(root / step)


def found(root: Path) -> dict[str, str]:
    """The hashes of all files of both datasets, and what their manifests say of their content."""
    hashes = {}
    for step in ("before", "after"):
        out = root / step / "out"
        hashes |= {f"{step}/{path.relative_to(out)}": sha256_of(path) for path in out.rglob("*") if path.is_file()}
        hashes[step] = str(read_json(out / "manifest.json").get("content_sha256"))
    return hashes


def _placed(source: Source, root: Path) -> Source:
    """The source at a place that stays the same from turn to turn: a link to the folder of the step."""
    link, target = root.parent / "here", Path(source.location)
    root.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(target)
    return Source(source.key, source.kind, str(link), licence=source.licence)


def _until_done(root: Path, own: Path, chance: random.Random, kills: int, span: float) -> int:
    """Begin the turn again until it ends by itself; how often it was killed."""
    killed = 0
    while True:
        command = [sys.executable, "-c", _PROGRAM, str(root), str(own)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            if process.stdout.readline().strip() != _READY:
                raise SystemExit("the turn did not begin")
            try:
                process.wait(chance.random() * span if killed < kills else None)
                if process.returncode:
                    raise SystemExit(f"a turn failed: {process.returncode}")
                return killed
            except subprocess.TimeoutExpired:
                process.kill()
                killed += 1


def _silent(message: dict[str, object]) -> None:
    """Nobody listens."""


if __name__ == "__main__":
    main()
