"""The machine check: every kept document through the detectors, with the five-per-cent rule for each source."""

from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl

from ceyuan.evaluation.statistics import wilson
from ceyuan.governance.detectors import Chain, Finding

__all__ = ["SOURCE_LIMIT", "fails", "inspect_all"]

SOURCE_LIMIT = 0.05
"""Share of harmful documents from which a source may not be used."""

_IDENTIFIERS = frozenset({"id_number", "bank_card", "mobile", "passport"})
_KEPT = 20_000
_EVERY = 500


def fails(finding: Finding) -> bool:
    """Whether a finding fails its text: a blocking keyword, or an identifier of a person. What only flags (law and
    news use such words in good faith) is for people to look at."""
    return finding.action == "block" or (finding.detector == "personal" and finding.detail in _IDENTIFIERS)


def inspect_all(
    files: list[Path], chain: Chain, told: Callable[[int, int], None] = lambda done, total: None
) -> dict[str, Any]:
    """Inspect every document of Parquet ``files`` (columns ``id``, ``source``, ``text``).

    Returns ``version`` of the chain, ``documents``, ``failed``, ``flagged``, ``rate`` of passing documents with its
    interval, ``clauses``, ``sources`` (documents, failed, share, ``refused`` above five per cent), and the first
    20,000 ``findings``.
    """
    total = sum(pl.scan_parquet(path).select(pl.len()).collect().item() for path in files)
    sources: dict[str, Counter[str]] = defaultdict(Counter)
    clauses: Counter[str] = Counter()
    findings: list[dict[str, Any]] = []
    done = flagged = 0
    for path in files:
        for batch in _batches(path):
            for name, source, text in batch.iter_rows():
                verdict = chain.inspect(text)
                bad = [one for one in verdict.findings if fails(one)]
                sources[source].update(documents=1, failed=bool(bad))
                flagged += bool(verdict.findings) and not bad
                clauses.update({one.clause for one in bad})
                findings += [_row(name, source, text, one) for one in verdict.findings if len(findings) < _KEPT]
                done += 1
                if done % _EVERY == 0 or done == total:
                    told(done, total)
    failed = sum(one["failed"] for one in sources.values())
    return {
        "version": chain.version,
        "documents": done,
        "failed": failed,
        "flagged": flagged,
        "rate": wilson(done - failed, done).as_dict() if done else None,
        "clauses": dict(sorted(clauses.items())),
        "sources": {name: _source(one) for name, one in sorted(sources.items())},
        "findings": findings[:_KEPT],
    }


def _batches(path: Path) -> list[pl.DataFrame]:
    rows = pl.read_parquet(path, columns=["id", "source", "text"])
    return [rows.slice(start, 4096) for start in range(0, rows.height, 4096)]


def _source(counts: Counter[str]) -> dict[str, Any]:
    share = counts["failed"] / counts["documents"]
    return {
        "documents": counts["documents"],
        "failed": counts["failed"],
        "share": round(share, 6),
        "refused": share > SOURCE_LIMIT,
    }


def _row(name: str, source: str, text: str, finding: Finding) -> dict[str, Any]:
    start = max(0, finding.start - 30)
    return {
        "id": name,
        "source": source,
        "detector": finding.detector,
        "clause": finding.clause,
        "action": finding.action,
        "fails": fails(finding),
        "detail": finding.detail,
        "excerpt": "" if finding.detector == "personal" else text[start : min(len(text), finding.end + 30)][:200],
    }
