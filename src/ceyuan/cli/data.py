"""`ceyuan data`: register sources, make corpora of them, see what was dropped and why, try other thresholds."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from ceyuan.cli import (
    data_history,
    data_mapping,
    data_operators,
    data_reviews,
    data_schedules,
    data_train,
    data_use,
    data_versions,
    jobs,
)
from ceyuan.cli.connection import Api
from ceyuan.cli.output import language, say, show, show_rows
from ceyuan.kernel.errors import CeyuanError, Invalid, MissingExtra

app = typer.Typer(help="Data: sources, corpora, what was dropped and why.", no_args_is_help=True)
sources = typer.Typer(help="Sources: where data comes from.", no_args_is_help=True)
app.add_typer(sources, name="sources")
sources.add_typer(data_mapping.app)
app.add_typer(data_schedules.app, name="schedules")
app.add_typer(data_versions.app, name="versions")
app.add_typer(data_history.app, name="history")
app.add_typer(data_reviews.app, name="reviews")
app.add_typer(data_use.app, name="use")
app.add_typer(data_train.app, name="train")
app.command("operators")(data_operators.operators)

_SOURCES, _DATA = "/api/v1/data/sources", "/api/v1/data"
_KINDS = "folder, package, dataset, web, sitemap, rss, listing, s3, hub or sql"
_DOMAINS = "profile of thresholds: general, law, government, news, web, technical, user or classical"
_IDENTITY = "records without an id are known by content or by place in their file; content for a new source"
_GRADES = "grade of its data: public, general, internal, important or core; what is made of it is graded no lower"
_COLUMNS = ["id", "key", "kind", "domain", "licence", "grade", "owner", "documents", "rejected", "collected_at"]
OrgOption = Annotated[str, typer.Option(help="id of the organisation that it is for")]
RecipeOption = Annotated[
    Path | None, typer.Option(help="recipe as YAML or JSON; the defaults if not given", exists=True, dir_okay=False)
]
FullOption = Annotated[bool, typer.Option("--full", help="measure everything anew instead of what changed")]
FollowOption = Annotated[bool, typer.Option(help="print the job's log until it ends")]


@sources.command("list")
@sources.command("ls", hidden=True)
def list_sources(
    org: Annotated[str | None, typer.Option(help="only this organisation's (its id)")] = None,
    kind: Annotated[str | None, typer.Option(help=_KINDS)] = None,
    grade: Annotated[str | None, typer.Option(help="public, general, internal, important or core")] = None,
    text: Annotated[str | None, typer.Option(help="part of name, title or origin")] = None,
    limit: Annotated[int, typer.Option(help="how many at most")] = 50,
) -> None:
    """List sources, newest first."""
    show_rows(Api().pages(_SOURCES, limit=limit, org_id=org, kind=kind, grade=grade, text=text), _COLUMNS)


@sources.command("registered")
def list_registered() -> None:
    """List the corpora of package registries that can be sources."""
    columns = ["key", "title_zh" if language() == "zh" else "title_en", "origin", "licence", "download_bytes"]
    show_rows(Api().get(f"{_SOURCES}/registered"), columns, key="key")


@sources.command("add")
def add_source(
    key: Annotated[str, typer.Argument(help="name within the organisation")],
    location: Annotated[
        str,
        typer.Argument(
            help="folder, registered corpus, package URL, dataset, address, s3://bucket/prefix, owner/name or database"
        ),
    ],
    org: OrgOption,
    kind: Annotated[str, typer.Option(help=_KINDS)] = "folder",
    title: Annotated[str, typer.Option(help="title for people")] = "",
    licence: Annotated[str, typer.Option(help="SPDX expression, such as CC-BY-4.0")] = "",
    domain: Annotated[str, typer.Option(help=_DOMAINS)] = "",
    origin: Annotated[str, typer.Option(help="where the data was first published")] = "",
    evidence: Annotated[str, typer.Option(help="contract, consent or crawl record")] = "",
    owner: Annotated[str, typer.Option(help="person or office that answers for it; you, if not given")] = "",
    grade: Annotated[str, typer.Option(help=_GRADES)] = "",
    text_field: Annotated[str, typer.Option(help="field of the text, where it is not a usual one")] = "",
    vector_field: Annotated[
        str, typer.Option(help="field with an embedding of each text, for semantic duplicates")
    ] = "",
    identity: Annotated[str, typer.Option(help=_IDENTITY)] = "",
    take: Annotated[int, typer.Option(help="documents at most; 0 takes all")] = 0,
    optional: Annotated[bool, typer.Option("--optional", help="skip it, with the reason, if it cannot be had")] = False,
    option: Annotated[
        list[str] | None,
        typer.Option(
            help="name=value: endpoint, region, access_key, revision, query, key, watermark, "
            "distribution (wheel or sdist); may be repeated"
        ),
    ] = None,
    secret_stdin: Annotated[
        bool, typer.Option("--secret-stdin", help="read the password, secret key or token from standard input")
    ] = False,
) -> None:
    """Register a source."""
    options = _options(option)
    place = str(Path(location).absolute()) if kind == "folder" else location
    reading = {"text_field": text_field, "vector_field": vector_field, "limit": take, "required": not optional}
    reading["identity"] = identity
    known = {"org_id": org, "key": key, "kind": kind, "location": place, "title": title, "domain": domain}
    rights = {"licence": licence, "origin": origin, "evidence": evidence, "owner": owner, "grade": grade}
    secret = sys.stdin.read().strip() if secret_stdin else None
    show(Api().post(_SOURCES, known | rights | {"reading": reading, "options": options, "secret": secret}))


def _options(given: list[str] | None) -> dict[str, str]:
    pairs = [one.partition("=") for one in given or ()]
    if any(not middle for _, middle, _ in pairs):
        raise Invalid(("选项须写成 名称=值", "write an option as name=value"))
    return {name.strip(): value for name, _, value in pairs}


@sources.command("change")
def change_source(
    source_id: str,
    title: Annotated[str | None, typer.Option(help="title for people")] = None,
    description: Annotated[str | None, typer.Option(help="what it is, in a few words")] = None,
    licence: Annotated[str | None, typer.Option(help="SPDX expression, such as CC-BY-4.0")] = None,
    domain: Annotated[str | None, typer.Option(help=_DOMAINS)] = None,
    origin: Annotated[str | None, typer.Option(help="where the data was first published")] = None,
    evidence: Annotated[str | None, typer.Option(help="contract, consent or crawl record")] = None,
    owner: Annotated[str | None, typer.Option(help="person or office that answers for it")] = None,
    grade: Annotated[str | None, typer.Option(help=f"{_GRADES}; '' takes it back")] = None,
    option: Annotated[
        list[str] | None, typer.Option(help="name=value, in place of the one of this name; may be repeated")
    ] = None,
    vector_field: Annotated[
        str | None, typer.Option(help="field with an embedding of each text, for semantic duplicates")
    ] = None,
    identity: Annotated[str | None, typer.Option(help=f"{_IDENTITY}; all is read again")] = None,
) -> None:
    """Change what is known of a source; what is not given stays. Where it lies never changes."""
    texts = {"title": title, "description": description, "licence": licence, "domain": domain, "origin": origin}
    given = texts | {"evidence": evidence, "owner": owner, "grade": grade}
    change: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    place = f"{_SOURCES}/{source_id}"
    if option:
        change["options"] = (Api().get(place)["options"] or {}) | _options(option)
    reading = {"vector_field": vector_field, "identity": identity}
    if asked := {name: value for name, value in reading.items() if value is not None}:
        change["reading"] = Api().get(place)["reading"] | asked
    show(Api().call("PATCH", place, json=change))


@sources.command("secret")
def change_secret(source_id: str) -> None:
    """Replace the password, secret key or token of a source by what standard input says."""
    show(Api().call("PATCH", f"{_SOURCES}/{source_id}", json={"secret": sys.stdin.read().strip()}))


@sources.command("show")
def show_source(source_id: str) -> None:
    """Show one source."""
    show(Api().get(f"{_SOURCES}/{source_id}"))


@sources.command("assess")
def assess_source(
    source_id: str,
    documents: Annotated[int, typer.Option(help="documents of the sample")] = 500,
    follow: FollowOption = False,
) -> None:
    """Inspect a sample of a source before it is collected; above five per cent failing it is refused."""
    started = Api().post(f"{_SOURCES}/{source_id}/assess", params={"documents": documents})
    show(started, key="job_id")
    if follow:
        jobs.follow(started["job_id"])


@sources.command("delete")
def delete_source(
    source_id: str, confirm: Annotated[str, typer.Option(help="the source's name, to confirm")] = ""
) -> None:
    """Delete a source; what was made from it stays."""
    Api().call("DELETE", f"{_SOURCES}/{source_id}", params={"confirm": confirm})
    say(("来源已删除", "the source is deleted"))


@app.command()
def collect(
    dataset: Annotated[str, typer.Argument(help="owner/name of the raw dataset to write")],
    source: Annotated[list[str], typer.Option(help="id of a source; may be repeated")],
    org: OrgOption,
    follow: FollowOption = False,
) -> None:
    """Collect sources into a raw dataset."""
    _start("collections", {"org_id": org, "sources": source, "dataset": dataset}, follow)


@app.command()
def clean(
    dataset: Annotated[str, typer.Argument(help="owner/name of the corpus to write")],
    raw: Annotated[list[str], typer.Option(help="raw dataset, such as datasets/demo/raw@main; may be repeated")],
    org: OrgOption,
    recipe: RecipeOption = None,
    full: FullOption = False,
    follow: FollowOption = False,
) -> None:
    """Make a corpus of raw datasets; only what changed since the last time is handled."""
    body = {"org_id": org, "raw": raw, "dataset": dataset, "recipe": read_recipe(recipe), "full": full}
    _start("pipelines", body, follow)


@app.command()
def make(
    dataset: Annotated[str, typer.Argument(help="owner/name of the corpus to write")],
    source: Annotated[list[str], typer.Option(help="id of a source; may be repeated")],
    org: OrgOption,
    recipe: RecipeOption = None,
    full: FullOption = False,
    follow: FollowOption = False,
) -> None:
    """Collect sources and make a corpus of them."""
    body = {"org_id": org, "sources": source, "dataset": dataset, "recipe": read_recipe(recipe), "full": full}
    _start("corpora", body, follow)


@app.command()
def run(job_id: Annotated[str, typer.Argument(help="id of the pipeline's job")]) -> None:
    """Show a pipeline run: what each operator did, what was dropped, speed and cost."""
    show(Api().get(f"{_DATA}/runs/{job_id}"))


@app.command()
def reasons(
    dataset: Annotated[str, typer.Argument(help="owner/name of the corpus")],
    revision: Annotated[str | None, typer.Option(help="branch, tag or commit")] = None,
) -> None:
    """Show why documents were dropped."""
    found = Api().get(f"{_DATA}/datasets/{dataset}/drop-reasons", revision=revision)
    show_rows(found["reasons"], ["domain", "zh" if language() == "zh" else "en", "documents"], key="reason")


@app.command("what-if")
def what_if(
    dataset: Annotated[str, typer.Argument(help="owner/name of the corpus")],
    at_least: Annotated[
        list[str], typer.Option(help="domain.reason=number, or domain.reason:statistic=number; may be repeated")
    ] = [],  # noqa: B006
    at_most: Annotated[
        list[str], typer.Option(help="domain.reason=number, or domain.reason:statistic=number; may be repeated")
    ] = [],  # noqa: B006
    revision: Annotated[str | None, typer.Option(help="branch, tag or commit")] = None,
) -> None:
    """Show what other thresholds would keep, without running the pipeline again."""
    thresholds: dict[str, dict[str, dict[str, float]]] = {}
    for side, given in (("at_least", at_least), ("at_most", at_most)):
        for domain, reason, number in map(parse_threshold, given):
            thresholds.setdefault(domain, {}).setdefault(reason, {})[side] = number
    params = {"revision": revision} if revision else {}
    found = Api().post(f"{_DATA}/datasets/{dataset}/recut", {"thresholds": thresholds}, params=params)
    rows = [{"domain": name, **values} for name, values in found["domains"].items()]
    show_rows(rows, ["domain", "documents", "kept_now", "kept_then"], key="domain")


@app.command()
def recipe() -> None:
    """Show the default recipe and all that a recipe can be made of."""
    show(Api().get(f"{_DATA}/recipes/defaults"))


@app.command("import-recipe")
def import_recipe(
    file: Annotated[Path, typer.Argument(help="a Data-Juicer recipe (YAML)", exists=True, dir_okay=False)],
) -> None:
    """Read a Data-Juicer recipe as ours; what differs is told."""
    show(Api().post(f"{_DATA}/recipes/import", {"yaml": file.read_text("utf-8")}))


@app.command()
def sql(
    dataset: Annotated[str, typer.Argument(help="owner/name of the corpus")],
    query: Annotated[str, typer.Argument(help="one SELECT over the tables documents and statistics")],
    limit: Annotated[int, typer.Option(help="rows at most")] = 200,
    revision: Annotated[str | None, typer.Option(help="branch, tag or commit")] = None,
) -> None:
    """Run one SELECT over any version of a corpus."""
    params = {"revision": revision} if revision else {}
    found = Api().post(f"{_DATA}/datasets/{dataset}/query", {"sql": query, "limit": limit}, params=params)
    names = [one["name"] for one in found["columns"]]
    show_rows([dict(zip(names, row, strict=True)) for row in found["rows"]], names, key=names[0])


@app.command()
def local(
    folder: Annotated[Path, typer.Argument(help="folder of your own texts", exists=True)],
    out: Annotated[Path, typer.Argument(help="folder to write the corpus to")],
    domain: Annotated[str, typer.Option(help=_DOMAINS)] = "general",
    licence: Annotated[str, typer.Option(help="SPDX expression of the texts' licence")] = "",
    recipe: RecipeOption = None,
    vector_field: Annotated[
        str, typer.Option(help="field with an embedding of each text, for semantic duplicates")
    ] = "",
    embedding_url: Annotated[
        str, typer.Option(help="OpenAI-compatible API (…/v1) of the embedding model that the recipe names")
    ] = "",
    embedding_key: Annotated[
        str, typer.Option(help="key for that server", envvar="CEYUAN_EMBEDDING_KEY", show_envvar=True)
    ] = "",
) -> None:
    """Make a corpus of a folder on this machine, without a platform; interrupted, it continues when called again."""
    try:
        from ceyuan.data.collection.entry import main as collect_main
        from ceyuan.data.corpus.entry import main as corpus_main
        from ceyuan.data.embeddings import EmbeddingServer
    except ImportError as error:
        raise MissingExtra("standard", ("语料处理", "making a corpus")) from error
    from ceyuan.data.problems import DataProblem

    source = {"key": "own", "kind": "folder", "location": str(folder.absolute()), "domain": domain, "licence": licence}
    if embedding_url:  # whoever names a server on a machine of one's own may mean one of the house
        server = EmbeddingServer(embedding_url, embedding_key, "", ("0.0.0.0/0", "::/0"))
        os.environ.update(server.environment())
    try:
        collect_main({"out": str(out / "raw"), "sources": [source | {"vector_field": vector_field}]}, _tell)
        arguments = {"collections": [str(out / "raw")], "out": str(out), "recipe": read_recipe(recipe)}
        made = corpus_main(arguments, _tell)
    except DataProblem as problem:
        raise CeyuanError(problem.message) from problem
    show({"folder": made["folder"], "content_sha256": made["content_sha256"], **made["counts"]["total"]}, key="folder")


def read_recipe(path: Path | None) -> dict[str, Any]:
    """The recipe in a YAML or JSON file; raises `Invalid` where it is none."""
    if path is None:
        return {}
    try:
        value = yaml.safe_load(path.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise Invalid((f"{path} 不是 YAML 或 JSON", f"{path} is neither YAML nor JSON")) from error
    if not isinstance(value, dict):
        raise Invalid((f"{path} 应是一组设置", f"{path} must be a mapping of settings"))
    return value


def parse_threshold(text: str) -> tuple[str, str, float]:
    """`user.too_short=10` as domain, reason and number; raises `Invalid`."""
    name, equals, number = text.partition("=")
    domain, dot, reason = name.partition(".")
    try:
        if not (equals and dot and reason):
            raise ValueError(text)
        return domain, reason, float(number)
    except ValueError as error:
        raise Invalid(
            (f"“{text}”不是 领域.原因=数值 的形式", f"“{text}” is not of the form domain.reason=number"),
            hint=("例如 --at-least user.too_short=10", "for example --at-least user.too_short=10"),
        ) from error


def _start(path: str, body: dict[str, Any], follow: bool) -> None:
    started = Api().post(f"{_DATA}/{path}", body)
    show(started, key="job_id")
    if follow:
        jobs.follow(started["job_id"])


def _tell(message: dict[str, object]) -> None:
    words = message.get("message")
    if isinstance(words, list) and sys.stderr.isatty():
        say((str(words[0]), str(words[1])))
