"""Classical poetry and prose from the npm package ``chinese-poetry``, read from its archive."""

import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

import orjson

from ceyuan.data.readers import Document

__all__ = ["classical_poetry"]

# Lists of authors, search rankings, tone patterns and withdrawn texts: about the poems, not poems.
_LEFT_OUT = frozenset({"rank", "strains", "error"})
_TEXTS = PurePosixPath("package/dist")
_TITLES = ("title", "rhythmic", "chapter", "subchapter", "name")
_BODIES = ("paragraphs", "para", "content")


def classical_poetry(file: Path) -> Iterator[Document]:
    """One document per poem or chapter: title, author and lines, in the script of the package.

    The notes hold ``collection`` (the folder, such as ``quantangshi``) and ``author`` where there is one.
    """
    with tarfile.open(file, "r:gz") as archive:
        for member in archive:
            path = PurePosixPath(member.name)
            if path.suffix != ".json" or not path.is_relative_to(_TEXTS) or _LEFT_OUT & set(path.parts):
                continue
            packed = archive.extractfile(member)
            if packed is not None:
                yield from _texts(packed.read(), path.relative_to(_TEXTS))


def _texts(data: bytes, path: PurePosixPath) -> Iterator[Document]:
    collection, number = path.parts[0], 0
    for record in _records(orjson.loads(data), {}):
        lines = next((_flat(record[key]) for key in _BODIES if key in record), [])
        if not lines:
            continue
        number += 1
        title = next((str(record[key]) for key in _TITLES if record.get(key)), "")
        author = str(record.get("author") or "")
        heading = [part for part in (title, author) if part]
        notes = {"collection": collection} | ({"author": author} if author else {})
        name = f"poetry/{path.with_suffix('').as_posix()}#{number}"
        yield Document(name, "\n".join([*heading, *lines]), title=title, domain="classical", meta=notes)


def _records(value: object, above: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    """Records that hold lines; a collection's inner ones inherit its author and title."""
    if isinstance(value, list):
        for item in value:
            yield from _records(item, above)
    elif isinstance(value, dict):
        inherited = {key: value[key] for key in ("author", "title") if isinstance(value.get(key), str)}
        body = next((value[key] for key in _BODIES if key in value), None)
        if isinstance(body, list) and any(isinstance(item, dict) for item in body):
            yield from _records(body, {**above, **inherited})
        elif body is not None:
            named = any(value.get(key) for key in _TITLES)
            yield {**{key: above[key] for key in above if key != "title" or not named}, **value}


def _flat(value: object) -> list[str]:
    if isinstance(value, str):
        return [value.strip()] if value.strip() else []
    if isinstance(value, list):
        return [line for item in value for line in _flat(item)]
    return []
