"""Commands about API keys: made here, shown once."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tickets import Fault, InputFaults
from triage.commands.options import DatabaseUrl, choice

if TYPE_CHECKING:
    from tickets.store import Key

app = typer.Typer(help="API keys: who may call the service, and for what.")

SCOPES = ("suggest", "review", "train", "admin")
"""As in `triage.service.access.Scope`, whose import would delay `--help`."""


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="Who will use it, as it appears in the audit.")],
    scope: Annotated[
        list[str], typer.Option(help="suggest, review, train or admin; may be repeated.")
    ],
    database_url: DatabaseUrl = "",
) -> None:
    """Make a key and print it: this once, as only its digest is kept."""
    for one in scope:
        choice("--scope", one, SCOPES)
    if not name.strip():
        raise InputFaults(Fault("NAME", "is empty", "say who will use the key"))
    from triage.service.access import new_key
    from triage.stored import opened_store

    with opened_store(database_url) as store:
        key, now = new_key(), datetime.now(UTC)
        store.keys.add(name.strip(), key.digest, sorted(set(scope)), now, prefix=key.prefix)
        store.audit.note("command line", "key added", name.strip(), {"scopes": scope}, now)
    print(key.token)
    print("triage: keep it safe, it is not shown again", file=sys.stderr)


@app.command("list")
def list_(
    database_url: DatabaseUrl = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the keys, revoked ones too; a key itself cannot be shown again."""
    from triage.stored import opened_store

    with opened_store(database_url) as store:
        keys = store.keys.list()
    if as_json:
        print(json.dumps([_record(key) for key in keys], indent=2, ensure_ascii=False))
        return
    for key in keys:
        state = "revoked" if key.revoked_at else "in use"
        last = key.used_at.isoformat(timespec="minutes") if key.used_at else "never"
        scopes = ",".join(key.scopes)
        print(f"{key.prefix}  {key.name}  {scopes}  {state}, last used {last}")


def _record(key: Key) -> dict[str, Any]:
    times = {"created_at": key.created_at, "revoked_at": key.revoked_at, "used_at": key.used_at}
    written = {name: time.isoformat() if time else None for name, time in times.items()}
    return {"prefix": key.prefix, "name": key.name, "scopes": list(key.scopes), **written}


@app.command()
def revoke(
    name: Annotated[str, typer.Argument(help="As `triage keys list` shows it.")],
    database_url: DatabaseUrl = "",
) -> None:
    """Take a key back; calls with it are refused within seconds."""
    from triage.stored import opened_store

    with opened_store(database_url) as store:
        now = datetime.now(UTC)
        if not store.keys.revoke(name, now):
            remedy = "see `triage keys list`"
            raise InputFaults(Fault("NAME", f'no key in use is called "{name}"', remedy))
        store.audit.note("command line", "key revoked", name, {}, now)
    print(f"the key {name} is revoked")
