"""Set up a checkout: virtual environment, locked dependencies, the package with its console, torch."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TORCH = "2.13.0"


def run(*command: str | Path) -> None:
    subprocess.run([str(c) for c in command], check=True, cwd=ROOT)


def torch_step(python: Path) -> None:
    """Install torch unless a recent one is there; pip's own configuration says from where."""
    probe = "import torch; print(torch.__version__)"
    found = subprocess.run([python, "-c", probe], capture_output=True, text=True, check=False)
    version = tuple(int(n) for n in re.findall(r"\d+", found.stdout)[:2])
    if found.returncode == 0 and version >= (2, 13):
        print(f"torch {found.stdout.strip()} is there")
        return
    print(f"torch {TORCH} is needed for training; looking up its size …", flush=True)
    report = subprocess.run(
        [python, "-m", "pip", "install", "--dry-run", "--quiet", "--report", "-", f"torch=={TORCH}"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    print(describe_download(report.stdout), flush=True)
    run(python, "-m", "pip", "install", "--quiet", f"torch=={TORCH}")


def describe_download(report: str) -> str:
    """What pip is about to fetch, from its installation report."""
    import json
    from urllib.parse import unquote, urlsplit
    from urllib.request import Request, urlopen

    try:
        items = json.loads(report)["install"]
    except (ValueError, KeyError):
        return "pip did not say what it will fetch; it may be several GB where only a CUDA build is offered"
    total, unknown = 0, 0
    for item in items:
        url = item["download_info"]["url"]
        parts = urlsplit(url)
        try:
            if parts.scheme == "file":
                total += os.path.getsize(unquote(parts.path))
            else:
                with urlopen(Request(url, method="HEAD"), timeout=20) as answer:
                    total += int(answer.headers["Content-Length"])
        except (OSError, TypeError, ValueError):
            unknown += 1
    names = ", ".join(f"{i['metadata']['name']} {i['metadata']['version']}" for i in items[:6])
    more = f" and {len(items) - 6} more" if len(items) > 6 else ""
    size = f"about {total / 1e6:.0f} MB" + (f" and {unknown} files of unknown size" if unknown else "")
    return f"fetching {size}: {names}{more}"


def main() -> int:
    folder = Path(sys.argv[1])
    python = folder / "bin" / "python"
    if sys.version_info < (3, 11):  # noqa: UP036 - an older interpreter may well run this script
        print("Ceyuan needs Python 3.11 or newer; set PYTHON=/path/to/python3.11", file=sys.stderr)
        return 1
    if importlib.util.find_spec("ensurepip") is None:
        print("this Python has no ensurepip; on Debian: apt-get install python3-venv", file=sys.stderr)
        return 1
    if not python.exists():
        venv.create(folder, with_pip=True)
    pip = (python, "-m", "pip", "--disable-pip-version-check")
    run(*pip, "install", "--quiet", "--require-hashes", "-r", ROOT / "requirements.lock")
    run(*pip, "install", "--quiet", "--no-deps", "--no-build-isolation", "-e", ROOT)
    torch_step(python)
    for old in folder.glob(".setup-*"):
        old.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
