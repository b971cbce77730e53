from __future__ import annotations

import json
from collections import Counter
from typing import Any

from scripts.openapi import SNAPSHOT, document


def operations(content: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    methods = {"get", "put", "post", "patch", "delete", "head"}
    return [(m, p, op) for p, item in content["paths"].items() for m, op in item.items() if m in methods]


def test_the_snapshot_of_the_interface_is_current() -> None:
    assert json.loads(SNAPSHOT.read_text(encoding="utf-8")) == document(), "run make api"


def test_every_operation_has_its_own_name_a_sentence_and_a_tag() -> None:
    found = operations(document())
    names = Counter(op["operationId"] for _, _, op in found)
    assert [n for n, count in names.items() if count > 1] == []
    assert [f"{m} {p}" for m, p, op in found if not (op.get("summary") or op.get("description"))] == []
    assert [f"{m} {p}" for m, p, op in found if not op.get("tags")] == []


def test_a_body_with_a_field_that_nobody_knows_is_refused() -> None:
    content = document()
    loose, read_back = [], {"SiteIn", "PoolIn", "OfferTerms"}  # what was read is put back changed, with what it told
    for method, path, operation in operations(content):
        body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
        for choice in [body, *body.get("anyOf", [])] if path.startswith("/api/v1/") else []:
            name = choice.get("$ref", "").rpartition("/")[2]
            schema = content["components"]["schemas"].get(name, {})
            if name and name.rpartition("__")[2] not in read_back and schema.get("additionalProperties") is not False:
                loose.append(f"{method} {path}: {name}")
    assert loose == [], "a misspelt field would be left out without a word: extra='forbid'"
