"""Use cases of using corpora: mix, export, describe, account."""

from __future__ import annotations

from typing import Any

from ceyuan.data.mixing.chain import chain_holds
from ceyuan.data.pipelines.errors import NotACorpus
from ceyuan.data.pipelines.service import read_json
from ceyuan.data.use.croissant import croissant
from ceyuan.data.use.errors import MixtureInvalid
from ceyuan.data.use.schemas import ExportIn, MixIn
from ceyuan.hub import open_revision, require_grade_allows, resolve, strictest_grade
from ceyuan.identity import require_role_in
from ceyuan.kernel.jobs import Job, submit
from ceyuan.kernel.work import UnitOfWork

MIX, EXPORT = "data.mix", "data.export"


async def start_mixture(uow: UnitOfWork, body: MixIn, key: str | None = None) -> Job:
    """Queue the job that mixes corpora; each is fixed to the revision that it names now. Raises `MixtureInvalid`,
    `GradeForbids`."""
    await require_role_in(uow, body.org_id, "member")
    parts = [await resolve(uow, one.dataset) for one in body.parts]
    items = [await resolve(uow, one) for one in body.benchmarks]
    for revision in (*parts, *items):
        if revision.kind != "dataset":
            raise MixtureInvalid((f"“{revision.label}”不是数据集", f"“{revision.label}” is not a dataset"))
    if len({one.repository_id for one in parts}) != len(parts):
        raise MixtureInvalid(("同一数据集出现了两次", "a dataset comes twice"))
    if body.unit == "tokens" and body.tokeniser is None:
        raise MixtureInvalid(
            ("按词元计预算需要指定分词器", "a budget of tokens needs a tokeniser"),
            hint=("填写资源库中带 tokenizer.json 的模型", "name a model of the hub that has a tokenizer.json"),
        )
    require_grade_allows(await strictest_grade(uow, [one.ref for one in parts]), body.visibility)
    params = body.model_dump(mode="json")
    for one, revision in zip(params["parts"], parts, strict=True):
        one["dataset"] = revision.ref
    params["benchmarks"] = [one.ref for one in items]
    if body.tokeniser is not None:
        params["tokeniser"] = (await resolve(uow, body.tokeniser)).ref
    title = (f"配比 {body.dataset}", f"Mix {body.dataset}")
    inputs = [revision.node_id for revision in parts]
    return await submit(uow, MIX, params, org_id=body.org_id, title=title, key=key, inputs=inputs)


async def start_export(uow: UnitOfWork, body: ExportIn, key: str | None = None) -> Job:
    """Queue the job that writes a dataset in another form. Raises `MixtureInvalid`, `GradeForbids`."""
    await require_role_in(uow, body.org_id, "member")
    revision = await resolve(uow, body.dataset)
    if f"{revision.owner}/{revision.name}" == body.target:
        raise MixtureInvalid(("不能导出到自身", "a dataset cannot be exported onto itself"))
    require_grade_allows(await strictest_grade(uow, [revision.ref]), body.visibility)
    params = body.model_dump(mode="json") | {"dataset": revision.ref}
    if body.form == "packed":
        if body.tokeniser is None:
            raise MixtureInvalid(
                ("打包为词元需要指定分词器", "packing into tokens needs a tokeniser"),
                hint=("填写资源库中带 tokenizer.json 的模型", "name a model of the hub that has a tokenizer.json"),
            )
        params["tokeniser"] = (await resolve(uow, body.tokeniser)).ref
    title = (f"导出 {revision.label}", f"Export {revision.label}")
    return await submit(uow, EXPORT, params, org_id=body.org_id, title=title, key=key, inputs=[revision.node_id])


async def describe(uow: UnitOfWork, reference: str, address: str) -> dict[str, Any]:
    """The Croissant card of a corpus or a mixture; `address` is the platform's own. Raises `NotACorpus`."""
    revision, manifest = await read_json(uow, reference, "manifest.json")
    if "data" not in manifest or "content_sha256" not in manifest:
        raise NotACorpus()
    row = (await open_revision(uow, revision.ref)).row
    url = f"{address}/datasets/{revision.owner}/{revision.name}"
    words = row.description or row.name
    return croissant(row.name, url, revision.commit, revision.created_at, manifest, words)


async def account(uow: UnitOfWork, reference: str) -> dict[str, Any]:
    """The chain of contributions of a corpus, newest first. Raises `NotACorpus`."""
    revision, found = await read_json(uow, reference, "contributions.json")
    entries = found["entries"]
    return {"revision": revision.ref, "valid": chain_holds(entries), "entries": entries[::-1]}
