"""PDF files: the text layer, page by page."""

from collections.abc import Iterator
from pathlib import Path

from ceyuan.data.readers.documents import Document, ReadOptions, Rejection, clean_text

__all__ = ["read_pdf"]

_PAGES = 5000


def read_pdf(path: Path, name: str, encoding: str, options: ReadOptions) -> Iterator[Document | Rejection]:
    """The text of a PDF as one document, a long one cut into parts at page ends.

    Scanned pages have no text layer: a file of nothing else is rejected as ``no_text_layer``.
    """
    del encoding
    try:
        import pypdf
    except ImportError:
        yield Rejection(name, "missing_extra", "pip install 'ceyuan[standard]' (pypdf)")
        return
    if path.stat().st_size > options.limits.whole_file * 4:
        yield Rejection(name, "file_too_large", f"{path.stat().st_size} bytes")
        return
    try:
        with path.open("rb") as file:
            reader = pypdf.PdfReader(file, strict=False)
            if reader.is_encrypted and not reader.decrypt(""):
                yield Rejection(name, "encrypted")
                return
            title = str(getattr(reader.metadata, "title", None) or "").strip()[:200]
            yield from _documents(name, title, reader.pages, options)
    except Exception as error:  # a damaged PDF fails in any place and way
        yield Rejection(name, "bad_pdf", f"{type(error).__name__}: {error}"[:300])


def _documents(name: str, title: str, pages: object, options: ReadOptions) -> Iterator[Document | Rejection]:
    texts: list[str] = []
    size, parts = 0, 0
    for number, page in enumerate(pages):  # type: ignore[var-annotated, arg-type]
        if number == _PAGES:
            yield Rejection(f"{name}#page{number + 1}", "too_many_pages")
            break
        text = clean_text(page.extract_text() or "").strip()
        if texts and size + len(text) * 3 > options.limits.document:
            parts += 1
            yield Document(f"{name}#part{parts}", "\n".join(texts), title=clean_text(title), group=name)
            texts, size = [], 0
        if text:
            texts.append(text)
            size += len(text) * 3
    if texts:
        own = f"{name}#part{parts + 1}" if parts else name
        yield Document(own, "\n".join(texts), title=clean_text(title), group=name if parts else "")
    elif not parts:
        yield Rejection(name, "no_text_layer")
