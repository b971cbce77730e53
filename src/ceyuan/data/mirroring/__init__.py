"""Mirroring engine: files of a bucket or a repository, rows of a database, brought into a folder of this machine.

Only what changed is fetched (by ETag, by object id, by a watermark column); what the source no longer has goes from the
folder too. A mirror that was interrupted goes on. Reading the folder is the collection engine's work, and so is what
becomes of deletions.
"""

from ceyuan.data.mirroring.entry import main

__all__ = ["main"]
