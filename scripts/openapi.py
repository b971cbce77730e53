"""Write the OpenAPI snapshot, and the console's client types from it when the console's packages are installed."""

from __future__ import annotations

import json
import subprocess
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
        subprocess.run(["npm", "run", "api"], cwd=console, check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
