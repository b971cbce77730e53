"""Run the quick benchmarks of all pillars and render docs/benchmarks.md."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_S = 600
HEAD = """# Benchmarks

Each figure is ours beside the peer's or the limit's, measured in one run of one script;
`python -m benchmarks.<pillar>.<name> --help` says what it measures and takes another data folder of the same
layout. This page shows the quick runs of one machine; ratios travel, absolute figures do not.
"""


def modules() -> list[str]:
    """Every benchmark of every pillar."""
    found = []
    for path in sorted((ROOT / "benchmarks").glob("*/*.py")):
        if not path.name.startswith("_") and "def main" in path.read_text():
            found.append(f"benchmarks.{path.parent.name}.{path.stem}")
    return found


def run(module: str) -> list[dict[str, Any]] | str:
    """The rows of one benchmark, or its last words."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "rows.json"
        command = [sys.executable, "-m", module, "--quick", "--json", str(out)]
        try:
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            return f"no end within {PATIENCE_S} s"
        if done.returncode != 0 or not out.exists():
            lines = (done.stderr or done.stdout).strip().splitlines()
            return lines[-1] if lines else f"exit status {done.returncode}"
        content = json.loads(out.read_text())
        return content["rows"] if isinstance(content, dict) else content


def cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.4g}"
    return "–" if value is None else f"{value:,}" if isinstance(value, int) else str(value)


def render(results: dict[str, list[dict[str, Any]] | str]) -> str:
    parts = [HEAD]
    for module, rows in results.items():
        parts.append(f"\n## {module.removeprefix('benchmarks.')}\n")
        if isinstance(rows, str):
            parts.append(f"Not run: {rows}\n")
            continue
        parts.append("| what | ours | peer | limit | target | unit | better |\n|---|---|---|---|---|---|---|")
        for row in rows:
            cells = [cell(row.get(k)) for k in ("bar", "ours", "peer", "limit", "target", "unit", "better")]
            parts.append("| " + " | ".join(cells) + " |")
        parts.append("")
    return "\n".join(parts)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="*", help="modules such as metering.posting; all if none is named")
    only = {f"benchmarks.{name}" for name in parser.parse_args().only}
    results = {}
    for module in modules():
        if not only or module in only:
            print(f"{module} …", flush=True)
            results[module] = run(module)
            print(json.dumps(results[module], ensure_ascii=False, indent=1))
    if not only:
        (ROOT / "docs" / "benchmarks.md").write_text(render(results), encoding="utf-8")
    return 1 if any(isinstance(rows, str) for rows in results.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
