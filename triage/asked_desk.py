"""A desk that can be asked: at the place our results are written to, with the same credentials.

That is its entry in targets.yaml; the endpoint of the same name says how its tickets are known.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tickets import Fault, InputFaults
from tickets.faults import did_you_mean
from triage.integrations import Endpoint, Endpoints
from triage.integrations.histories import HISTORIES
from triage.write_back import Line, Target, Targets
from triage.write_back.outcome import Collision, Delayed, Refused
from triage.write_back.retry import SHORTEST, pause

PATIENCE = timedelta(minutes=10)
"""How long one page is asked for in vain."""
WORTH_TELLING = timedelta(seconds=3)
"""A shorter wait is our own pace."""


@dataclass(frozen=True)
class AskedDesk:
    """A desk that can be asked: by which endpoint its tickets are known, and where it is."""

    endpoint: Endpoint
    target: Target

    @classmethod
    def named(cls, name: str, endpoints: Endpoints, targets: Targets) -> AskedDesk:
        """Return the desk of an endpoint; `InputFaults` for one that cannot be asked."""
        return cls(_endpoint(name, endpoints), _target(endpoints[name], targets))


def _endpoint(name: str, endpoints: Endpoints) -> Endpoint:
    if name not in endpoints:
        remedy = did_you_mean(name, tuple(endpoints), "write it into endpoints.yaml")
        raise InputFaults(Fault("--from", f'unknown "{name}"', remedy))
    source = endpoints[name].source
    if source not in HISTORIES:
        remedy = f"export a file there, then: triage backfill FILE --endpoint {name}"
        known = " and ".join(sorted(HISTORIES))
        problem = f'"{name}" is {source}; only {known} can be asked'
        raise InputFaults(Fault("--from", problem, remedy))
    return endpoints[name]


def _target(endpoint: Endpoint, targets: Targets) -> Target:
    target = targets.get(endpoint.name)
    if target is None:
        problem = f'targets.yaml has no target "{endpoint.name}", so where the desk is, is unknown'
        remedy = "add one of that name with its url, user and token"
        raise InputFaults(Fault("--from", problem, remedy))
    if target.kind != endpoint.source:
        problem = f'target "{target.name}" is {target.kind}, its endpoint {endpoint.source}'
        raise InputFaults(Fault("--from", problem, "give the two of one desk the same name"))
    return target


@dataclass(frozen=True)
class Asking:
    """How a desk is asked, and what is done while it wants to be left alone."""

    line: Line
    told: Callable[[str], None]
    """Called with what a user should know of."""
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], None] = time.sleep

    def read(self, path: str, parameters: Mapping[str, str]) -> Mapping[str, Any]:
        """Return the object at a path, asked for as often as it takes; `InputFaults` in the end."""
        until, failures = self.clock() + PATIENCE, 0
        while True:
            now = self.clock()
            try:
                self.line.begin(now)
                return self.line.read(path, parameters)
            except Delayed as delayed:
                at = max(delayed.until or now + pause(path, failures), now + SHORTEST)
                if at > until:
                    raise self.fault(str(delayed), "run the same again later") from None
                self._wait(at, str(delayed))
                failures += 1
            except (Refused, Collision) as refused:
                raise self.fault(str(refused)) from None

    def fault(self, problem: str, remedy: str = "") -> InputFaults:
        """Return what is wrong with the desk."""
        return InputFaults(Fault(f'target "{self.line.target.name}"', problem, remedy))

    def _wait(self, at: datetime, problem: str) -> None:
        span = at - self.clock()
        if span > WORTH_TELLING:
            self.told(f"{problem}; asks again at {at:%H:%M:%S} UTC")
        self.sleep(max(span.total_seconds(), 0))
