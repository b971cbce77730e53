"""Tables of commits, trees and pointers; all rows belong to one repository and go with it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.kernel.tables import Base, Id

Sha256 = String(64)
Oid = String(40)
Raw = bytes
"""The type by another name: a table below has a column of its name."""


def repository_key() -> Mapped[str]:
    """The column that says to which repository a row belongs."""
    return mapped_column(Id, ForeignKey("hub_repository.id", ondelete="CASCADE"), primary_key=True)


class HubTree(Base):
    """One folder of one or many revisions: its entries, or the list of its pages, encoded."""

    __tablename__ = "hub_tree"
    repository_id: Mapped[str] = repository_key()
    id: Mapped[str] = mapped_column(Sha256, primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class HubPage(Base):
    """A run of the entries of a large folder."""

    __tablename__ = "hub_page"
    repository_id: Mapped[str] = repository_key()
    id: Mapped[str] = mapped_column(Sha256, primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class HubCommit(Base):
    """A revision: a tree, what came before it, who made it, when and why.

    `id` is the SHA-1 of the git commit with these very contents; `tree_id` identifies the content alone.
    `origin` is the id of the job or other deed that made it; `body` is the commit as git hashes it, where it was
    pushed by git: with its own author, committer, time zones and signature.
    """

    __tablename__ = "hub_commit"
    repository_id: Mapped[str] = repository_key()
    id: Mapped[str] = mapped_column(Oid, primary_key=True)
    tree_id: Mapped[str] = mapped_column(Sha256)
    git_tree: Mapped[str] = mapped_column(Oid)
    parent: Mapped[str | None] = mapped_column(Oid)
    parents: Mapped[list[str]]
    title: Mapped[str] = mapped_column(String(500))
    description: Mapped[str] = mapped_column(Text)
    author_id: Mapped[str] = mapped_column(Id)
    author: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    files: Mapped[int] = mapped_column(Integer)
    bytes: Mapped[int] = mapped_column(BigInteger)
    origin: Mapped[str | None] = mapped_column(String(80))
    body: Mapped[Raw | None] = mapped_column(LargeBinary)


class HubRef(Base):
    """A branch (`refs/heads/…`) or tag (`refs/tags/…`) and the commit that it points at; of an annotated tag that was
    pushed by git also the tag object, by its id and body."""

    __tablename__ = "hub_ref"
    repository_id: Mapped[str] = repository_key()
    name: Mapped[str] = mapped_column(String(255), primary_key=True)
    commit_id: Mapped[str] = mapped_column(Oid)
    message: Mapped[str] = mapped_column(Text, default="")
    tag_oid: Mapped[str | None] = mapped_column(Oid)
    tag_body: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class HubHeld(Base):
    """Content that some revision of the repository holds: what a collector of garbage must leave alone."""

    __tablename__ = "hub_held"
    repository_id: Mapped[str] = repository_key()
    sha256: Mapped[str] = mapped_column(Sha256, primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = (Index("ix_hub_held_sha256", "sha256"),)
