"""The main path of the demonstration in a real browser: sign in, look at jobs and the hub, ask the law assistant."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from ceyuan.server.app import CONSOLE_DIR
from tests.livehouse import live_platform

pytestmark = pytest.mark.e2e
CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    with live_platform(tmp_path_factory.mktemp("e2e")) as facts:
        yield facts


@pytest.fixture
def page(live: dict[str, Any], tmp_path: Path) -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("no Chromium: install Debian's package chromium")
    if not (CONSOLE_DIR / "index.html").is_file():
        pytest.skip("the console is not built: make console")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(base_url=live["origin"], locale="zh-CN", viewport={"width": 1440, "height": 900})
        page.set_default_timeout(30_000)
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda m: faults.append(m.text) if "Content Security Policy" in m.text else None)
        yield page
        browser.close()
    assert faults == []


def sign_in(page: Any, live: dict[str, Any], name: str = "li") -> None:
    page.goto("/console/")
    page.wait_for_url("**/login**")
    page.locator("input").nth(0).fill(name)
    page.locator("input[type=password]").fill(live["password"])
    page.locator("button[type=submit]").click()
    page.wait_for_url(lambda url: "login" not in url)


def test_the_wrong_password_is_one_clear_message(page: Any, live: dict[str, Any]) -> None:
    page.goto("/console/login")
    page.locator("input").nth(0).fill("li")
    page.locator("input[type=password]").fill("not the password at all")
    page.locator("button[type=submit]").click()
    page.get_by_role("alert").first.wait_for()
    assert "login" in page.url


def test_a_member_signs_in_and_finds_the_job_with_its_log(page: Any, live: dict[str, Any]) -> None:
    sign_in(page, live)
    page.goto(f"/console/jobs/{live['job_id']}")
    page.get_by_text("建立法律索引").first.wait_for()


def test_a_member_browses_the_datasets_of_the_organisation(page: Any, live: dict[str, Any]) -> None:
    sign_in(page, live)
    page.goto("/console/hub/datasets")
    page.get_by_text("laws").first.wait_for()


def test_a_card_draws_its_own_picture_and_runs_nothing(page: Any, live: dict[str, Any]) -> None:
    dot = "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAAAAADhZOFXAAAADklEQVR4nGNogAIGyhgAgIQgAQ2AJGEAAAAASUVORK5CYII="
    card = (
        '<div align="center">\n  <img src="figures/图.png" width="80" alt="own" onerror="window.ran = 1">\n</div>\n\n'
        "<script>window.ran = 1</script>\n<details><summary>更多</summary><b>folded</b></details>\n"
    )
    files = {"README.md": base64.b64encode(card.encode()).decode(), "figures/图.png": dot}
    lines = [{"key": "header", "value": {"summary": "a card"}}]
    lines += [{"key": "file", "value": {"path": p, "content": c, "encoding": "base64"}} for p, c in files.items()]
    with httpx.Client(base_url=live["origin"], headers={"authorization": f"Bearer {live['tokens']['li']}"}) as http:
        body = {"type": "model", "organization": "lab", "name": "pictured", "private": True}
        http.post("/api/repos/create", json=body).raise_for_status()
        sent = "\n".join(json.dumps(line) for line in lines)
        kind = {"content-type": "application/x-ndjson"}
        http.post("/api/models/lab/pictured/commit/main", content=sent, headers=kind).raise_for_status()
    sign_in(page, live)
    page.goto("/console/hub/models/lab/pictured")
    picture = page.get_by_alt_text("own")
    picture.wait_for()
    page.wait_for_function("() => document.querySelector('img[alt=own]').naturalWidth === 8")
    assert picture.evaluate("image => image.closest('[align=center]') !== null && image.clientWidth === 80")
    page.get_by_text("更多").click()
    page.get_by_text("folded").wait_for()
    assert page.evaluate("() => window.ran") is None


def test_the_law_assistant_answers_with_a_citation_that_opens_the_article(page: Any, live: dict[str, Any]) -> None:
    sign_in(page, live)
    page.goto(f"/console/scenarios/law/{live['assistant_id']}")
    page.locator("textarea").first.fill("试用期最长多久？")
    page.keyboard.press("Enter")
    page.get_by_text("第十九条").first.wait_for()


def test_who_is_not_signed_in_looks_at_what_is_public_and_is_asked_to_sign_in_for_the_rest(
    page: Any, live: dict[str, Any]
) -> None:
    page.goto("/console/login")
    page.get_by_role("link", name="不登录，先看看公开内容").click()
    page.wait_for_url("**/hub/datasets")
    page.get_by_role("heading", name="数据集").first.wait_for()
    page.goto("/console/compute/offers")
    page.get_by_role("button", name="登录").wait_for()
    assert "login" not in page.url
    page.goto("/console/jobs")
    page.wait_for_url("**/login**")


def test_every_page_of_the_navigation_opens_without_a_problem(page: Any, live: dict[str, Any]) -> None:
    sign_in(page, live, "root")
    page.locator("nav a").first.wait_for()
    rooms = page.locator("nav a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    seen: set[str] = set()
    for room in rooms:
        page.goto(room)
        page.locator("main h1").first.wait_for()
        entries = page.locator("nav a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
        for entry in [entry for entry in entries if entry not in seen]:
            seen.add(entry)
            page.locator(f'nav a[href="{entry}"]').first.click()
            page.wait_for_url(f"**{entry}**")
            page.locator("main h1").first.wait_for()
            page.wait_for_timeout(150)  # its first answers arrive
            assert page.locator("main [role=alert] code").count() == 0, entry
    assert len(seen) > 20
    page.goto("/console/compute")
    page.wait_for_url("**/console/compute/overview")
