"""Keys: who may call, and for what."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tickets.store import Store, open_store
from triage.service import access
from triage.service.access import new_key
from triage.service.limits import Limits

Serve = Callable[..., Any]
NOW = datetime(2026, 7, 1, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(f"sqlite:///{tmp_path}/triage.db")
    yield store
    store.close()


def key_for(store: Store, *scopes: str) -> dict[str, str]:
    key = new_key()
    store.keys.add("-".join(scopes), key.digest, scopes, NOW, prefix=key.prefix)
    return {"Authorization": f"Bearer {key.token}"}


def test_without_a_key_the_own_machine_may_do_everything(service: httpx.Client) -> None:
    assert service.get("/v1/suggestions").status_code == 200
    assert service.get("/v1/suggestions", headers={"Host": "localhost:8000"}).status_code == 200


def test_a_page_from_elsewhere_may_not_use_the_browser_here(service: httpx.Client) -> None:
    answer = service.get("/v1/suggestions", headers={"Host": "rebound.example"})
    assert answer.status_code == 403


def test_each_key_is_good_for_its_scopes(serve: Serve, store: Store) -> None:
    bot, agent = key_for(store, "suggest"), key_for(store, "review")
    admin = key_for(store, "admin")
    with serve(store=store) as client:
        assert client.get("/v1/suggestions").status_code == 401
        assert client.get("/healthz").status_code == 200
        assert client.get("/readyz").status_code == 200
        for headers, allowed in (
            (bot, {"triage"}),
            (agent, {"suggestions"}),
            (admin, {"triage", "suggestions", "models", "metrics"}),
        ):
            answers = {
                "triage": client.post("/v1/triage", json={"body": "x"}, headers=headers),
                "suggestions": client.get("/v1/suggestions", headers=headers),
                "models": client.post("/v1/models/none/promote", headers=headers),
                "metrics": client.get("/metrics", headers=headers),
            }
            assert {name for name, a in answers.items() if a.status_code != 403} == allowed


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ujet_1_2", "Basic dTpw", "Bearer é"])
def test_what_is_no_key_is_refused(serve: Serve, store: Store, header: str) -> None:
    key_for(store, "admin")
    with serve(store=store) as client:
        headers = [(b"Authorization", header.encode("latin-1"))]
        answer = client.get("/v1/suggestions", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"


def test_a_revoked_key_is_refused_within_seconds(
    serve: Serve, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "REMEMBERED_SECONDS", 0.0)
    headers = key_for(store, "review")
    with serve(store=store) as client:
        assert client.get("/v1/suggestions", headers=headers).status_code == 200
        assert store.keys.revoke("review", NOW)
        assert client.get("/v1/suggestions", headers=headers).status_code == 401
        assert client.get("/v1/suggestions").status_code == 401  # it does not fall open


def test_a_key_that_asks_too_often_waits(serve: Serve, store: Store) -> None:
    headers = key_for(store, "review")
    limits = Limits(requests_per_second=0.01, requests_at_once=2)
    with serve(store=store, limits=limits) as client:
        answers = [client.get("/v1/suggestions", headers=headers) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert int(answers[2].headers["retry-after"]) > 0


def test_the_store_holds_no_key(store: Store) -> None:
    headers = key_for(store, "admin")
    [key] = store.keys.list()
    assert key.hash not in headers["Authorization"]
    assert headers["Authorization"].split("_", 2)[2] not in repr(key)


def test_answers_carry_headers_that_protect(service: httpx.Client) -> None:
    headers = service.get("/healthz").headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"
    assert headers["x-request-id"]
