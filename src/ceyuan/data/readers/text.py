"""Plain text and Markdown: one file is one document, a very long one several parts cut at line ends."""

from collections.abc import Iterator
from pathlib import Path

from ceyuan.data.readers.documents import Document, ReadOptions, Rejection, clean_text
from ceyuan.data.readers.lines import Line, decoded_runs

__all__ = ["read_text"]


def read_text(path: Path, name: str, encoding: str, options: ReadOptions) -> Iterator[Document | Rejection]:
    """Documents of a text file; its spoilt lines as rejections named ``name#line``."""
    part: list[str] = []
    size, parts = 0, 0
    with path.open("rb") as file:
        for run in decoded_runs(file, encoding, options.limits.line):
            if isinstance(run, Line) and run.problem:
                yield Rejection(f"{name}#{run.number}", run.problem, run.detail)
                continue
            lines = [run.text] if isinstance(run, Line) else run
            more = sum(map(len, lines)) * 3 + len(lines)
            if size + more <= options.limits.document:
                part += lines
                size += more
                continue
            for line in lines:
                if part and size + len(line) * 3 > options.limits.document:
                    parts += 1
                    yield _document(name, part, parts)
                    part, size = [], 0
                part.append(line)
                size += len(line) * 3 + 1
    if any(line.strip() for line in part):
        yield _document(name, part, parts + 1 if parts else 0)
    elif not parts:
        yield Rejection(name, "empty_text")


def _document(name: str, lines: list[str], part: int) -> Document:
    text = clean_text("\n".join(lines))
    heading = next((line.strip().lstrip("#").strip() for line in _after_notes(lines) if line.strip()), "")
    title = heading if len(heading) <= 80 else ""
    return Document(f"{name}#part{part}" if part else name, text, title=title, group=name if part else "")


def _after_notes(lines: list[str]) -> list[str]:
    """The lines behind the notes between two lines of ``---`` that a Markdown file may begin with."""
    if not lines or lines[0].strip() != "---":
        return lines
    end = next((number for number, line in enumerate(lines[1:64], 1) if line.strip() == "---"), None)
    return lines if end is None else lines[end + 1 :]
