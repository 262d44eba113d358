"""Who gets to the desk: accounts, sessions, forms of other sites, roles."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tickets.store import Decision, DecisionKind, Role, Store, open_store
from triage.desk import Desk
from triage.intake import AUTOMATIC
from triage.review import sessions
from triage.review.attempts import (
    MOST_FOR_A_NAME,
    MOST_FROM_AN_ADDRESS,
    PERIOD_SECONDS,
    Attempts,
)
from triage.review.passwords import hashed, matches
from triage.service.access import new_key
from triage.service.installation import Installation
from triage.service.problems import Problem

PEOPLE = {"Ana": Role.AGENT, "Lea": Role.LEAD, "Nils": Role.ANALYST, "Max": Role.ADMIN}
NOW = datetime(2026, 7, 10, 9, 0, tzinfo=UTC)
REFUSED = "Name and password do not go together, or the account is disabled."

SignIn = Callable[[str], AbstractContextManager[Any]]
Serve = Callable[[Installation], AbstractContextManager[str]]


@pytest.fixture(scope="module")
def agents(store: Store) -> tuple[str, ...]:
    """Somebody of each role; the password of each is their name, three times."""
    for name, role in PEOPLE.items():
        store.users.add(name, hashed(name * 3), role, NOW)
    return tuple(PEOPLE)


@pytest.fixture
def visitor(here: str) -> Iterator[httpx.Client]:
    """Somebody who has not signed in."""
    with httpx.Client(base_url=here, timeout=30) as client:
        yield client


@pytest.fixture
def open_desk(
    desk: Desk, serve: Serve, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[httpx.Client, Store]]:
    """A desk with neither accounts nor keys."""
    store = open_store(f"sqlite:///{tmp_path_factory.mktemp('open')}/triage.db")
    with serve(Installation(desk, store)) as here, httpx.Client(base_url=here) as client:
        yield client, store
    store.close()


def token_of(page: httpx.Response) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


def entered(client: httpx.Client, name: str, password: str, **more: str) -> httpx.Response:
    fields = {"csrf_token": token_of(client.get("/review/sign-in")), "name": name}
    return client.post("/review/sign-in", data={**fields, "password": password, **more})


def test_whoever_is_not_signed_in_is_led_to_the_form_and_back(visitor: httpx.Client) -> None:
    answer = visitor.get("/review?order=newest")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/review/sign-in?next=/review%3Forder%3Dnewest"
    answer = entered(visitor, "Ana", "AnaAnaAna", next="/review?order=newest")
    assert (answer.status_code, answer.headers["location"]) == (303, "/review?order=newest")
    assert visitor.get("/review").status_code == 200


def test_a_part_of_a_page_leads_the_whole_page_to_the_form(visitor: httpx.Client) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://desk/review/policy?x=1"}
    answer = visitor.get("/review/news", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["hx-redirect"] == "/review/sign-in?next=/review/policy"


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/review",
        "//evil.example/review",
        "/\\evil.example",
        "/review\\@evil.example",
        "javascript:alert(1)",
        "/reviewer",
        "/docs",
        "/review/sign-out",
        "\n/review",
    ],
)
def test_signing_in_leads_nowhere_else(visitor: httpx.Client, address: str) -> None:
    assert entered(visitor, "Ana", "AnaAnaAna", next=address).headers["location"] == "/review"


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(visitor: httpx.Client) -> None:
    pages = [
        re.sub(r'value="[^"]*"', "", entered(visitor, name, "wrong wrong wrong").text)
        for name in ("Ana", "Nobody")
    ]
    assert REFUSED in pages[0]
    assert pages[0] == pages[1]


def test_an_unknown_name_takes_as_long_as_a_wrong_password() -> None:
    kept = hashed("correct horse battery staple")
    matches(None, "the first try makes what the others are compared with")

    def seconds(password_hash: str | None) -> float:
        begun = time.thread_time()
        assert not matches(password_hash, "wrong wrong wrong")
        return time.thread_time() - begun

    known = min(seconds(kept) for _ in range(3))
    unknown = min(seconds(None) for _ in range(3))
    assert unknown > known / 2


def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(visitor: httpx.Client) -> None:
    [cookie, *_] = entered(visitor, "Ana", "AnaAnaAna").headers.get_list("set-cookie")
    name, *attributes = (part.strip() for part in cookie.split(";"))
    assert name.startswith("triage-session=")
    assert sorted(attributes) == ["HttpOnly", "Path=/review", "SameSite=lax"]


def test_over_https_the_cookie_is_bound_to_the_host(here: str) -> None:
    """A proxy on the same machine says that the browser came over https."""
    headers = {"X-Forwarded-Proto": "https"}
    with httpx.Client(base_url=here, headers=headers) as client:
        page = client.get("/review/sign-in")
        visit = f"__Host-triage-visit={page.cookies['__Host-triage-visit']}"
        fields = {"csrf_token": token_of(page), "name": "Ana", "password": "AnaAnaAna"}
        answer = client.post("/review/sign-in", data=fields, headers={"Cookie": visit})
        [cookie, *_] = answer.headers.get_list("set-cookie")
        name, *attributes = (part.strip() for part in cookie.split(";"))
        assert name.startswith("__Host-triage-session=")
        assert sorted(attributes) == ["HttpOnly", "Path=/", "SameSite=lax", "Secure"]


def test_a_session_that_somebody_planted_is_not_taken_over(
    visitor: httpx.Client, store: Store
) -> None:
    visitor.cookies.set("triage-session", "planted", path="/review")
    answer = entered(visitor, "Ana", "AnaAnaAna")
    token = answer.cookies["triage-session"]
    assert token != "planted"
    assert sessions.find(store, "planted", datetime.now(UTC)) is None


def test_signing_in_again_ends_the_session_before(visitor: httpx.Client, store: Store) -> None:
    first = entered(visitor, "Ana", "AnaAnaAna").cookies["triage-session"]
    second = entered(visitor, "Ana", "AnaAnaAna").cookies["triage-session"]
    now = datetime.now(UTC)
    assert sessions.find(store, first, now) is None
    assert sessions.find(store, second, now) is not None


def test_the_store_holds_no_token_and_no_password(visitor: httpx.Client, store: Store) -> None:
    token = entered(visitor, "Ana", "AnaAnaAna").cookies["triage-session"]
    kept = store.sessions.find(hashlib.sha256(token.encode()).hexdigest(), datetime.now(UTC))
    assert kept is not None
    assert token not in repr(kept)
    user = store.users.find("Ana")
    assert user is not None
    assert user.password_hash.startswith("$argon2id$")


def test_signing_out_ends_the_session_everywhere(visitor: httpx.Client, store: Store) -> None:
    token = entered(visitor, "Ana", "AnaAnaAna").cookies["triage-session"]
    page = visitor.get("/review/account")
    answer = visitor.post("/review/sign-out", data={"csrf_token": token_of(page)})
    assert answer.headers["location"] == "/review/sign-in?said=signed-out"
    assert "You are signed out." in visitor.get(answer.headers["location"]).text
    assert sessions.find(store, token, datetime.now(UTC)) is None


@pytest.mark.usefixtures("agents")
def test_a_session_without_a_page_for_an_hour_is_over(store: Store) -> None:
    user = store.users.find("Ana")
    assert user is not None
    token = sessions.begin(store, user, NOW)
    assert sessions.find(store, token, NOW + timedelta(minutes=59)) is not None
    assert sessions.find(store, token, NOW + timedelta(minutes=118)) is not None
    assert sessions.find(store, token, NOW + timedelta(minutes=179)) is None


@pytest.mark.usefixtures("agents")
def test_a_session_is_over_after_twelve_hours_in_any_case(store: Store) -> None:
    user = store.users.find("Ana")
    assert user is not None
    token = sessions.begin(store, user, NOW)
    for minutes in range(30, 12 * 60, 30):
        assert sessions.find(store, token, NOW + timedelta(minutes=minutes)) is not None
    assert sessions.find(store, token, NOW + timedelta(hours=12)) is None


def test_an_expired_session_leads_to_the_form(visitor: httpx.Client, store: Store) -> None:
    token = entered(visitor, "Ana", "AnaAnaAna").cookies["triage-session"]
    digest = hashlib.sha256(token.encode()).hexdigest()
    store.sessions.extend(digest, datetime.now(UTC) - timedelta(seconds=1))
    assert visitor.get("/review/account").status_code == 303


def test_a_disabled_user_is_out_at_once_and_may_come_back(
    sign_in: SignIn, store: Store, visitor: httpx.Client
) -> None:
    user = store.users.add("Dee", hashed("DeeDeeDee"), Role.AGENT, NOW)
    with sign_in("Dee") as dee:
        assert dee.client.get("/review").status_code == 200
        store.users.disable(user.id, datetime.now(UTC))
        assert dee.client.get("/review").status_code == 303
        assert REFUSED in entered(visitor, "Dee", "DeeDeeDee").text
        store.users.enable(user.id)
        assert dee.client.get("/review").status_code == 303
        assert entered(visitor, "Dee", "DeeDeeDee").status_code == 303


def test_another_role_holds_from_the_next_page_on(sign_in: SignIn, store: Store) -> None:
    user = store.users.add("Eva", hashed("EvaEvaEva"), Role.AGENT, NOW)
    with sign_in("Eva") as eva:
        assert eva.client.get("/review/overview").status_code == 403
        store.users.set_role(user.id, Role.LEAD)
        assert eva.client.get("/review/overview").status_code == 200


@pytest.mark.parametrize("token", ["", "wrong", "é"])
def test_a_form_without_the_token_is_refused(sign_in: SignIn, token: str) -> None:
    with sign_in("Ana") as ana:
        answer = ana.client.post("/review/sign-out", data={"csrf_token": token})
        assert answer.status_code == 403
        assert ana.client.get("/review").status_code == 200


def test_a_form_with_the_token_of_another_session_is_refused(sign_in: SignIn) -> None:
    with sign_in("Ana") as ana, sign_in("Ana") as again:
        token = token_of(again.client.get("/review/account"))
        assert ana.client.post("/review/sign-out", data={"csrf_token": token}).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
def test_a_form_that_the_browser_says_comes_from_elsewhere_is_refused(
    sign_in: SignIn, headers: dict[str, str]
) -> None:
    with sign_in("Ana") as ana:
        fields = {"csrf_token": token_of(ana.client.get("/review/account"))}
        assert ana.client.post("/review/sign-out", data=fields, headers=headers).status_code == 403
        own = {"Origin": str(ana.client.base_url).rstrip("/"), "Sec-Fetch-Site": "same-origin"}
        assert ana.client.post("/review/sign-out", data=fields, headers=own).status_code == 303


def test_the_sign_in_form_needs_its_token_too(visitor: httpx.Client) -> None:
    """Else another site could sign a person in under an account of its own."""
    fields = {"name": "Ana", "password": "AnaAnaAna"}
    assert visitor.post("/review/sign-in", data=fields).status_code == 403
    fields["csrf_token"] = token_of(visitor.get("/review/sign-in"))
    headers = {"Sec-Fetch-Site": "cross-site"}
    assert visitor.post("/review/sign-in", data=fields, headers=headers).status_code == 403


def test_a_name_with_too_many_tries_is_refused_whether_it_exists_or_not(
    visitor: httpx.Client, store: Store
) -> None:
    store.users.add("Tim", hashed("TimTimTim"), Role.AGENT, NOW)
    for name in ("Tim", "Nobody at all"):
        answers = [entered(visitor, name, "wrong wrong wrong") for _ in range(MOST_FOR_A_NAME)]
        assert {answer.status_code for answer in answers} == {403}
        refused = entered(visitor, name, "TimTimTim")
        assert refused.status_code == 429
        assert 0 < int(refused.headers["retry-after"]) <= PERIOD_SECONDS
        assert "wait 15 minutes" in refused.text


class TestAttempts:
    """Tries are counted by name and by address, for a quarter of an hour."""

    def tried(self, attempts: Attempts, times: int, name: str = "Ana", at: str = "::1") -> None:
        for _ in range(times):
            attempts.begin(name, at)

    def test_after_a_quarter_of_an_hour_one_may_try_again(self) -> None:
        now = [0.0]
        attempts = Attempts(lambda: now[0])
        self.tried(attempts, MOST_FOR_A_NAME)
        with pytest.raises(Problem, match="wait 15 minutes"):
            attempts.begin("Ana", "::1")
        now[0] = PERIOD_SECONDS + 1
        self.tried(attempts, MOST_FOR_A_NAME)

    def test_success_forgets_the_failures_of_a_name(self) -> None:
        attempts = Attempts()
        self.tried(attempts, MOST_FOR_A_NAME - 1)
        attempts.begin("Ana", "::1")()
        self.tried(attempts, MOST_FOR_A_NAME)

    def test_an_address_may_not_try_one_name_after_another(self) -> None:
        attempts = Attempts()
        for number in range(MOST_FROM_AN_ADDRESS):
            attempts.begin(f"name {number}", "192.0.2.1")
        with pytest.raises(Problem):
            attempts.begin("another name", "192.0.2.1")
        attempts.begin("another name", "192.0.2.2")

    def test_the_addresses_of_one_household_are_one(self) -> None:
        attempts = Attempts()
        for number in range(MOST_FROM_AN_ADDRESS):
            attempts.begin(f"name {number}", f"2001:db8::{number:x}")
        with pytest.raises(Problem):
            attempts.begin("another name", "2001:db8::ffff")
        attempts.begin("another name", "2001:db8:0:1::1")


def test_each_role_sees_its_pages_and_a_page_that_says_so_else(sign_in: SignIn) -> None:
    pages = {
        "/review": Role.AGENT,
        "/review/policy": Role.AGENT,
        "/review/account": Role.AGENT,
        "/review/overview": Role.LEAD,
        "/review/overview/audit.csv": Role.LEAD,
        "/review/models": Role.ANALYST,
        "/review/accounts": Role.ADMIN,
    }
    ranks = list(Role)
    for name, role in PEOPLE.items():
        with sign_in(name) as person:
            for address, least in pages.items():
                answer = person.client.get(address)
                may = ranks.index(role) >= ranks.index(least)
                assert answer.status_code == (200 if may else 403), (name, address)
                if not may:
                    assert f"{name} has the role {role}" in answer.text
                    assert answer.headers["content-type"].startswith("text/html")
            shown = re.findall(
                r'<nav aria-label="Pages">.*?</nav>', person.get("/review").text, re.S
            )
            for address, least in pages.items():
                if f'href="{address}"' in shown[0]:
                    assert ranks.index(role) >= ranks.index(least)


def test_only_a_lead_takes_back_what_others_decided(
    sign_in: SignIn, store: Store, receive: Callable[..., Any]
) -> None:
    store.users.add("Bo", hashed("BoBoBo"), Role.AGENT, NOW)

    def decided_by(actor: str) -> str:
        decision = Decision(DecisionKind.ACCEPT, actor)
        taken = receive()
        return store.decisions.decide(taken.suggestion.id, decision, None, datetime.now(UTC)).id

    with sign_in("Ana") as ana, sign_in("Bo") as bo, sign_in("Lea") as lead:
        for person, actor, may in (
            (bo, "Ana", False),
            (ana, "Ana", True),
            (lead, "Ana", True),
            (bo, AUTOMATIC, True),
        ):
            decision = decided_by(actor)
            token = token_of(person.client.get("/review/account"))
            address = f"/review/decisions/{decision}/undo"
            answer = person.client.post(address, data={"csrf_token": token})
            assert answer.status_code == (303 if may else 403), (person.name, actor)
            entries = store.decisions.of_ticket(ticket_of(store, decision))
            assert len(entries) == (2 if may else 1)


def ticket_of(store: Store, decision_id: str) -> str:
    decision = store.decisions.load(decision_id)
    assert decision is not None
    return decision.ticket_key


def test_an_admin_makes_and_changes_accounts_and_the_audit_knows(
    sign_in: SignIn, store: Store, visitor: httpx.Client
) -> None:
    since = datetime.now(UTC)
    with sign_in("Max") as admin:

        def change(**fields: str) -> httpx.Response:
            token = token_of(admin.client.get("/review/accounts"))
            answer: httpx.Response = admin.post("/review/accounts", {"csrf_token": token}, **fields)
            return answer

        password = "eleven and one more"
        new = {"name": "Zoe", "role": "agent", "password": password, "again": password}
        assert "The account is made." in change(change="add", **new).text
        assert entered(visitor, "Zoe", password).status_code == 303
        assert "there is an account &#34;Zoe&#34; already" in change(change="add", **new).text
        assert "The role is changed" in change(change="role", name="Zoe", role="lead").text
        other = "another one entirely"
        done = change(change="password", name="Zoe", password=other, again=other)
        assert "The password is changed" in done.text
        assert visitor.get("/review").status_code == 303
        assert entered(visitor, "Zoe", other).status_code == 303
        assert "is disabled" in change(change="disable", name="Zoe").text
        assert visitor.get("/review").status_code == 303
        assert "is enabled" in change(change="enable", name="Zoe").text
        assert "is your own" in change(change="disable", name="Max").text
        assert "is your own" in change(change="role", name="Max", role="agent").text
        assert "has fewer than 12" in change(change="add", name="Y", role="agent").text
        assert change(change="burn", name="Zoe").status_code == 422
    noted = [
        (entry["actor"], entry["action"], entry["subject"])
        for entry in store.audit.export(since, datetime.now(UTC) + timedelta(minutes=1))
        if "sign" not in entry["action"]
    ]
    assert noted == [
        ("Max", "account added", "Zoe"),
        ("Max", "role changed", "Zoe"),
        ("Max", "password changed", "Zoe"),
        ("Max", "account disabled", "Zoe"),
        ("Max", "account enabled", "Zoe"),
    ]


def test_a_person_changes_their_own_password_and_stays_signed_in(
    sign_in: SignIn, store: Store
) -> None:
    store.users.add("Ida", hashed("IdaIdaIda"), Role.AGENT, NOW)
    with sign_in("Ida") as ida, sign_in("Ida") as elsewhere:

        def change(current: str, new: str, again: str) -> httpx.Response:
            token = token_of(ida.client.get("/review/account"))
            fields = {"current": current, "password": new, "again": again}
            answer: httpx.Response = ida.post("/review/account", {"csrf_token": token}, **fields)
            return answer

        new = "quite another thing"
        assert "current password: is not" in change("wrong", new, new).text
        assert "in two different ways" in change("IdaIdaIda", new, new + "!").text
        assert "fewer than 12" in change("IdaIdaIda", "short", "short").text
        assert "The password is changed" in change("IdaIdaIda", new, new).text
        assert ida.client.get("/review").status_code == 200
        assert elsewhere.client.get("/review").status_code == 303


def test_pages_carry_headers_that_protect(sign_in: SignIn) -> None:
    with sign_in("Max") as admin:
        for address in ("/review/accounts", "/review/overview", "/review/policy", "/nothing"):
            headers = admin.client.get(address).headers
            assert headers["x-frame-options"] == "DENY"
            assert headers["cache-control"] == "no-store"
            policy = headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy


def test_without_accounts_the_own_machine_needs_none(
    open_desk: tuple[httpx.Client, Store],
) -> None:
    client, _ = open_desk
    page = client.get("/review")
    assert page.status_code == 200
    assert "anybody on this machine" in page.text
    assert client.get("/review/overview").status_code == 200
    assert client.get("/review/models").status_code == 200
    assert client.get("/review/accounts").status_code == 403
    assert client.get("/review/sign-in").headers["location"] == "/review"
    assert "triage users add" in client.get("/review/account").text


def test_without_accounts_a_page_from_elsewhere_cannot_pose_as_this_one(
    open_desk: tuple[httpx.Client, Store],
) -> None:
    client, _ = open_desk
    assert client.get("/review", headers={"Host": "rebound.example"}).status_code == 403
    assert client.get("/review", headers={"Host": "localhost:8000"}).status_code == 200


def test_without_accounts_forms_carry_what_only_a_cookie_knows(
    open_desk: tuple[httpx.Client, Store],
) -> None:
    client, _ = open_desk
    client.get("/review")
    token = client.cookies["triage-visit"]
    right, wrong = {"csrf_token": token}, {"csrf_token": token[::-1]}
    assert client.post("/review/sign-out", data=wrong).status_code == 403
    assert client.post("/review/sign-out", data={"x": ""}).status_code == 403
    elsewhere = {"Sec-Fetch-Site": "same-site"}  # another port of this machine
    assert client.post("/review/sign-out", data=right, headers=elsewhere).status_code == 403
    assert client.post("/review/sign-out", data=right).status_code == 303
    client.cookies.clear()
    assert client.post("/review/sign-out", data=right).status_code == 403


def test_the_first_account_or_key_closes_the_desk(open_desk: tuple[httpx.Client, Store]) -> None:
    client, store = open_desk
    assert client.get("/review").status_code == 200
    key = new_key()
    store.keys.add("bot", key.digest, ["suggest"], NOW, prefix=key.prefix)
    assert client.get("/review").status_code == 303
    assert "There are no accounts yet" in client.get("/review/sign-in").text
    store.keys.revoke("bot", NOW)
    user = store.users.add("Ana", hashed("AnaAnaAna"), Role.AGENT, NOW)
    store.users.disable(user.id, NOW)
    assert client.get("/review").status_code == 303  # it does not fall open again


def test_an_account_closes_the_api_as_well(
    desk: Desk, serve: Serve, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A service that listens beyond this machine because of an account asks programs for a key."""
    store = open_store(f"sqlite:///{tmp_path_factory.mktemp('closed')}/triage.db")
    store.users.add("Ana", hashed("AnaAnaAna"), Role.AGENT, NOW)
    with serve(Installation(desk, store)) as here, httpx.Client(base_url=here) as client:
        assert client.get("/v1/suggestions").status_code == 401
    store.close()
