"""What an installation is furnished with: its files, its store, its settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from classifier import Reader, Registry
from tickets.store import Store
from triage.desk import Desk
from triage.integrations.customers import Customers, load_customers
from triage.integrations.endpoints import Endpoints, load_endpoints
from triage.service.limits import LIMITS, Limits
from triage.write_back.targets import Targets, load_targets

ENDPOINTS = "endpoints.yaml"
TARGETS = "targets.yaml"
CUSTOMERS = ("customers.csv", "customers.yaml")
"""Files of the home; those that are there are read."""


@dataclass(frozen=True)
class Terms:
    """What whoever starts the service decides."""

    reader: Reader = Reader.FULL
    shadow: str = ""
    """The version of a stored model that assesses live tickets as well, unseen."""
    blind_share: float = 0.0
    keep_days: int = 0
    """0 for ever."""
    status_page: str = ""
    """Its address, or a saved file of it; empty for none."""
    takes_deliveries: bool = True
    """Whether desks deliver to it: only then the secrets of their endpoints must be there."""


@dataclass(frozen=True)
class Installation:
    """All that a process of the service needs."""

    desk: Desk
    store: Store
    home: Path | None = None
    """Where the desk's model comes from, and the next one will; None for a desk that stays."""
    shadow: Desk | None = None
    blind_share: float = 0.0
    kept_for: timedelta | None = None
    """How long texts are kept; then they are erased. None for ever."""
    endpoints: Endpoints = field(default_factory=dict)
    targets: Targets = field(default_factory=dict)
    customers: Customers = field(default_factory=lambda: Customers({}, {}))
    status_page: str = ""
    """Where known incidents are told; empty for nowhere."""
    limits: Limits = LIMITS


def load_installation(home: Path, store: Store, terms: Terms) -> Installation:
    """Load what a home holds; `InputFaults` with what is missing or wrong."""
    found = [home / name for name in CUSTOMERS if (home / name).exists()]
    endpoints, targets = home / ENDPOINTS, home / TARGETS
    return Installation(
        desk=Desk.load(home, terms.reader),
        store=store,
        home=home,
        shadow=Desk.of(Registry(home).load(terms.shadow)) if terms.shadow else None,
        blind_share=terms.blind_share,
        kept_for=timedelta(days=terms.keep_days) if terms.keep_days else None,
        endpoints=(
            load_endpoints(endpoints, with_secrets=terms.takes_deliveries)
            if endpoints.exists()
            else {}
        ),
        targets=load_targets(targets) if targets.exists() else {},
        customers=load_customers(found[0]) if found else Customers({}, {}),
        status_page=terms.status_page,
    )
