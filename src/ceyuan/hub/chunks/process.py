"""Cutting and packing as a process of their own: the arguments and results are paths, hashes and numbers.

Lists of chunks pass through files beside them: `NAME.chunks` (hash, size), `NAME.known` (hash, xorb, number) and
`N.index` (hash, size, end) of the xorb `N.xorb`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ceyuan.hub.chunks.packing import Place, chunk_list, pack_file

SIZED = struct.Struct("<32sI")
KNOWN = struct.Struct("<32s32sI")
INDEX = struct.Struct("<32sII")
Report = Callable[[dict[str, Any]], None]


def cut_files(arguments: dict[str, Any], report: Report) -> None:
    """Write the chunks of each of `files` (name to path) to `folder`."""
    files: dict[str, str] = arguments["files"]
    for number, (name, path) in enumerate(files.items()):
        chunks = chunk_list(Path(path))
        (Path(arguments["folder"]) / f"{name}.chunks").write_bytes(b"".join(SIZED.pack(*chunk) for chunk in chunks))
        report({"progress": (number + 1) / len(files)})


def pack_files(arguments: dict[str, Any], report: Report) -> dict[str, Any]:
    """Pack each of `files`; what is known of a file's chunks lies in `folder`, where the xorbs go too."""
    files: dict[str, str] = arguments["files"]
    base = Path(arguments["folder"])
    found = {}
    for number, (name, path) in enumerate(files.items()):
        folder = base / name
        folder.mkdir(exist_ok=True)
        rows = KNOWN.iter_unpack((base / f"{name}.known").read_bytes())
        known: dict[bytes, Place] = {digest: (xorb, at) for digest, xorb, at in rows}
        packed = pack_file(Path(path), folder, known)
        for xorb, place in packed.made:
            index = b"".join(INDEX.pack(chunk.hash, chunk.size, chunk.end) for chunk in xorb.chunks)
            place.with_suffix(".index").write_bytes(index)
        found[name] = {
            "hash": packed.hash.hex(),
            "runs": [[xorb.hex(), first, last, size] for xorb, first, last, size in packed.runs],
            "made": [[xorb.hash.hex(), str(place)] for xorb, place in packed.made],
        }
        report({"progress": (number + 1) / len(files)})
    return found
