"""A web site as a source: crawled, collected, and collected again at the price of what changed."""

from __future__ import annotations

import pytest

from ceyuan.data.sources.settings import DataSettings
from ceyuan.kernel.platform import Platform
from tests.data.conftest import As
from tests.data.crawling.test_crawl import LOOPBACK, Site, site
from tests.data.pipelines.test_pipelines import SOURCES, started, succeeded

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
