"""What the control plane takes: installed megabytes, resident memory at rest, seconds to the first page.

The dependencies of pyproject.toml, pinned as in requirements.lock, go into a fresh virtual environment with the
package beside them; pip and setuptools are not counted. Memory is that of `ceyuan up` with its children, ten seconds
after it answered; the limit beside it is a bare Python interpreter's, and beside the seconds a bare uvicorn's with
one Starlette route in the same environment.

    python -m benchmarks.platform.footprint [--quick] [--json FILE] [--data DIR]

`--data DIR` is where the environment is made (default: a temporary folder; one that is there is used again).
`--quick` leaves out the extra `standard`. Published by others, not measured here: dstack 268 MB installed and
250 MB resident, MLflow 850 MB and 1.8 GB.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path
from typing import Any

from benchmarks.platform.processes import free_port, resident_mb, running, wait_for

ROOT = Path(__file__).resolve().parents[2]
REST_S = 10.0
TOOLS = re.compile(r"^(pip|setuptools|wheel|_distutils_hack|distutils-precedence)\b")
BARE = """
import sys, uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
async def page(request): return JSONResponse({"status": "ok"})
uvicorn.run(Starlette(routes=[Route("/", page)]), port=int(sys.argv[1]), log_level="error")
"""


def dependencies(extra: str | None = None) -> list[str]:
    """The requirements of the package alone, or of one extra."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named: list[str] = project["optional-dependencies"][extra] if extra else project["dependencies"]
    return named


def pins() -> str:
    """The versions of requirements.lock as constraints."""
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    return "\n".join(match[0] for line in lines if (match := re.match(r"[A-Za-z0-9._-]+==[^\s;\\]+", line))) + "\n"


def make_environment(folder: Path) -> Path:
    """A virtual environment with the control plane; returns its interpreter."""
    python = folder / "venv/bin/python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    install(folder, dependencies())
    target = packages(python) / "ceyuan"
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(ROOT / "src/ceyuan", target, ignore=shutil.ignore_patterns("__pycache__", "console.old"))
    # Compiled as pip compiles what it installs.
    subprocess.run([str(python), "-m", "compileall", "-q", str(target)], check=True)
    return python


def install(folder: Path, names: list[str]) -> None:
    """Install requirements with the pinned versions."""
    (folder / "pins.txt").write_text(pins())
    command = [str(folder / "venv/bin/python"), "-m", "pip", "install", "-qq", "--no-input"]
    subprocess.run([*command, "-c", str(folder / "pins.txt"), *names], check=True, stderr=subprocess.DEVNULL)


def packages(python: Path) -> Path:
    """The environment's site-packages."""
    return next((python.parent.parent / "lib").glob("python3*/site-packages"))


def installed_mb(python: Path) -> float:
    """Bytes on disk (apparent sizes) of everything installed but pip and setuptools, in MB (10^6 bytes)."""
    total = 0
    for entry in packages(python).iterdir():
        if TOOLS.match(entry.name):
            continue
        files = [entry] if entry.is_file() else [path for path in entry.rglob("*") if path.is_file()]
        total += sum(path.lstat().st_size for path in files)
    return total / 1e6


def measure_start(python: Path, folder: Path) -> tuple[float, float]:
    """Seconds from process start to the first answer (database made before, as on any later start), and resident
    MB at rest."""
    seconds, memory = 0.0, 0.0
    for start in ("first", "second"):
        port, log = free_port(), folder / f"{start}.log"
        command = [str(python), "-c", "from ceyuan.cli.main import run; run()", "up"]
        command += ["--data", str(folder / "data"), "--port", str(port)]
        # Nothing of this checkout may be found by accident.
        with running(command, log, PYTHONPATH="") as process:
            seconds = wait_for(f"http://127.0.0.1:{port}/console/", process, log)
            print(f"{start} start: {seconds:.1f} s to the first page", flush=True)
            if start == "second":
                time.sleep(REST_S)
                memory = resident_mb(process)
    return seconds, memory


def measure_bare(python: Path, folder: Path) -> tuple[float, float]:
    """The same of a bare uvicorn with one route."""
    port, log = free_port(), folder / "bare.log"
    with running([str(python), "-c", BARE, str(port)], log, PYTHONPATH="") as process:
        return wait_for(f"http://127.0.0.1:{port}/", process, log), resident_mb(process)


def row(bar: str, ours: float, limit: float | None, target: float, unit: str) -> dict[str, Any]:
    """One row of the table."""
    return {
        "bar": bar,
        "ours": round(ours, 1),
        "peer": None,
        "limit": None if limit is None else round(limit, 1),
        "target": target,
        "unit": unit,
        "better": "lower",
    }


def run(folder: Path, *, quick: bool) -> list[dict[str, Any]]:
    """Install, start, measure."""
    python = make_environment(folder)
    rows = [row("control plane installed, no extras", installed_mb(python), None, 250, "MB")]
    least_s, least_mb = measure_bare(python, folder)
    seconds, memory = measure_start(python, folder)
    rows.append(row("resident memory of ceyuan up at rest", memory, least_mb, 200, "MB"))
    rows.append(row("seconds from process start to the first page", seconds, least_s, 5, "s"))
    if not quick:
        install(folder, dependencies("standard"))
        rows.append(row("installed with the extra standard", installed_mb(python), None, 900, "MB"))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of the environment (default: a temporary one)")
    parser.add_argument("--quick", action="store_true", help="without the extra standard")
    parser.add_argument("--seed", type=int, default=42, help="unused: nothing here is drawn")
    parser.add_argument("--json", type=Path, help="write the rows here")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = arguments.data.absolute() if arguments.data else Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        rows = run(folder, quick=arguments.quick)
    load = os.getloadavg()[0]
    for one in rows:
        limit = "" if one["limit"] is None else f" · limit {one['limit']}"
        print(f"{one['bar']}: {one['ours']} {one['unit']} (target {one['target']}){limit}")
    print(f"load of the machine: {load:.1f} on {os.cpu_count()} cores")
    print("published, not measured here: dstack 268 MB installed, 250 MB resident; MLflow 850 MB, 1.8 GB")
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, ensure_ascii=False, indent=2) + "\n")


if __name__ == "__main__":
    main()
