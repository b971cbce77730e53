"""Readers: a folder of the user's own files becomes documents, and every bad file or record a named rejection.

Text, Markdown, HTML, manual pages, JSON, JSON Lines and CSV in any common Chinese encoding (UTF-8, GB18030, Big5,
UTF-16 with or without a mark), Parquet, PDF, Word, Excel, EPUB and WARC, also inside gzip and zip; where asked for,
images, audio and video as files of their own, told by their first bytes. Memory is bounded whatever the input: a
line, a document or an archive over the limit is skipped in a stream and reported.
Nothing here cleans; that is what ``ceyuan.data.operators`` does.
"""

from ceyuan.data.readers.documents import (
    Document,
    Documents,
    Identity,
    Item,
    Limits,
    Media,
    MediaKind,
    ReadOptions,
    Rejection,
)
from ceyuan.data.readers.encoding import detect_encoding
from ceyuan.data.readers.folder import FORMATS, READERS, read_items, read_path
from ceyuan.data.readers.media import MEDIA, media_format

__all__ = [
    "FORMATS",
    "MEDIA",
    "READERS",
    "Document",
    "Documents",
    "Identity",
    "Item",
    "Limits",
    "Media",
    "MediaKind",
    "ReadOptions",
    "Rejection",
    "detect_encoding",
    "media_format",
    "read_items",
    "read_path",
]
