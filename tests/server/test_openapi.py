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
