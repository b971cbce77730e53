"""`ceyuan data use`: corpora become training data and leave in other forms; cards, contributions, counted again."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from ceyuan.cli import jobs
from ceyuan.cli.connection import Api
from ceyuan.cli.output import show, show_rows
from ceyuan.kernel.errors import Invalid, MissingExtra
from ceyuan.sdk.hub import Hub

app = typer.Typer(help="Using corpora: mixtures, exports, cards, contributions.", no_args_is_help=True)

_DATA = "/api/v1/data"
DatasetArgument = Annotated[str, typer.Argument(help="owner/name of the corpus")]
OrgOption = Annotated[str, typer.Option(help="id of the organisation that it is for")]
RevisionOption = Annotated[str | None, typer.Option(help="branch, tag or commit")]
FollowOption = Annotated[bool, typer.Option(help="print the job's log until it ends")]


@app.command()
def mix(
    dataset: Annotated[str, typer.Argument(help="owner/name of the dataset to write")],
    part: Annotated[list[str], typer.Option(help="corpus=weight, such as datasets/demo/law=3; may be repeated")],
    org: OrgOption,
    budget: Annotated[int, typer.Option(help="how much in all; 0 takes as much as the weights allow")] = 0,
    unit: Annotated[str, typer.Option(help="tokens, characters or bytes")] = "characters",
    tokeniser: Annotated[str | None, typer.Option(help="model whose tokenizer.json counts tokens")] = None,
    epochs: Annotated[int, typer.Option(help="how often a document may come")] = 1,
    heldout: Annotated[float, typer.Option(help="share to hold out")] = 0.01,
    seed: Annotated[int, typer.Option(help="decides which documents are taken")] = 0,
    benchmark: Annotated[list[str], typer.Option(help="dataset of benchmark items; may be repeated")] = [],  # noqa: B006
    follow: FollowOption = False,
) -> None:
    """Mix corpora by weight and budget, without benchmark items, split without leakage."""
    parts = [{"dataset": name, "weight": weight, "epochs": epochs} for name, weight in map(parse_part, part)]
    body: dict[str, Any] = {"org_id": org, "parts": parts, "dataset": dataset, "budget": budget, "unit": unit}
    body |= {"tokeniser": tokeniser, "heldout": heldout, "seed": seed, "benchmarks": benchmark}
    _start("mixtures", body, follow)


@app.command()
def export(
    dataset: Annotated[str, typer.Argument(help="revision, such as datasets/demo/corpus-zh@main")],
    target: Annotated[str, typer.Argument(help="owner/name of the dataset to write")],
    org: OrgOption,
    form: Annotated[str, typer.Option(help="parquet, jsonl, webdataset or packed")] = "jsonl",
    tokeniser: Annotated[str | None, typer.Option(help="model whose tokenizer.json packs")] = None,
    length: Annotated[int, typer.Option(help="tokens of a packed sequence")] = 4096,
    follow: FollowOption = False,
) -> None:
    """Write a dataset in another form; `packed` are sequences of tokens for training."""
    body: dict[str, Any] = {"org_id": org, "dataset": dataset, "target": target, "form": form}
    _start("exports", body | {"tokeniser": tokeniser, "length": length}, follow)


@app.command()
def benchmarks() -> None:
    """List the benchmarks whose items no mixture holds."""
    show_rows(Api().get(f"{_DATA}/benchmarks"), ["name", "title_zh", "title_en", "items"], key="name")


@app.command()
def croissant(dataset: DatasetArgument, revision: RevisionOption = None) -> None:
    """Show a corpus' card as Croissant (JSON-LD)."""
    show(Api().get(f"{_DATA}/datasets/{dataset}/croissant", revision=revision))


@app.command()
def contributions(dataset: DatasetArgument, revision: RevisionOption = None) -> None:
    """Show who contributed what to a corpus, version by version."""
    show(Api().get(f"{_DATA}/datasets/{dataset}/contributions", revision=revision))


@app.command()
def recount(dataset: DatasetArgument, revision: RevisionOption = None) -> None:
    """Compute again, here, who contributed what, from the files of a version and the one before; 1 if it differs."""
    try:
        from ceyuan.data.mixing.recount import FILES, previous
        from ceyuan.data.mixing.recount import recount as computed
        from ceyuan.data.problems import DataProblem
    except ImportError as error:
        raise MissingExtra("standard", ("重算贡献账", "counting contributions again")) from error
    hub = Hub(Api())
    with tempfile.TemporaryDirectory() as folder:
        reference = f"datasets/{dataset}" + (f"@{revision}" if revision else "")
        now = hub.download(reference, Path(folder) / "now", only=FILES)
        try:
            earlier = previous(now)
            before = hub.download(earlier, Path(folder) / "before", only=FILES) if earlier else None
            found = computed(now, before)
        except DataProblem as problem:
            raise Invalid(problem.message) from problem
    show(found, key="hash")
    if not found["holds"]:
        raise typer.Exit(1)


def parse_part(text: str) -> tuple[str, float]:
    """`datasets/demo/law=3` as reference and weight; raises `Invalid`."""
    name, equals, number = text.rpartition("=")
    try:
        return (name, float(number)) if equals else (text, 1.0)
    except ValueError as error:
        raise Invalid(
            (f"“{text}”不是 数据集=权重 的形式", f"“{text}” is not of the form corpus=weight"),
            hint=("例如 datasets/demo/law=3", "for example datasets/demo/law=3"),
        ) from error


def _start(path: str, body: dict[str, Any], follow: bool) -> None:
    started = Api().post(f"{_DATA}/{path}", body)
    show(started, key="job_id")
    if follow:
        jobs.follow(started["job_id"])
