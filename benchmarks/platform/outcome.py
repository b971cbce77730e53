"""What a turn of the loop left behind, without what differs from run to run (docs/design/0003-volatile-fields.md).

Read from a stopped platform's SQLite file. Ids become the kind of thing they name (`job_01…` → `job`), so that
keys and references can be compared; times, durations, signatures and measured CPU seconds are left out.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

_ID = re.compile(r"\b([a-z]{2,10})_[0-9a-hjkmnp-tv-z]{26}\b")
_COMMIT = re.compile(r"@[0-9a-f]{10}(?:[0-9a-f]{30})?\b")

QUERIES = {
    "drop reasons and verdicts": "SELECT kind, result FROM job WHERE kind IN ('data.collect', 'data.pipeline')",
    "releases": "SELECT state, gates FROM model_release",
    "safety verdicts": "SELECT name, state, passed FROM safety_check",
    "safety findings": "SELECT part, item, clause, detector, action, confidence, detail, excerpt FROM safety_finding",
    "greedy answers": "SELECT model, item_id, family, prompt, expected, answer, is_right, fault, tokens"
    " FROM evaluation_answer",
    "ledger entries": "SELECT e.kind, e.reference, a.kind, a.owner = 'platform', a.ref <> '', p.amount_micro"
    " FROM ledger_posting p JOIN ledger_entry e ON e.id = p.entry_id JOIN ledger_account a ON a.id = p.account_id"
    " WHERE e.kind <> 'usage'",
    "settled is what usage cost": "SELECT (SELECT sum(balance_micro) FROM ledger_account WHERE kind = 'settled')"
    " = (SELECT sum(cost_micro) FROM usage_event)",
    "usage events": "SELECT resource, model, scenario, quantity, cost_micro FROM usage_event"
    " WHERE resource <> 'compute.cpu_second'",
    # The turn's own: the platform's daily jobs run when a life lasts long enough.
    "jobs": "SELECT kind, state, parent_id IS NULL FROM job WHERE parent_id IS NOT NULL OR kind = 'loop.run'",
    "vouchers": "SELECT state, asked_micro, granted_micro FROM voucher",
    "incidents": "SELECT i.metric, i.value, i.severity, i.state, r.name_en FROM incident i"
    " JOIN monitor_rule r ON r.id = i.rule_id",
    "law assistants": "SELECT name, articles, laws, state, quality FROM law_assistant",
    "answers of the law assistant": "SELECT a.question, a.answer, a.kind, a.sources, a.citations, a.notes, a.model,"
    " a.cost_micro, r.rating FROM law_answer a LEFT JOIN law_rating r ON r.answer_id = a.id",
    "calls": "SELECT endpoint, model, status, code, prompt_tokens, completion_tokens, prompt_sha256,"
    " answer_sha256, cost_micro FROM gateway_call WHERE status <> 'interrupted'",
    "lineage": "SELECT action, count(*) FROM lineage_record GROUP BY action",
}
_COUNTED = ("organisation", "person", "data_source", "voucher_scheme", "wallet", "served_model", "monitor_rule")
_COUNTED += ("hub_repository", "hub_ref", "training_run", "evaluation_run", "workflow_instance", "workflow_move")
_VOLATILE = {
    "seconds",
    "wall_seconds",
    "cpu_seconds",
    "duration_s",
    "took_s",
    "node_id",
    "run_id",
    "run",
    "report",
    "evidence",
}


def plain(value: Any) -> Any:
    """A value from the database without ids, revisions' names and measured times."""
    if isinstance(value, str):
        if value[:1] in "{[":
            try:
                return json.dumps(plain(json.loads(value)), ensure_ascii=False, sort_keys=True)
            except ValueError:
                pass
        return _COMMIT.sub("@", _ID.sub(r"\1", value))
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items() if key not in _VOLATILE}
    if isinstance(value, list):
        return [plain(part) for part in value]
    return value


