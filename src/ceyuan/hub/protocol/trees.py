"""Files and history: trees, paths, commits, differences."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field, StringConstraints

from ceyuan.hub.browsing.differences import difference, text_difference
from ceyuan.hub.browsing.service import Listed, View, list_commits, list_folder, open_repository
from ceyuan.hub.commits.erasing import erase_large_files
from ceyuan.hub.errors import EntryNotFound
from ceyuan.hub.gating.access import require_open
from ceyuan.hub.history import repository as history
from ceyuan.hub.history.commits import root_of
from ceyuan.hub.lean import Reply, json_reply
from ceyuan.hub.naming import HEADS
from ceyuan.hub.protocol.call import BadRequest, Call, Words
from ceyuan.hub.protocol.routing import route
from ceyuan.hub.protocol.shapes import commit_info, entry_info, file_safety, large_hashes, last_commit, moment
from ceyuan.hub.repositories.tables import HubRepository
from ceyuan.hub.safety.known import verdicts
from ceyuan.hub.trees import Entry, File, TreeProblem, check_path, compare, find
from ceyuan.hub.xet import repository as xorbs
from ceyuan.kernel.work import UnitOfWork

_PAGE, _EXPANDED = 1000, 100
_MOST_PATHS = 2000
_LOOKED = 300
"""Commits that are looked through for the last change of an entry."""
_DIFF_BYTES = 2 * 1024 * 1024


class PathsIn(BaseModel):
    """Paths to be described."""

    paths: list[Words] | Words
    expand: bool = False


class DeletionsIn(BaseModel):
    """Large files to be erased, by their SHA-256."""

    sha: list[Annotated[str, StringConstraints(pattern=r"^[0-9a-fA-F]{64}$")]] = Field(min_length=1, max_length=1000)
    rewriteHistory: bool = True


class EraseIn(BaseModel):
    """What the client sends to erase large files."""

    deletions: DeletionsIn


@route("GET", "/api/{kinds}/{owner}/{name}/tree/{revision}/{path*}")
async def list_tree(call: Call) -> Reply:
    """List a folder of a revision."""
    return await _tree(call, call["path"].strip("/"))


@route("GET", "/api/{kinds}/{owner}/{name}/tree/{revision}")
async def list_root(call: Call) -> Reply:
    """List the root of a revision."""
    return await _tree(call, "")


async def _tree(call: Call, path: str) -> Reply:
    expand = call.flag("expand")
    limit = call.number("limit", _EXPANDED if expand else _PAGE, _EXPANDED if expand else _PAGE)
    async with call.reading() as uow:
        view = await open_repository(uow, await call.repository(uow), call["revision"])
        if path and await _found(view, path) is None:
            raise EntryNotFound(
                (f"“{path}”不存在", f"{path} does not exist on {call['revision']}"), commit=view.commit.id
            )
        found = await list_folder(
            view, path, recursive=call.flag("recursive"), after=call.query("cursor"), limit=limit, folders=True
        )
        answer = await _described(uow, view, found.entries, expand=expand)
    return json_reply(answer, headers={"x-repo-commit": view.commit.id, **call.next_link(found.after)})


@route("GET", "/api/{kinds}/{owner}/{name}/lfs-files")
async def list_large_files(call: Call) -> Reply:
    """List the large files of the default branch, then those that each other branch adds to it or holds in another
    form; each content once a page, with the change that brought it."""
    branch, _, after = (call.query("cursor") or "").partition(":")  # no branch has a colon in its name
    async with call.reading() as uow:
        row = await call.repository(uow)
        usual = await open_repository(uow, row)
        view = await open_repository(uow, row, HEADS + branch) if branch else usual
        found = await _large_beside(usual, view, after)
        last = await _last_changes(uow, view, list(found.entries))
        ages = moment(row.created_at)
        name = branch or row.default_branch
        answer = [
            {
                "fileOid": entry.sha256,
                "oid": entry.sha256,
                "filename": path,
                "size": entry.size,
                "ref": name,
                "pushedAt": last[path]["date"] if path in last else ages,
            }
            for path, entry in found.entries
            if isinstance(entry, File)
        ]
        then = f"{branch}:{found.after}" if found.after else await _next_branch(uow, row, branch)
    return json_reply(answer, headers=call.next_link(then))


async def _large_beside(usual: View, view: View, after: str) -> Listed:
    """Large files of a revision behind the path `after`; of another than the usual one, those that this lacks."""
    if view is usual:
        listed = await list_folder(view, "", recursive=True, after=after, limit=_EXPANDED, folders=False)
    else:
        changes = [change async for change in compare(view.trees, usual.root, view.root)]
        ahead = sorted((one.path, one.new) for one in changes if one.new is not None and one.path > after)
        listed = Listed(ahead[:_EXPANDED], ahead[_EXPANDED - 1][0] if len(ahead) > _EXPANDED else None)
    large = {file.sha256: (path, file) for path, file in listed.entries if isinstance(file, File) and file.large}
    return Listed(list(large.values()), listed.after)


async def _next_branch(uow: UnitOfWork, row: HubRepository, branch: str) -> str | None:
    """Where the list goes on behind a branch (empty: the default one)."""
    names = (
        ref.name.removeprefix(HEADS) for ref in await history.refs(uow.session, row.id) if ref.name.startswith(HEADS)
    )
    return next((f"{name}:" for name in sorted(names) if name > branch and name != row.default_branch), None)


@route("POST", "/api/{kinds}/{owner}/{name}/lfs-files/batch", body="application/json")
async def erase_files(call: Call) -> Reply:
    """Take large files out of the repository for good; with `rewriteHistory` out of its history too."""
    wanted = (await call.model(EraseIn)).deletions
    async with call.writing() as uow:
        row = await call.repository(uow)
        await erase_large_files(uow, row, [sha.lower() for sha in wanted.sha], rewrite=wanted.rewriteHistory)
    return json_reply({})


@route("POST", "/api/{kinds}/{owner}/{name}/paths-info/{revision}", body="application/json")
async def get_paths_info(call: Call) -> Reply:
    """Describe the files and folders at some paths; those that are not there are left out."""
    body = await call.form_or_model(PathsIn, "paths")
    paths = [body.paths] if isinstance(body.paths, str) else body.paths
    if len(paths) > _MOST_PATHS:
        raise BadRequest((f"一次最多 {_MOST_PATHS} 个路径", f"at most {_MOST_PATHS} paths at once"))
    async with call.reading() as uow:
        view = await open_repository(uow, await call.repository(uow), call["revision"])
        entries = [(path, entry) for path in paths if path and (entry := await _found(view, path)) is not None]
        answer = await _described(uow, view, entries, expand=body.expand)
    return json_reply(answer)


async def _found(view: View, path: str) -> Entry | None:
    try:
        return await find(view.trees, view.root, check_path(path.strip("/")))
    except TreeProblem:
        return None


async def _described(uow: UnitOfWork, view: View, entries: Any, *, expand: bool) -> list[dict[str, Any]]:
    listed = list(entries)
    xet = await xorbs.hashes_of(uow.session, large_hashes(listed))
    answer = [entry_info(path, entry, xet) for path, entry in listed]
    if expand:
        last = await _last_changes(uow, view, listed)
        known = await verdicts(uow.session, listed)
        for info in answer:
            info["lastCommit"] = last.get(info["path"])
            if info["type"] == "file":
                info["securityFileStatus"] = file_safety(known[info["path"]])
    return answer


async def _last_changes(uow: UnitOfWork, view: View, entries: list[tuple[str, Entry]]) -> dict[str, Any]:
    """Which commit changed each entry last, as far back as is looked."""
    open_ends = dict(entries)
    found: dict[str, Any] = {}
    rows = await history.log(uow.session, view.row.id, view.commit.id, _LOOKED)
    for row, older in zip(rows, [*rows[1:], None], strict=True):
        for path in list(open_ends):
            before = await find(view.trees, root_of(older), path) if older is not None else None
            if before != open_ends[path]:
                found[path] = last_commit(row)
                del open_ends[path]
        if not open_ends:
            break
    return found


@route("GET", "/api/{kinds}/{owner}/{name}/commits/{revision}")
async def list_repo_commits(call: Call) -> Reply:
    """List the commits of a revision and before it, newest first."""
    async with call.reading() as uow:
        row = await call.repository(uow)
        view = await open_repository(uow, row, call.query("cursor") or call["revision"])
        found = await list_commits(uow, view, limit=call.number("limit", 50, 1000))
    formatted = call.queries("expand[]") + call.queries("expand")
    answer = []
    for commit in found.commits:
        info = commit_info(commit)
        if "formatted" in formatted:
            info["formatted"] = {"title": commit.title, "message": commit.description}
        answer.append(info)
    return json_reply(answer, headers=call.next_link(found.before))


@route("GET", "/api/{kinds}/{owner}/{name}/compare/{spec}")
async def compare_revisions(call: Call) -> Reply:
    """Show what leads from one revision to another (`old..new`) as a unified diff."""
    old, dots, new = call["spec"].partition("..")
    if not dots or not old or not new.strip("."):
        raise BadRequest(("格式应为 旧..新", "write it as old..new"))
    async with call.reading() as uow:
        row = await call.repository(uow)
        await require_open(uow, row)
        before = await open_repository(uow, row, old)
        after = await open_repository(uow, row, new.lstrip("."))
        text = await unified(uow, before, after)
    body = text.encode()
    return Reply(200, {"content-type": "text/plain; charset=utf-8", "content-length": str(len(body))}, body)


async def unified(uow: UnitOfWork, before: View, after: View) -> str:
    """The changes of all text files as one diff; binary ones are named."""
    parts: list[str] = []
    size = 0
    for change in (await difference(before, after)).changes:
        lines = await text_difference(uow, before, after, change.path)
        part = f"diff --git a/{change.path} b/{change.path}\n"
        part += lines if lines is not None else f"Binary files a/{change.path} and b/{change.path} differ\n"
        size += len(part)
        if size > _DIFF_BYTES:
            break
        parts.append(part)
    return "".join(parts)
