"""`triage users`: accounts made, listed and changed on the command line."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tickets import InputFaults
from tickets.store import Role, open_store
from tickets.ticket import EARLIEST, LATEST
from triage.review.accounts import COMMAND_LINE, Accounts
from triage.review.passwords import hashed, matches

Run = Callable[..., "subprocess.CompletedProcess[str]"]
HERE = ("--database-url", "sqlite:///users.db")
PASSWORD = "four words and more"
NOW = datetime(2026, 7, 10, 9, 0, tzinfo=UTC)
ADD = ("users", "add", "Ana", "--role", "agent", "--password-stdin", *HERE)


def test_an_account_is_made_listed_and_changed(triage: Run, tmp_path: Path) -> None:
    made = triage(*ADD, stdin=f"{PASSWORD}\n")
    assert (made.returncode, made.stdout) == (0, "Ana may sign in as agent\n")
    [record] = json.loads(triage("users", "list", "--json", *HERE).stdout)
    assert (record["name"], record["role"], record["disabled_at"]) == ("Ana", "agent", None)
    assert triage("users", "set-role", "Ana", "--role", "lead", *HERE).returncode == 0
    assert triage("users", "disable", "Ana", *HERE).returncode == 0
    assert triage("users", "list", *HERE).stdout == "Ana  lead  disabled\n"
    assert triage("users", "enable", "Ana", *HERE).stdout == "Ana may sign in again\n"
    changed = ("users", "set-password", "Ana", "--password-stdin", *HERE)
    assert triage(*changed, stdin="quite another thing").returncode == 0
    store = open_store(f"sqlite:///{tmp_path}/users.db")
    [user] = store.users.list()
    assert matches(user.password_hash, "quite another thing")
    noted = [entry["action"] for entry in store.audit.export(EARLIEST, LATEST)]
    store.close()
    assert noted == [
        *("account added", "role changed", "account disabled"),
        *("account enabled", "password changed"),
    ]


def test_a_password_is_asked_for_twice_and_not_shown(tmp_path: Path, small_home: Path) -> None:
    said = typed(tmp_path, small_home, PASSWORD, PASSWORD)
    assert said.endswith("Ana may sign in as agent\n")
    assert PASSWORD not in said


def test_what_is_typed_in_two_ways_makes_no_account(tmp_path: Path, small_home: Path) -> None:
    said = typed(tmp_path, small_home, PASSWORD, "something else")
    assert said.endswith("triage: password: was typed in two different ways (type it again)\n")


def typed(folder: Path, home: Path, *lines: str) -> str:
    """Run the command on a terminal, type some lines, and return what it showed."""
    ours, theirs = pty.openpty()
    command = [str(Path(sys.executable).with_name("triage")), "users", "add", "Ana"]
    process = subprocess.Popen(
        [*command, "--role", "agent", *HERE],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=folder,
        env={**os.environ, "TRIAGE_HOME": str(home)},
        start_new_session=True,  # no terminal of ours, so that the password is read from this one
    )
    os.close(theirs)
    shown = ""
    for line in lines:
        while not shown.rstrip(" ").endswith(":"):
            shown += os.read(ours, 1_000).decode()
        os.write(ours, f"{line}\n".encode())
        shown += "\n"
    try:
        while part := os.read(ours, 1_000):
            shown += part.decode()
    except OSError:  # how Linux says that the other side is closed
        pass
    process.wait(timeout=60)
    return shown.replace("\r\n", "\n")


def test_wrong_calls_are_one_clear_line(triage: Run) -> None:
    for arguments, said in (
        (("users", "add", "Bo", "--role", "boss", *HERE), 'unknown "boss"'),
        (("users", "add", "Bo", "--role", "agent", *HERE), "--password-stdin"),
        (("users", "disable", "Zed", *HERE), 'nobody is called "Zed"'),
    ):
        done = triage(*arguments)
        assert done.returncode == 2, arguments
        assert said in done.stderr
        assert done.stderr.count("\n") == 1


@pytest.fixture
def accounts(tmp_path: Path) -> Iterator[Accounts]:
    """The accounts of an empty store."""
    store = open_store(f"sqlite:///{tmp_path}/triage.db")
    yield Accounts(store, COMMAND_LINE)
    store.close()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("auto", "stands for somebody else in the logs"),
        ("Command Line", "stands for somebody else in the logs"),
        (" ", "is not 1 to 60 characters that can be shown"),
        ("a\nb", "is not 1 to 60 characters that can be shown"),
        ("x" * 61, "is not 1 to 60 characters that can be shown"),
        ("ANA", 'there is an account "Ana" already'),
    ],
)
def test_names_that_cannot_be_told_apart_are_refused(
    accounts: Accounts, name: str, said: str
) -> None:
    accounts.add("Ana", Role.AGENT, PASSWORD, NOW)
    with pytest.raises(InputFaults, match=re.escape(said)) as refused:
        accounts.add(name, Role.AGENT, PASSWORD, NOW)
    assert len(refused.value.faults) == 1
    assert len(accounts.store.users.list()) == 1


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("eleven char", "has fewer than 12 characters"),
        ("x" * 1_001, "has more than 1,000 characters"),
        ("aaaaaaaaaaaaaaa", "is the name with little else, or few characters again and again"),
        ("maxmaxmaxmax", "is the name with little else, or few characters again and again"),
        ("Max Max Max 22", "is the name with little else, or few characters again and again"),
    ],
)
def test_passwords_that_are_easily_guessed_are_refused(
    accounts: Accounts, password: str, said: str
) -> None:
    with pytest.raises(InputFaults, match=said):
        accounts.add("Max", Role.AGENT, password, NOW)
    accounts.add("Max", Role.AGENT, PASSWORD, NOW)


def test_a_password_is_the_same_however_a_keyboard_composes_it() -> None:
    composed, decomposed = "caf\u00e9 and more words", "cafe\u0301 and more words"
    assert matches(hashed(composed), decomposed)


def test_a_name_is_found_as_it_was_made_or_a_near_one_is_named(accounts: Accounts) -> None:
    accounts.add("  Zo\u0065\u0308 ", Role.AGENT, PASSWORD, NOW)
    assert accounts.find("Zo\u00eb").name == "Zo\u00eb"
    with pytest.raises(InputFaults, match='did you mean "Zo\u00eb"'):
        accounts.set_role("Zoo", Role.LEAD, NOW)
