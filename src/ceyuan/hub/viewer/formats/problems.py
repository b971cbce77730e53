"""Why a file cannot be shown."""

from __future__ import annotations


class ViewProblem(ValueError):
    """A file that is not what it seems, or that this view cannot show; `message` is (zh, en)."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.message = (zh, en)


class MoreNeeded(Exception):
    """The bytes at hand end before what is looked for."""
