"""`ceyuan data train`: the small models that some operators read, from one's own texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from ceyuan.cli.output import say, show
from ceyuan.kernel.errors import CeyuanError, MissingExtra

app = typer.Typer(help="Models of quality, perplexity and common passages from your own texts.", no_args_is_help=True)
OutArgument = Annotated[Path, typer.Argument(help="folder to write the model to; upload it to a repository of the hub")]
MostOption = Annotated[int, typer.Option(help="documents of each side at most", min=10)]
FieldOption = Annotated[str, typer.Option(help="field of the text, where it is not a usual one")]


@app.command()
def quality(
    out: OutArgument,
    good: Annotated[list[Path], typer.Option(help="file or folder of wanted texts; may be repeated", exists=True)],
    bad: Annotated[list[Path], typer.Option(help="file or folder of unwanted texts; may be repeated", exists=True)],
    most: MostOption = 20_000,
    text_field: FieldOption = "",
) -> None:
    """Learn to tell wanted texts from unwanted ones; a tenth of both is kept aside to tell how well."""

    def make(path: Path) -> tuple[str, dict[str, object]]:
        from ceyuan.data.operators.models import proven_quality

        return proven_quality(_texts(good, most, text_field), _texts(bad, most, text_field), path)

    _train("quality", out, make)


@app.command()
def perplexity(
    out: OutArgument,
    texts: Annotated[list[Path], typer.Option(help="file or folder of texts as wanted; may be repeated", exists=True)],
    most: MostOption = 20_000,
    text_field: FieldOption = "",
) -> None:
    """Count characters, pairs and triples of texts, so that what is unlike them surprises."""

    def make(path: Path) -> tuple[str, dict[str, object]]:
        from ceyuan.data.operators import train_language_model

        read = _texts(texts, most, text_field)
        return train_language_model(read, path), {"documents": len(read)}

    _train("perplexity", out, make)


@app.command()
def passages(
    out: OutArgument,
    texts: Annotated[list[Path], typer.Option(help="file or folder of documents; may be repeated", exists=True)],
    unit: Annotated[str, typer.Option(help="sentence or paragraph")] = "sentence",
    documents: Annotated[int, typer.Option(help="from so many documents on a passage is common", min=2)] = 10,
    shortest: Annotated[int, typer.Option(help="characters of a passage, at least", min=2)] = 8,
    text_field: FieldOption = "",
) -> None:
    """Find the sentences or paragraphs that stand in many documents, to be taken out of all of them."""
    if unit not in ("sentence", "paragraph"):
        raise typer.BadParameter("sentence or paragraph", param_hint="--unit")

    def make(path: Path) -> tuple[str, dict[str, object]]:
        from ceyuan.data.operators.passages import Unit, find_common_passages

        kind: Unit = "paragraph" if unit == "paragraph" else "sentence"
        read = _each_text(texts, text_field)
        sha256, found = find_common_passages(read, path, unit=kind, documents=documents, shortest=shortest)
        return sha256, {"passages": found}

    _train("strip_common_passages", out, make)


def _train(name: str, out: Path, make: Callable[[Path], tuple[str, dict[str, object]]]) -> None:
    try:
        from ceyuan.data.problems import DataProblem
    except ImportError as error:
        raise MissingExtra("standard", ("训练质量模型", "training a model of quality")) from error
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{name}.npz"
    try:
        sha256, told = make(path)
    except DataProblem as problem:
        raise CeyuanError(problem.message) from problem
    show({"file": str(path), "sha256": sha256, **told}, key="file")
    say(
        (
            f"上传：ceyuan hub upload models/OWNER/NAME {out}；配方中写 operator: {name}，model: models/OWNER/NAME",
            f"to use it: ceyuan hub upload models/OWNER/NAME {out}; in a recipe, operator: {name} with model: "
            "models/OWNER/NAME",
        )
    )


def _texts(places: Sequence[Path], most: int, field: str) -> list[str]:
    """The first ``most`` texts, place by place."""
    return list(islice(_each_text(places, field), most))


def _each_text(places: Sequence[Path], field: str) -> Iterator[str]:
    """The texts of each place in turn, read as every source is."""
    from ceyuan.data.readers import Document, Documents, ReadOptions, read_path

    options = ReadOptions(text_field=field) if field else ReadOptions()
    for place in places:
        for item in read_path(place, options):
            if isinstance(item, Documents):
                yield from item.texts.to_pylist()
            elif isinstance(item, Document) and item.text.strip():
                yield item.text
