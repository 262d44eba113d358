"""The endpoints file: sound ones load with their secrets, faults come all at once with a remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from tickets import InputFaults
from triage.integrations import load_endpoints
from triage.integrations.desk_words import Stage
from triage.integrations.endpoints import Authentication

SECRET = "0123456789abcdef0123"
VARIABLES = {"ZENDESK_SECRET": SECRET, "SHORT": "0123456789", "EMPTY": ""}


def load(folder: Path, text: str, **files: str) -> object:
    (folder / "endpoints.yaml").write_text(text, "utf-8")
    for name, content in files.items():
        (folder / name.replace("_", ".")).write_text(content, "utf-8")
    return load_endpoints(folder / "endpoints.yaml", VARIABLES)


def faults(folder: Path, text: str, **files: str) -> list[str]:
    with pytest.raises(InputFaults) as caught:
        load(folder, text, **files)
    return [str(fault) for fault in caught.value.faults]


def test_endpoints_load_with_their_secrets_and_words(tmp_path: Path) -> None:
    (tmp_path / "now.secret").write_text(f"{SECRET}now\n", "utf-8")
    (tmp_path / "endpoints.yaml").write_text(
        """\
endpoints:
  - name: support
    source: zendesk
    secret_env: ZENDESK_SECRET
    own_user: "38811777"
    priorities: {Burning: P0}
    statuses: {open: [pending], waiting: [On the customer]}
  - {name: it, source: servicenow, auth: basic, user: triage, secret_file: now.secret}
""",
        "utf-8",
    )
    endpoints = load_endpoints(tmp_path / "endpoints.yaml", VARIABLES)
    support, it = endpoints["support"], endpoints["it"]
    assert (support.authentication, support.secret) == (Authentication.SIGNATURE, SECRET.encode())
    assert support.is_own(("1", "38811777"))
    assert not support.is_own(())
    assert support.words.priority("BURNING") == "P0"
    assert support.words.priority("urgent") == "P0"
    assert support.words.stage("Pending") is Stage.OPEN
    assert support.words.stage("on the  customer") is Stage.WAITING
    assert (it.authentication, it.user, it.secret) == ("basic", "triage", f"{SECRET}now".encode())
    assert not it.is_own(("",))


def test_variables_are_those_of_the_process_unless_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_HOOK_SECRET", SECRET)
    path = tmp_path / "endpoints.yaml"
    path.write_text("endpoints: [{name: a, source: github, secret_env: GITHUB_HOOK_SECRET}]")
    assert load_endpoints(path)["a"].secret == SECRET.encode()


def test_all_faults_come_at_once_with_line_and_remedy(tmp_path: Path) -> None:
    text = """\
endpoints:
  - name: Support Desk
    source: zendesk
    auth: basic
    user: triage
    secret_env: ZENDESK_SECRET
  - name: it
    source: servicenow
    auth: basic
    secret_env: NOT_THERE
  - name: it
    source: json
    secret_env: EMPTY
    user: me
  - name: hub
    source: gitlab
    secret_env: ZENDESK_SECRET
  - name: short
    source: github
    secret_env: SHORT
    mapping: fields.yaml
  - name: files
    source: freshdesk
    secret_file: absent.secret
    header: "X Secret:"
  - name: both
    source: jira
    secret_env: ZENDESK_SECRET
    secret_file: now.secret
"""
    assert faults(tmp_path, text) == [
        'endpoints.yaml:2: "Support Desk" cannot be a name '
        "(use small letters, digits and hyphens: it stands in the address)",
        "endpoints.yaml:4: zendesk cannot prove itself by basic (use signature)",
        'endpoints.yaml:7: "user" is missing (name the user that the desk sends)',
        "endpoints.yaml:10: environment variable NOT_THERE is not set "
        "(set it where the service runs, or use secret_file)",
        'endpoints.yaml:11: "mapping" is missing (name a file that says where our fields stand)',
        'endpoints.yaml:11: endpoint "it" stands twice (the first is in line 7)',
        "endpoints.yaml:13: environment variable EMPTY is not set "
        "(set it where the service runs, or use secret_file)",
        'endpoints.yaml:14: "user" means nothing for json with auth header (remove it)',
        'endpoints.yaml:16: endpoints.3.source: "gitlab" is not known (did you mean "github"?)',
        "endpoints.yaml:20: the secret is shorter than 16 characters "
        "(make one with: openssl rand -hex 24)",
        'endpoints.yaml:21: "mapping" means nothing for github with auth signature (remove it)',
        "endpoints.yaml:24: the secret's file cannot be read: No such file or directory "
        "(write it beside this file, readable by the service, or correct its name)",
        'endpoints.yaml:25: "X Secret:" is no name of a header (use X-Triage-Secret)',
        "endpoints.yaml:26: names two secrets (give one of secret_env and secret_file)",
    ]


@pytest.mark.parametrize(
    "line",
    [
        "secret: hunter2hunter2hunter2",
        "secret_env: hunter2hunter2-hunter2",
        "secret_env: ${hunter2hunter2hunter2}",
        "secret_env: [hunter2hunter2hunter2]",
        "secret_env: hunter2hunter2hunter2",
        "secret_file: hunter2hunter2hunter2",
    ],
)
def test_a_secret_in_the_file_is_refused_and_never_repeated(tmp_path: Path, line: str) -> None:
    found = faults(tmp_path, f"endpoints:\n  - name: a\n    source: github\n    {line}\n")
    assert any(fault.startswith("endpoints.yaml:4: ") for fault in found)
    assert "hunter2" not in "".join(found)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "endpoints.yaml:1: expected a mapping, found nothing"),
        ("endpoints: []", "endpoints.yaml:1: endpoints: "),
        ("endpoints: here", 'endpoints.yaml:1: endpoints: expected a list, found "here"'),
        ("endpoints: [1]", "endpoints.yaml:1: endpoints.0: expected a mapping, found 1"),
        ("endpoints:\n  - name: a", 'endpoints.yaml:2: endpoints.0: "source" is missing'),
        (
            "endpoints: [{name: a, source: github, secret_env: ZENDESK_SECRET, own_user: 5}]",
            "endpoints.yaml:1: endpoints.0.own_user: expected text, found 5 (put it in quotes)",
        ),
        (
            "endpoints: [{name: a, source: github}]",
            "endpoints.yaml:1: names no secret (give one of secret_env and secret_file)",
        ),
        (
            "endpoints: [{name: a, source: jira, auth: oauth, secret_env: ZENDESK_SECRET}]",
            'endpoints.yaml:1: endpoints.0.auth: "oauth" is not known',
        ),
    ],
)
def test_what_is_no_endpoints_file_is_told(tmp_path: Path, text: str, fault: str) -> None:
    assert any(found.startswith(fault) for found in faults(tmp_path, text))


def test_a_missing_file_is_one_clear_fault(tmp_path: Path) -> None:
    with pytest.raises(InputFaults, match="check the path"):
        load_endpoints(tmp_path / "absent.yaml", {})


JSON = "endpoints: [{name: a, source: json, secret_env: ZENDESK_SECRET, mapping: fields.yaml}]"


def test_a_mapping_says_where_fields_stand(tmp_path: Path) -> None:
    mapping = "fields: {id: '$.t[0].n-o', subject: title, body: '$[1]'}"
    (tmp_path / "endpoints.yaml").write_text(JSON)
    (tmp_path / "fields.yaml").write_text(mapping)
    found = load_endpoints(tmp_path / "endpoints.yaml", VARIABLES)["a"].mapping
    assert found is not None
    assert found.fields == {"id": ("t", 0, "n-o"), "subject": ("title",), "body": (1,)}
    assert found.value({"t": [{"n-o": 5}]}, "id") == 5
    assert found.value({"t": []}, "id") is None


def test_the_faults_of_a_mapping_are_those_of_its_own_file(tmp_path: Path) -> None:
    mapping = """\
event: $.kind
fields:
  number: $.no
  title: $.title
  body: $..text
  url: "$.a b"
  labels: $.tags[x]
"""
    assert faults(tmp_path, JSON, fields_yaml=mapping) == [
        'fields.yaml:1: "event" needs "events" (name them, as in "opened: created")',
        'fields.yaml:4: fields: unknown key "title" (use one of id, number, subject, body, '
        "received_at, at, channel, organization, requester, url, labels, product_area, priority, "
        "author)",
        'fields.yaml:5: "$..text" is no path (write it as $.ticket.notes[0])',
        'fields.yaml:6: "$.a b" is no path (write it as $.ticket.notes[0])',
        'fields.yaml:7: "$.tags[x]" is no path (write it as $.ticket.notes[0])',
    ]


def test_a_mapping_needs_an_id_and_a_text(tmp_path: Path) -> None:
    assert faults(tmp_path, JSON, fields_yaml="fields: {url: $.u}") == [
        'fields.yaml:1: the field "id" is missing (say where the ticket\'s id stands: '
        "without it a ticket cannot be known again)",
        'fields.yaml:1: the fields "subject" and "body" are missing '
        "(say where at least one of them stands)",
    ]


def test_an_event_that_is_none_of_ours_is_told(tmp_path: Path) -> None:
    mapping = "event: kind\nevents:\n  a: solve\nfields: {id: a, body: b}\n"
    (fault,) = faults(tmp_path, JSON, fields_yaml=mapping)
    assert fault == 'fields.yaml:3: events.a: "solve" is not known (did you mean "solved"?)'


def test_without_secrets_none_is_read_and_no_delivery_can_prove_itself(tmp_path: Path) -> None:
    path = tmp_path / "endpoints.yaml"
    path.write_text(
        "endpoints:\n"
        "  - {name: a, source: github, secret_env: ABSENT}\n"
        "  - {name: b, source: zendesk, secret_file: absent.secret}\n"
    )
    first, second = load_endpoints(path, {}, with_secrets=False).values()
    assert (first.name, second.source) == ("a", "zendesk")
    assert len({first.secret, second.secret}) == 2
    assert min(len(first.secret), len(second.secret)) >= 64


def test_without_secrets_an_endpoint_names_one_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "endpoints.yaml"
    path.write_text("endpoints: [{name: a, source: github}]")
    with pytest.raises(InputFaults, match="names no secret"):
        load_endpoints(path, {}, with_secrets=False)
