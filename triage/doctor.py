"""What is wrong with this installation, and what would mend it: one finding for each part."""

from __future__ import annotations

import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator, Sized
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial
from pathlib import Path

from classifier import Reader
from rules import load_engine, load_ruleset
from rules.check import check
from sla import OutsideHorizon, load_policy
from tickets import InputFaults, Ticket
from tickets.store import (
    NEWEST,
    DeliveryState,
    MessageState,
    QueueState,
    Statistics,
    StoreUnavailable,
    open_store,
    schema_of,
)
from triage.desk import Desk
from triage.integrations.customers import load_customers
from triage.integrations.endpoints import load_endpoints
from triage.service.installation import CUSTOMERS, ENDPOINTS, TARGETS
from triage.settings import Settings
from triage.write_back.targets import load_targets

LEAST_FREE = 2**30
"""Bytes: below a gigabyte, a busy desk's store may fill the disk within weeks."""
WAITED_TOO_LONG = timedelta(minutes=10)
"""After which what waits in a queue shows that nobody works on it."""


class State(StrEnum):
    """How a part is."""

    SOUND = "ok"
    WARNING = "warning"
    """It works; somebody should look."""
    BROKEN = "broken"


@dataclass(frozen=True)
class Finding:
    """What was found of one part."""

    part: str
    state: State
    said: str
    remedy: str = ""

    def as_record(self) -> dict[str, str]:
        """Return the finding for machines."""
        return {"part": self.part, "state": self.state, "said": self.said, "remedy": self.remedy}


Findings = Iterator[Finding]


def examine(settings: Settings) -> Findings:
    """Yield a finding, or several, for each part, as they are examined; changes nothing."""
    home = settings.home
    yield from _examined("python", _python)
    yield from _examined("home", partial(_home, home))
    for reader in Reader:
        yield from _examined(f"{reader} reader", partial(_model, home, reader))
    yield from _examined("rules", _rules)
    yield from _examined("policy", _policy)
    for name, load in _FILES.items():
        if (home / name).exists():
            yield from _examined(name, partial(_file, home / name, load))
    yield from _examined("store", partial(_store, settings.database_url))


_FILES: dict[str, Callable[[Path], Sized]] = {
    ENDPOINTS: load_endpoints,
    TARGETS: load_targets,
    **dict.fromkeys(CUSTOMERS, lambda path: load_customers(path).organizations),
}
"""Files of the home that may be there, and what reads them."""


def _examined(part: str, look: Callable[[], Iterable[tuple[State, str, str]]]) -> Findings:
    """Yield what a look finds; whatever it stumbles over is a finding as well."""
    try:
        for state, said, remedy in look():
            yield Finding(part, state, said, remedy)
    except InputFaults as faults:
        for fault in faults.faults:
            said = f"{fault.place}: {fault.problem}"
            yield Finding(part, State.BROKEN, said, fault.remedy)
    except (OSError, StoreUnavailable) as error:
        yield Finding(part, State.BROKEN, str(error), "see that it can be reached and written")


Look = Iterator[tuple[State, str, str]]


def _python() -> Look:
    version = ".".join(map(str, sys.version_info[:3]))
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        engine = load_engine(load_ruleset()).name
    if said:
        remedy = "install a C compiler and Python 3.11 or 3.12, then `make setup` again"
        yield State.WARNING, f"Python {version}, rules decided by {engine}", remedy
    else:
        yield State.SOUND, f"Python {version}, rules decided by {engine}", ""


def _home(home: Path) -> Look:
    with tempfile.TemporaryFile(dir=home):
        pass
    free = shutil.disk_usage(home).free
    said = f"{home}, {free / 2**30:.1f} GiB free"
    if free < LEAST_FREE:
        yield State.WARNING, said, "make room: a full disk stops the service"
    else:
        yield State.SOUND, said, ""


def _model(home: Path, reader: Reader) -> Look:
    desk = Desk.load(home, reader)
    desk.assess(Ticket("doctor", body="Nobody can take calls"))
    known = desk.rooms.model.description.get("rules")
    said = f"model {desk.rooms.model.version} reads and is understood"
    if known != desk.rooms.ruleset.version:
        remedy = "run `triage train`: its thresholds were set under other rules"
        yield State.WARNING, f"{said}; the rules have changed since its training", remedy
    else:
        yield State.SOUND, said, ""


def _rules() -> Look:
    report = check(load_ruleset())
    if report.findings:
        yield State.WARNING, f"{len(report.findings)} remarks", "see `triage rules check`"
    else:
        yield State.SOUND, "every combination of facts has a priority", ""


def _policy() -> Look:
    policy = load_policy()
    now = datetime.now(UTC)
    try:
        policy.respond_by(tier="standard", priority="P4", received_at=now + timedelta(days=90))
    except OutsideHorizon as error:
        yield State.WARNING, f"in three months there are no deadlines: {error}", "update it"
    else:
        yield State.SOUND, f"edition {policy.version}, deadlines for three months ahead", ""


def _file(path: Path, load: Callable[[Path], Sized]) -> Look:
    yield State.SOUND, f"{len(load(path)):,} entries in {path}", ""


def _store(url: str) -> Look:
    found = schema_of(url)
    if found is None:
        yield State.SOUND, "has no tables yet; `triage serve` makes them", ""
    elif found < NEWEST:
        said = f"its schema is {found}; the next start brings it to {NEWEST}"
        yield State.WARNING, said, "stop all processes and back it up before that"
    else:
        yield from _opened_store(url)


def _opened_store(url: str) -> Look:
    store = open_store(url)
    try:
        store.ping_writing()
        figures, now = store.statistics(datetime.now(UTC)), datetime.now(UTC)
        has_key = bool(store.keys.list())
    finally:
        store.close()
    pending = figures.queue[QueueState.PENDING]
    yield State.SOUND, f"answers; {pending:,} tickets wait for a decision", ""
    if not has_key:
        remedy = "make one with `triage keys add` before others are to reach the service"
        yield State.SOUND, "no key: the service listens on this machine only", remedy
    yield from _queues(figures, now)


def _queues(figures: Statistics, now: datetime) -> Look:
    failed = figures.inbox[DeliveryState.FAILED]
    if failed:
        yield State.WARNING, f"{failed:,} deliveries were given up", "see `triage inbox`"
    unsent = figures.outbox[MessageState.GAVE_UP]
    if unsent:
        yield State.WARNING, f"{unsent:,} messages were given up", "see `triage outbox`"
    for name, at in (("inbox", figures.oldest_delivery_at), ("outbox", figures.oldest_message_at)):
        if at and now - at > WAITED_TOO_LONG:
            minutes = (now - at).total_seconds() / 60
            said = f"the oldest in the {name} has waited for {minutes:,.0f} minutes"
            yield State.WARNING, said, "see that `triage serve` runs and what its log says"
