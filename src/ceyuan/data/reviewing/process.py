"""The engine as processes: preparing a review, writing its report, and replaying one."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from ceyuan.data.files import canonical_json, read_json, write_atomically, write_json
from ceyuan.data.reporting import Report, told
from ceyuan.data.reviewing.drawing import Drawn, draw
from ceyuan.data.reviewing.inspecting import inspect_all
from ceyuan.data.reviewing.judging import Judgement, outcome
from ceyuan.governance.detectors import Chain

__all__ = ["CHUNK", "prepare_main", "replay_main", "report_main", "sample_hash", "sample_main"]

CHUNK = 50
"""Documents in one file of a queue."""
STANDARD = (4000, 0.96, 0.98)
"""What GB/T 45654-2025 asks for: documents judged by hand (all where there are fewer), and the share of them and of
what machines inspected that must pass."""


def prepare_main(args: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """Draw the sample of the dataset in ``folder`` (``wanted`` documents, ``seed``), inspect all of it, and write the
    queue to ``out``. Returns ``items`` (id, source and domain by number), ``sample`` (hash of the ids in order) and
    ``machine`` (what the detectors found, without the findings themselves, which are in ``out``)."""
    folder, out = Path(args["folder"]), Path(args["out"])
    report(told(0.0, "抽样", "drawing the sample"))
    drawn = draw(folder, int(args["wanted"]), str(args["seed"]))
    for start in range(0, len(drawn), CHUNK):
        rows = [one.as_dict() for one in drawn[start : start + CHUNK]]
        write_json(out / "queue" / f"{start // CHUNK:05d}.json", {"items": rows})

    def heard(done: int, total: int) -> None:
        report(told(0.1 + 0.85 * done / total, f"已机检 {done}/{total} 篇", f"inspected {done} of {total} documents"))

    machine = inspect_all(sorted((folder / "data").glob("*.parquet")), Chain(), heard)
    findings = machine.pop("findings")
    lines = [orjson.dumps(one, option=orjson.OPT_SORT_KEYS) + b"\n" for one in findings]
    write_atomically(out / "findings.jsonl", lambda file: file.writelines(lines))
    write_json(out / "machine.json", machine)
    write_json(out / "plan.json", _plan(args, drawn))
    return {
        "items": [[one.id, one.source, one.domain] for one in drawn],
        "sample": sample_hash([one.id for one in drawn]),
        "machine": machine,
    }


def sample_main(args: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """Inspect the first documents of raw shards in ``folder`` (a collection), before a source is collected as a whole.

    Returns what ``inspect_all`` does, without findings."""
    del report  # a sample is small
    machine = inspect_all(sorted(Path(args["folder"]).rglob("raw-*.parquet")), Chain())
    machine.pop("findings")
    return machine


def report_main(args: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """Write the signed part of a review into ``out``: ``votes.jsonl`` and ``result.json``; returns the result.

    ``plan``, ``machine``, ``items`` and ``votes`` (number, reviewer, verdict, clause, note; in the order that they were
    given) are what was kept."""
    del report  # it takes a moment
    out = Path(args["out"])
    # In the order that they were given: agreement is that of the first two, and a third decides only after them.
    votes = sorted(args["votes"], key=lambda one: one["number"])
    lines = [orjson.dumps(one, option=orjson.OPT_SORT_KEYS) + b"\n" for one in votes]
    write_atomically(out / "votes.jsonl", lambda file: file.writelines(lines))
    result = _result(args["items"], votes, args["machine"], float(args["needed"]), float(args["machine_needed"]))
    write_json(out / "result.json", result)
    text = _card(str(args["title"]), result).encode()
    write_atomically(out / "README.md", lambda file: _put(file, text))
    return result


def replay_main(args: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """Do a review's arithmetic again: draw from the dataset in ``folder`` by the plan in ``report``, judge by its
    votes, compare. Returns ``sample_same`` and ``result_same``."""
    del report  # it takes a moment
    kept = Path(args["report"])
    plan: dict[str, Any] = read_json(kept / "plan.json")
    drawn = draw(Path(args["folder"]), int(plan["wanted"]), str(plan["seed"]))
    votes = [orjson.loads(line) for line in (kept / "votes.jsonl").read_bytes().splitlines()]
    items = [[one.id, one.source, one.domain] for one in drawn]
    before: dict[str, Any] = read_json(kept / "result.json")
    result = _result(
        items, votes, read_json(kept / "machine.json"), before["manual"]["needed"], before["machine_needed"]
    )
    return {
        "sample_same": sample_hash([one.id for one in drawn]) == plan["sample"],
        "result_same": canonical_json(result) == canonical_json(before),
    }


def sample_hash(ids: Sequence[str]) -> str:
    """Hash of a sample's ids in the order of the queue."""
    return hashlib.sha256(canonical_json(list(ids))).hexdigest()


