"""`ceyuan data reviews`: judge whether a dataset is fit for training, by hand and by machine, with a signed report."""

from __future__ import annotations

from typing import Annotated

import typer

from ceyuan.cli import jobs
from ceyuan.cli.connection import Api
from ceyuan.cli.output import show, show_rows

app = typer.Typer(help="Reviews of datasets before training.", no_args_is_help=True)

_REVIEWS = "/api/v1/data/reviews"
ReviewArgument = Annotated[str, typer.Argument(help="id of the review")]
FollowOption = Annotated[bool, typer.Option(help="print the job's log until it ends")]


@app.command("list")
@app.command("ls", hidden=True)
def list_reviews(
    org: Annotated[str | None, typer.Option(help="only this organisation's (its id)")] = None,
    state: Annotated[str | None, typer.Option(help="preparing, open, closing, closed or failed")] = None,
    limit: Annotated[int, typer.Option(help="how many at most")] = 50,
) -> None:
    """List reviews, newest first."""
    columns = ["id", "title", "state", "settled", "documents", "passed", "created_at"]
    show_rows(Api().pages(_REVIEWS, limit=limit, org_id=org, state=state), columns)


@app.command()
def begin(
    dataset: Annotated[str, typer.Argument(help="revision, such as datasets/demo/corpus-zh@main")],
    report: Annotated[str, typer.Argument(help="owner/name of the report to write")],
    org: Annotated[str, typer.Option(help="id of the organisation that it is for")],
    documents: Annotated[int, typer.Option(help="documents of the manual sample")] = 4000,
    title: Annotated[str, typer.Option(help="title for people")] = "",
    follow: FollowOption = False,
) -> None:
    """Begin a review: draw the sample, inspect everything by machine."""
    body = {"org_id": org, "dataset": dataset, "report": report, "documents": documents, "title": title}
    made = Api().post(_REVIEWS, body)
    show(made)
    if follow:
        jobs.follow(made["job_id"])


@app.command("show")
def show_review(review_id: ReviewArgument) -> None:
    """Show one review with what machines found and its result."""
    show(Api().get(f"{_REVIEWS}/{review_id}"))


@app.command()
def queue(
    review_id: ReviewArgument, limit: Annotated[int, typer.Option(help="how many at most, up to 50")] = 10
) -> None:
    """Show the documents that wait for your judgement."""
    found = Api().get(f"{_REVIEWS}/{review_id}/queue", limit=limit)
    show_rows(found["items"], ["number", "document", "source", "domain", "text"], key="number")


@app.command()
def findings(
    review_id: ReviewArgument,
    fails: Annotated[
        bool | None, typer.Option(help="only what fails a document, or only what is to be looked at")
    ] = None,
    limit: Annotated[int, typer.Option(help="how many at most, up to 200")] = 50,
) -> None:
    """Show what the machine check found, document by document."""
    chosen = {} if fails is None else {"fails": fails}
    found = Api().get(f"{_REVIEWS}/{review_id}/findings", limit=limit, **chosen)
    show_rows(found["items"], ["document", "clause", "fails", "detector", "excerpt"], key="document")


@app.command()
def judge(
    review_id: ReviewArgument,
    number: Annotated[int, typer.Argument(help="place of the document in the queue")],
    verdict: Annotated[str, typer.Argument(help="pass or fail")],
    clause: Annotated[str, typer.Option(help="clause that it breaks, such as A.1.a")] = "",
    note: Annotated[str, typer.Option(help="why")] = "",
) -> None:
    """Judge one document; a judgement never changes."""
    vote = {"number": number, "verdict": verdict, "clause": clause, "note": note}
    show(Api().post(f"{_REVIEWS}/{review_id}/votes", {"votes": [vote]}))


@app.command()
def close(review_id: ReviewArgument, follow: FollowOption = False) -> None:
    """Write and sign the report once every document has its verdict."""
    made = Api().post(f"{_REVIEWS}/{review_id}/close")
    show(made)
    if follow:
        jobs.follow(made["job_id"])


@app.command()
def replay(review_id: ReviewArgument) -> None:
    """Draw the sample and compute the result again from what is kept, and check the signature."""
    show(Api().post(f"{_REVIEWS}/{review_id}/replay"))
