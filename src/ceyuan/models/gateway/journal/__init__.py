"""The usage journal: what a call will cost is written down before it goes upstream, and what it did cost before
the client has the whole answer, so that no crash loses or doubles a charge."""

from ceyuan.models.gateway.journal.replay import Abandoned, abandoned_journals, read_calls
from ceyuan.models.gateway.journal.writer import Journal

__all__ = ["Abandoned", "Journal", "abandoned_journals", "read_calls"]
