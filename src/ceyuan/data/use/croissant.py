"""The dataset's card as Croissant 1.0 (MLCommons), a JSON-LD vocabulary on schema.org that tools load datasets by.

Format: https://docs.mlcommons.org/croissant/docs/croissant-spec.html
"""

from __future__ import annotations

from collections import Counter
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
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
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
_MEDIA_FIELDS = {
    "id": "标识 identifier",
    "file_name": "文件在数据集中的路径 path of the file in the dataset",
    "preview": "预览的路径 path of its preview",
    "format": "格式 format",
    "title": "标题 title",
    "source": "来源 source",
    "domain": "领域 domain",
    "licence": "许可 licence",
    "cluster": "相关文件簇 files that belong together",
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
        "citeAs": _citation(name, url, revision, made_at),
        "distribution": objects,
        "recordSet": _record_sets(files, _MEDIA_FIELDS if "media" in manifest else _FIELDS),
    }
    origins = sorted({str(one["source"]["origin"]) for one in manifest.get("sources", [])})
    return card | ({"isBasedOn": origins} if origins else {})


def _citation(name: str, url: str, revision: str, made_at: datetime) -> str:
    """BibTeX of this revision."""
    return f"@misc{{{name}, title = {{{name}}}, year = {{{made_at.year}}}, url = {{{url}}}, version = {{{revision}}}}}"


def _record_sets(files: Sequence[Mapping[str, Any]], fields: Mapping[str, str]) -> list[dict[str, Any]]:
    """One set of records for each side of the split, named after it; where a side has several files one for each of
    them, because the vocabulary gathers files in sets only out of archives."""
    ordered = sorted(files, key=lambda one: (one["split"] != "train", str(one["path"])))
    sizes = Counter(str(one["split"]) for one in files)
    stems = {one["path"]: str(one["path"]).rpartition("/")[2].partition(".")[0] for one in files}
    names = [str(one["split"]) if sizes[one["split"]] == 1 else stems[one["path"]] for one in ordered]
    return [_records(name, one, fields) for name, one in zip(names, ordered, strict=True)]


def _records(name: str, file: Mapping[str, Any], fields: Mapping[str, str]) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "key": {"@id": f"{name}/id"},
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{name}/{column}",
                "name": column,
                "description": words,
                "dataType": "sc:Text",
                "source": {"fileObject": {"@id": file["path"]}, "extract": {"column": column}},
            }
            for column, words in fields.items()
        ],
    }
