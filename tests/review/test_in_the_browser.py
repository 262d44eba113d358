"""The desk in Chromium, against the real service: keys, corrections, two agents, a lost line."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tickets import Priority
from tickets.store import Decision, DecisionKind, Store, open_store

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")

CHROMIUM = Path("/usr/bin/chromium")
pytestmark = pytest.mark.skipif(
    not CHROMIUM.exists(), reason=f"there is no {CHROMIUM}: apt-get install chromium"
)

HOSTILE = '</div><script>document.title="owned"</script><img src=x onerror="document.title=1">'

Open = Callable[..., Any]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A SQLite store: what differs between databases is tested without a browser."""
    opened = open_store(f"sqlite:///{tmp_path_factory.mktemp('store')}/triage.db")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One Chromium for all tests."""
    with playwright.sync_playwright() as running:
        found = running.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def opened(browser: Any, here: str) -> Iterator[Open]:
    """Opens a page for an agent who is signed in; nothing may be complained of in its console."""
    contexts, complaints = [], []

    def open_page(path: str, name: str = "Ana", **settings: Any) -> Any:
        context = browser.new_context(base_url=here, **settings)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if _is_policy(said) else None)
        page.goto("/review/sign-in")
        page.fill("#name", name)
        page.fill("#password", name * 3)
        page.click("button.primary")
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def _is_policy(said: Any) -> bool:
    return "Content Security Policy" in said.text


@contextmanager
def next_page(page: Any) -> Iterator[None]:
    """Wait until another ticket, or the queue, has taken the place of the page."""
    before = page.evaluate("shownAt")
    yield
    deadline = time.monotonic() + 10
    while page.evaluate("shownAt") == before:
        assert time.monotonic() < deadline, "no other page came"
        page.wait_for_timeout(20)
    rest(page)


def rest(page: Any) -> None:
    """Wait while keys rest, as they do for a moment after a page has come."""
    page.wait_for_timeout(page.evaluate("Math.max(0, shownAt + PAUSE - performance.now()) + 20"))


def decisions(store: Store, taken: Any) -> list[str]:
    return [f"{row.kind} {row.priority}" for row in store.decisions.of_ticket(taken.ticket.key)]


def test_twenty_tickets_are_cleared_by_keyboard(
    opened: Open, receive: Any, store: Store, area: str
) -> None:
    tickets = [
        receive(f"Ticket {number}", f"Nobody at site {number} can take calls.")
        for number in range(20)
    ]
    page = opened(f"/review?area={area}")
    rest(page)
    with next_page(page):
        page.keyboard.press("Enter")
    for key in ("Enter", "3", "s", "a", "1") * 4:
        with next_page(page):
            page.keyboard.press(key)
    assert "Nothing is left in this view" in page.inner_text("main")
    assert [len(decisions(store, taken)) for taken in tickets] == [1] * 20


def test_a_corrected_fact_moves_priority_and_deadline_at_once(
    opened: Open, receive: Any, store: Store, area: str
) -> None:
    taken = receive()
    page = opened(f"/review/tickets/{taken.ticket.key}?area={area}")
    rest(page)
    page.fill("input[name=note]", "still here")
    page.keyboard.press("Escape")
    page.keyboard.press("e")
    page.select_option("#fact-environment", "non_production")
    page.wait_for_selector("text=by the rules, with your correction")
    assert page.input_value("input[name=note]") == "still here"
    assert "fact.environment=non_production" in page.url
    assert decisions(store, taken) == []
    page.keyboard.press("Escape")
    with next_page(page):
        page.keyboard.press("Enter")
    (row,) = store.decisions.of_ticket(taken.ticket.key)
    assert (row.corrected_facts, row.note) == ({"environment": "non_production"}, "still here")


def test_a_reason_is_one_key_and_undo_another(
    opened: Open, receive: Any, store: Store, area: str
) -> None:
    taken = receive()
    page = opened(f"/review/tickets/{taken.ticket.key}?area={area}")
    rest(page)
    page.keyboard.press("o")
    assert page.is_checked("input[value=known-outage]")
    with next_page(page):
        page.keyboard.press("4")
    assert store.decisions.of_ticket(taken.ticket.key)[0].reason == "known-outage"
    with next_page(page):
        page.keyboard.press("u")
    assert decisions(store, taken) == ["override P4", "undo None"]
    assert page.url.split("?")[0].endswith(f"/tickets/{taken.ticket.key}")


def test_rows_are_selected_and_accepted_with_keys_and_taken_back(
    opened: Open, receive: Any, store: Store, area: str
) -> None:
    tickets = [receive(f"Row {number}") for number in range(3)]
    page = opened(f"/review?area={area}")
    rest(page)
    for key in ("j", "x", "j", "x"):
        page.keyboard.press(key)
    page.keyboard.press("Shift+A")
    page.wait_for_selector("text=Accept 2 suggestions?")
    rest(page)
    page.keyboard.press("Enter")
    page.wait_for_selector("text=2 accepted.")
    assert sorted(len(decisions(store, taken)) for taken in tickets) == [0, 1, 1]
    rest(page)
    page.keyboard.press("u")
    page.wait_for_selector("text=2 undone.")


def test_keys_rest_while_somebody_types_and_the_list_opens(
    opened: Open, receive: Any, store: Store, area: str
) -> None:
    taken = receive()
    page = opened(f"/review/tickets/{taken.ticket.key}?area={area}")
    rest(page)
    page.click("input[name=note]")
    page.keyboard.type("0 stands for 1, as asked")
    assert decisions(store, taken) == []
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    assert page.is_visible("#keys")
    page.keyboard.press("2")
    assert decisions(store, taken) == []
    page.keyboard.press("?")
    assert not page.is_visible("#keys")


def test_keys_are_turned_off_for_a_browser_and_on_again(
    opened: Open, receive: Any, store: Store, area: str
) -> None:
    taken = receive()
    page = opened(f"/review?area={area}")
    page.click("text=Keys")
    page.uncheck("#keys-on")
    page.click("#keys button")
    page.goto(f"/review/tickets/{taken.ticket.key}?area={area}")
    rest(page)
    for key in ("Enter", "a", "0", "3", "s", "j", "u", "t", "q", "?"):
        page.keyboard.press(key)
    page.wait_for_timeout(300)
    assert page.url.split("?")[0].endswith(f"/tickets/{taken.ticket.key}")
    assert not page.is_visible("#keys")
    assert not page.is_visible("button[value=accept] kbd")
    assert decisions(store, taken) == []
    page.click("text=Keys")
    assert page.is_visible("#keys kbd >> nth=0")
    page.check("#keys-on")
    page.keyboard.press("Escape")
    page.focus("h1")
    with next_page(page):
        page.keyboard.press("3")
    assert decisions(store, taken)[-1].endswith("P3")


def test_enter_in_the_note_leaves_it_and_decides_nothing(
    opened: Open, receive: Any, store: Store, area: str
) -> None:
    taken = receive()
    page = opened(f"/review/tickets/{taken.ticket.key}?area={area}")
    rest(page)
    page.click("input[name=note]")
    page.keyboard.type("only a demo")
    page.keyboard.press("Enter")
    assert decisions(store, taken) == []
    with next_page(page):
        page.keyboard.press("4")
    (row,) = store.decisions.of_ticket(taken.ticket.key)
    assert (str(row.priority), row.note) == ("P4", "only a demo")


def test_enter_on_a_blind_ticket_leads_to_the_reason_why_nothing_can_be_accepted(
    opened: Open, receive: Any, store: Store, area: str
) -> None:
    taken = receive(is_blind=True)
    page = opened(f"/review/tickets/{taken.ticket.key}?area={area}")
    rest(page)
    page.keyboard.press("Enter")
    assert "there is none to accept" in page.evaluate("document.activeElement.innerText")
    assert decisions(store, taken) == []
    with next_page(page):
        page.keyboard.press("2")
    assert decisions(store, taken)[0].endswith("P2")


def test_a_screen_reader_is_led_to_the_heading_and_told_of_the_outcome(
    opened: Open, receive: Any, area: str
) -> None:
    receive("Heard")
    page = opened(f"/review?area={area}")
    rest(page)
    with next_page(page):
        page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.innerText") == "Heard"
    page.select_option("#fact-environment", "non_production")
    page.wait_for_selector("#told[role=status]:has-text('by the rules')")
    said = page.inner_text("#told")
    assert re.match(r"P\d by the rules, with your correction\. .* (left|overdue)", said), said


def test_a_filter_keeps_the_focus_and_a_selection_is_counted(
    opened: Open, receive: Any, area: str
) -> None:
    for number in range(2):
        receive(f"Row {number}")
    page = opened(f"/review?area={area}")
    page.focus("#filter-tier")
    with next_page(page):
        page.select_option("#filter-tier", "standard")
    assert page.evaluate("document.activeElement.id") == "filter-tier"
    page.keyboard.press("Escape")
    for key in ("j", "x", "j", "x"):
        page.keyboard.press(key)
    assert page.inner_text("#selected") == "(2)"


def test_two_agents_at_one_ticket_see_each_other_and_overwrite_nothing(
    opened: Open, receive: Any, store: Store, area: str
) -> None:
    taken = receive()
    path = f"/review/tickets/{taken.ticket.key}?area={area}"
    ana, ben = opened(path), opened(path, "Ben")
    assert "Ana is looking at this ticket" in ben.inner_text("main")
    with next_page(ben):
        ben.click("button[value=P2]")
    ana.click("button[value=P4]")
    ana.wait_for_selector("text=Nothing was changed")
    assert "Ben decided P2" in ana.inner_text("[role=alert]:visible")
    assert len(decisions(store, taken)) == 1


def test_a_lost_connection_is_told_and_nothing_is_lost(
    opened: Open, receive: Any, store: Store, area: str
) -> None:
    taken = receive()
    page = opened(f"/review/tickets/{taken.ticket.key}?area={area}")
    page.fill("input[name=note]", "kept")
    page.context.set_offline(True)
    page.click("button[value=P3]")
    page.wait_for_selector("text=The desk cannot be reached")
    assert page.input_value("input[name=note]") == "kept"
    assert decisions(store, taken) == []
    page.context.set_offline(False)
    with next_page(page):
        page.click("#try-again")
    (row,) = store.decisions.of_ticket(taken.ticket.key)
    assert (str(row.priority), row.note) == ("P3", "kept")


def test_all_of_it_works_without_javascript(
    opened: Open, receive: Any, store: Store, area: str
) -> None:
    taken = receive("Without script")
    page = opened(f"/review?area={area}", java_script_enabled=False)
    page.click("text=Without script")
    page.select_option("#fact-environment", "non_production")
    page.click("text=Work it out")
    assert "by the rules, with your correction" in page.inner_text("main")
    page.click("button[value=accept]")
    assert len(decisions(store, taken)) == 1
    page.click("text=Undo")
    assert decisions(store, taken)[-1] == "undo None"


def test_hostile_texts_run_nothing_and_break_nothing(opened: Open, receive: Any, area: str) -> None:
    key = receive(HOSTILE, HOSTILE + " \u202eمرحبا 📞 " + "x" * 200_000).ticket.key
    for path in (f"/review?area={area}", f"/review/tickets/{key}?area={area}"):
        page = opened(path, viewport={"width": 1280, "height": 800})
        assert page.title() in ("Queue · UJET triage", f"{HOSTILE[:60]} · UJET triage")
        assert page.locator("main img, main script").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth") <= 1280


def test_times_are_the_viewers_with_the_desks_beside(opened: Open, receive: Any, area: str) -> None:
    key = receive().ticket.key
    page = opened(f"/review/tickets/{key}?area={area}", timezone_id="Asia/Tokyo")
    assert re.search(
        r"\d\d:\d\d \((\w{3} )?\d\d:\d\d P[SD]T\)", page.inner_text("main time >> nth=0")
    )
    desks = opened(f"/review/tickets/{key}?area={area}", timezone_id="America/Los_Angeles")
    assert "(" not in desks.inner_text("main time >> nth=0")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_pages_are_accessible_and_fit(
    opened: Open, receive: Any, store: Store, area: str, scheme: str, width: int
) -> None:
    shown = receive(age=timedelta(hours=2))
    blind = receive(is_blind=True)
    decided = receive()
    by_ben = Decision(DecisionKind.OVERRIDE, "Ben", Priority.P4)
    store.decisions.decide(decided.suggestion.id, by_ben, None, datetime.now(UTC))
    settings = {"color_scheme": scheme, "viewport": {"width": width, "height": 800}}
    page = opened(f"/review?area={area}", **settings)
    for path in (
        f"/review?area={area}",
        f"/review/tickets/{shown.ticket.key}?area={area}&fact.reach=one",
        f"/review/tickets/{blind.ticket.key}?area={area}",
        f"/review/tickets/{decided.ticket.key}?area={area}",
        "/review?order=random",
        f"/review?area={area}#keys",
    ):
        page.goto(path)
        if path.endswith("#keys"):
            page.click(".keys-button")
        found = axe.Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
