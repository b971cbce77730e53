"""A web site as a source: crawled, collected, and collected again at the price of what changed."""

from __future__ import annotations

import pytest

from ceyuan.data.sources.settings import DataSettings
from ceyuan.kernel.platform import Platform
from tests.data.conftest import As
from tests.data.crawling.test_crawl import LOOPBACK, Site, site
from tests.data.pipelines.test_pipelines import SOURCES, finished, started, succeeded

assert site


@pytest.mark.slow
async def test_a_site_is_a_source(platform: Platform, signed_in: As, site: Site) -> None:
    platform.sections[DataSettings] = DataSettings(crawl_allowed=list(LOOPBACK), crawl_delay_s=0)
    address = site.address  # type: ignore[attr-defined]
    body = {"org_id": "org_demo", "key": "site", "kind": "web", "location": address, "licence": "CC0-1.0"}
    wrong = await signed_in("member").post(SOURCES, json=body | {"location": "ftp://example.org/"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "source_invalid")
    source_id = (await signed_in("member").post(SOURCES, json=body)).json()["id"]
    collect = {"org_id": "org_demo", "sources": [source_id], "dataset": "demo/site"}
    first = await succeeded(platform, await started(signed_in, "collections", collect))
    again = await succeeded(platform, await started(signed_in, "collections", collect))
    assert first["documents"] == again["documents"] >= 3
    assert again["revision"] == first["revision"]


@pytest.mark.slow
async def test_a_site_that_refuses_says_so_in_the_job_and_keeps_the_answer_of_its_robots_as_evidence(
    platform: Platform, signed_in: As, site: Site
) -> None:
    platform.sections[DataSettings] = DataSettings(crawl_allowed=list(LOOPBACK), crawl_delay_s=0)
    address = site.address  # type: ignore[attr-defined]
    site.robots = (200, "User-agent: *\nDisallow: /\n")
    optional = {"reading": {"required": False}}
    body = {"org_id": "org_demo", "key": "closed", "kind": "web", "location": address}
    closed = (await signed_in("member").post(SOURCES, json=body)).json()["id"]
    collect = {"org_id": "org_demo", "dataset": "demo/closed"}
    job = await started(signed_in, "collections", collect | {"sources": [closed]})
    ended = await finished(platform, job)
    assert ended.error is not None
    assert (ended.state, ended.error["code"]) == ("failed", "nothing_fetched")
    assert "robots" in ended.error["message"][1]
    assert str(platform.data_dir) not in str(ended.error)
    shown = (await signed_in("member").get(f"{SOURCES}/{closed}")).json()
    assert list(shown["fetched"]["robots"].values()) == [200]
    assert shown["fetched"]["quarantined"] == {"robots_refused": 1}
    rule = shown["fetched"]["robots_rules"][0]
    assert (rule["agent"], rule["line"], rule["rule"], rule["allows"]) == ("*", 2, "Disallow: /", False)
    assert shown["fetched"]["examples"][0]["detail"] == "User-agent: *, Disallow: / (robots.txt:2)"
    assert shown["collected_at"] is None
    site.robots = (404, "")
    open_ = body | {"key": "open"}
    source_id = (await signed_in("member").post(SOURCES, json=open_)).json()["id"]
    absent = open_ | {"key": "gone", "location": f"{address}nothing"} | optional
    gone = (await signed_in("member").post(SOURCES, json=absent)).json()["id"]
    result = await succeeded(
        platform, await started(signed_in, "collections", collect | {"sources": [gone, source_id]})
    )
    assert [one["key"] for one in result["skipped"]] == ["gone"]
