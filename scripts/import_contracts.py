"""Check the floors and the pure engines: import-linter contracts made from `[tool.ceyuan]` of pyproject.toml."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FLOORS = (
    "cli",
    "server",
    "demo",
    "scenarios",
    "programmes",
    "evaluation | governance",
    "data | models",
    "compute",
    "hub",
    "metering",
    "identity",
    "kernel",
)


def contracts(engines: list[str]) -> str:
    """The import-linter configuration."""
    layers = "\n".join(f"    {floor}" for floor in FLOORS)
    # Engines stand on the ground: whoever imports one does not climb.
    ignored = "\n".join(f"    ceyuan.** -> {name}\n    ceyuan.** -> {name}.**" for name in engines)
    rooms = sorted({part.strip() for floor in FLOORS for part in floor.split("|")})
    text = f"""[importlinter]
root_package = ceyuan
include_external_packages = True

[importlinter:contract:floors]
name = Nothing imports upward, and rooms on one floor do not import each other
type = layers
containers = ceyuan
layers =
{layers}
ignore_imports =
{ignored}
unmatched_ignore_imports_alerting = none

[importlinter:contract:sdk]
name = The SDK knows the wire, not the platform
type = forbidden
source_modules = ceyuan.sdk
forbidden_modules =
{chr(10).join(f"    ceyuan.{room}" for room in rooms if room != "kernel")}
"""
    if engines:
        listed = "\n".join(f"    {name}" for name in engines)
        forbidden = "\n".join(f"    {name}" for name in ("ceyuan.kernel", "fastapi", "sqlalchemy", "starlette", "dbos"))
        text += f"""
[importlinter:contract:engines]
name = Engines import neither kernel nor database nor HTTP
type = forbidden
source_modules =
{listed}
forbidden_modules =
{forbidden}
"""
    return text


def main() -> int:
    engines = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ceyuan"]["engines"]
    with tempfile.NamedTemporaryFile("w", suffix=".ini") as file:
        file.write(contracts(engines))
        file.flush()
        lint = Path(sys.executable).with_name("lint-imports")
        return subprocess.run([lint, "--config", file.name, "--no-cache"], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
