"""The targets file: credentials by reference only, and every fault at once with its remedy."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tickets import InputFaults
from triage.write_back import Targets, load_targets

SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
ENVIRONMENT = {"ZENDESK_TOKEN": "t0ken", "HOOK_SECRET": SECRET, "SHORT": "whsec_abcd"}
Load = Callable[[str], Targets]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def loaded(text: str) -> Targets:
        path = tmp_path / "targets.yaml"
        path.write_text(text, "utf-8")
        return load_targets(path, ENVIRONMENT)

    return loaded


def faults(load: Load, text: str) -> list[str]:
    with pytest.raises(InputFaults) as raised:
        load(text)
    return [str(fault) for fault in raised.value.faults]


def test_a_whole_file(load: Load, tmp_path: Path) -> None:
    (tmp_path / "jira.token").write_text(" j1ra \n", "utf-8")
    targets = load(
        """
        review_url: https://triage.example.com/review
        targets:
          - name: acme-zendesk
            kind: zendesk
            url: https://acme.zendesk.com/
            user: bot@acme.example
            token_env: ZENDESK_TOKEN
            priorities: {P4: normal}
            writes: {review: []}
            requests_per_minute: 200
          - {name: acme-jira, kind: jira, url: https://acme.atlassian.net, token_file: jira.token}
          - name: dashboard
            kind: webhook
            url: http://localhost:8080/hooks
            token_env: HOOK_SECRET
            events: [decision.made]
            give_up_after_hours: 0.5
        """
    )
    zendesk, jira, hook = targets.values()
    assert zendesk.url == "https://acme.zendesk.com"
    assert zendesk.token == "t0ken"
    assert zendesk.requests_per_minute == 200
    assert zendesk.review_url == "https://triage.example.com/review"
    assert zendesk.priorities == {
        "P0": "urgent",
        "P1": "high",
        "P2": "normal",
        "P3": "low",
        "P4": "normal",
    }
    assert zendesk.writes["auto"] == {"priority", "tags", "note"}
    assert zendesk.writes["suggest"] == {"tags", "note"}
    assert zendesk.writes["review"] == frozenset()
    assert jira.token == "j1ra"
    assert jira.priorities["P4"] == "Lowest"
    assert hook.events == {"decision.made"}
    assert hook.give_up_after == timedelta(minutes=30)
    assert not hook.with_text


def test_a_token_shows_nowhere(load: Load) -> None:
    [target] = load(
        "targets: [{name: a, kind: zendesk, url: https://a.example, token_env: ZENDESK_TOKEN}]"
    ).values()
    assert "t0ken" not in repr(target)


def test_all_faults_are_told_at_once(load: Load) -> None:
    found = faults(
        load,
        """
targets:
  - name: Acme Desk
    kind: zendesk
    url: http://acme.zendesk.com
    token_env: NOT_SET
  - name: acme
    kind: webhook
    url: https://user:pw@hooks.example.com/?x=1
    token_env: SHORT
    user: bot
  - name: acme
    kind: jira
    url: acme.atlassian.net
    token_file: nowhere
  - name: twice
    kind: jira
    url: https://[bad
    token_env: A
    token_file: b
  - {name: none, kind: jira, url: "https://a.example:99999"}
  - {name: token-itself, kind: jira, url: https://a.example, token_env: ATATT3xFf-GF0=}
""",
    )
    assert found == [
        'targets.yaml:3: "Acme Desk" cannot be a name'
        " (use small letters, digits and hyphens, as for the endpoint of the desk)",
        "targets.yaml:5: would send credentials unencrypted (use https)",
        "targets.yaml:6: environment variable NOT_SET is not set"
        " (set it where the service runs, or use token_file)",
        "targets.yaml:7: the secret is no base64 of at least 24 bytes"
        ' (make one with: echo "whsec_$(openssl rand -base64 32)")',
        "targets.yaml:9: holds more than an address"
        " (give scheme, host and path only; the token has a place of its own)",
        'targets.yaml:11: "user" means nothing for a webhook (remove it)',
        'targets.yaml:12: target "acme" stands twice (the first is in line 7)',
        "targets.yaml:14: is no web address (write it as https://desk.example.com)",
        "targets.yaml:15: the token's file cannot be used: No such file or directory"
        " (write the token into it, readable by the service)",
        "targets.yaml:16: names two tokens (give one of token_env and token_file)",
        "targets.yaml:18: is no web address (write it as https://desk.example.com)",
        "targets.yaml:21: is no web address (write it as https://desk.example.com)",
        "targets.yaml:21: names no token (give one of token_env and token_file)",
        "targets.yaml:22: is no name of an environment variable"
        " (name a variable; the token itself never stands in this file)",
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "targets.yaml:1: expected a mapping, found nothing"),
        (
            "targets: []",
            "targets.yaml:1: targets: [] should be non-empty (name at least one target)",
        ),
        (
            "targets: [{name: a, kind: zendesk, url: https://a.example, token: t0ken}]",
            'targets.yaml:1: targets.0: unknown key "token" (did you mean "token_env"?)',
        ),
        (
            "targets: [{name: a, kind: zammad, url: https://a.example}]",
            'targets.yaml:1: targets.0.kind: "zammad" is not known'
            " (use one of zendesk, jira, webhook)",
        ),
    ],
)
def test_faults_of_form(load: Load, text: str, fault: str) -> None:
    assert faults(load, text) == [fault]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputFaults, match="cannot be read: No such file"):
        load_targets(tmp_path / "targets.yaml", {})
