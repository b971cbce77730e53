"""What is wrong with what git sent, in both languages."""

from __future__ import annotations


class GitProblem(ValueError):
    """Bytes that git could not have meant: one sentence in each language."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en


class PackProblem(GitProblem):
    """A pack that is cut, damaged, too large, or that counts on objects it does not hold."""


class ObjectProblem(GitProblem):
    """A commit, tree or tag whose body is not one."""
