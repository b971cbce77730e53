"""Run benchmarks, keep their rows under docs/benchmarks/, and render docs/benchmarks.md from all that are kept.

python -m scripts.bench                        the quick form of every benchmark
python -m scripts.bench metering.posting ...   some of them; the others' rows stay as they were
python -m scripts.bench --full gateway.storm   the long form
python -m scripts.bench --keep gateway.storm=FILE   rows that a benchmark wrote before with --json FILE
python -m scripts.bench --render               only the page
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / "docs" / "benchmarks"
PAGE = ROOT / "docs" / "benchmarks.md"
PATIENCE_S = {True: 600, False: 7200}
COLUMNS = ("bar", "ours", "peer", "limit", "target", "unit", "better")
HEAD = """# Benchmarks

Each figure is ours beside the peer's or the limit's, measured in one run of one script;
`python -m benchmarks.<pillar>.<name> --help` says what it measures and takes another data folder of the same
layout. `make bench` runs the quick forms and writes this page. Ratios travel, absolute figures do not: each table
names its machine. A tick or a cross stands where a target was set.
"""
Kept = dict[str, Any]


def names() -> list[str]:
    """Every benchmark, as `<pillar>.<name>`: the scripts that take `--quick` and `--json`."""
    scripts = sorted((ROOT / "benchmarks").glob("*/*.py"))
    return [f"{p.parent.name}.{p.stem}" for p in scripts if all(o in p.read_text() for o in ('"--quick"', '"--json"'))]


def run(name: str, *, quick: bool) -> Kept:
    """Run a benchmark: what is kept of it, with its last words as `failed` where it broke."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "rows.json"
        command = [sys.executable, "-m", f"benchmarks.{name}", *(["--quick"] if quick else []), "--json", str(out)]
        try:
            done = subprocess.run(
                command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=PATIENCE_S[quick]
            )
        except subprocess.TimeoutExpired:
            return about(quick) | {"failed": f"no end within {PATIENCE_S[quick]} s"}
        if done.returncode == 0 and out.exists():
            return about(quick) | {"rows": rows_of(out)}
    lines = (done.stderr or done.stdout).strip().splitlines()
    return about(quick) | {"failed": lines[-1] if lines else f"exit status {done.returncode}"}


def rows_of(file: Path) -> list[dict[str, Any]]:
    """The rows that a benchmark wrote."""
    content = json.loads(file.read_text(encoding="utf-8"))
    rows: list[dict[str, Any]] = content["rows"] if isinstance(content, dict) else content
    return rows


def about(quick: bool) -> Kept:
    """When and on what something is measured."""
    model = next((line for line in _cpu_lines() if line.startswith("model name")), platform.machine())
    machine = f"{os.cpu_count()} × {model.partition(': ')[2] or model}, Python {platform.python_version()}"
    return {"quick": quick, "at": datetime.now(UTC).isoformat(timespec="minutes"), "machine": machine}


def _cpu_lines() -> list[str]:
    info = Path("/proc/cpuinfo")
    return info.read_text().splitlines() if info.exists() else []


def keep(name: str, kept: Kept) -> None:
    """Write what is kept of a benchmark; one that broke does not wipe out what was measured before."""
    file = KEPT / f"{name}.json"
    if "failed" in kept and file.exists():
        return
    KEPT.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def cell(value: Any) -> str:
    """A figure with four digits, a text as it is."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) else str(value).replace("|", "\\|")


def met(row: dict[str, Any]) -> str:
    """Whether the target is met, where both are numbers."""
    ours, target = row.get("ours"), row.get("target")
    if not isinstance(ours, int | float) or not isinstance(target, int | float):
        return ""
    return "✓" if (ours >= target if row.get("better") == "higher" else ours <= target) else "✗"


def render(all_kept: dict[str, Kept]) -> str:
    """The page: a table for each benchmark."""
    parts = [HEAD]
    for name, kept in sorted(all_kept.items()):
        form = "quick form" if kept["quick"] else "long form"
        parts.append(f"\n## {name}\n\n{form}, {kept['at']}, {kept['machine']}\n")
        if "failed" in kept:
            parts.append(f"Not measured: {kept['failed']}\n")
            continue
        parts.append(f"| {' | '.join(('what', *COLUMNS[1:], 'met'))} |\n|{'---|' * (len(COLUMNS) + 1)}")
        for row in kept["rows"]:
            parts.append(f"| {' | '.join([*(cell(row.get(c)) for c in COLUMNS), met(row)])} |")
    return "\n".join(parts).rstrip() + "\n"


def read_kept() -> dict[str, Kept]:
    """All that is kept, by name."""
    return {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in sorted(KEPT.glob("*.json"))}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("only", nargs="*", help="benchmarks such as metering.posting; all if none is named")
    parser.add_argument("--full", action="store_true", help="the long form")
    parser.add_argument("--keep", action="append", default=[], metavar="NAME=FILE", help="rows written before")
    parser.add_argument("--render", action="store_true", help="run nothing")
    chosen = parser.parse_args()
    unknown = set(chosen.only) - set(names())
    if unknown:
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(names())}")
    for one in chosen.keep:
        name, _, file = one.partition("=")
        written = datetime.fromtimestamp(Path(file).stat().st_mtime, UTC).isoformat(timespec="minutes")
        keep(name, about(quick=not chosen.full) | {"at": written, "rows": rows_of(Path(file))})
    failed = False
    for name in [] if chosen.render or chosen.keep else chosen.only or names():
        print(f"{name} …", flush=True)
        kept = run(name, quick=not chosen.full)
        failed = failed or "failed" in kept
        print(render({name: kept}).partition("\n## ")[2], flush=True)
        keep(name, kept)
    PAGE.write_text(render(read_kept()), encoding="utf-8")
    print(f"wrote {PAGE.relative_to(ROOT)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
