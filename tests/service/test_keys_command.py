"""`triage keys`: made, shown once, listed, revoked."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable

Run = Callable[..., "subprocess.CompletedProcess[str]"]
HERE = ("--database-url", "sqlite:///keys.db")


def test_a_key_is_shown_once_and_can_be_revoked(triage: Run) -> None:
    made = triage("keys", "add", "the bot", "--scope", "suggest", "--scope", "review", *HERE)
    assert made.returncode == 0
    token = made.stdout.strip()
    assert token.startswith("ujet_")
    listed = triage("keys", "list", "--json", *HERE)
    [record] = json.loads(listed.stdout)
    assert (record["name"], record["scopes"]) == ("the bot", ["review", "suggest"])
    assert token not in listed.stdout
    assert "in use" in triage("keys", "list", *HERE).stdout
    assert triage("keys", "revoke", "the bot", *HERE).returncode == 0
    assert "revoked" in triage("keys", "list", *HERE).stdout


def test_wrong_calls_are_one_clear_line(triage: Run) -> None:
    for arguments, said in (
        (("keys", "add", "x", "--scope", "everything", *HERE), 'unknown "everything"'),
        (("keys", "revoke", "nobody", *HERE), 'no key in use is called "nobody"'),
        (("keys", "list", "--database-url", "mysql://h/d"), "mysql"),
    ):
        done = triage(*arguments)
        assert done.returncode == 2
        assert said in done.stderr
        assert done.stderr.count("\n") == 1
