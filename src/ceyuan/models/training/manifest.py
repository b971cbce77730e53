"""What a trained model consists of, by content.

Nothing in the model folder depends on the clock, on the run or on interruptions: two runs of one
recipe on one corpus and one machine type give the same content hash. How long a run took stands
in its result, outside the folder.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from .durable import canonical_json, sha256_of, write_json

__all__ = ["MANIFEST", "write_manifest"]

MANIFEST = "manifest.json"
FORMAT = "ceyuan.model/1"


def write_manifest(folder: Path, facts: dict[str, Any]) -> str:
    """List every file of `folder` with size and SHA-256 beside `facts`; returns the content hash.

    The content hash is the SHA-256 of the canonical JSON of all that the manifest says but itself.
    """
    files = {
        path.relative_to(folder).as_posix(): {
            "sha256": sha256_of(path),
            "size": path.stat().st_size,
        }
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != MANIFEST and not path.name.startswith(".")
    }
    content = {"format": FORMAT, "files": files, **facts}
    content_hash = hashlib.sha256(canonical_json(content)).hexdigest()
    write_json(folder / MANIFEST, {**content, "content_hash": content_hash})
    return content_hash
