"""Collect sources into a folder of raw shards, one source at a time, resumable after any kill."""

import hashlib
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, cast

from ceyuan.data.collection.cache import PackageCache
from ceyuan.data.collection.card import cards
from ceyuan.data.collection.corpora import CORPORA
from ceyuan.data.collection.media import MediaWriter, stored_media
from ceyuan.data.collection.progress import Reading, Tell, file_of
from ceyuan.data.collection.renewing import UNREAD, Files, NotRenewable, RememberingWriter, listed, renewed
from ceyuan.data.collection.sources import Source, sampled
from ceyuan.data.files import canonical_json, read_json, remove_leftovers, sync_folder, write_atomically, write_json
from ceyuan.data.problems import DataProblem
from ceyuan.data.readers import READERS, Documents, Identity, Item, ReadOptions, Rejection, read_items
from ceyuan.data.readers.mapping import columns_of
from ceyuan.data.reporting import Report, part_of, told

__all__ = ["collect"]

_REJECTIONS_KEPT = 10_000


def collect(out: Path, sources: Sequence[Source], cache: PackageCache, report: Report) -> dict[str, object]:
    """Bring every source into ``out/<key>/`` and return the collection, also written to ``out/collection.json``.

    Its ``sources`` tell per source: licence, origin, shards with SHA-256 (those of media apart, as ``media``), counts
    of documents and rejections;
    ``skipped`` the optional ones that could not be had, with the reason in both languages. Times of fetching
    are kept apart, in ``out/run.json``. A source that is already there from an earlier, interrupted call with
    the same settings, and whose files have not changed since, is not read again; where some have, only those are, and
    what is new goes behind the shards of before (``superseded``: rows that count no more, ``gone``: ids that are no
    more). Raises ``DataProblem`` when
    a required source fails or none is left.
    """
    keys = [source.key for source in sources]
    if len(set(keys)) != len(keys) or not keys:
        raise DataProblem(
            "source_invalid", "来源为空或名称重复。", "There are no sources, or two of them share a name."
        )
    out.mkdir(parents=True, exist_ok=True)
    remove_leftovers(out)
    done: list[dict[str, object]] = []
    skipped: list[dict[str, object]] = []
    for number, source in enumerate(sources):
        share = part_of(report, number / len(sources), (number + 1) / len(sources))
        title = str(source.described()["title"])
        share(told(0.0, f"收集 {title}", f"collecting {source.key}"))
        try:
            done.append(_one(out, source, cache, share))
        except DataProblem as problem:
            if source.required:
                raise
            skipped.append({"key": source.key, "code": problem.code, "message": list(problem.message)})
            share(told(0.0, *problem.message) | {"level": "warning"})
    if not done:
        raise DataProblem("nothing_collected", "没有任何来源可用。", "None of the sources could be had.")
    collection: dict[str, object] = {"format": 1, "sources": done, "skipped": skipped}
    for name, text in cards(collection).items():
        write_atomically(out / name, lambda file, text=text: _put(file, text))  # type: ignore[misc]
    write_json(out / "collection.json", collection)
    report(told(1.0, "收集完成", "collected"))
    return collection


def _one(out: Path, source: Source, cache: PackageCache, report: Report) -> dict[str, object]:
    folder = out / source.key
    _put_back(out, source.key)
    described = source.described()
    record = read_json(folder / "source.json")
    same = bool(record) and record["source"] == described
    files = {} if source.kind == "package" else listed(Path(source.location))
    state = _state_of(files)
    note = _run_note(out, source.key)
    if same and note.get("state") == state and not (files and note.get("readers") != READERS and _has_unread(record)):
        return record
    building = out / f".{source.key}.building"
    tell = _telling(source, described, report)
    made = _renewed(building, folder, source, described, files, tell) if same and files and not source.limit else None
    made = made or _read_whole(building, source, described, files, (cache, out, tell))
    record = {"source": described} | made
    write_json(building / "source.json", record)
    _swap(building, folder)
    sync_folder(out)
    _note_run(out, source.key, state=state, readers=READERS)
    return record


def _has_unread(record: Mapping[str, object]) -> bool:
    """Whether there were files that no reader knew."""
    rejected = record.get("rejected")
    return isinstance(rejected, dict) and UNREAD in rejected


def _telling(source: Source, described: dict[str, object], report: Report) -> Tell:
    title = str(described["title"])
    return lambda share, zh, en: report(told(share, f"收集 {title}：{zh}", f"collecting {source.key}: {en}"))


def _renewed(
    building: Path, folder: Path, source: Source, described: dict[str, object], files: Files, tell: Tell
) -> dict[str, object] | None:
    """What a source brought up to date says of itself; None where it has to be read as a whole."""
    _empty(building)
    fixed = (source.key, str(described["domain"]), str(described["licence"]))
    try:
        return renewed(folder, building, Path(source.location), files, fixed, _options(source), tell)
    except NotRenewable:
        return None


