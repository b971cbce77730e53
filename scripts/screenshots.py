"""Take the README's screenshots: start a furnished platform, walk through the console in Chromium."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from tests.e2e.test_console import FLAGS
from tests.livehouse import live_platform

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
SIZE = {"width": 1280, "height": 800}


def sign_in(page: Page, password: str) -> None:
    page.goto("/console/")
    page.wait_for_url("**/login**")
    page.locator("input").nth(0).fill("li")
    page.locator("input[type=password]").fill(password)
    page.locator("button[type=submit]").click()
    page.wait_for_url(lambda url: "login" not in url)


def main() -> int:
    chromium = shutil.which("chromium")
    if chromium is None:
        print("no Chromium: install Debian's package chromium", file=sys.stderr)
        return 1
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, live_platform(Path(folder)) as live, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for language, locale in (("zh", "zh-CN"), ("en", "en-US")):
            page = browser.new_page(base_url=live["origin"], locale=locale, viewport=SIZE)
            page.set_default_timeout(60_000)
            sign_in(page, live["password"])
            page.wait_for_timeout(1500)
            page.screenshot(path=IMAGES / f"home-{language}.png")
            page.goto(f"/console/scenarios/law/{live['assistant_id']}")
            page.locator("textarea").first.fill("试用期最长多久？")
            page.keyboard.press("Enter")
            page.get_by_text("第十九条").first.wait_for()
            page.wait_for_timeout(1500)
            page.screenshot(path=IMAGES / f"law-{language}.png")
            page.close()
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
