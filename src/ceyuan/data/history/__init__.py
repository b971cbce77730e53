"""The history of corpora: every revision that a pipeline made, what differs between two, the way of a document,
going back to an earlier one, and which one was current at a time. Making revisions is `data.pipelines`' work."""

from ceyuan.data.history.service import list_versions, roll_back, version_at

__all__ = ["list_versions", "roll_back", "version_at"]
