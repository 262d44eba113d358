"""`triage inbox`: which deliveries were given up and why, and working on them again."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tickets.store import Store, open_store

Run = Callable[..., "subprocess.CompletedProcess[str]"]
NOW = datetime(2026, 7, 10, 9, tzinfo=UTC)
HERE = ("--database-url", "sqlite:///triage.db")


@pytest.fixture
def given_up(tmp_path: Path) -> Iterator[Store]:
    """A store with a delivery that was given up and one that waits, where commands run."""
    with closing(open_store(f"sqlite:///{tmp_path}/triage.db")) as store:
        store.inbox.put("zendesk", "acme", "d1", {}, b"Nobody can take calls", NOW)
        [claimed] = store.inbox.claim("w", 1, NOW, timedelta(minutes=1))
        store.inbox.failed(claimed.id, "its endpoint is not in the endpoints file any more", None)
        store.inbox.put("zendesk", "acme", "d2", {}, b"Chat is down", NOW)
        yield store


def test_what_was_given_up_is_listed_with_its_reason_and_without_its_text(
    triage: Run, given_up: Store
) -> None:
    done = triage("inbox", *HERE)
    assert done.stdout.splitlines() == [
        "deliveries: waiting 1, claimed 0, done 0, failed 1",
        "2026-07-10T09:00:00+00:00  acme  d1  its endpoint is not in the endpoints file any more",
        "when mended: `triage inbox --again`",
    ]


def test_it_can_be_queued_again_and_the_audit_says_so(triage: Run, given_up: Store) -> None:
    report = json.loads(triage("inbox", "--again", "--json", *HERE).stdout)
    assert (report["counts"]["waiting"], report["given_up"]) == (2, [])
    claimed = given_up.inbox.claim("w", 5, datetime.now(UTC), timedelta(minutes=1))
    assert {(one.delivery_id, one.attempts) for one in claimed} == {("d1", 1), ("d2", 1)}
    trail = [json.loads(line) for line in triage("data", "export", *HERE).stdout.splitlines()]
    assert [entry["action"] for entry in trail] == ["deliveries queued again"]
