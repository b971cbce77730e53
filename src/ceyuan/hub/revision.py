"""A revision as other rooms see it: which repository, which commit, which content."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ceyuan.hub.naming import Kind, Reference


@dataclass(frozen=True, slots=True)
class Revision:
    """One immutable state of a repository.

    `commit` (40 hexadecimal digits) names the revision with its time, author and message; `tree` (SHA-256)
    identifies the content alone: two runs that make the same files make the same tree. `files` and `bytes`
    count the content.
    """

    repository_id: str
    kind: Kind
    owner: str
    name: str
    org_id: str
    commit: str
    tree: str
    title: str
    created_at: datetime
    files: int
    bytes: int

    @property
    def ref(self) -> str:
        """The full reference, such as `datasets/demo/corpus-zh@<commit>`; it resolves to this revision for ever."""
        return str(Reference(self.kind, self.owner, self.name, self.commit))

    @property
    def label(self) -> str:
        """The reference for people: `demo/corpus-zh@` and the commit's first ten digits."""
        return f"{self.owner}/{self.name}@{self.commit[:10]}"

    @property
    def node_id(self) -> str:
        """The revision's id in the lineage graph; it outlives a change of name."""
        return f"revision:{self.repository_id}@{self.commit}"
