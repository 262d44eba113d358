"""A desk's history: past tickets from a file go into the store, with what people decided then.

Nobody is told of them. The same file again stores nothing twice, so a run that was cut short is
repeated. What a desk has told live is later than any history and stays.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

from classifier.labelled import parse_label
from tickets import Fault, InputFaults, Priority, Ticket, TicketFault
from tickets.faults import did_you_mean
from tickets.store import Arrival, Conflict, Decision, DecisionKind, Store
from tickets.store.tickets import LONGEST_ID
from tickets.ticket import EARLIEST, FIELDS, has_value, text_of
from triage.batch import MOST_SHOWN, RowForm, chunks
from triage.desk import Desk
from triage.intake import Intake, Taken
from triage.integrations import Customers, Endpoints
from triage.row_files import Record, Row, RowFile, renamed

ACTOR = "desk history"
REASON = "history"
SOURCE = "backfill"
"""Of tickets whose desk is not named."""
LABELS = ("priority", "label")
COLUMNS = (*FIELDS, "organization", "requester", "product_area", *LABELS)


@dataclass(frozen=True)
class Origin:
    """The desk that the history is of."""

    source: str = SOURCE
    endpoint: str | None = None

    @classmethod
    def named(cls, endpoint: str, endpoints: Endpoints) -> Origin:
        """Return the origin that an endpoint's live tickets have; `InputFaults` without it."""
        if not endpoint:
            return cls()
        if endpoint not in endpoints:
            remedy = did_you_mean(endpoint, tuple(endpoints), "write it into endpoints.yaml")
            raise InputFaults(Fault("--endpoint", f'unknown "{endpoint}"', remedy))
        return cls(f"{endpoints[endpoint].source}:{endpoint}", endpoint)


@dataclass(frozen=True)
class Past:
    """A past ticket, and the priority that a person gave it, where the file tells."""

    ticket: Ticket
    arrival: Arrival
    priority: Priority | None


@dataclass
class Report:
    """What became of the rows of a history."""

    stored: int = 0
    known: int = 0
    """Rows whose ticket was in the store before."""
    decided: int = 0
    failed: int = 0
    shown: list[str] = field(default_factory=list)
    unknown_words: Counter[str] = field(default_factory=Counter)
    """Priorities that stand for none of ours."""

    def fail(self, row: Row, fault: TicketFault) -> None:
        """Take note of a row that is no ticket."""
        self.failed += 1
        if len(self.shown) < MOST_SHOWN:
            self.shown.append(f"row {row.number}: {fault}")

    def lines(self) -> Iterator[str]:
        """Yield what to tell the user."""
        yield from self.shown
        if self.failed > len(self.shown):
            yield f"{self.failed - len(self.shown):,} more rows failed"
        for word, count in self.unknown_words.most_common(MOST_SHOWN):
            yield f'priority "{word}" of {count:,} rows: unknown; name it with --map "{word}=P2"'
        told = f"{self.stored:,} tickets stored, {self.known:,} known before"
        yield f"{told}, {self.decided:,} decisions recorded, {self.failed:,} rows failed"


@dataclass
class HistoryRows:
    """Reads rows as past tickets and notes those that are none."""

    form: RowForm
    origin: Origin
    customers: Customers
    label_names: Mapping[str, Priority]
    report: Report
    ids: set[str] = field(default_factory=set)

    def pasts(self, rows: Sequence[Row]) -> Iterator[Past]:
        """Yield the rows that are past tickets."""
        for row in rows:
            try:
                yield self._past(row)
            except TicketFault as fault:
                self.report.fail(row, fault)

    def _past(self, row: Row) -> Past:
        parsed = self.form.parse(row)
        if isinstance(parsed, TicketFault):
            raise parsed
        cells = renamed(row.cells, self.form.columns)
        arrival = self._arrival(cells)
        tier = parsed.tier or self.customers.tier_of(arrival.organization, arrival.requester)
        self._claim_id(cells, parsed.id)
        return Past(replace(parsed, tier=tier), arrival, self._priority(cells))

    def _arrival(self, cells: Record) -> Arrival:
        return Arrival(
            source=self.origin.source,
            external_id=text_of(cells, "id").strip(),
            endpoint=self.origin.endpoint,
            requester=_name(cells, "requester"),
            organization=_name(cells, "organization"),
            product_area=_name(cells, "product_area"),
            extra={"labels": [], "desk_priority": _name(cells, "priority")},
            changed_at=EARLIEST,  # so that no history replaces what the desk has told live
        )

    def _claim_id(self, cells: Record, row_id: str) -> None:
        """Refuse a row that could not be known again, or is another row's ticket."""
        if not has_value(cells, "id"):
            remedy = "name its column with --column id=THEIRS"
            raise TicketFault("id", "", "is missing: the ticket could not be known again", remedy)
        if len(row_id) > LONGEST_ID:
            problem = f"is longer than {LONGEST_ID} characters"
            raise TicketFault("id", row_id, problem, "give the desk's own id")
        if row_id in self.ids:
            raise TicketFault("id", row_id, "stands in an earlier row", "keep one row a ticket")
        self.ids.add(row_id)

    def _priority(self, cells: Record) -> Priority | None:
        if not any(has_value(cells, column) for column in LABELS):
            return None
        try:
            return parse_label(cells, self.label_names)
        except TicketFault as unknown:  # the ticket is one all the same
            self.report.unknown_words[unknown.value] += 1
            return None


def _name(cells: Record, column: str) -> str | None:
    return text_of(cells, column).strip() or None


@dataclass(frozen=True)
class Backfill:
    """Takes a history in."""

    store: Store
    desk: Desk
    clock: Callable[[], datetime]

    def run(self, rows: RowFile, history: HistoryRows, advance: Callable[[int], None]) -> None:
        """Store the tickets of a file, chunk by chunk; `history.report` tells what became of them.

        `advance` is told how many more rows are done. `StoreUnavailable` when the store fails: what
        is done stays, and the same file again does the rest.
        """
        for chunk in chunks(rows):
            pasts = list(history.pasts(chunk))
            judged = [past for past in pasts if past.priority is not None]
            unjudged = [past for past in pasts if past.priority is None]
            # Whoever judged them then had no suggestion in sight: a blind label, of full weight.
            self._store(judged, history.report, blind_share=1.0)
            self._store(unjudged, history.report, blind_share=0.0)
            advance(len(chunk))

    def _store(self, pasts: Sequence[Past], report: Report, blind_share: float) -> None:
        now = self.clock()
        intake = Intake(self.store, blind_share)  # without targets: nobody is told
        arrived = [(past.ticket, past.arrival) for past in pasts]
        for taken, past in zip(intake.take(arrived, self.desk, now), pasts, strict=True):
            if taken.ticket.stored_at == now:
                report.stored += 1
            else:
                report.known += 1
            report.decided += self._is_decided(taken, past.priority, now)

    def _is_decided(self, taken: Taken, priority: Priority | None, now: datetime) -> bool:
        """Record the priority of the past, unless a decision stands; tell whether it was."""
        if priority is None or taken.ticket.erased_at is not None:
            return False
        is_same = taken.suggestion.priority == priority
        kind = DecisionKind.ACCEPT if is_same else DecisionKind.OVERRIDE
        decision = Decision(kind, ACTOR, None if is_same else priority, REASON)
        with suppress(Conflict):
            self.store.decisions.decide(taken.suggestion.id, decision, None, now)
            return True
        return False
