"""What an agent's form decides: one act, perhaps with corrected facts, a reason and a note."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from rules import Ruleset
from tickets import PRIORITIES, Combination, InputFaults, Priority
from tickets.store import Conflict, Decision, DecisionKind, DecisionRow, NotFound
from triage.blindness import is_hidden
from triage.correction import correct
from triage.decisions import Decisions, Subject
from triage.review.forms import Form
from triage.review.keys import REASONS
from triage.review.seen import Seen
from triage.service.problems import Problem, invalid_input
from triage.service.service import Service, utc_now

FACT = "fact."
"""Before the name of a fact in forms and addresses."""
ACCEPT, SKIP = "accept", "skip"
CORRECTED = "corrected-facts"
"""The reason of a priority that follows from corrected facts, where no other is given."""
LONGEST_NOTE = 2_000


@dataclass(frozen=True)
class Wish:
    """What a form asks for."""

    seen: Seen
    act: str
    """`accept`, `skip`, or a priority."""
    reason: str | None
    note: str | None
    corrections: Combination

    @classmethod
    def of(cls, form: Form, ruleset: Ruleset) -> Wish:
        """Return what a form asks for; `Problem` 422 for what no page of ours sends."""
        act, reason, note = form.text("act"), form.text("reason"), form.text("note")
        if act not in (ACCEPT, SKIP, *map(str, PRIORITIES)):
            raise _wrong("The form does not say what to decide.")
        if reason and reason not in [each.reason for each in REASONS]:
            raise _wrong("The form names a reason that there is not.")
        if len(note) > LONGEST_NOTE:
            raise _wrong(f"The note is longer than {LONGEST_NOTE:,} characters; shorten it.")
        return cls(
            seen=Seen.parse(form.text("seen")),
            act=act,
            reason=reason or None,
            note=note.replace("\x00", "") or None,
            corrections=corrections_of(form.single, ruleset),
        )


def corrections_of(fields: Mapping[str, str], ruleset: Ruleset) -> dict[str, str]:
    """Return the facts that a form or an address corrects; fields left empty correct nothing."""
    given = {
        name.removeprefix(FACT): value
        for name, value in fields.items()
        if name.startswith(FACT) and value
    }
    for name, value in given.items():
        if name not in ruleset.schema or value not in ruleset.schema[name].values:
            raise _wrong(f"The rules know no fact {name[:40]!r} with the value {value[:40]!r}.")
    return given


def decide(service: Service, wish: Wish, agent: str) -> DecisionRow:
    """Carry a wish out; `Conflict` where the ticket is no longer as the agent saw it.

    The same wish twice, as after a lost answer, is carried out once.
    """
    subject = _subject(service.decisions, wish.seen.suggestion_id)
    decision = _decision(wish, subject, service, agent)
    try:
        return service.decisions.decide(
            wish.seen.suggestion_id, decision, wish.seen.version, utc_now()
        )
    except Conflict as conflict:
        latest = conflict.latest
        if latest is None or not _is_repeated(latest, decision, wish.seen.version, subject):
            raise
        return latest


def undo(service: Service, decision_id: str, agent: str) -> DecisionRow:
    """Take a decision back; `Conflict` where it no longer stands.

    The same undo twice, as after a lost answer, is carried out once.
    """
    try:
        return service.decisions.undo(decision_id, agent, utc_now())
    except NotFound:
        raise Problem(HTTPStatus.NOT_FOUND, "There is no such decision.") from None
    except Conflict as conflict:
        latest = conflict.latest
        if latest is None or (latest.undoes, latest.actor) != (decision_id, agent):
            raise
        return latest


def _subject(decisions: Decisions, suggestion_id: str) -> Subject:
    try:
        return decisions.subject(suggestion_id)
    except NotFound:
        raise Problem(HTTPStatus.NOT_FOUND, "There is no such suggestion.") from None


def _decision(wish: Wish, subject: Subject, service: Service, agent: str) -> Decision:
    if wish.act == SKIP:
        return Decision(DecisionKind.SKIP, agent, reason=wish.reason, note=wish.note)
    priority, reason = _wanted(wish, subject, service)
    is_suggested = priority == subject.suggestion.priority
    return Decision(
        kind=DecisionKind.ACCEPT if is_suggested else DecisionKind.OVERRIDE,
        actor=agent,
        priority=None if is_suggested else priority,
        reason=reason,
        corrected_facts=wish.corrections,
        note=wish.note,
    )


def _wanted(wish: Wish, subject: Subject, service: Service) -> tuple[Priority, str | None]:
    """Return the priority that a wish settles, and why."""
    if wish.act != ACCEPT:
        return Priority.parse(wish.act), wish.reason
    suggestion = subject.suggestion
    if is_hidden(suggestion, _standing(subject, service)):
        raise _wrong("The suggestion is hidden, so it cannot be accepted; set a priority.")
    if not wish.corrections:
        return suggestion.priority, wish.reason
    try:
        corrected = correct(
            suggestion.record, wish.corrections, subject.ticket.ticket, service.desk.rooms
        )
    except InputFaults as faults:
        raise invalid_input(faults) from None
    return corrected.priority, wish.reason or CORRECTED


def _standing(subject: Subject, service: Service) -> DecisionRow | None:
    standing_id = subject.ticket.standing_decision_id
    return service.store.decisions.load(standing_id) if standing_id else None


def _is_repeated(latest: DecisionRow, decision: Decision, version: int, subject: Subject) -> bool:
    """Tell whether the entry that is in the way is this very decision."""
    settled = decision.priority
    if decision.kind is DecisionKind.ACCEPT:
        settled = subject.suggestion.priority
    steps = (1, 2) if subject.suggestion.is_blind else (1,)  # laying it open is one of them
    wanted = (decision.kind, settled, decision.actor)
    is_same = (latest.kind, latest.priority, latest.actor) == wanted
    return is_same and latest.version - version in steps


def _wrong(detail: str) -> Problem:
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
