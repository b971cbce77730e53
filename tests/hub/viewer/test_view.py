"""The viewer over HTTP."""

from __future__ import annotations

import io
from typing import Any

import httpx
import numpy as np
import pyarrow as arrow
import pytest
from pyarrow import parquet
from safetensors.numpy import save

from ceyuan.hub.viewer import service
from ceyuan.kernel.platform import Platform
from tests.hub.conftest import As, make_repository

pytestmark = pytest.mark.engine_bound

REST = "/api/v1/repositories/dataset/demo/corpus"


async def commit(client: httpx.AsyncClient, files: dict[str, bytes]) -> None:
    operations = []
    for path, data in files.items():
        sha256 = (await client.put(f"{REST}/uploads", content=data)).json()["sha256"]
        operations.append({"op": "add", "path": path, "sha256": sha256})
    answer = await client.post(f"{REST}/commits", json={"message": "m", "operations": operations})
    assert answer.status_code == 201, answer.text


async def view(client: httpx.AsyncClient, path: str, **params: Any) -> Any:
    return (await client.get(f"{REST}/view", params={"path": path, **params})).json()


async def test_outsiders_look_into_nothing(platform: Platform, signed_in: As) -> None:
    await make_repository(platform)
    await commit(signed_in("member"), {"a.txt": b"secret"})
    for word in ("", "outsider"):
        assert (await view(signed_in(word), "a.txt"))["code"] == "repository_not_found"


async def test_every_kind_of_file_has_its_view(platform: Platform, signed_in: As) -> None:
    await make_repository(platform)
    client = signed_in("member")
    table = io.BytesIO()
    parquet.write_table(arrow.table({"文本": ["甲", "乙", "丙"]}), table)
    await commit(
        client,
        {
            "text.md": "# 标题\n正文".encode("gb18030") + "的一是不了在人有我他".encode("gb18030") * 20,
            "empty": b"",
            "rows.csv": b"a,b\n1,2\n3,4\n",
            "rows.tsv": b"a,x\tb\n1\t2\n",
            "rows.jsonl": b'{"a": 1}\n{"a": 2}\n',
            "table.parquet": table.getvalue(),
            "model.safetensors": save({"w": np.zeros((2, 3), np.float32)}),
            "picture.png": b"\x89PNG\r\n",
            "junk": bytes(range(256)),
        },
    )
    text = await view(client, "text.md")
    assert (text["format"], text["encoding"], text["text"][:5]) == ("text", "gb18030", "# 标题\n")
    assert (await view(client, "empty"))["text"] == ""
    rows = await view(client, "rows.csv", limit=1)
    assert (rows["rows"], rows["next"]) == ([["1", "2"]], 8)
    assert (await view(client, "rows.csv", start=8))["rows"] == [["3", "4"]]
    assert [c["name"] for c in (await view(client, "rows.tsv"))["columns"]] == ["a,x", "b"]
    assert (await view(client, "rows.jsonl"))["rows"] == [[1], [2]]
    tensors = await view(client, "model.safetensors")
    assert (tensors["parameters"], tensors["dtypes"], tensors["total"]) == (6, {"F32": 6}, 1)
    picture = await view(client, "picture.png")
    assert (picture["media"], (await client.get(picture["url"])).content) == ("image", b"\x89PNG\r\n")
    assert (await view(client, "junk"))["head"].startswith("00 01 02")
    page = await view(client, "table.parquet", start=1, limit=1)
    assert (page["rows"], page["total"], page["next"]) == ([["乙"]], 3, 2)


async def test_a_file_that_is_not_what_its_name_says_is_named_so(platform: Platform, signed_in: As) -> None:
    await make_repository(platform)
    client = signed_in("member")
    await commit(client, {"a.gguf": b"GGUF\3\0\0\0", "b.safetensors": b"x" * 50, "c.parquet": b"no parquet at all"})
    for path in ("a.gguf", "b.safetensors", "c.parquet"):
        answer = await view(client, path)
        assert (answer["status"], answer["code"]) == (422, "not_viewable"), answer
    assert (await view(client, "none.txt"))["code"] == "entry_not_found"
    assert (await view(client, "../x"))["code"] == "path_refused"


async def test_a_missing_engine_is_named_with_what_to_install(
    platform: Platform, signed_in: As, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_repository(platform)
    client = signed_in("member")
    await commit(client, {"c.parquet": b"x"})
    monkeypatch.setattr(service.importlib.util, "find_spec", lambda _name: None)  # type: ignore[attr-defined]
    answer = await view(client, "c.parquet")
    assert (answer["status"], answer["code"], answer["extra"]) == (503, "missing_extra", "standard")


async def test_a_long_text_is_cut_and_says_so(platform: Platform, signed_in: As) -> None:
    await make_repository(platform)
    client = signed_in("member")
    await commit(client, {"long.txt": "字".encode() * 400_000})
    text = await view(client, "long.txt")
    assert (text["truncated"], set(text["text"]), len(text["text"])) == (True, {"字"}, 512 * 1024 // 3)


async def test_a_table_answers_a_question_of_those_who_are_signed_in(platform: Platform, signed_in: As) -> None:
    await make_repository(platform, visibility="public")
    member = signed_in("member")
    await commit(member, {"rows.csv": b"city,n\nBeijing,2\nTianjin,3\nBeijing,5\n", "a.txt": b"text"})
    ask = {"path": "rows.csv", "query": "SELECT city, sum(n) AS n FROM data GROUP BY city ORDER BY n DESC", "limit": 1}
    found = (await member.post(f"{REST}/query", json=ask)).json()
    assert ([c["name"] for c in found["columns"]], found["rows"], found["more"]) == (
        ["city", "n"],
        [["Beijing", 7]],
        True,
    )
    assert (await signed_in("").post(f"{REST}/query", json=ask)).status_code == 401
    refused = await member.post(f"{REST}/query", json={"path": "a.txt", "query": "SELECT 1"})
    assert (refused.status_code, refused.json()["code"]) == (422, "not_viewable")
