"""Keys, users, sessions, claims, idempotent requests, the audit log and the shadow."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from tickets import InputFaults, Priority
from tickets.store import (
    Claim,
    Decision,
    DecisionKind,
    InProgress,
    Mismatch,
    NotFound,
    Replay,
    Role,
    ShadowPair,
    Store,
    StoredTicket,
    SuggestionRow,
)

NOW = datetime(2026, 7, 10, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
Suggest = Callable[..., tuple[StoredTicket, SuggestionRow]]


def test_a_key_is_found_by_its_beginning_until_it_is_revoked(store: Store) -> None:
    key = store.keys.add("bot", "hash", ["triage", "decide"], NOW, prefix="tk_abc")
    assert (key.scopes, key.revoked_at, key.used_at) == (("triage", "decide"), None, None)
    assert store.keys.find_by_prefix("tk_abc") == [key]
    assert store.keys.find_by_prefix("tk_") == []
    assert store.keys.revoke("bot", NOW)
    assert not store.keys.revoke("bot", NOW)
    assert store.keys.find_by_prefix("tk_abc") == []
    (revoked,) = store.keys.list()
    assert revoked.revoked_at == NOW


def test_a_key_is_revoked_by_its_id_too(store: Store) -> None:
    key = store.keys.add("bot", "hash", [], NOW, prefix="tk_abc")
    assert store.keys.revoke(key.id, NOW)


def test_no_two_keys_have_one_name(store: Store) -> None:
    store.keys.add("bot", "hash", [], NOW, prefix="tk_abc")
    with pytest.raises(InputFaults, match="choose another name"):
        store.keys.add("bot", "other", [], NOW, prefix="tk_xyz")


def test_the_last_use_of_a_key_is_kept_to_the_minute(store: Store) -> None:
    key = store.keys.add("bot", "hash", [], NOW, prefix="tk_abc")
    for seconds, expected in ((0, 0), (59, 0), (60, 60), (30, 60)):
        store.keys.used(key.id, NOW + timedelta(seconds=seconds))
        assert store.keys.list()[0].used_at == NOW + timedelta(seconds=expected)


def test_a_secret_is_not_printed(store: Store) -> None:
    key = store.keys.add("bot", "key-hash", [], NOW, prefix="tk_abc")
    user = store.users.add("ann", "password-hash", Role.AGENT, NOW)
    session = store.sessions.begin("token-hash", user.id, "csrf", NOW, NOW + DAY)
    assert not [word for word in ("-hash", "csrf'") if word in f"{key} {user} {session}"]


def test_a_user_is_found_by_name_and_id(store: Store) -> None:
    user = store.users.add("ann", "hash", Role.AGENT, NOW)
    assert store.users.find("ann") == store.users.load(user.id) == user
    assert store.users.find("bob") is None
    store.users.add("Aaron", "hash", Role.ADMIN, NOW)
    assert [each.name for each in store.users.list()] == ["Aaron", "ann"]
    with pytest.raises(InputFaults, match="a user called 'ann'"):
        store.users.add("ann", "hash", Role.LEAD, NOW)


def test_users_change(store: Store) -> None:
    user = store.users.add("ann", "hash", Role.AGENT, NOW)
    assert store.users.set_role(user.id, Role.LEAD)
    assert store.users.set_password(user.id, "new")
    assert store.users.disable(user.id, NOW)
    changed = store.users.load(user.id)
    assert changed is not None
    assert (changed.role, changed.password_hash, changed.disabled_at) == (Role.LEAD, "new", NOW)
    assert store.users.enable(user.id)
    assert not store.users.set_role("none", Role.LEAD)


def test_a_session_lasts_until_it_expires_or_ends(store: Store) -> None:
    user = store.users.add("ann", "hash", Role.AGENT, NOW)
    session = store.sessions.begin("t1", user.id, "secret", NOW, NOW + DAY)
    assert store.sessions.find("t1", NOW) == session
    assert store.sessions.find("t2", NOW) is None
    assert store.sessions.find("t1", NOW + DAY) is None
    store.sessions.extend("t1", NOW + 2 * DAY)
    assert store.sessions.find("t1", NOW + DAY) is not None
    store.sessions.end("t1")
    assert store.sessions.find("t1", NOW) is None


@pytest.mark.parametrize("change", ["disable", "password", "end_all"])
def test_a_user_kept_out_has_no_session(store: Store, change: str) -> None:
    user = store.users.add("ann", "hash", Role.AGENT, NOW)
    store.sessions.begin("t1", user.id, "secret", NOW, NOW + DAY)
    if change == "disable":
        store.users.disable(user.id, NOW)
        store.users.enable(user.id)
    elif change == "password":
        store.users.set_password(user.id, "new")
    else:
        assert store.sessions.end_all(user.id) == 1
    assert store.sessions.find("t1", NOW) is None


def test_expired_sessions_are_pruned(store: Store) -> None:
    user = store.users.add("ann", "hash", Role.AGENT, NOW)
    store.sessions.begin("t1", user.id, "secret", NOW, NOW + DAY)
    store.sessions.begin("t2", user.id, "secret", NOW, NOW + 2 * DAY)
    assert store.sessions.prune(NOW + DAY) == 1
    with pytest.raises(NotFound):
        store.sessions.begin("t3", "nobody", "secret", NOW, NOW)


def test_a_ticket_is_in_one_hand_at_a_time(store: Store, suggest: Suggest) -> None:
    key = suggest()[0].key
    mine = store.claims.take(key, "ann", NOW, MINUTE)
    assert mine == Claim(key, "ann", NOW, NOW + MINUTE)
    assert store.claims.take(key, "bob", NOW, MINUTE) == mine
    assert store.claims.take(key, "ann", NOW + MINUTE / 2, MINUTE).until == NOW + 1.5 * MINUTE
    assert store.claims.of([key, "999"], NOW)[key].user == "ann"
    assert store.claims.of([key], NOW + 2 * MINUTE) == {}
    assert store.claims.take(key, "bob", NOW + 2 * MINUTE, MINUTE).user == "bob"


def test_a_ticket_is_given_out_of_ones_own_hand_only(store: Store, suggest: Suggest) -> None:
    key = suggest()[0].key
    store.claims.take(key, "ann", NOW, MINUTE)
    store.claims.release(key, "bob")
    assert store.claims.of([key], NOW)
    store.claims.release(key, "ann")
    assert store.claims.of([key], NOW) == {}
    with pytest.raises(NotFound):
        store.claims.take("999", "ann", NOW, MINUTE)


def test_a_request_sent_twice_is_answered_alike(store: Store) -> None:
    begin = store.idempotency.begin
    assert begin("k", "bot", "hash", NOW) is None
    assert begin("k", "bot", "hash", NOW) == InProgress()
    store.idempotency.finish("k", "bot", 201, b'{"a": 1}', headers={"etag": '"1"'})
    assert begin("k", "bot", "hash", NOW) == Replay(201, b'{"a": 1}', {"etag": '"1"'})
    assert begin("k", "bot", "other", NOW) == Mismatch()
    assert begin("k", "another bot", "other", NOW) is None


def test_a_request_may_begin_again_after_a_day_or_when_it_was_cut_off(store: Store) -> None:
    begin = store.idempotency.begin
    begin("done", "bot", "hash", NOW)
    store.idempotency.finish("done", "bot", 200, b"")
    assert begin("done", "bot", "hash", NOW + DAY - MINUTE) == Replay(200, b"", {})
    assert begin("done", "bot", "hash", NOW + DAY) is None
    begin("cut off", "bot", "hash", NOW)
    assert begin("cut off", "bot", "hash", NOW + 4 * MINUTE) == InProgress()
    assert begin("cut off", "bot", "hash", NOW + 5 * MINUTE) is None
    store.idempotency.forget("cut off", "bot")
    assert begin("cut off", "bot", "hash", NOW) is None
    assert store.idempotency.prune(NOW + DAY) == 1


def test_of_a_request_sent_many_times_at_once_one_begins(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = pool.map(lambda _: store.idempotency.begin("k", "bot", "hash", NOW), range(16))
        assert sorted(str(each) for each in found) == ["InProgress()"] * 15 + ["None"]


def test_the_audit_log_is_exported_oldest_first(store: Store) -> None:
    store.audit.note("ann", "model.promoted", "m2", {"from": "m1"}, NOW)
    store.audit.note("bob", "key.revoked", "bot", {}, NOW - MINUTE)
    entries = list(store.audit.export(NOW - DAY, NOW + DAY))
    assert [entry["actor"] for entry in entries] == ["bob", "ann"]
    assert {**entries[1], "id": ""} == {
        "id": "",
        "at": "2026-07-10T09:00:00+00:00",
        "actor": "ann",
        "action": "model.promoted",
        "subject": "m2",
        "detail": {"from": "m1"},
    }
    assert list(store.audit.export(NOW + MINUTE, NOW + DAY)) == []


def test_the_shadow_stands_beside_what_was_shown_and_decided(
    store: Store, suggest: Suggest
) -> None:
    decided, suggestion = suggest("decided", priority="P2", confidence=0.75)
    override = Decision(DecisionKind.OVERRIDE, "ann", priority=Priority.P0)
    store.decisions.decide(suggestion.id, override, None, NOW)
    pending, _ = suggest("pending", priority="P3", confidence=0.5, is_blind=True)
    odds = {Priority.P1: 0.75, Priority.P2: 0.25}
    for key in (decided.key, pending.key):
        store.shadow.record(key, "m2", Priority.P2, 0.25, odds, NOW)
        store.shadow.record(key, "m2", Priority.P1, 0.75, odds, NOW)
    first, second = store.shadow.pairs("m2")
    assert first == ShadowPair(
        ticket_key=decided.key,
        made_at=NOW,
        priority=Priority.P1,
        confidence=0.75,
        probabilities=odds,
        shown_priority=Priority.P2,
        shown_confidence=0.75,
        shown_version="m1",
        is_blind=False,
        decided_priority=Priority.P0,
        decided_by="ann",
    )
    assert (second.shown_priority, second.decided_priority, second.is_blind) == (
        Priority.P3,
        None,
        True,
    )
    assert list(store.shadow.pairs("m3")) == []
    with pytest.raises(NotFound):
        store.shadow.record("999", "m2", Priority.P2, 0.25, odds, NOW)
