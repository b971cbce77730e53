"""A file's verdict: by its name the scanner is chosen, by the findings the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Literal

from ceyuan.hub.scanning.credentials import scan_text
from ceyuan.hub.scanning.findings import Finding
from ceyuan.hub.scanning.persons import scan_persons
from ceyuan.hub.scanning.pickles import scan_pickle
from ceyuan.hub.scanning.templates import scan_gguf

VERSION = 3
"""Counts up when a scanner learns something: older verdicts are then made anew."""
Form = Literal["pickle", "gguf", "tensors", "text", "other"]
Outcome = Literal["safe", "caution", "unsafe", "unknown"]
_PICKLED = frozenset({".pkl", ".pickle", ".pt", ".pth", ".ckpt", ".bin", ".joblib", ".npy", ".npz", ".dat", ".pth2"})
_TEXT = frozenset(
    f".{suffix}"
    for group in (
        ("bib", "c", "cfg", "conf", "cpp", "css", "csv", "env", "go", "h", "htm", "html", "ini", "ipynb", "java"),
        ("jinja", "js", "json", "jsonl", "log", "lua", "md", "ndjson", "properties", "ps1", "py", "r", "rs", "rst"),
        ("sh", "sql", "tex", "toml", "ts", "tsv", "txt", "xml", "yaml", "yml"),
    )
    for suffix in group
)
_MOST_TEXT = 8 * 1024 * 1024
_MOST_HEADER = 100_000_000
"""What the loader of safetensors takes for a header at most (https://github.com/huggingface/safetensors)."""
HEAD = 9
"""Bytes from the beginning by which tensors are told from what only bears their name."""


@dataclass(frozen=True, slots=True)
class Scan:
    """What a scan says: safe, caution, unsafe, or unknown where no scanner knows the form."""

    form: Form
    verdict: Outcome
    findings: Sequence[Finding]


def form_of(path: str) -> Form:
    """How a file of this name is read."""
    name = PurePosixPath(path.lower())
    if name.suffix == ".safetensors":
        return "tensors"
    if name.suffix == ".gguf":
        return "gguf"
    if name.suffix in _PICKLED:
        return "pickle"
    return "text" if name.suffix in _TEXT or name.name.startswith(".env") or "." not in name.name else "other"


def scan(file: Path, form: Form) -> Scan:
    """Scan a file as one of this form."""
    if form == "other":
        return Scan(form, "unknown", [])
    with file.open("rb") as opened:
        if form == "pickle":
            head = opened.read(8)
            opened.seek(0)
            # Arrays and other containers bear names that pickles bear too; they hold no program.
            found = [] if head.startswith((b"\x93NUMPY", b"GGUF")) else scan_pickle(opened)
        elif form == "tensors":
            found = _scan_tensors(opened, file.stat().st_size)
        elif form == "gguf":
            found = scan_gguf(opened)
        else:
            text = opened.read(_MOST_TEXT).decode("utf-8", "replace")
            found = [*scan_text(text), *scan_persons(text)]
    weights = {finding.weight for finding in found}
    verdict: Outcome = "unsafe" if "unsafe" in weights else "caution" if "caution" in weights else "safe"
    return Scan(form, verdict, found)


def holds_tensors(head: bytes, size: int) -> bool:
    """Whether a file of `size` bytes that begins with `head` (`HEAD` bytes) is laid out as safetensors, which hold no
    code, and not at the same time as an archive, which loaders open whatever it is called."""
    length = int.from_bytes(head[:8], "little")
    return head[8:] == b"{" and 2 <= length <= min(_MOST_HEADER, size - 8) and not head.startswith(b"PK")


def _scan_tensors(file: BinaryIO, size: int) -> list[Finding]:
    head = file.read(HEAD)
    if holds_tensors(head, size):
        return []
    file.seek(0)
    found = scan_pickle(file) if head.startswith((b"\x80", b"PK")) else []
    zh, en = "名为 safetensors,内容却不是", "it bears the name of safetensors and is something else"
    return [*found, Finding("caution", "not_safetensors", "", zh, en)]
