"""The dataset's card as Croissant 1.0 (MLCommons), a JSON-LD vocabulary on schema.org that tools load datasets by.

Format: https://docs.mlcommons.org/croissant/docs/croissant-spec.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

__all__ = ["croissant"]

_CONTEXT = {
    "@language": "zh",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "key": "cr:key",
    "md5": "cr:md5",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
_FIELDS = {
    "id": "标识 identifier",
    "text": "正文 text",
    "title": "标题 title",
    "source": "来源 source",
    "domain": "领域 domain",
    "licence": "许可 licence",
    "cluster": "相关文档簇 documents that belong together",
    "meta": "附注 notes, a JSON object",
}


def croissant(
    name: str,
    url: str,
    revision: str,
    made_at: datetime,
    manifest: Mapping[str, Any],
    description: str,
) -> dict[str, Any]:
    """The card of a corpus or a mixture. ``url`` is where its files lie (``{url}/resolve/{revision}/path``)."""
    files: Sequence[Mapping[str, Any]] = manifest["data"]
    licences = sorted({str(one["source"]["licence"]) for one in manifest.get("sources", [])})
    # A mixture has no sources of its own; what it stands under is in its matrix.
    licences = licences or [str(one["licence"]) for one in manifest.get("licences", {}).get("licences", ())]
    sides = sorted({str(one["split"]) for one in files}, reverse=True)
    objects = [
        {
            "@type": "cr:FileObject",
            "@id": one["path"],
            "name": one["path"].rpartition("/")[2],
            "contentUrl": f"{url}/resolve/{revision}/{one['path']}",
            "contentSize": f"{one['bytes']} B",
            "encodingFormat": "application/x-parquet",
            "sha256": one["sha256"],
        }
        for one in files
    ]
    sets = [
        {
            "@type": "cr:FileSet",
            "@id": f"files-{side}",
            "name": f"files-{side}",
            "containedIn": [{"@id": one["path"]} for one in files if one["split"] == side],
            "encodingFormat": "application/x-parquet",
            "includes": f"data/{side}-*.parquet",
        }
        for side in sides
    ]
    card = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": name,
        "description": description,
        "url": url,
        "version": revision,
        "datePublished": made_at.date().isoformat(),
        "inLanguage": ["zh"],
        "license": licences or ["LicenseRef-unstated"],
        "isLiveDataset": False,
        "distribution": [*objects, *sets],
        "recordSet": [_records(side) for side in sides],
    }
    origins = sorted({str(one["source"]["origin"]) for one in manifest.get("sources", [])})
    return card | ({"isBasedOn": origins} if origins else {})


def _records(side: str) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": side,
        "name": side,
        "key": {"@id": f"{side}/id"},
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{side}/{name}",
                "name": name,
                "description": words,
                "dataType": "sc:Text",
                "source": {"fileSet": {"@id": f"files-{side}"}, "extract": {"column": name}},
            }
            for name, words in _FIELDS.items()
        ],
    }
