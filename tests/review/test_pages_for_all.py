"""Sign-in, overview, policy, models and accounts in a browser: legible, reachable, without faults."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tickets import Priority
from tickets.store import Decision, DecisionKind, Role, Store, open_store
from triage.intake import Taken
from triage.review.passwords import hashed

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")

Receive = Callable[..., Taken]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WHAT_IF = (
    "/review/policy?environment=production&request=fault&part=voice&condition=degraded&reach=many"
    "&workaround=&harm=moderate&cause=service"
)
PAGES = (
    *("/review/overview", "/review/policy", WHAT_IF, WHAT_IF.replace("=&", "=none&")),
    *("/review/models", "/review/accounts", "/review/account"),
)
LOOKS: tuple[dict[str, Any], ...] = (
    {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    {"viewport": {"width": 390, "height": 800}, "color_scheme": "dark"},
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One store will do: pages look the same on both databases."""
    opened = open_store(f"sqlite:///{tmp_path_factory.mktemp('store')}/triage.db")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def agents(store: Store) -> tuple[str, ...]:
    """An admin, who sees every page, and somebody to change."""
    now = datetime.now(UTC)
    store.users.add("Max", hashed("MaxMaxMax"), Role.ADMIN, now)
    store.users.add("Ana", hashed("AnaAnaAna"), Role.AGENT, now)
    return ("Max", "Ana")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A browser; skips where there is none."""
    if CHROMIUM is None:
        pytest.skip("no Chromium: install it to see the pages in a browser")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(params=LOOKS, ids=["wide-light", "phone-dark"])
def page(request: pytest.FixtureRequest, browser: Any, here: str) -> Iterator[Any]:
    """A tab, wide and light, then narrow and dark; messages of the browser are collected."""
    context = browser.new_context(base_url=here, **request.param)
    opened = context.new_page()
    yield opened
    context.close()


def enter(page: Any) -> None:
    page.goto("/review/sign-in")
    page.fill("#name", "Max")
    page.fill("#password", "MaxMaxMax")
    page.keyboard.press("Enter")
    page.wait_for_url("**/review")


def faults(page: Any) -> list[str]:
    """Return what axe finds, and whether the page is wider than the screen."""
    options = {"runOnly": {"type": "tag", "values": WCAG}}
    found = axe.Axe().run(page, options=options).response["violations"]
    wide = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    broken = [f"{one['id']}: {one['nodes'][0]['html'][:100]}" for one in found]
    return [*broken, *(["wider than the screen"] if wide else [])]


def test_the_sign_in_form_has_no_fault_and_says_what_is_wrong(page: Any) -> None:
    page.goto("/review/sign-in")
    assert faults(page) == []
    page.fill("#name", "Max")
    page.fill("#password", "wrong wrong wrong")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=alert]:visible >> text=do not go together")
    assert faults(page) == []


def test_no_page_has_a_fault(page: Any, store: Store, receive: Receive) -> None:
    decisions(store, receive)
    enter(page)
    messages: list[str] = []
    page.on("pageerror", lambda error: messages.append(str(error)))
    page.on("response", lambda got: messages.extend([got.url] if got.status >= 400 else []))
    found: dict[str, list[str]] = {}
    for address in PAGES:
        page.goto(address)
        found[address] = faults(page)
    assert not [(address, what) for address, what in found.items() if what]
    assert messages == []


def test_the_what_if_form_is_worked_by_keyboard(page: Any) -> None:
    enter(page)
    page.goto("/review/policy")
    for fact, value in (("request", "question"), ("part", "none")):
        page.focus(f"#fact-{fact}")
        page.select_option(f"#fact-{fact}", value)
    page.focus("form .button.primary:text('See what follows')")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=whatever the open facts are")
    assert "request=question" in page.url
    assert page.input_value("#fact-part") == "none"


def test_signing_out_leads_back_to_the_form(page: Any) -> None:
    """Browsers say of our own forms that they come from here."""
    enter(page)
    page.click("text=Sign out")
    page.wait_for_selector("text=You are signed out.")
    page.goto("/review/overview")
    assert "/review/sign-in?next=" in page.url


def decisions(store: Store, receive: Receive) -> None:
    """Leave something of every kind that the overview shows."""
    for number in range(3):
        taken = receive(is_blind=number == 0)
        other = next(each for each in Priority if each != taken.suggestion.priority)
        decision = Decision(DecisionKind.ACCEPT, "Ana")
        if number == 1:
            facts = {"reach": "one"}
            decision = Decision(DecisionKind.OVERRIDE, "Ana", other, corrected_facts=facts)
        store.decisions.decide(taken.suggestion.id, decision, None, datetime.now(UTC))
    receive(age=timedelta(seconds=5))
    receive(age=timedelta(days=3))
