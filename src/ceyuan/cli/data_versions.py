"""`ceyuan data versions`: a corpus of a folder on this machine, kept up to date by what changed, every version held."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ceyuan.cli.output import say, show, show_rows
from ceyuan.kernel.errors import CeyuanError, MissingExtra

if TYPE_CHECKING:
    from ceyuan.data.versions import Store, Version

app = typer.Typer(help="Versions of a corpus on this machine.", no_args_is_help=True)
StoreArgument = Annotated[Path, typer.Argument(help="folder of the versions")]


@app.command()
def refresh(
    folder: Annotated[Path, typer.Argument(help="folder of your own texts", exists=True, file_okay=False)],
    store: StoreArgument,
    domain: Annotated[str, typer.Option(help="profile: general, law, news, user, classical, technical")] = "general",
    licence: Annotated[str, typer.Option(help="SPDX expression of the texts' licence")] = "LicenseRef-unstated",
    recipe: Annotated[
        Path | None, typer.Option(help="recipe as YAML or JSON; the last version's if not given", exists=True)
    ] = None,
) -> None:
    """Take in what changed in a folder; only that is read and measured. Interrupted, call it again."""
    from ceyuan.cli.data import read_recipe

    with _engine(store) as held:
        from ceyuan.data.corpus import Recipe
        from ceyuan.data.versions import changed_files
        from ceyuan.data.versions import refresh as take_in

        before = held.version()
        how = Recipe.of(read_recipe(recipe)) if recipe or before is None else Recipe.of(before.recipe)
        change, rejected, state = changed_files(folder, store / "folder.json")
        put = list(change.put)
        for one in rejected:
            say((f"未读取 {one.where}：{one.reason}", f"not read: {one.where}: {one.reason}"))
        if before is not None and not put and not change.delete and recipe is None:
            say(("没有变化", "nothing changed"))
            show(_row(before), key="version")
            return
        version = take_in(held, change, how, domain=domain, licence=licence)
        state.keep()
        show({"put": len(put), "deleted": len(change.delete), **_row(version)}, key="version")


@app.command("list")
def list_versions(store: StoreArgument) -> None:
    """List the current version and those before it."""
    with _engine(store) as held:
        show_rows([_row(one) for one in held.history()], ["version", "documents", "kept", "content"], key="version")


@app.command()
def diff(store: StoreArgument, earlier: str, later: str) -> None:
    """Show which documents differ between two versions."""
    with _engine(store) as held:
        from ceyuan.data.versions import difference

        first, second = held.version(earlier), held.version(later)
        if first is not None and second is not None:
            show(difference(held, first, second))


@app.command()
def back(store: StoreArgument, version: str) -> None:
    """Make an earlier version the current one; nothing is deleted."""
    with _engine(store) as held:
        show(_row(held.roll_back(version)), key="version")


@app.command()
def export(
    store: StoreArgument,
    out: Annotated[Path, typer.Argument(help="Parquet file to write")],
    version: Annotated[str, typer.Option(help="the current one if not given")] = "",
) -> None:
    """Write a version's documents into one Parquet file."""
    with _engine(store) as held:
        import pyarrow.parquet as pq

        from ceyuan.data.versions import documents

        found = held.version(version)
        count = 0
        writer: Any = None
        for rows in documents(held, found) if found is not None else ():
            table = rows.to_arrow()
            writer = writer or pq.ParquetWriter(out, table.schema, compression="zstd")
            writer.write_table(table)
            count += rows.height
        if writer is not None:
            writer.close()
        show({"file": str(out), "documents": count}, key="file")


@contextmanager
def _engine(root: Path) -> Iterator[Store]:
    try:
        from ceyuan.data.versions import Store
    except ImportError as error:
        raise MissingExtra("standard", ("语料版本", "versions of a corpus")) from error
    from ceyuan.data.problems import DataProblem

    try:
        yield Store(root)
    except DataProblem as problem:
        raise CeyuanError(problem.message) from problem


def _row(version: Version) -> dict[str, Any]:
    counts = {name: version.counts[name] for name in ("documents", "kept")}
    return {"version": version.id, **counts, "content": version.content[:16]}
