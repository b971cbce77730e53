"""Use cases of mapping: look at a source's columns, try a mapping on its first rows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from ceyuan.data.mapping.errors import NothingToMap
from ceyuan.data.pipelines.engines import ask_engine, brought
from ceyuan.data.pipelines.storage import crawled_folder, mirrored_folder
from ceyuan.data.sources import specification
from ceyuan.data.sources.places import CRAWLED, is_fetched, is_registered
from ceyuan.data.sources.schemas import ColumnMapping
from ceyuan.data.sources.service import SourceSpec, get_source
from ceyuan.hub import list_files
from ceyuan.kernel.actor import Actor
from ceyuan.kernel.jobs import JobFailed
from ceyuan.kernel.platform import Platform

_ENTRY = "ceyuan.data.readers.survey:main"
_TABLES = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet", ".xlsx")
_FILES, _BYTES = 24, 512 << 20  # of a dataset, what is brought to be looked at


async def columns_of_source(platform: Platform, actor: Actor, source_id: str) -> dict[str, Any]:
    """Columns, files and the mapping that they suggest. Raises `SourceNotFound`, `NothingToMap`."""
    spec = await _readable(platform, actor, source_id)
    found = await _asked(platform, actor, spec, {})
    if not found["columns"]:
        raise _no_tables()
    return {"source_id": source_id, "mapping": spec.reading.get("mapping"), **found}


async def preview_mapping(platform: Platform, actor: Actor, source_id: str, mapping: ColumnMapping) -> dict[str, Any]:
    """The first rows as the mapping makes them, and what it rejects. Raises `SourceNotFound`, `NothingToMap`."""
    spec = await _readable(platform, actor, source_id)
    return await _asked(platform, actor, spec, {"mapping": mapping.model_dump()})


async def _readable(platform: Platform, actor: Actor, source_id: str) -> SourceSpec:
    async with platform.work(actor, write=False) as uow:
        row = await get_source(uow, source_id)
        actor.require_role(row.org_id, "member")
        if is_registered(row.kind, row.location):
            raise NothingToMap(("登记语料的字段已知，无需映射", "the columns of a registered corpus are known"))
        return await specification(uow, source_id)


async def _asked(platform: Platform, actor: Actor, spec: SourceSpec, more: dict[str, Any]) -> dict[str, Any]:
    async with _place(platform, actor, spec) as folder:
        if not folder.exists():
            raise NothingToMap(
                ("该来源还没有读取过", "this source has not been read yet"),
                hint=("请先评估样本或采集一次", "assess a sample of it, or collect it once"),
            )
        try:
            return await ask_engine(platform, _ENTRY, {"folder": str(folder), **more})
        except JobFailed as error:
            raise NothingToMap(error.message, hint=error.hint) from error


@asynccontextmanager
async def _place(platform: Platform, actor: Actor, spec: SourceSpec) -> AsyncIterator[Path]:
    """Where the source's files lie: its own folder, what was fetched last, or some files of its revision."""
    if spec.kind in CRAWLED:
        yield crawled_folder(platform, spec.id) / "pages"
    elif is_fetched(spec.kind, spec.location):
        yield mirrored_folder(platform, spec.id) / "files"
    elif spec.reference is None:
        yield Path(spec.location)
    else:
        async with platform.work(actor, write=False) as uow:
            wanted = await _some_tables(uow, spec.reference)
        if not wanted:
            raise _no_tables()
        async with brought(platform, actor, wanted, spec.reference, prefix="map") as (folder,):
            yield folder


async def _some_tables(uow: Any, reference: str) -> list[str]:
    """Patterns of the first files of records in a revision that are not too large together."""
    found: list[str] = []
    size = 0
    async for path, file in list_files(uow, reference):
        if not path.lower().removesuffix(".gz").endswith(_TABLES) or size + file.size > _BYTES:
            continue
        size += file.size
        found.append("".join(f"[{one}]" if one in "[*?" else one for one in path))
        if len(found) == _FILES:
            break
    return found


def _no_tables() -> NothingToMap:
    return NothingToMap(
        ("来源中没有表格或记录文件", "the source holds no files of records"),
        hint=(
            "可映射 CSV、JSON、JSON Lines、Parquet 与 Excel",
            "CSV, JSON, JSON Lines, Parquet and Excel can be mapped",
        ),
    )
