from __future__ import annotations

import pytest

from ceyuan.hub.webpages import HubPages, page_of
from ceyuan.kernel.platform import Platform
from tests.hub.conftest import As
from tests.hub.protocol.world import HubClient


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/lab/m", "models/lab/m"),
        ("/datasets/lab/m/", "datasets/lab/m"),
        ("/lab/m/tree/refs%2Fpr%2F1", "models/lab/m?revision=refs%2Fpr%2F1&tab=files"),
        ("/lab/m/blob/main/a/%E9%A1%B5.txt", "models/lab/m?revision=main&tab=files&path=a%2F%E9%A1%B5.txt"),
        ("/datasets/lab/m/commit/0123abc", "datasets/lab/m?revision=0123abc&tab=revisions"),
        ("/lab/m/discussions/7", "models/lab/m?tab=discussions&number=7"),
        ("/lab/m/discussions", "models/lab/m?tab=discussions"),
        ("/collections/lab/the-best-0a1b2c", "collections/0a1b2c"),
        ("/lab/m%2F..%2F..", "models/lab/m%2F..%2F.."),
    ],
)
def test_the_address_of_a_page_leads_to_the_console(path: str, place: str) -> None:
    assert page_of(path) == f"/console/hub/{place}"


@pytest.mark.parametrize(
    "path", ["/", "/lab", "/lab//", "/datasets/lab", "/lab/m/nothing", "/lab/m/nothing/main", "//x"]
)
def test_what_is_no_page_leads_nowhere(path: str) -> None:
    assert page_of(path) is None


async def test_the_address_that_a_client_prints_is_a_page_and_tells_nobody_what_exists(signed_in: As) -> None:
    member = HubClient(signed_in("member"))
    made = await member.create("demo/secret", private=True)
    assert made.json()["url"] == "http://testserver/demo/secret"
    for name in ("secret", "nothing"):
        sent = await signed_in("").get(f"/demo/{name}", follow_redirects=False)
        assert (sent.status_code, sent.headers["location"]) == (302, f"/console/hub/models/demo/{name}")
    refused = await signed_in("").post("/demo/secret")
    assert (refused.status_code, refused.headers["allow"], refused.json()["code"]) == (
        405,
        "GET, HEAD",
        "method_not_allowed",
    )


async def test_the_platforms_own_addresses_are_no_repositories(platform: Platform, signed_in: As) -> None:
    assert not HubPages(platform).serves("*")  # OPTIONS * asks about the server
    for path in ("/metrics/x", "/Console/x", "/xet/x"):
        assert (await signed_in("").get(path, follow_redirects=False)).status_code != 302, path
