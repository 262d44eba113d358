"""What the service counts, for Prometheus.

What happens in this process is counted here. What stands in the store, such as the depth of queues,
is asked of it at each scrape, so that several processes agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Counted by name; a caller may send any word as a method, and each would be kept for ever."""
SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)


class Measures:
    """The counters of one process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Histogram(
            "triage_request_seconds",
            "Time to answer a request.",
            ["method", "route", "status"],
            buckets=SECONDS,
            registry=self._registry,
        )
        self._suggestions = Counter(
            "triage_suggestions",
            "Suggestions made.",
            ["priority", "action", "source"],
            registry=self._registry,
        )
        self._deliveries = Counter(
            "triage_deliveries",
            "Webhook deliveries, by what became of them.",
            ["endpoint", "outcome"],
            registry=self._registry,
        )

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request that was answered."""
        known = method if method in METHODS else "other"
        self._requests.labels(known, route, str(status)).observe(seconds)

    def suggestion(self, record: Mapping[str, Any], source: str) -> None:
        """Count a suggestion, given its assessment as a record."""
        self._suggestions.labels(record["priority"], record["action"], source).inc()

    def delivery(self, endpoint: str, outcome: str) -> None:
        """Count a delivery: accepted, repeated, refused, or what reading it gave."""
        self._deliveries.labels(endpoint, outcome).inc()

    def page(self, stored: Iterable[Gauge]) -> bytes:
        """Return all measures in the text format of Prometheus, with those read from the store."""
        shown = CollectorRegistry()
        shown.register(_Stored(list(stored)))
        return generate_latest(self._registry) + generate_latest(shown)


Gauge = tuple[str, str, Sequence[str], Mapping[tuple[str, ...], float]]
"""Name, what it is, names of its labels, and a value for each of their combinations."""


class _Stored(Collector):
    def __init__(self, gauges: Sequence[Gauge]) -> None:
        self._gauges = gauges

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for name, meaning, labels, values in self._gauges:
            family = GaugeMetricFamily(name, meaning, labels=list(labels))
            for combination, value in values.items():
                family.add_metric(list(combination), value)
            yield family
