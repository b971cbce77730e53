"""What can go wrong with another hub."""

from __future__ import annotations


class RemoteFault(Exception):
    """The other hub cannot be reached, refuses, or sends what does not fit: a stable reason, and one sentence in each
    language, with a hint where one helps.

    Reasons: `unreachable`, `private_address`, `bad_redirect`, `too_many_redirects`, `too_large`, `bad_answer`,
    `damaged`, and `http_` with the status.
    """

    def __init__(self, reason: str, zh: str, en: str, hint: tuple[str, str] | None = None) -> None:
        super().__init__(en)
        self.reason, self.zh, self.en, self.hint = reason, zh, en, hint
