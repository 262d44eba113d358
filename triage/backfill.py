"""A desk's history: past tickets go into the store, with what became of them and was decided then.

They come from a file, or from the desk itself (`triage.desk_history`). Nobody is told of them. The
same history again stores nothing twice, so a run that was cut short is repeated. What a desk has
told live is later than any file and stays.
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
from tickets.store import (
    Arrival,
    Conflict,
    Decision,
    DecisionKind,
    Store,
    StoredTicket,
    SuggestionRow,
)
from tickets.store.tickets import LONGEST_ID
from tickets.ticket import EARLIEST, FIELDS, has_value, parse_instant, text_of
from triage.arrived import source_of
from triage.batch import MOST_SHOWN, RowForm, chunks
from triage.course import Course, follow
from triage.desk import Desk
from triage.intake import Intake
from triage.integrations import ADAPTERS, Customers, Endpoints
from triage.integrations.desk_words import Stage, Words, words_of
from triage.row_files import Record, Row, RowFile, renamed

ACTOR = "desk history"
REASON = "history"
SOURCE = "backfill"
"""Of tickets whose desk is not named."""
LABELS = ("priority", "label")
COURSE = ("status", "solved_at", "replied_at")
COLUMNS = (*FIELDS, "organization", "requester", "product_area", *LABELS, *COURSE)


def any_words() -> Words:
    """Return what statuses mean at any desk; of numbers, which differ, that they mean nothing."""
    stages = {
        word: stage
        for source in ADAPTERS
        for word, stage in words_of(source).stages.items()
        if not word[0].isdigit()
    }
    return replace(words_of("json"), stages=stages)


@dataclass(frozen=True)
class Origin:
    """The desk that the history is of."""

    source: str = SOURCE
    endpoint: str | None = None
    words: Words = field(default_factory=any_words)
    """What its statuses mean."""

    @classmethod
    def named(cls, endpoint: str, endpoints: Endpoints) -> Origin:
        """Return the origin that an endpoint's live tickets have; `InputFaults` without it."""
        if not endpoint:
            return cls()
        if endpoint not in endpoints:
            remedy = did_you_mean(endpoint, tuple(endpoints), "write it into endpoints.yaml")
            raise InputFaults(Fault("--endpoint", f'unknown "{endpoint}"', remedy))
        desk = endpoints[endpoint]
        return cls(source_of(desk), endpoint, desk.words)


@dataclass(frozen=True)
class Past:
    """A past ticket, and what became of it."""

    ticket: Ticket
    arrival: Arrival
    priority: Priority | None
    """The one that a person gave it, where the history tells."""
    course: Course
    is_deleted: bool = False


@dataclass
class Report:
    """What became of the tickets of a history."""

    stored: int = 0
    known: int = 0
    """In the store before."""
    changed: int = 0
    """Of those, told differently by their desk now."""
    decided: int = 0
    deleted: int = 0
    """Deleted at their desk, and so not stored."""
    failed: int = 0
    shown: list[str] = field(default_factory=list)
    unknown_words: Counter[str] = field(default_factory=Counter)
    """Priorities that stand for none of ours."""

    def fail(self, place: str, fault: TicketFault) -> None:
        """Take note of what is no ticket."""
        self.failed += 1
        if len(self.shown) < MOST_SHOWN:
            self.shown.append(f"{place}: {fault}")

    def lines(self) -> Iterator[str]:
        """Yield what to tell the user."""
        yield from self.shown
        if self.failed > len(self.shown):
            yield f"{self.failed - len(self.shown):,} more failed"
        for word, count in self.unknown_words.most_common(MOST_SHOWN):
            yield f'priority "{word}" of {count:,} rows: unknown; name it with --map "{word}=P2"'
        changed = f" ({self.changed:,} changed)" if self.changed else ""
        told = f"{self.stored:,} tickets stored, {self.known:,} known before{changed}"
        yield f"{told}, {self.decided:,} decisions recorded, {self.failed:,} failed"
        if self.deleted:
            yield f"{self.deleted:,} left out: deleted at the desk"


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
                self.report.fail(f"row {row.number}", fault)

    def _past(self, row: Row) -> Past:
        parsed = self.form.parse(row)
        if isinstance(parsed, TicketFault):
            raise parsed
        cells = renamed(row.cells, self.form.columns)
        arrival = self._arrival(cells)
        tier = parsed.tier or self.customers.tier_of(arrival.organization, arrival.requester)
        self._claim_id(cells, parsed.id)
        ticket = replace(parsed, tier=tier)
        priority = past_priority(cells, self.label_names, self.report)
        return Past(ticket, arrival, priority, self._course(cells, ticket))

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

    def _course(self, cells: Record, ticket: Ticket) -> Course:
        """Return what became of a row's ticket: past as it is, it is solved unless it says not."""
        status = text_of(cells, "status").strip()
        return Course(
            as_of=EARLIEST,
            stage=self.origin.words.stage(status) if status else Stage.SOLVED,
            stage_at=self._instant(cells, "solved_at") or ticket.received_at,
            replied_at=self._instant(cells, "replied_at"),
        )

    def _instant(self, cells: Record, column: str) -> datetime | None:
        if not has_value(cells, column):
            return None
        return parse_instant(cells[column], field=column, timezone=self.form.timezone)


