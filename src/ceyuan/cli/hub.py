"""`ceyuan hub`: repositories of datasets, models and reports."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ceyuan.cli.connection import Api
from ceyuan.cli.output import say, show, show_rows
from ceyuan.sdk.hub import Hub

app = typer.Typer(help="Repositories: list, create, upload, download, history, differences.", no_args_is_help=True)
_COLUMNS = ["kind", "full_name", "visibility", "files", "bytes", "downloads", "updated_at"]
Reference = Annotated[str, typer.Argument(help="such as datasets/owner/name@revision")]


def _hub() -> Hub:
    return Hub(Api())


@app.command("list")
@app.command("ls", hidden=True)
def list_repositories(
    text: Annotated[str | None, typer.Argument(help="words to find")] = None,
    kind: Annotated[str | None, typer.Option(help="dataset, model or report")] = None,
    owner: Annotated[str | None, typer.Option(help="organisation or person")] = None,
    licence: Annotated[str | None, typer.Option(help="only this licence")] = None,
    language: Annotated[str | None, typer.Option(help="only this language")] = None,
    tag: Annotated[str | None, typer.Option(help="only this tag")] = None,
    grade: Annotated[
        str | None, typer.Option(help="only this grade: public, general, internal, important, core")
    ] = None,
    size: Annotated[str | None, typer.Option(help="under-10MB, 10MB-1GB, 1GB-10GB, 10GB-100GB, over-100GB")] = None,
    sort: Annotated[str, typer.Option(help="updated_at, created_at, name, downloads, bytes; - for descending")] = (
        "-updated_at"
    ),
    limit: Annotated[int, typer.Option(help="how many at most")] = 50,
) -> None:
    """List repositories."""
    filters = {"text": text, "kind": kind, "owner": owner, "licence": licence, "language": language, "tag": tag}
    filters |= {"grade": grade, "size": size}
    show_rows(_hub().list(limit=limit, sort=sort, **filters), _COLUMNS, key="full_name")


@app.command()
def create(
    kind: Annotated[str, typer.Argument(help="dataset, model or report")],
    name: Annotated[str, typer.Argument(help="owner/name")],
    visibility: Annotated[str, typer.Option(help="public, internal or private")] = "private",
    description: Annotated[str, typer.Option(help="a sentence or two")] = "",
) -> None:
    """Create an empty repository."""
    show(_hub().create(kind, name, visibility=visibility, description=description), key="full_name")


@app.command("show")
def show_repository(reference: Reference) -> None:
    """Show one repository."""
    show(_hub().show(reference), key="full_name")


@app.command()
def files(reference: Reference, path: Annotated[str, typer.Option(help="only what is below this folder")] = "") -> None:
    """List the files of a revision."""
    show_rows(_hub().files(reference, path), ["path", "size", "sha256"], key="path")


@app.command()
def upload(
    reference: Reference,
    source: Annotated[Path, typer.Argument(help="file or folder", exists=True)],
    into: Annotated[str, typer.Option(help="path in the repository")] = "",
    message: Annotated[str, typer.Option("-m", "--message", help="what the commit says")] = "Upload",
    mirror: Annotated[bool, typer.Option("--mirror", help="delete files that the folder does not have")] = False,
) -> None:
    """Upload a file or folder as one commit; what is there already is not sent."""
    show(_hub().upload(reference, source, into=into, message=message, mirror=mirror), key="commit")


@app.command()
def download(
    reference: Reference,
    into: Annotated[Path, typer.Argument(help="folder")] = Path(),
    only: Annotated[list[str] | None, typer.Option(help="pattern over paths; may be repeated")] = None,
) -> None:
    """Download a revision; interrupted downloads go on where they stopped."""
    place = _hub().download(reference, into, only=only or ())
    say((f"已下载到 {place}", f"downloaded to {place}"))


@app.command()
def history(
    reference: Reference,
    path: Annotated[str, typer.Option(help="only what changed this file or folder")] = "",
    limit: Annotated[int, typer.Option(help="how many at most")] = 20,
) -> None:
    """List the commits of a revision, newest first."""
    show_rows(_hub().history(reference, path=path, limit=limit), ["id", "title", "author", "created_at"])


@app.command()
def diff(
    reference: Reference,
    old: Annotated[str, typer.Argument(help="branch, tag or commit")],
    new: Annotated[str, typer.Argument(help="branch, tag or commit")] = "main",
) -> None:
    """Show which files differ between two revisions."""
    found = _hub().diff(reference, old, new)
    show_rows(found["items"], ["status", "path", "old_size", "new_size"], key="path")


@app.command()
def bundle(
    reference: Reference,
    target: Annotated[Path, typer.Argument(help="file to write, such as model.tar")],
) -> None:
    """Write a revision into one file, with its signatures, to carry it across an air gap."""
    from ceyuan.sdk.bundles import export_bundle

    show(export_bundle(_hub(), reference, target), key="commit")


@app.command("import")
def import_file(
    source: Annotated[Path, typer.Argument(help="a bundle, or a folder or .zip or .tar archive of files", exists=True)],
    name: Annotated[
        str, typer.Argument(help="a repository here, such as models/owner/name; it is made if there is none")
    ],
    kind: Annotated[
        str | None, typer.Option(help="of an archive's files: dataset, model or report [default: as named, or dataset]")
    ] = None,
    trust: Annotated[list[str] | None, typer.Option("--key", help="public key (hex) that must have signed")] = None,
    visibility: Annotated[str, typer.Option(help="public, internal or private")] = "private",
) -> None:
    """Take in a bundle, verified file by file, or a plain archive or folder."""
    from ceyuan.sdk.bundles import import_archive, import_bundle, is_bundle

    hub = _hub()
    prefix, _, rest = name.partition("/")
    named = prefix.removesuffix("s") if "/" in rest and prefix in ("models", "datasets", "reports") else None
    place = rest if named else name
    if is_bundle(source):
        show(import_bundle(hub, source, place, trust=trust or (), visibility=visibility), key="commit")
    else:
        show(import_archive(hub, source, kind or named or "dataset", place, visibility=visibility), key="commit")
