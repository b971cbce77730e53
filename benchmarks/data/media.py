"""Images, audio and video: what decoding and measuring cost, and whether copies are found and others left alone.

``python -m benchmarks.data.media [--data DIR] [--quick] [--seed N] [--json FILE]``

``DIR`` holds media of any kind, in folders. Each file is decoded whole and measured by all operators of its kind, in
CPU-seconds. Of every image three copies are made as JPEG of quality 60: at half the size, with 4 % cut off either side,
and with up to 8 % cut off each edge by chance, at 70 % of the size. The limit for false copies is every pair of
different images.
"""

import argparse
import json
import random
import tempfile
import time
from itertools import combinations
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks.data.corpus_v1 import _DEFAULT, Row, _print, _row
from ceyuan.data.media import measure, media_operators, open_media, prints, similarity
from ceyuan.data.readers import media_format

_ALIKE = 0.9


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=_DEFAULT.parent)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    files: dict[str, list[Path]] = {"image": [], "audio": [], "video": []}
    for path in sorted(one for one in options.data.rglob("*") if one.is_file()):
        with path.open("rb") as file:
            found = media_format(file.read(64))
        if found:
            files[found[1]].append(path)
    rows = [_speed(kind, paths) for kind, paths in files.items() if paths] + _copies(files["image"], options.seed)
    _print(rows)
    if options.json:
        options.json.write_text(json.dumps(rows, ensure_ascii=False, indent=1), "utf-8")


def _speed(kind: str, paths: list[Path]) -> Row:
    chain = media_operators(kind)  # type: ignore[arg-type]
    measure(open_media(kind, paths[0]), chain)  # libraries are loaded once per process
    start, amount = time.process_time(), 0.0
    for path in paths:
        item: Any = open_media(kind, path)
        measure(item, chain)
        prints(kind, item)
        amount += {"image": lambda one: 1, "audio": lambda one: one.seconds, "video": lambda one: one.frames}[kind](
            item
        )
    each = amount / (time.process_time() - start)
    unit = {"image": "images/s/core", "audio": "x real time", "video": "frames/s/core"}[kind]
    return _row(f"{kind}: decoded, measured, printed", each, {"image": 10, "audio": 50, "video": 100}[kind], unit)


def _cut(whole: Any, chance: random.Random) -> Any:
    left, top, right, bottom = (chance.uniform(0, 0.08) for _ in range(4))
    box = left * whole.width, top * whole.height, (1 - right) * whole.width, (1 - bottom) * whole.height
    cut = whole.crop(tuple(round(edge) for edge in box))
    return cut.resize((max(1, round(cut.width * 0.7)), max(1, round(cut.height * 0.7))), Image.Resampling.LANCZOS)


def _copies(paths: list[Path], seed: int) -> list[Row]:
    own = {path: prints("image", open_media("image", path)) for path in paths}
    found, chance = [0, 0, 0], random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        for path, (keys, printed) in own.items():
            with Image.open(path) as opened:
                whole = opened.convert("RGB")
            small = whole.resize((max(1, whole.width // 2), max(1, whole.height // 2)))
            edge = max(1, whole.width // 25)
            sides = whole.crop((edge, 0, whole.width - edge, whole.height))
            for number, copy in enumerate((small, sides, _cut(whole, chance))):
                copy.save(Path(name) / f"{number}.jpg", quality=60)
                others, print_ = prints("image", open_media("image", Path(name) / f"{number}.jpg"))
                found[number] += bool(set(keys) & set(others)) and similarity("image", printed, print_) >= _ALIKE
    different = [(a, b) for a, b in combinations(own, 2) if a.read_bytes() != b.read_bytes()]
    wrong = sum(similarity("image", own[a][1], own[b][1]) >= _ALIKE for a, b in different)
    return [
        _row("image: copies found, half the size and recompressed", found[0] / len(own), 0.95, "share"),
        _row("image: copies found, 8 % cut off", found[1] / len(own), 0.5, "share"),
        _row("image: copies found, up to 8 % cut off each edge, at 70 %", found[2] / len(own), 0.5, "share"),
        _row("image: different pairs taken for copies", wrong / max(len(different), 1), 0.01, "share", better="lower"),
    ]


if __name__ == "__main__":
    main()
