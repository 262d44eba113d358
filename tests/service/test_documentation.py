"""The page `/docs` shows the API, with nothing but what this machine serves."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import httpx
import pytest

from triage.service.documentation import FOLDER

CHROMIUM = Path("/usr/bin/chromium")


@pytest.mark.skipif(
    not CHROMIUM.exists(), reason=f"there is no {CHROMIUM}: apt-get install chromium"
)
def test_it_can_be_read_and_tried_and_loads_nothing_from_elsewhere(service: httpx.Client) -> None:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    here = str(service.base_url).rstrip("/")
    asked: list[str] = []
    complaints: list[str] = []
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        page = browser.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text))
        page.goto(f"{here}/docs")
        page.locator("#operations-default-healthz_healthz_get, [id$=healthz_healthz_get]").click()
        page.get_by_role("button", name="Try it out").click()
        page.get_by_role("button", name="Execute").click()
        page.get_by_text('"status": "ok"').first.wait_for()
        browser.close()
    assert [url for url in asked if not url.startswith((here, "data:"))] == []
    assert complaints == []


def test_its_files_are_those_that_were_looked_at() -> None:
    """`static/README.md` says where they come from."""
    listed = (FOLDER / "README.md").read_text("utf-8")
    named = re.findall(r"`([\w.-]+)` \|.*`([0-9a-f]{64})`", listed)
    assert [name for name, _ in named] == ["swagger-ui-bundle.js", "swagger-ui.css"]
    for name, digest in named:
        assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == digest


def test_there_are_no_other_files(service: httpx.Client) -> None:
    assert service.get("/docs/README.md").status_code == 404