def read_outcome(data: Path) -> dict[str, Counter[tuple[Any, ...]]]:
    """Each compared thing as a multiset of rows: a missing, an additional and a different row all show."""
    database = sqlite3.connect(f"file:{data / 'ceyuan.sqlite'}?mode=ro", uri=True)
    try:
        rows = {name: database.execute(query).fetchall() for name, query in QUERIES.items()}
        rows |= _revisions(database)
        rows["numbers of rows"] = [(t, *database.execute(f"SELECT count(*) FROM {t}").fetchone()) for t in _COUNTED]
        rows["orphans"] = _orphans(database)
        rows["sum of the ledger"] = database.execute(
            "SELECT coalesce(sum(amount_micro), 0) FROM ledger_posting"
        ).fetchall()
        return {name: Counter(tuple(plain(value) for value in row) for row in some) for name, some in rows.items()}
    finally:
        database.close()


def finished_calls(data: Path) -> int:
    """Model calls that were answered and paid for; each is asked under a key, so that a kill asks none again."""
    database = sqlite3.connect(f"file:{data / 'ceyuan.sqlite'}?mode=ro", uri=True)
    try:
        return int(database.execute("SELECT count(*) FROM gateway_call WHERE status = 'ok'").fetchone()[0])
    finally:
        database.close()


def _revisions(database: sqlite3.Connection) -> dict[str, list[tuple[Any, ...]]]:
    """The tree of every revision by repository; datasets' shards and manifests, tokeniser, weights and GGUF, and
    the reports are all files of these trees, which name their contents' SHA-256."""
    query = (
        "SELECT r.kind, r.name, c.title, c.tree_id FROM hub_commit c JOIN hub_repository r ON r.id = c.repository_id"
        " ORDER BY r.kind, r.name, c.created_at"
    )
    found: dict[str, list[tuple[Any, ...]]] = {f"{kind} revisions": [] for kind in ("dataset", "model", "report")}
    for kind, name, title, tree in database.execute(query):
        # A rating's row holds ids and times; what it says is compared in the table of answers.
        found[f"{kind} revisions"].append((name, title, tree if name != "feedback" else ""))
    return found


def _orphans(database: sqlite3.Connection) -> list[tuple[Any, ...]]:
    """Work that no one will finish: open jobs, holds and steps, undelivered events, refs without a commit."""
    checks = {
        # The platform's own may be under way whenever it is stopped; they go on at its next start.
        "jobs": "SELECT count(*) FROM job WHERE state IN ('queued', 'running')"
        " AND (parent_id IS NOT NULL OR kind = 'loop.run')",
        "holds": "SELECT count(*) FROM hold WHERE state = 'open'",
        "steps": "SELECT count(*) FROM job_step s JOIN job j ON j.id = s.job_id"
        " WHERE s.state = 'running' AND j.state = 'succeeded'",
        "children": "SELECT count(*) FROM job WHERE parent_id IS NOT NULL AND parent_id NOT IN (SELECT id FROM job)",
        "refs": "SELECT count(*) FROM hub_ref r LEFT JOIN hub_commit c"
        " ON c.id = r.commit_id AND c.repository_id = r.repository_id WHERE c.id IS NULL",
    }
    return [(name, database.execute(query).fetchone()[0]) for name, query in checks.items()]


def differences(calm: dict[str, Counter[Any]], stormy: dict[str, Counter[Any]]) -> dict[str, list[str]]:
    """For each thing that differs, what is missing (-) and what is there besides (+)."""
    found: dict[str, list[str]] = {}
    for name, expected in calm.items():
        lines = [f"- {row} ×{count}" for row, count in (expected - stormy[name]).items()]
        lines += [f"+ {row} ×{count}" for row, count in (stormy[name] - expected).items()]
        if lines:
            found[name] = sorted(line[:1500] for line in lines)
    return found


def digest(outcome: dict[str, Counter[Any]]) -> str:
    """One hash of the whole outcome."""
    text = json.dumps({k: sorted(map(str, v.items())) for k, v in outcome.items()}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
