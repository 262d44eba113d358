"""Commands about accounts: who may sign in to the review desk, and what they may do there."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from getpass import getpass
from typing import TYPE_CHECKING, Annotated

import typer

from tickets import Fault, InputFaults
from triage.commands.options import DatabaseUrl, choice

if TYPE_CHECKING:
    from tickets.store import User
    from triage.review.accounts import Accounts

app = typer.Typer(help="Accounts: who may sign in to the review desk, and what they may do there.")

ROLES = ("agent", "lead", "analyst", "admin")
"""As in `tickets.store.Role`, whose import would delay `--help`."""
LONGEST_LINE = 10_000

Name = Annotated[str, typer.Argument(help="The name to sign in with; it stands in the logs.")]
RoleName = Annotated[str, typer.Option(help="agent, lead, analyst or admin.")]
FromStandardInput = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input.")
]


@app.command()
def add(
    name: Name,
    role: RoleName,
    password_stdin: FromStandardInput = False,
    database_url: DatabaseUrl = "",
) -> None:
    """Make an account; its password is asked for twice. From the first one on, people sign in."""
    choice("--role", role, ROLES)
    from tickets.store import Role

    password = _password(password_stdin)
    with _accounts(database_url) as accounts:
        user = accounts.add(name, Role(role), password, datetime.now(UTC))
    print(f"{user.name} may sign in as {user.role}")


@app.command("list")
def list_(
    database_url: DatabaseUrl = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the accounts, disabled ones too."""
    with _accounts(database_url) as accounts:
        users = accounts.store.users.list()
    if as_json:
        print(json.dumps([_record(user) for user in users], indent=2, ensure_ascii=False))
        return
    for user in users:
        print(f"{user.name}  {user.role}  {'disabled' if user.disabled_at else 'may sign in'}")


@app.command("set-role")
def set_role(name: Name, role: RoleName, database_url: DatabaseUrl = "") -> None:
    """Change what somebody may do, from the next page on."""
    choice("--role", role, ROLES)
    from tickets.store import Role

    with _accounts(database_url) as accounts:
        accounts.set_role(name, Role(role), datetime.now(UTC))
    print(f"{name} has the role {role}")


@app.command("set-password")
def set_password(
    name: Name, password_stdin: FromStandardInput = False, database_url: DatabaseUrl = ""
) -> None:
    """Change somebody's password; that signs them out everywhere."""
    with _accounts(database_url) as accounts:
        accounts.find(name)  # before anybody types a password
        accounts.set_password(name, _password(password_stdin), datetime.now(UTC))
    print(f"the password of {name} is changed")


@app.command()
def disable(name: Name, database_url: DatabaseUrl = "") -> None:
    """Keep somebody out at once; what they decided stays in the log."""
    with _accounts(database_url) as accounts:
        accounts.disable(name, datetime.now(UTC))
    print(f"{name} is kept out")


@app.command()
def enable(name: Name, database_url: DatabaseUrl = "") -> None:
    """Let somebody in again."""
    with _accounts(database_url) as accounts:
        accounts.enable(name, datetime.now(UTC))
    print(f"{name} may sign in again")


@contextmanager
def _accounts(database_url: str) -> Iterator[Accounts]:
    from triage.review.accounts import COMMAND_LINE, Accounts
    from triage.stored import opened_store

    with opened_store(database_url) as store:
        yield Accounts(store, COMMAND_LINE)


def _password(is_piped: bool) -> str:
    """Return the password that is typed twice without echo, or the first line of what is piped."""
    if is_piped:
        if sys.stdin is None:
            raise InputFaults(Fault("standard input", "is closed", "pipe the password into it"))
        line = sys.stdin.buffer.readline(LONGEST_LINE)
        return line.decode("utf-8", "replace").rstrip("\r\n")
    if sys.stdin is None or not sys.stdin.isatty():
        problem = "nobody can type it: standard input is no terminal"
        raise InputFaults(Fault("password", problem, "pipe it in with --password-stdin"))
    password = getpass("Password: ")
    if getpass("The same again: ") != password:
        raise InputFaults(Fault("password", "was typed in two different ways", "type it again"))
    return password


def _record(user: User) -> dict[str, str | None]:
    return {
        "name": user.name,
        "role": str(user.role),
        "created_at": user.created_at.isoformat(),
        "disabled_at": user.disabled_at.isoformat() if user.disabled_at else None,
    }
