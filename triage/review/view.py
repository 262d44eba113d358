"""What a queue page shows, as its address says it: order, filters, place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from urllib.parse import parse_qsl, urlencode

from tickets import PRIORITIES, Action, InputFaults, Priority
from tickets.store import Order, QueuePage, QueueQuery, QueueState, Store
from tickets.ticket import TIERS
from triage.service.problems import Problem, invalid_input

PAGE = 50
"""Tickets of a page: what two screens hold."""
LONGEST = 200
"""Characters of a search or an area."""

ALL = "all"
ORDERS: Mapping[str, str] = {
    Order.URGENCY: "Most pressing",
    Order.SLA_DUE: "Deadline",
    Order.UNCERTAINTY: "Least certain",
    Order.NEWEST: "Newest",
}
STATES: Mapping[str, str] = {
    QueueState.PENDING: "To decide",
    QueueState.SKIPPED: "Skipped",
    QueueState.DECIDED: "Decided",
    QueueState.CLOSED: "Closed",
    ALL: "All",
}
CHOICES: Mapping[str, tuple[str, ...]] = {
    "order": tuple(ORDERS),
    "state": tuple(STATES),
    "priority": tuple(map(str, PRIORITIES)),
    "tier": TIERS,
    "action": tuple(Action),
}
"""Fields with a closed set of values."""
ACTIONS: Mapping[str, str] = {
    Action.AUTO: "enough to apply unseen",
    Action.SUGGEST: "to be confirmed",
    Action.REVIEW: "needs a careful look",
}
"""Actions as agents read them."""


@dataclass(frozen=True)
class View:
    """One view of the queue; empty texts filter nothing."""

    order: str = Order.URGENCY
    state: str = QueueState.PENDING
    priority: str = ""
    tier: str = ""
    action: str = ""
    area: str = ""
    text: str = ""
    cursor: str = ""

    @classmethod
    def of(cls, params: Mapping[str, str]) -> View:
        """Return the view that the parameters of an address name; `Problem` 422 for none."""
        given = {
            name: value.strip()
            for name, value in params.items()
            if name in cls.__dataclass_fields__ and value.strip()
        }
        for name, value in given.items():
            if name in CHOICES and value not in CHOICES[name]:
                raise _impossible(name, f"is not one of {', '.join(CHOICES[name])}")
            if name in ("area", "text") and len(value) > LONGEST:
                raise _impossible(name, f"is longer than {LONGEST} characters")
        return cls(**given)

    @classmethod
    def parse(cls, address: str) -> View:
        """Return the view of an address' part after the question mark."""
        return cls.of(dict(parse_qsl(address)))

    def but(self, **changes: str) -> View:
        """Return another view; one with other filters begins at its first page."""
        return replace(self, **{"cursor": "", **changes})

    @property
    def address(self) -> str:
        """What stands after the question mark, without what is as always."""
        return urlencode(self.fields)

    @property
    def fields(self) -> dict[str, str]:
        """What differs from the queue as it opens."""
        usual = vars(View())
        return {name: value for name, value in vars(self).items() if value != usual[name]}

    @property
    def filters(self) -> dict[str, str]:
        """The filters in force, state and order aside."""
        return {
            name: value
            for name, value in self.fields.items()
            if name in ("priority", "tier", "action", "area", "text")
        }

    def query(self, limit: int = PAGE) -> QueueQuery:
        """Return it as the store takes it."""
        return QueueQuery(
            state=None if self.state == ALL else QueueState(self.state),
            order=Order(self.order),
            priority=Priority.parse(self.priority) if self.priority else None,
            tier=self.tier or None,
            action=Action(self.action) if self.action else None,
            product_area=self.area or None,
            text=self.text or None,
            limit=limit,
            cursor=self.cursor or None,
        )


def queue_page(store: Store, view: View, limit: int = PAGE) -> QueuePage:
    """Return the page of a view; `Problem` 422 for a place that is none."""
    try:
        return store.suggestions.queue(view.query(limit))
    except InputFaults as faults:
        raise invalid_input(faults) from None


def _impossible(name: str, problem: str) -> Problem:
    detail = f"The address is not possible: {name} {problem}."
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
