"""What holds for every page: no script or style inside, a policy that forbids them, keys listed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from triage.review.keys import KEYS, REASONS
from triage.review.static_files import FOLDER

DOCS = Path(__file__).resolve().parents[2] / "docs" / "review-desk.md"


def test_no_template_holds_a_script_or_a_style(template_files: list[Path]) -> None:
    assert template_files
    for file in template_files:
        html = file.read_text("utf-8")
        assert not re.search(r"<style|<script(?! src=)|\son\w+=|\sstyle=|\|\s*safe", html), (
            file.name
        )


def test_pages_forbid_what_they_do_not_need(ana: Any, receive: Any) -> None:
    page = ana.get(f"/review/tickets/{receive().ticket.key}")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert page.headers["cache-control"] == "no-store"


def test_static_files_are_kept_and_named_by_content(ana: Any) -> None:
    page = ana.get("/review").text
    for address in re.findall(r'(?:src|href)="(/review/static/[^"]*)"', page):
        answer = ana.get(address)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        assert hashlib.sha256(answer.content).hexdigest().startswith(address.split("?")[1])
    assert ana.get("/review/static/README.md").status_code == 404


def test_the_vendored_script_is_the_one_that_the_readme_names() -> None:
    digest = hashlib.sha256((FOLDER / "htmx.min.js").read_bytes()).hexdigest()
    assert digest in (FOLDER / "README.md").read_text("utf-8")


def handled_by_script() -> set[str]:
    script = (FOLDER / "desk.js").read_text("utf-8")
    (table,) = re.findall(r"const GENERAL_KEYS = \{(.*?)\n\};", script, re.S)
    return set(re.findall(r'^  "?([^\s":]+)"?:', table, re.M))


def named_in(html: str) -> set[str]:
    return {key for keys in re.findall(r'data-key="([^"]*)"', html) for key in keys.split()}


def test_every_key_is_listed_and_documented(ana: Any, receive: Any, area: str) -> None:
    key = receive().ticket.key
    pages = [ana.get("/review", area=area), ana.get(f"/review/tickets/{key}", area=area)]
    done = ana.act(pages[1], act="skip")
    in_use = handled_by_script().union(*(named_in(page.text) for page in [*pages, done]))
    listed = {name for each in KEYS for name in each.names}
    assert in_use == listed
    documented = DOCS.read_text("utf-8")
    for each in KEYS:
        assert all(f"`{name}`" in documented for name in each.names), each
        assert f"<dd>{each.does}</dd>" in pages[0].text
    assert {each.key for each in REASONS} <= listed


def test_one_key_does_one_thing_on_a_page(ana: Any, receive: Any) -> None:
    page = ana.get(f"/review/tickets/{receive().ticket.key}").text
    keys = [key for keys in re.findall(r'data-key="([^"]*)"', page) for key in keys.split()]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("path", ["/review/nowhere", "/review/tickets/1/nowhere"])
def test_other_addresses_are_not_there(ana: Any, path: str) -> None:
    assert ana.get(path).status_code == 404


def test_problems_are_pages(ana: Any, said: Callable[[httpx.Response], str]) -> None:
    page = ana.get("/review", order="random")
    assert page.headers["content-type"].startswith("text/html")
    assert "Back to the queue" in said(page)