def past_priority(
    cells: Record, label_names: Mapping[str, Priority], report: Report
) -> Priority | None:
    """Return the priority that a past ticket had; a word that stands for none is reported."""
    if not any(has_value(cells, column) for column in LABELS):
        return None
    try:
        return parse_label(cells, label_names)
    except TicketFault as unknown:  # the ticket is one all the same
        report.unknown_words[unknown.value] += 1
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
            self._take(list(history.pasts(chunk)), history.report)
            advance(len(chunk))

    def update(self, pasts: Sequence[Past], report: Report) -> None:
        """Store tickets as their desk has them now; what the store knows already is left alone."""
        self._take([new for past in pasts if (new := self._news(past, report))], report)

    def _news(self, past: Past, report: Report) -> Past | None:
        """Return what is to be stored of a ticket, if anything."""
        assert past.arrival.external_id is not None
        known = self.store.tickets.find(past.arrival.source, past.arrival.external_id)
        if known is None:
            report.deleted += past.is_deleted
            return None if past.is_deleted else past
        if known.erased_at is not None:
            report.known += 1
            return None
        new = renewed(known, past)
        if new is not None:
            report.changed += 1
            return new
        if not known.is_assessed:  # a run was killed before it was
            return replace(past, ticket=known.ticket, arrival=known.arrival)
        report.known += 1
        suggestion = self.store.suggestions.load(known.suggestion_id or "")
        report.decided += self._settle(known, suggestion, past)
        return None

    def _take(self, pasts: Sequence[Past], report: Report) -> None:
        judged = [past for past in pasts if past.priority is not None]
        unjudged = [past for past in pasts if past.priority is None]
        # Whoever judged them then had no suggestion in sight: a blind label, of full weight.
        self._store(judged, report, blind_share=1.0)
        self._store(unjudged, report, blind_share=0.0)

    def _store(self, pasts: Sequence[Past], report: Report, blind_share: float) -> None:
        now = self.clock()
        intake = Intake(self.store, blind_share)  # without targets: nobody is told
        arrived = [(past.ticket, past.arrival) for past in pasts]
        for taken, past in zip(intake.take(arrived, self.desk, now), pasts, strict=True):
            if taken.ticket.stored_at == now:
                report.stored += 1
            else:
                report.known += 1
            report.decided += self._settle(taken.ticket, taken.suggestion, past)

    def _settle(self, stored: StoredTicket, suggestion: SuggestionRow | None, past: Past) -> bool:
        """Let a ticket follow its course, and record the priority of the past, unless a decision
        stands; tell whether it was."""
        if stored.erased_at is not None:
            return False
        follow(self.store, stored, past.course)
        if past.priority is None or suggestion is None:
            return False
        is_same = suggestion.priority == past.priority
        kind = DecisionKind.ACCEPT if is_same else DecisionKind.OVERRIDE
        decision = Decision(kind, ACTOR, None if is_same else past.priority, REASON)
        with suppress(Conflict):
            self.store.decisions.decide(suggestion.id, decision, None, self.clock())
            return True
        return False


def renewed(known: StoredTicket, past: Past) -> Past | None:
    """Return a known ticket with what its desk says otherwise now; None where that is nothing.

    Only its text is renewed, as by a webhook: a desk's interface names customers by ids where its
    webhooks may have named them.
    """
    assert known.arrival.changed_at is not None  # every stored one has it
    is_later = past.course.as_of >= known.arrival.changed_at
    missing = past.arrival.incomplete
    ticket = replace(
        known.ticket,
        subject=known.ticket.subject if "subject" in missing else past.ticket.subject,
        body=known.ticket.body if "body" in missing else past.ticket.body,
        tier=known.ticket.tier or past.ticket.tier,
        received_at=known.ticket.received_at or past.ticket.received_at,
    )
    if past.is_deleted or not is_later or _reads(ticket) == _reads(known.ticket):
        return None
    still_missing = tuple(name for name in known.arrival.incomplete if name in missing)
    arrival = replace(
        known.arrival,
        delivery_id=None,
        incomplete=still_missing,
        changed_at=past.arrival.changed_at,
    )
    return replace(past, ticket=ticket, arrival=arrival)


def _reads(ticket: Ticket) -> Ticket:
    """Return a ticket as it reads: webhooks and interfaces of a desk differ in blanks."""
    subject, body = (" ".join(text.split()) for text in (ticket.subject, ticket.body))
    return replace(ticket, subject=subject, body=body)
