"""The control plane starts without the engines' libraries, which are an extra, and without what it needs only once
somebody asks for it: memory at rest is bounded."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CODE = """
import sys
from pathlib import Path
HEAVY = {
    *("numpy", "scipy", "polars", "pyarrow", "duckdb", "numba", "pandas", "torch", "PIL", "cv2", "tokenizers", "ray"),
    *("aiohttp", "httpx2", "httpx", "requests", "authlib", "lightkube", "jsonschema", "highspy", "xllamacpp"),
    *("psycopg", "psycopg_binary", "boto3", "openai", "transformers", "huggingface_hub"),
}


class Absent:
    def find_spec(self, name, path=None, target=None):
        if name in HEAVY:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


sys.meta_path.insert(0, Absent())
from ceyuan.server.app import create_app
from ceyuan.server.assembly import build_platform
from ceyuan.server.settings import ServerSettings

create_app(build_platform(ServerSettings(data_dir=Path(sys.argv[1]))))
"""


def test_the_control_plane_is_put_together_without_the_engines_and_what_is_used_later(tmp_path: Path) -> None:
    command = [sys.executable, "-c", CODE, str(tmp_path / "data")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
