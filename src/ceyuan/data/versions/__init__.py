"""Dataset versions: a corpus that is kept up to date by what changed, with every version still there.

A store is a folder. Shards are Parquet files named by their content; a version is a manifest that lists them, and
which of their rows are no longer valid. A change (documents put in, documents taken out) is measured alone, decided
against all that came before, and becomes a version equal in content to one made from everything anew. What is
interrupted at any moment is taken up again with the same result.
"""

from ceyuan.data.versions.changes import Change, changed_files
from ceyuan.data.versions.read import difference, documents
from ceyuan.data.versions.refresh import refresh
from ceyuan.data.versions.store import Store, Version

__all__ = ["Change", "Store", "Version", "changed_files", "difference", "documents", "refresh"]
