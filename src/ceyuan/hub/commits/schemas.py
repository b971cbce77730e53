"""Commits, uploads, branches and tags on the wire."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from ceyuan.hub.commits.service import Add, Copy, Delete, Operation
from ceyuan.hub.history.tables import HubCommit, HubRef
from ceyuan.hub.naming import HEADS
from ceyuan.kernel.errors import Invalid

Path = Annotated[str, Field(min_length=1, max_length=1024)]
Revision = Annotated[str, Field(min_length=1, max_length=255)]


class AddIn(BaseModel):
    """Put uploaded content at a path, in place of a file that is there."""

    op: Literal["add"]
    path: Path
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="of content that was uploaded before")]


class WriteIn(BaseModel):
    """Write a small file whose content is in the request."""

    op: Literal["write"]
    path: Path
    content: str
    encoding: Literal["utf-8", "base64"] = "utf-8"

    def data(self) -> bytes:
        """The file's bytes; raises `Invalid`."""
        try:
            return self.content.encode() if self.encoding == "utf-8" else base64.b64decode(self.content, validate=True)
        except (UnicodeEncodeError, binascii.Error) as error:
            raise Invalid(
                (
                    f"“{self.path}”的内容不是有效的 {self.encoding}",
                    f"the content of “{self.path}” is not {self.encoding}",
                )
            ) from error


class DeleteIn(BaseModel):
    """Remove a file or a whole folder."""

    op: Literal["delete"]
    path: Path


class CopyIn(BaseModel):
    """Copy a file or folder, as it was before this commit or in another revision."""

    op: Literal["copy"]
    path: Path
    source: Path
    revision: Revision | None = None


OperationIn = Annotated[AddIn | WriteIn | DeleteIn | CopyIn, Field(discriminator="op")]


class CommitIn(BaseModel, extra="forbid"):
    """Operations that together make the next revision of a branch."""

    message: Annotated[str, Field(min_length=1, max_length=5000)]
    description: Annotated[str, Field(max_length=50_000)] = ""
    branch: Annotated[str, Field(max_length=200)] | None = None
    parent: Annotated[
        str | None,
        Field(
            pattern="^[0-9a-f]{40}$", description="the commit that the change was made for; 409 if it is not the head"
        ),
    ] = None
    operations: Annotated[list[OperationIn], Field(min_length=1)]


def operations_of(body: CommitIn, stored: dict[int, str]) -> list[Operation]:
    """The operations of a request; `stored` has the SHA-256 of what was written inline, by position."""
    found: list[Operation] = []
    for position, op in enumerate(body.operations):
        if isinstance(op, AddIn):
            found.append(Add(op.path, op.sha256))
        elif isinstance(op, WriteIn):
            found.append(Add(op.path, stored[position]))
        elif isinstance(op, DeleteIn):
            found.append(Delete(op.path))
        else:
            found.append(Copy(op.path, op.source, op.revision))
    return found


class UploadOut(BaseModel):
    """Content that a commit may now add."""

    sha256: str
    size: int


class RevisionOut(BaseModel):
    """The revision that a commit made, or the head if nothing changed. `ref` names it for ever, `tree` identifies
    its content alone."""

    ref: str
    label: str
    node_id: str
    commit: str
    tree: str
    title: str
    created_at: datetime
    files: int
    bytes: int


class CommitOut(BaseModel):
    """A commit as its history lists it."""

    id: str
    tree: str
    parents: list[str]
    title: str
    description: str
    author: str
    author_id: str
    created_at: datetime
    files: int
    bytes: int
    origin: str | None


class RefIn(BaseModel, extra="forbid"):
    """A branch or tag to be made."""

    kind: Literal["branch", "tag"]
    name: Annotated[str, Field(min_length=1, max_length=200)]
    revision: Revision | None = None
    message: Annotated[str, Field(max_length=5000)] = ""


class RefOut(BaseModel):
    """A branch or tag; `ref` is its full name."""

    kind: Literal["branch", "tag", "other"]
    name: str
    ref: str
    commit: str
    message: str
    created_at: datetime
    updated_at: datetime


def commit_out(row: HubCommit) -> dict[str, Any]:
    """What `CommitOut` shows."""
    return {name: getattr(row, name) for name in CommitOut.model_fields if name != "tree"} | {"tree": row.tree_id}


def ref_out(row: HubRef) -> dict[str, Any]:
    """What `RefOut` shows."""
    kind = "branch" if row.name.startswith(HEADS) else "tag" if row.name.startswith("refs/tags/") else "other"
    return {
        "kind": kind,
        "name": row.name.split("/", 2)[2],
        "ref": row.name,
        "commit": row.commit_id,
        "message": row.message,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }
