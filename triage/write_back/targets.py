"""The targets file: which desks and programs are told, with what credentials, and how often."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from tickets import PRIORITIES, Fault
from tickets.document import Document, Steps, read_document

SCHEMA = Path(__file__).with_name("targets.schema.json")
WRITTEN = Path(__file__).with_name("written.yaml")
EVENTS = ("suggestion.created", "decision.made", "decision.undone")
REQUESTS_PER_MINUTE = 60
"""Well below what Zendesk's smallest plan with an API allows (200)."""
GIVE_UP_AFTER_HOURS = 24


@dataclass(frozen=True)
class Target:
    """A desk, or a program that listens to our webhooks. A desk has the name of the endpoint by
    which its tickets came."""

    name: str
    kind: str
    url: str
    token: str = field(repr=False)
    """Of a webhook, the secret that signs."""
    token_at: str
    """Where the token comes from, for messages: a variable or a file."""
    user: str | None = None
    """The account of an API token; without one, the token is sent as a bearer token."""
    priorities: Mapping[str, str] = field(default_factory=dict)
    """The desk's word for each of ours."""
    writes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Which of `priority`, `tags` and `note` each act of ours leaves behind."""
    note_role: str | None = None
    """Of Jira: the project role that may read our notes."""
    events: frozenset[str] = frozenset(EVENTS)
    """Of a webhook: what it is told."""
    with_text: bool = False
    """Of a webhook: whether it gets subject and body, redacted."""
    is_private: bool = False
    """Whether it may stand at a private address."""
    requests_per_minute: int = REQUESTS_PER_MINUTE
    give_up_after: timedelta = timedelta(hours=GIVE_UP_AFTER_HOURS)
    review_url: str | None = None
    """Where people find our review desk."""

    @property
    def host(self) -> str:
        """The host of the address."""
        return urlsplit(self.url).hostname or ""


Targets = Mapping[str, Target]
"""The targets by their names."""


def load_targets(path: str | Path, environment: Mapping[str, str] | None = None) -> Targets:
    """Return the targets of a file with their tokens; `InputFaults` with all that is wrong.

    Files that it names are looked for beside it.
    """
    document = read_document(Path(path), json.loads(SCHEMA.read_text("utf-8")))
    reader = _Reader(
        document, Path(path).parent, os.environ if environment is None else environment
    )
    found = [target for at in reader.indexes() if (target := reader.target(at)) is not None]
    document.refuse_if(*reader.faults)
    return {target.name: target for target in found}


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine, by its name or number alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@cache
def written() -> Mapping[str, Any]:
    """Return what is written to desks by default."""
    document = read_document(WRITTEN, {})
    document.refuse_if()
    values: Mapping[str, Any] = document.values
    return values


_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_AT_HOME = {
    "user": ("zendesk", "jira"),
    "priorities": ("zendesk", "jira"),
    "writes": ("zendesk", "jira"),
    "note_role": ("jira",),
    "events": ("webhook",),
    "with_text": ("webhook",),
}
"""Keys that mean something for some kinds only."""


@dataclass
class _Reader:
    """Takes the entries of a document one by one and collects faults of meaning."""

    document: Document
    folder: Path
    environment: Mapping[str, str]
    faults: list[Fault] = field(default_factory=list)
    names: dict[str, int] = field(default_factory=dict)

    def note(self, path: Steps, problem: str, remedy: str) -> None:
        self.faults.append(self.document.fault(path, problem, remedy))

    def indexes(self) -> range:
        values = self.document.values
        entries = values.get("targets") if isinstance(values, Mapping) else None
        return range(len(entries)) if isinstance(entries, list) else range(0)

    def target(self, at: int) -> Target | None:
        """Read one entry; None, with its faults noted, where it cannot be used."""
        path: Steps = ("targets", at)
        if not self.document.is_sound(path):
            return None
        values: Mapping[str, Any] = self.document.values["targets"][at]
        self._note_bad_name(path, values["name"])
        self._note_bad_address(path, values["url"])
        self._note_strays(path, values)
        named, token = self._token(path, values)
        if values["kind"] == "webhook" and token:
            self._note_bad_secret(path, token)
        return Target(
            name=values["name"],
            kind=values["kind"],
            url=values["url"].rstrip("/"),
            token=token,
            token_at=named,
            user=values.get("user"),
            priorities=_priorities(values),
            writes=_writes(values),
            note_role=values.get("note_role"),
            events=frozenset(values.get("events", EVENTS)),
            with_text=values.get("with_text", False),
            is_private=values.get("private", False),
            requests_per_minute=values.get("requests_per_minute", REQUESTS_PER_MINUTE),
            give_up_after=timedelta(hours=values.get("give_up_after_hours", GIVE_UP_AFTER_HOURS)),
            review_url=self.document.values.get("review_url"),
        )

    def _note_bad_name(self, path: Steps, name: str) -> None:
        path = (*path, "name")
        if not _NAME.fullmatch(name):
            remedy = "use small letters, digits and hyphens, as for the endpoint of the desk"
            self.note(path, f'"{name}" cannot be a name', remedy)
        if name in self.names:
            self.note(
                path, f'target "{name}" stands twice', f"the first is in line {self.names[name]}"
            )
        self.names.setdefault(name, self.document.line(path))

    def _note_bad_address(self, path: Steps, url: str) -> None:
        parts = _split(url)
        if parts is None or parts.scheme not in ("http", "https"):
            self.note((*path, "url"), "is no web address", "write it as https://desk.example.com")
        elif parts.scheme == "http" and not is_loopback(parts.hostname or ""):
            self.note((*path, "url"), "would send credentials unencrypted", "use https")
        elif parts.username or parts.password or parts.query or parts.fragment:
            remedy = "give scheme, host and path only; the token has a place of its own"
            self.note((*path, "url"), "holds more than an address", remedy)

    def _note_strays(self, path: Steps, values: Mapping[str, Any]) -> None:
        for key, kinds in _AT_HOME.items():
            if key in values and values["kind"] not in kinds:
                problem = f'"{key}" means nothing for a {values["kind"]}'
                self.note((*path, key), problem, "remove it")

    def _note_bad_secret(self, path: Steps, secret: str) -> None:
        try:
            is_long = len(base64.b64decode(secret.removeprefix("whsec_") + "==")) >= 24
        except (binascii.Error, ValueError):
            is_long = False
        if not is_long:
            remedy = 'make one with: echo "whsec_$(openssl rand -base64 32)"'
            self.note(path, "the secret is no base64 of at least 24 bytes", remedy)

    def _token(self, path: Steps, values: Mapping[str, Any]) -> tuple[str, str]:
        """Return where the token is and the token; empty, with a fault noted, if there is none.

        No fault repeats what it found: it may be the token itself, put in the wrong place.
        """
        named = [key for key in ("token_env", "token_file") if key in values]
        if len(named) != 1:
            problem = "names no token" if not named else "names two tokens"
            self.note(path, problem, "give one of token_env and token_file")
            return "", ""
        path = (*path, named[0])
        if named == ["token_env"]:
            return self._from_variable(path, values["token_env"])
        return self._from_file(path, self.folder / values["token_file"])

    def _from_variable(self, path: Steps, name: str) -> tuple[str, str]:
        if not _VARIABLE.fullmatch(name):
            remedy = "name a variable; the token itself never stands in this file"
            self.note(path, "is no name of an environment variable", remedy)
            return "", ""
        token = self.environment.get(name, "").strip()
        if not token:
            remedy = "set it where the service runs, or use token_file"
            self.note(path, f"environment variable {name} is not set", remedy)
        return f"variable {name}", token

    def _from_file(self, path: Steps, file: Path) -> tuple[str, str]:
        try:
            token = file.read_text("utf-8").strip()
            reason = "" if token else "it is empty"
        except (OSError, ValueError) as error:
            token, reason = "", getattr(error, "strerror", None) or "it is not UTF-8 text"
        if reason:
            remedy = "write the token into it, readable by the service"
            self.note(path, f"the token's file cannot be used: {reason}", remedy)
        return f"file {file.name}", token


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:  # a port or an IPv6 address that is none
        return None
    return parts if parts.hostname else None


def _priorities(values: Mapping[str, Any]) -> dict[str, str]:
    if values["kind"] == "webhook":
        return {}
    ours = written()["priorities"][values["kind"]]
    given = values.get("priorities", {})
    return {str(priority): given.get(str(priority), ours[str(priority)]) for priority in PRIORITIES}


def _writes(values: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    if values["kind"] == "webhook":
        return {}
    acts = {**written()["writes"], **values.get("writes", {})}
    return {act: frozenset(parts) for act, parts in acts.items()}