def _read_whole(
    building: Path,
    source: Source,
    described: dict[str, object],
    files: Files,
    means: tuple[PackageCache, Path, Tell],
) -> dict[str, object]:
    cache, out, tell = means
    _empty(building)
    items = sampled(stored_media(_items(source, cache, out), building), source.limit)
    record = _write(building, source, described, items, files, tell)
    if not record["documents"]:
        reasons = "、".join(f"{reason} x {count}" for reason, count in record["rejected"].items())  # type: ignore[attr-defined]
        shutil.rmtree(building)
        raise DataProblem(
            "nothing_readable",
            f"来源 {source.key} 中没有可读的文档（{reasons or '空'}）。",
            f"Source {source.key} holds no readable document ({reasons or 'empty'}).",
        )
    return record


def _empty(building: Path) -> None:
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir()


def _swap(building: Path, folder: Path) -> None:
    """Put what was built in the place of what was there; a crash in between is mended by ``_put_back``."""
    aside = folder.with_name(f".{folder.name}.before")
    if folder.exists():
        folder.rename(aside)
    building.rename(folder)
    shutil.rmtree(aside, ignore_errors=True)


def _put_back(out: Path, key: str) -> None:
    aside = out / f".{key}.before"
    if aside.exists() and not (out / key).exists():
        aside.rename(out / key)
    shutil.rmtree(aside, ignore_errors=True)


def _write(
    folder: Path,
    source: Source,
    described: dict[str, object],
    items: Iterator[Item],
    files: Files,
    tell: Tell,
) -> dict[str, object]:
    fixed = (source.key, str(described["domain"]), str(described["licence"]))
    writer, media = RememberingWriter(folder, *fixed), MediaWriter(folder, *fixed)
    by_file: dict[str, Counter[str]] = {}
    reasons: Counter[str] = Counter()
    rejections: list[bytes] = []
    documents = characters = 0
    reading = Reading(files, tell)
    for item in items:
        if isinstance(item, Rejection):
            reasons[item.reason] += 1
            by_file.setdefault(file_of(item.where, files), Counter())[item.reason] += 1
            if len(rejections) < _REJECTIONS_KEPT:
                rejections.append(canonical_json({"where": item.where, "reason": item.reason, "detail": item.detail}))
            continue
        if isinstance(item, Documents):
            writer.add_all(item)
            documents += len(item)
            characters += item.characters
        else:
            (writer if item.media is None else media).add(item)
            documents += 1
            characters += len(item.text)
        reading.at(str(item.ids[0]) if isinstance(item, Documents) else item.id, documents, characters)
    shards, media_shards = writer.finish(), media.finish()
    if rejections:
        write_atomically(folder / "rejections.jsonl", lambda file: file.writelines(line + b"\n" for line in rejections))
    counts: dict[str, object] = {"documents": documents, "characters": characters}
    if source.mapping.get("keyed") and (doubled := writer.doubled()):
        counts |= {"documents": documents - doubled, "superseded": doubled}
    if media_shards:
        counts["media"] = media_shards
    elif files and not source.limit:
        writer.remember(files, by_file)
    return counts | {"rejected": dict(sorted(reasons.items())), "shards": shards}


def _options(source: Source) -> ReadOptions:
    columns = columns_of(source.mapping) if source.mapping else None
    return ReadOptions(
        source.text_field,
        source.title_field,
        source.id_field,
        media=True,
        columns=columns,
        vector_field=source.vector_field,
        identity=cast(Identity, source.identity),
    )


def _items(source: Source, cache: PackageCache, out: Path) -> Iterator[Item]:
    if source.kind == "folder":
        yield from read_items(Path(source.location), _options(source))
        return
    corpus = CORPORA[source.location]
    package = cache.get(corpus.package)
    _note_run(out, source.key, fetched_at=package.fetched_at, was_cached=package.was_cached)
    yield from corpus.read(package.path)


def _state_of(files: Files) -> str:
    """What tells whether a folder has changed: names, sizes and times of its files. Empty for packages."""
    return hashlib.sha256(canonical_json(files)).hexdigest() if files else ""


def _run_note(out: Path, key: str) -> dict[str, object]:
    note = read_json(out / "run.json").get(key)
    return note if isinstance(note, dict) else {}


def _note_run(out: Path, key: str, **facts: object) -> None:
    """Remember facts of this very run, which stay out of the collection's content."""
    run = read_json(out / "run.json")
    when = datetime.now(UTC).isoformat(timespec="seconds")
    write_json(out / "run.json", run | {key: _run_note(out, key) | facts | {"collected_at": when}})


def _put(file: BinaryIO, text: str) -> None:
    file.write(text.encode())
