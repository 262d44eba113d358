"""Commands to which no desk delivers do without the secrets of deliveries."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tickets import InputFaults
from tickets.store import open_store
from triage import cli
from triage.service.installation import Terms, load_installation
from triage.settings import HOME_VARIABLE

Call = Callable[..., int]


@pytest.fixture
def home(small_home: Path, in_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with an endpoint whose secret is set elsewhere, where the service runs."""
    home = in_folder / "home"
    home.mkdir()
    for entry in small_home.iterdir():
        (home / entry.name).symlink_to(entry)
    (home / "endpoints.yaml").write_text(
        "endpoints: [{name: support, source: zendesk, secret_env: TRIAGE_TEST_ABSENT}]\n"
    )
    monkeypatch.setenv(HOME_VARIABLE, str(home))
    monkeypatch.delenv("TRIAGE_TEST_ABSENT", raising=False)
    return home


@pytest.mark.parametrize("options", [(), ("--endpoint", "support")])
def test_a_history_in_a_file_is_taken_in(home: Path, options: tuple[str, ...]) -> None:
    Path("history.csv").write_text("id,body,priority\n1,Chat is down,P1\n")
    arguments = ["backfill", "history.csv", *options, "--reader", "light"]
    assert not cli.app([*arguments, "--database-url", "sqlite:///a.db"], standalone_mode=False)


def test_messages_are_taken_from_a_broker(home: Path) -> None:
    pytest.importorskip("triage.consumer")
    arguments = ["consume", "--broker", "redis://127.0.0.1:1", "--from", "q", "--reader", "light"]
    with pytest.raises(InputFaults) as refused:
        cli.app([*arguments, "--database-url", "sqlite:///a.db"], standalone_mode=False)
    assert [fault.place for fault in refused.value.faults] == ["--broker"]


def test_the_service_needs_them(home: Path) -> None:
    store = open_store("sqlite:///a.db")
    with pytest.raises(InputFaults, match="environment variable TRIAGE_TEST_ABSENT is not set"):
        load_installation(home, store, Terms())
    store.close()


def test_a_queue_without_a_name_is_refused(home: Path) -> None:
    with pytest.raises(InputFaults) as refused:
        cli.app(["consume", "--broker", "redis://127.0.0.1", "--from", " "], standalone_mode=False)
    assert str(refused.value) == "--from: is empty (name the queue or stream of tickets)"
