"""The endpoints file: which desks deliver to us, how each proves itself, whose doing is our own."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from secrets import token_hex
from typing import Any

from tickets import Fault, InputFaults
from tickets.document import Document, Steps, read_document
from triage.integrations.desk_words import Words, words_of
from triage.integrations.field_mapping import FieldMapping, load_mapping
from triage.integrations.messages import Names

SCHEMA = Path(__file__).with_name("endpoints.schema.json")
SHORTEST_SECRET = 16
"""Characters; a shorter one can be guessed."""
HEADER = "X-Triage-Secret"
"""Carries the secret of a desk that cannot sign, unless the endpoint names another header."""


class Authentication(StrEnum):
    """How a delivery proves where it comes from."""

    SIGNATURE = "signature"
    HEADER = "header"
    BASIC = "basic"
    URL_TOKEN = "url_token"


_SIGNED = (Authentication.SIGNATURE,)
_UNSIGNED = (Authentication.HEADER, Authentication.BASIC, Authentication.URL_TOKEN)

AUTHENTICATION: Mapping[str, tuple[Authentication, ...]] = {
    "zendesk": _SIGNED,
    "github": _SIGNED,
    "jira": (*_SIGNED, *_UNSIGNED),  # hooks of apps and automation rules are not signed
    "freshdesk": _UNSIGNED,
    "servicenow": _UNSIGNED,
    "zammad": _SIGNED,
    "intercom": _SIGNED,
    "json": _UNSIGNED,
}
"""The ways that each kind of desk knows, the usual one first."""


@dataclass(frozen=True)
class Endpoint:
    """One address to which one desk delivers."""

    name: str
    source: str
    authentication: Authentication
    secret: bytes = field(repr=False)
    words: Words = field(repr=False)
    header: str = HEADER
    user: str | None = None
    """The name that comes with the secret in HTTP Basic."""
    own_user: str | None = None
    """The account with which we write to the desk: its id, login or e-mail address."""
    mapping: FieldMapping | None = field(default=None, repr=False)
    """Of plain JSON: where our fields stand."""

    def is_own(self, author: Names) -> bool:
        """Tell whether an account is the one with which we write."""
        own = (self.own_user or "").casefold()
        return bool(own) and own in map(str.casefold, author)


Endpoints = Mapping[str, Endpoint]
"""The endpoints by their names."""


def load_endpoints(
    path: str | Path,
    environment: Mapping[str, str] | None = None,
    *,
    with_secrets: bool = True,
) -> Endpoints:
    """Return the endpoints of a file with their secrets; `InputFaults` with all that is wrong.

    Files that it names are looked for beside it. Without secrets, which need not be there then, no
    delivery can prove itself to an endpoint.
    """
    document = read_document(Path(path), json.loads(SCHEMA.read_text("utf-8")))
    reader = _Reader(
        document,
        Path(path).parent,
        os.environ if environment is None else environment,
        with_secrets,
    )
    found = [endpoint for at in reader.indexes() if (endpoint := reader.endpoint(at)) is not None]
    document.refuse_if(*reader.faults)
    return {endpoint.name: endpoint for endpoint in found}


_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")  # capitals only: most secrets are no such name
_HEADER_NAME = re.compile(r"[A-Za-z0-9-]+")


@dataclass
class _Reader:
    """Takes the entries of a document one by one and collects faults of meaning."""

    document: Document
    folder: Path
    environment: Mapping[str, str]
    with_secrets: bool
    faults: list[Fault] = field(default_factory=list)
    names: dict[str, int] = field(default_factory=dict)

    def note(self, path: Steps, problem: str, remedy: str) -> None:
        self.faults.append(self.document.fault(path, problem, remedy))

    def indexes(self) -> range:
        values = self.document.values
        entries = values.get("endpoints") if isinstance(values, Mapping) else None
        return range(len(entries)) if isinstance(entries, list) else range(0)

    def endpoint(self, at: int) -> Endpoint | None:
        """Read one entry; None, with its faults noted, where it cannot be used."""
        path: Steps = ("endpoints", at)
        if not self.document.is_sound(path):
            return None
        values: Mapping[str, Any] = self.document.values["endpoints"][at]
        self._note_bad_name(path, values["name"])
        source = values["source"]
        way = Authentication(values.get("auth", AUTHENTICATION[source][0]))
        self._note_what_does_not_fit(path, values, way)
        return Endpoint(
            name=values["name"],
            source=source,
            authentication=way,
            secret=self._secret(path, values).encode("utf-8"),
            words=words_of(source).also(values.get("priorities", {}), values.get("statuses", {})),
            header=values.get("header", HEADER),
            user=values.get("user"),
            own_user=values.get("own_user"),
            mapping=self._mapping(path, values),
        )

    def _note_bad_name(self, path: Steps, name: str) -> None:
        path = (*path, "name")
        if not _NAME.fullmatch(name):
            remedy = "use small letters, digits and hyphens: it stands in the address"
            self.note(path, f'"{name}" cannot be a name', remedy)
        if name in self.names:
            remedy = f"the first is in line {self.names[name]}"
            self.note(path, f'endpoint "{name}" stands twice', remedy)
        self.names.setdefault(name, self.document.line(path))

    def _note_what_does_not_fit(
        self, path: Steps, values: Mapping[str, Any], way: Authentication
    ) -> None:
        source, given = values["source"], values.get("header", HEADER)
        if way not in AUTHENTICATION[source]:
            remedy = f"use {' or '.join(AUTHENTICATION[source])}"
            self.note((*path, "auth"), f"{source} cannot prove itself by {way}", remedy)
        if way is Authentication.BASIC and not values.get("user"):
            self.note(path, '"user" is missing', "name the user that the desk sends")
        if not _HEADER_NAME.fullmatch(given):
            self.note((*path, "header"), f'"{given}" is no name of a header', f"use {HEADER}")
        for key, is_at_home in (
            ("user", way is Authentication.BASIC),
            ("header", way is Authentication.HEADER),
            ("mapping", source == "json"),
        ):
            if key in values and not is_at_home:
                problem = f'"{key}" means nothing for {source} with auth {way}'
                self.note((*path, key), problem, "remove it")

    def _secret(self, path: Steps, values: Mapping[str, Any]) -> str:
        """Return the secret that an entry refers to; empty, with a fault noted, if there is none.

        What may be the secret itself, put in the wrong place, is never repeated.
        """
        named = [key for key in ("secret_env", "secret_file") if key in values]
        if len(named) != 1:
            problem = "names no secret" if not named else "names two secrets"
            self.note(path, problem, "give one of secret_env and secret_file")
            return ""
        if not self.with_secrets:
            return token_hex()  # known to nobody: an empty one could be guessed
        path = (*path, named[0])
        read = self._from_variable if named == ["secret_env"] else self._from_file
        secret = read(path, values[named[0]])
        if secret is not None and len(secret) < SHORTEST_SECRET:
            problem = f"the secret is shorter than {SHORTEST_SECRET} characters"
            self.note(path, problem, "make one with: openssl rand -hex 24")
        return secret or ""

    def _from_variable(self, path: Steps, name: str) -> str | None:
        if not _VARIABLE.fullmatch(name):
            remedy = "name a variable, in capitals; the secret itself never stands in this file"
            self.note(path, "is no name of an environment variable", remedy)
            return None
        if not self.environment.get(name):
            problem = f"environment variable {name} is not set"
            self.note(path, problem, "set it where the service runs, or use secret_file")
            return None
        return self.environment[name]

    def _from_file(self, path: Steps, name: str) -> str | None:
        try:
            return (self.folder / name).read_text("utf-8").strip()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
            remedy = "write it beside this file, readable by the service, or correct its name"
            self.note(path, f"the secret's file cannot be read: {reason}", remedy)
            return None

    def _mapping(self, path: Steps, values: Mapping[str, Any]) -> FieldMapping | None:
        if values["source"] != "json":
            return None
        if "mapping" not in values:
            remedy = "name a file that says where our fields stand"
            self.note(path, '"mapping" is missing', remedy)
            return None
        try:
            return load_mapping(self.folder / values["mapping"])
        except InputFaults as wrong:
            self.faults.extend(wrong.faults)
            return None
