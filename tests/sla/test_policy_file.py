"""A policy file with faults is refused as a whole, each fault with its line and remedy."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from sla import load_policy
from sla.policy_file import SHIPPED
from tickets import InputFaults

Edited = Callable[..., Path]


def faults(path: Path) -> list[str]:
    with pytest.raises(InputFaults) as refused:
        load_policy(path)
    return [str(fault) for fault in refused.value.faults]


def line_of(text: str) -> int:
    lines = SHIPPED.read_text("utf-8").splitlines()
    return next(number for number, line in enumerate(lines, start=1) if text in line)


def test_all_faults_of_a_file_are_told_at_once_with_their_lines(edited: Edited) -> None:
    path = edited(
        ("within: 30 minutes", "within: 30 fortnights"),
        (
            'days: [mon, tue, wed, thu, fri], open: ["09:00-18:00"]',
            'days: [mon], open: ["18:00-09:00"]',
        ),
        ("  premium: Premium Support", "  premuim: Premium Support"),
        ("premium: { within: 4 business hours, pauses: false }", ""),
        ("time_zone: America/Los_Angeles #", "time_zone: PST #"),
    )
    zone, tiers = line_of("time_zone: America"), line_of("tiers: #")
    shift, target = line_of('open: ["09:00-18:00"]'), line_of("within: 30 minutes")
    assert faults(path) == [
        f'edited.yaml:{zone}: warning: "PST" means UTC-08:00 all year, without summer time '
        "(write America/Los_Angeles)",
        f'edited.yaml:{tiers}: tiers: "premium" is missing (add it)',
        f'edited.yaml:{tiers + 2}: tiers: unknown key "premuim" (did you mean "premium"?)',
        f'edited.yaml:{shift}: "18:00-09:00" ends before it starts (a shift over midnight is two: '
        "until 24:00, and from 00:00 on the next day)",
        f'edited.yaml:{target}: unknown unit "fortnight" (use one of minute, hour, '
        "business minute, business hour, business day)",
        f'edited.yaml:{line_of("  P3:")}: targets.P3: "premium" is missing (add it)',
    ]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            'open: ["09:00-18:00"]',
            'open: ["09:00-13:00", "12:00-18:00"]',
            '"12:00-18:00" overlaps "09:00-13:00" (join them, or part them)',
        ),
        (
            "time_zone: America/Los_Angeles #",
            "time_zone: America/Los_Angles #",
            'unknown time zone "America/Los_Angles" (did you mean "America/Los_Angeles"?)',
        ),
        (
            "standard: { within: 1 business hour,",
            "standard: { within: 1 busines hour,",
            'unknown unit "busines hour" (did you mean "business hour"?)',
        ),
        (
            "standard: { within: 1 business hour,",
            "standard: { within: soon,",
            '"soon" is no duration (write it as 30 minutes, 4 business hours, 2 business days)',
        ),
        (
            "premium: { within: 15 minutes, pauses: false }",
            "premium: { within: 15 minutes, pauses: true }",
            '"15 minutes" runs by the calendar clock, which never pauses (write "pauses: false")',
        ),
        (
            "standard: office",
            "standard: ofice",
            'unknown calendar "ofice" (did you mean "office"?)',
        ),
        (
            "phone: phone_support",
            "phone: phon_support",
            'unknown benefit "phon_support" (did you mean "phone_support"?)',
        ),
        (
            "added: []",
            "added: [{ date: 2026-02-30, name: none }]",
            '"2026-02-30" is no date (write dates as 2026-07-03)',
        ),
        (
            "added: []",
            "added: [{ date: 2051-02-03, name: late }]",
            "2051-02-03 lies outside the years 2000 to 2040 (widen holidays.years)",
        ),
        ("removed: []", "removed: [2026-07-06]", "2026-07-06 is no holiday (remove it)"),
        (
            "country: US",
            "country: XX",
            "Country XX not available (use ISO 3166 codes, and categories that the holidays "
            "library knows)",
        ),
        (
            "first: 2000, last: 2040",
            "first: 2040, last: 2000",
            "the last year, 2000, comes before the first, 2040 (swap them)",
        ),
        ("until: null", "until: 1999-01-01", "1999-01-01 comes before 2000-01-01 (correct one of the dates)"),
        (
            "partial: [] # short",
            'partial: [{ date: 2026-12-24, open: [] }, { date: 2026-12-24, open: ["09:00-13:00"] }] # short',
            "2026-12-24 stands twice (join the two entries)",
        ),
    ],
)  # fmt: skip
def test_a_fault_of_meaning_names_value_place_and_remedy(
    edited: Edited, old: str, new: str, problem: str
) -> None:
    assert faults(edited((old, new))) == [f"edited.yaml:{line_of(old)}: {problem}"]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("open: [\"09:00-18:00\"]", "open: [\"9am-6pm\"]", "write opening hours as 09:00-18:00"),
        ("counts: inside", "counts: outside", '"outside" is not known'),
        ("at_risk_share: 0.75", "at_risk_share: 75", "a share between 0 and 1"),
        ("at_risk_share: 0.75\n", "", '"at_risk_share" is missing'),
        ("  P4:\n", "  P5:\n", 'unknown key "P5" (use one of P0, P1, P2, P3, P4)'),
    ],
)  # fmt: skip
def test_a_fault_of_form_is_told_by_the_schema(
    edited: Edited, old: str, new: str, problem: str
) -> None:
    assert any(problem in fault for fault in faults(edited((old, new))))


def test_pst_is_taken_at_its_word_with_a_warning(edited: Edited) -> None:
    policy = load_policy(edited(("time_zone: America/Los_Angeles #", "time_zone: PST #")))
    line = line_of("time_zone: America")
    assert [str(warning) for warning in policy.warnings] == [
        f'edited.yaml:{line}: warning: "PST" means UTC-08:00 all year, without summer time '
        "(write America/Los_Angeles)"
    ]
    summer = datetime.fromisoformat("2026-07-13T08:00:00-08:00")
    due = policy.respond_by(tier="standard", priority="P1", received_at=summer)
    assert due.isoformat() == "2026-07-13T10:00:00-08:00"


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path / "nowhere.yaml")
    assert fault.endswith(
        "nowhere.yaml: cannot be read: No such file or directory (check the path)"
    )
