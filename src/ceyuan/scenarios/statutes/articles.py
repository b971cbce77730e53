"""Articles of law as values, read from rows of a dataset."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

IN_FORCE = frozenset({"现行有效", ""})


@dataclass(frozen=True, slots=True)
class Article:
    """One article: its row in the dataset (`id`), the law, the number as written, the text, and its validity.

    `status` is 现行有效, 已被修改, 历史版本, 已废止 or empty when the source does not say; dates are ISO dates
    or empty.
    """

    id: str
    law_id: str
    law: str
    article_no: str
    text: str
    chapter: str
    status: str
    effective: str
    version: str

    @property
    def title(self) -> str:
        return f"《{self.law}》{self.article_no}"

    @property
    def is_in_force(self) -> bool:
        return self.status in IN_FORCE

    @property
    def quote_hash(self) -> str:
        """SHA-256 of the text: an answer keeps it, so that a later reader sees whether the article changed."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def articles_from_rows(rows: Iterable[tuple[str, str, Mapping[str, str]]]) -> list[Article]:
    """Articles of rows (id, text, notes); rows whose notes name no law and article are left out.

    The first line of a row's text is its heading and is not part of the article.
    """
    out = []
    for row_id, text, notes in rows:
        law, number = notes.get("law_name"), notes.get("article_no")
        if not law or not number:
            continue
        heading, _, body = text.partition("\n")
        out.append(
            Article(
                id=row_id,
                law_id=notes.get("law_id", law),
                law=law,
                article_no=number,
                text=(body or heading).strip(),
                chapter=notes.get("chapter", ""),
                status=notes.get("status", ""),
                effective=notes.get("effective", ""),
                version=notes.get("version", ""),
            )
        )
    return out