def _plan(args: Mapping[str, Any], drawn: Sequence[Drawn]) -> dict[str, Any]:
    return {
        "dataset": args["dataset"],
        "seed": args["seed"],
        "wanted": args["wanted"],
        "documents": len(drawn),
        "sample": sample_hash([one.id for one in drawn]),
    }


def _result(
    items: Sequence[Sequence[str]],
    votes: Sequence[Mapping[str, Any]],
    machine: Mapping[str, Any],
    needed: float,
    machine_needed: float,
) -> dict[str, Any]:
    strata = {number: (source, domain) for number, (_, source, domain) in enumerate(items)}
    given = [Judgement(one["number"], one["reviewer"], one["verdict"], one["clause"]) for one in votes]
    manual = outcome(strata, given, needed)
    rate = machine["rate"]
    refused = sorted(name for name, one in machine["sources"].items() if one["refused"])
    machine_met = bool(rate) and rate["value"] >= machine_needed
    judged = min(STANDARD[0], int(machine["documents"]))
    return {
        "manual": manual,
        "machine": dict(machine),
        "machine_needed": machine_needed,
        "machine_met": machine_met,
        "refused_sources": refused,
        "passed": manual["met"] and machine_met and not refused,
        "standard": len(items) >= judged and needed >= STANDARD[1] and machine_needed >= STANDARD[2],
    }


_BELOW = (
    "样本数量或合格线低于 GB/T 45654-2025 的要求，不能作为安全评估的依据。"
    "Fewer documents or lower rates than GB/T 45654-2025 asks for: no ground for an assessment."
)


def _card(title: str, result: Mapping[str, Any]) -> str:
    manual, machine = result["manual"], result["machine"]
    verdict = ("通过", "passed") if result["passed"] else ("未通过", "not passed")
    rate, whole = manual["rate"] or {"value": 0.0, "low": 0.0, "high": 1.0}, machine["rate"] or {"value": 0.0}
    lines = [
        "---",
        "language: [zh, en]",
        "tags: [review-report]",
        "---",
        f"# {title}",
        "",
        f"结论：{verdict[0]}。Result: {verdict[1]}.",
        "",
        "| 项目 Part | 结果 Result | 要求 Needed |",
        "|---|---|---|",
        f"| 人工抽检 Manual ({manual['documents']}) | {rate['value']:.2%} [{rate['low']:.2%}, {rate['high']:.2%}] "
        f"| ≥ {manual['needed']:.0%} |",
        f"| 全量机检 Machine ({machine['documents']}) | {whole['value']:.2%} | ≥ {result['machine_needed']:.0%} |",
        f"| 来源超过 5% Sources above 5 % | {'、'.join(result['refused_sources']) or '0'} | 0 |",
        "",
        *([] if result["standard"] else [_BELOW, ""]),
        f"审核人 reviewers {manual['reviewers']}，一致率 agreement {manual['agreement'] or 0:.2%}，"
        f"检测链 chain {machine['version']}。",
        "",
        "plan.json：抽样种子与样本哈希 seed and hash of the sample；queue/：样本 the sample；votes.jsonl：逐条判定 "
        "judgements；findings.jsonl：机检发现 what machines found；result.json：结论 the result。",
    ]
    return "\n".join(lines) + "\n"


def _put(file: Any, data: bytes) -> None:
    file.write(data)
