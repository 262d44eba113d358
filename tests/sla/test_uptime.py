"""Monthly uptime from incidents, by the rules of the policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sla import Policy, load_policy
from sla.status_page import ComponentSpan, Incident, Maintenance, StatusPage, parse_status_page
from sla.uptime import Month, MonthlyUptime, monthly_uptime

FOLDER = Path(__file__).with_name("status_page")
TERMS = load_policy().uptime
JUNE = Month(2026, 6, UTC)
START = datetime(2026, 6, 1, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-06-{text}:00+00:00")


def outage(begins: datetime, ends: datetime | None, name: str = "a", **what: Any) -> Incident:
    whole = Incident(name, name, "critical", begins, ends, "", (), ())
    return replace(whole, **what)


def measure(
    *incidents: Incident,
    maintenances: Sequence[Maintenance] = (),
    month: Month = JUNE,
    target: str = "99.95",
    as_of: datetime | None = None,
    excluded: frozenset[str] = frozenset(),
    **terms: Any,
) -> MonthlyUptime:
    return monthly_uptime(
        StatusPage(tuple(incidents), tuple(maintenances)),
        month,
        replace(TERMS, **terms),
        Decimal(target),
        as_of=as_of or datetime(2027, 1, 1, tzinfo=UTC),
        excluded_incidents=excluded,
    )


@pytest.mark.parametrize(
    ("month", "zone", "periods", "allowed"),
    [
        ((2026, 2), "UTC", 8_064, 4),
        ((2026, 6), "UTC", 8_640, 4),
        ((2026, 7), "UTC", 8_928, 4),
        ((2026, 3), "America/Los_Angeles", 8_916, 4),
        ((2026, 11), "America/Los_Angeles", 8_652, 4),
    ],
)
def test_a_month_has_its_periods_and_its_allowance(
    month: tuple[int, int], zone: str, periods: int, allowed: int
) -> None:
    measured = measure(month=Month(*month, ZoneInfo(zone)))
    assert (measured.periods, measured.allowed_periods) == (periods, allowed)
    assert (measured.percent, measured.is_met) == (Decimal("100.0000"), True)


@pytest.mark.parametrize(
    ("minutes", "target", "percent", "is_met", "left"),
    [
        (20, "99.95", "99.9537", True, 0),
        (25, "99.95", "99.9421", False, -1),
        (5, "99.999", "99.9884", False, -1),
    ],
)
def test_bad_periods_are_set_against_the_target(
    minutes: int, target: str, percent: str, is_met: bool, left: int
) -> None:
    begins = at("10T12:00")
    measured = measure(outage(begins, begins + timedelta(minutes=minutes)), target=target)
    assert (measured.percent, measured.is_met) == (Decimal(percent), is_met)
    assert measured.left_periods == left


@pytest.mark.parametrize(("counts", "bad"), [("inside", 1), ("touched", 3), ("floor", 1)])
def test_the_rule_decides_which_periods_are_bad(counts: str, bad: int) -> None:
    measured = measure(outage(at("10T12:02"), at("10T12:11")), counts=counts)
    assert measured.bad_periods == bad
    assert measured.unavailable == timedelta(minutes=9)


def test_two_outages_in_one_period_touch_it_once() -> None:
    outages = outage(at("10T12:00"), at("10T12:01")), outage(at("10T12:03"), at("10T12:04"), "b")
    assert measure(*outages, counts="touched").bad_periods == 1


def test_overlapping_incidents_are_merged() -> None:
    measured = measure(
        outage(at("10T12:00"), at("10T12:12")),
        outage(at("10T12:05"), at("10T12:20"), "b"),
        outage(at("10T12:20"), at("10T12:25"), "c"),
    )
    assert measured.unavailable == timedelta(minutes=25)
    assert [each.incidents for each in measured.outages] == [("a", "b", "c")]


def test_scheduled_maintenance_shortens_an_outage_and_keeps_the_periods() -> None:
    planned = Maintenance("m", "m", at("10T12:10"), at("10T12:20"), ())
    measured = measure(outage(at("10T12:00"), at("10T12:30")), maintenances=[planned])
    assert (measured.bad_periods, measured.periods) == (4, 8_640)
    assert (measured.unavailable, measured.excluded) == (
        timedelta(minutes=20),
        timedelta(minutes=10),
    )


def test_maintenance_counts_where_the_policy_does_not_exclude_it() -> None:
    planned = Maintenance("m", "m", at("10T12:10"), at("10T12:20"), ())
    measured = measure(
        outage(at("10T12:00"), at("10T12:30")), maintenances=[planned], exclusions={}
    )
    assert measured.bad_periods == 6


def test_an_excluded_incident_does_not_excuse_another_beside_it() -> None:
    measured = measure(
        outage(at("10T12:00"), at("10T12:30")),
        outage(at("10T12:20"), at("10T12:40"), "b"),
        excluded=frozenset({"a"}),
    )
    assert measured.unavailable == timedelta(minutes=20)
    assert measured.excluded == timedelta(minutes=20)


def test_an_outage_over_the_end_of_a_month_is_shared_out() -> None:
    over = outage(datetime(2026, 5, 31, 23, 30, tzinfo=UTC), START + timedelta(minutes=15))
    assert measure(over).unavailable == timedelta(minutes=15)
    assert measure(over, month=Month(2026, 5, UTC)).unavailable == timedelta(minutes=30)


def test_an_unresolved_incident_lasts_until_the_instant_of_reading() -> None:
    measured = measure(outage(at("10T12:00"), None), as_of=at("10T13:00"))
    assert measured.unavailable == timedelta(hours=1)
    assert measured.until == at("10T13:00")


def test_only_the_statuses_and_components_of_the_policy_count() -> None:
    spans = (
        ComponentSpan("Voice", "degraded_performance", at("10T12:00"), at("10T12:30")),
        ComponentSpan("Voice", "major_outage", at("10T12:30"), at("10T12:40")),
        ComponentSpan("Chat", "major_outage", at("10T13:00"), at("10T13:20")),
    )
    incident = outage(at("10T12:00"), at("10T14:00"), spans=spans)
    assert measure(incident).unavailable == timedelta(minutes=30)
    assert measure(incident, components=frozenset({"Voice"})).unavailable == timedelta(minutes=10)
    degraded = TERMS.unavailable | {"degraded_performance"}
    assert measure(incident, unavailable=degraded).unavailable == timedelta(minutes=60)


def test_an_incident_without_component_news_counts_by_its_impact() -> None:
    major = outage(at("10T12:00"), at("10T12:30"), impact="major")
    assert measure(major).bad_periods == 0
    assert measure(major, unavailable_impacts=frozenset({"major"})).bad_periods == 6


def test_a_saved_page_is_measured_from_end_to_end(policy: Policy) -> None:
    page = parse_status_page({path.name: path.read_text("utf-8") for path in FOLDER.iterdir()})
    target = policy.uptime.targets["premium"]
    measured = monthly_uptime(
        page, JUNE, policy.uptime, target, as_of=datetime(2026, 7, 1, tzinfo=UTC)
    )
    # 10:00–10:31 less maintenance 10:20–10:40, and 12:02–12:11 with one whole period inside
    assert measured.bad_periods == 4 + 1
    assert measured.excluded == timedelta(minutes=11)
    assert (measured.percent, measured.left_periods) == (Decimal("99.9421"), -1)


spans = st.lists(
    st.tuples(st.integers(0, 3_000), st.integers(1, 400)).map(lambda s: (s[0], s[0] + s[1])),
    max_size=8,
)


@given(spans, spans)
def test_counted_and_excluded_time_agree_with_a_walk_through_the_minutes(
    down: list[tuple[int, int]], planned: list[tuple[int, int]]
) -> None:
    def minute(number: int) -> datetime:
        return START + timedelta(minutes=number)

    measured = measure(
        *(outage(minute(b), minute(e), str(n)) for n, (b, e) in enumerate(down)),
        maintenances=[
            Maintenance(str(n), "", minute(b), minute(e), ()) for n, (b, e) in enumerate(planned)
        ],
    )
    is_down = {n for b, e in down for n in range(b, e)}
    counted = is_down - {n for b, e in planned for n in range(b, e)}
    assert measured.unavailable == timedelta(minutes=len(counted))
    assert measured.excluded == timedelta(minutes=len(is_down) - len(counted))
    periods = range(0, 3_600, 5)
    assert measured.bad_periods == sum(set(range(p, p + 5)) <= counted for p in periods)
    for one, other in pairwise(measured.outages):
        assert one.ends_at < other.begins_at
