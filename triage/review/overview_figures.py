"""What people made of suggestions, counted: by class, rule and fact, by confidence, by week."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

import numpy as np

from classifier.reliability import CalibrationBin, calibration_bins
from rules import Ruleset
from rules.engine import Engine
from rules.health import PastDecision, RuleHealth, rule_health
from tickets import PRIORITIES, Priority
from triage.report.shares import Share
from triage.review.judged import Facts, Judged, Lately

MOST_CORRECTIONS = 4
"""Of a fact, how many ways of correcting it are told; the rest are counted together."""


@dataclass(frozen=True)
class OfClass:
    """What became of the suggestions of one priority."""

    suggested: Priority
    decided: Mapping[Priority, int]
    skipped: int

    @property
    def agreed(self) -> Share:
        """How many were accepted, of those decided."""
        return Share(self.decided[self.suggested], sum(self.decided.values()))

    @property
    def raised(self) -> int:
        """How many people made more urgent."""
        return sum(count for priority, count in self.decided.items() if priority < self.suggested)

    @property
    def lowered(self) -> int:
        """How many people made less urgent."""
        return sum(count for priority, count in self.decided.items() if priority > self.suggested)


@dataclass(frozen=True)
class OfFact:
    """How often people set a fact right, and how."""

    name: str
    corrected: int
    changes: tuple[tuple[str, str, int], ...]
    """As read, as corrected, and how often; the commonest first."""
    rest: int


@dataclass(frozen=True)
class Calibration:
    """How many suggestions of like confidence people agreed with."""

    bins: tuple[CalibrationBin, ...]
    agreed: Share
    confidence: float
    """The mean: the share that should be agreed with."""

    @property
    def points(self) -> list[tuple[CalibrationBin, Share]]:
        """Each bin with the share of it that was agreed with."""
        return [(one, Share(one.right, one.tickets)) for one in self.bins]


@dataclass(frozen=True)
class OfWeek:
    """The decisions of one week."""

    name: str
    """As ISO 8601 names it, `2026-W28`, in UTC."""
    agreed: Share
    confidence: float
    blind: Share


@dataclass(frozen=True)
class OfVersion:
    """The decisions on suggestions that one version made."""

    version: str
    agreed: Share
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True)
class OverviewFigures:
    """All that the overview says of decisions."""

    since: datetime
    is_cut: bool
    decided: int
    """By people, with a priority."""
    skipped: int
    automatic: int
    """Applied without a person."""
    agreed: Share
    shown: Calibration | None
    blind: Calibration | None
    classes: tuple[OfClass, ...]
    rules: tuple[RuleHealth, ...]
    """Of the rules in use, the most overridden first."""
    by_other_rules: int
    """Decisions on suggestions of other versions of the rules; those are not in `rules`."""
    facts: tuple[OfFact, ...]
    weeks: tuple[OfWeek, ...]
    versions: Mapping[str, tuple[OfVersion, ...]]
    """Of model, rules and policy: the versions, the latest first."""

    def agreed_with(self, what: str, version: str) -> Share:
        """Return how many suggestions that a version of something made were accepted."""
        found = (one.agreed for one in self.versions[what] if one.version == version)
        return next(found, Share(0, 0))


def overview_figures(lately: Lately, engine: Engine) -> OverviewFigures:
    """Count."""
    by_people = [one for one in lately.judged if one.by_person]
    decided = [one for one in by_people if one.decided is not None]
    ours = [one for one in decided if one.rules == engine.ruleset.version]
    return OverviewFigures(
        since=lately.since,
        is_cut=lately.is_cut,
        decided=len(decided),
        skipped=len(by_people) - len(decided),
        automatic=len(lately.judged) - len(by_people),
        agreed=_agreed(decided),
        shown=_calibration([one for one in decided if not one.is_blind]),
        blind=_calibration([one for one in decided if one.is_blind]),
        classes=tuple(_classes(by_people)),
        rules=tuple(health_of(ours, engine)),
        by_other_rules=len(decided) - len(ours),
        facts=tuple(_facts(decided, engine.ruleset)),
        weeks=tuple(_weeks(decided)),
        versions={
            "model": _versions(decided, [one.model for one in decided]),
            "rules": _versions(decided, [one.rules for one in decided]),
            "policy": _versions(decided, [one.policy for one in decided]),
        },
    )


def health_of(judged: Iterable[Judged], engine: Engine) -> list[RuleHealth]:
    """Return how the rules fare with decisions on suggestions that these rules made."""
    alike: Counter[tuple[Facts, Priority]] = Counter()
    last_at: dict[tuple[Facts, Priority], datetime] = {}
    for one in judged:
        if one.decided is not None and one.facts:
            alike[one.facts, one.decided] += 1
            last_at[one.facts, one.decided] = one.at
    past = [
        PastDecision(dict(facts), final, last_at[facts, final], tickets)
        for (facts, final), tickets in alike.items()
    ]
    return rule_health(engine, past)


def _agreed(decided: Sequence[Judged]) -> Share:
    return Share(sum(one.is_agreed for one in decided), len(decided))


def _calibration(decided: Sequence[Judged]) -> Calibration | None:
    if not decided:
        return None
    confidence = np.array([one.confidence for one in decided])
    is_agreed = np.array([one.is_agreed for one in decided])
    bins = tuple(calibration_bins(confidence, is_agreed))
    return Calibration(bins, _agreed(decided), float(confidence.mean()))


def _classes(by_people: Sequence[Judged]) -> Iterator[OfClass]:
    pairs = Counter((one.suggested, one.decided) for one in by_people)
    for suggested in PRIORITIES:
        decided = {priority: pairs[suggested, priority] for priority in PRIORITIES}
        yield OfClass(suggested, decided, skipped=pairs[suggested, None])


def _facts(decided: Sequence[Judged], ruleset: Ruleset) -> Iterator[OfFact]:
    changes: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    for one in decided:
        for name, value in one.corrected:
            changes[name][dict(one.facts)[name], value] += 1
    known = [name for name in ruleset.schema.names if name in changes]
    for name in sorted(known, key=lambda name: -changes[name].total()):
        commonest = changes[name].most_common(MOST_CORRECTIONS)
        told = sum(count for _, count in commonest)
        yield OfFact(
            name,
            corrected=changes[name].total(),
            changes=tuple((read, value, count) for (read, value), count in commonest),
            rest=changes[name].total() - told,
        )


def _weeks(decided: Sequence[Judged]) -> Iterator[OfWeek]:
    """Yield the weeks, the latest first; decisions come oldest first."""
    weeks = [(name, list(ones)) for name, ones in groupby(decided, _week)]
    for name, ones in reversed(weeks):
        yield OfWeek(
            name,
            agreed=_agreed(ones),
            confidence=sum(one.confidence for one in ones) / len(ones),
            blind=_agreed([one for one in ones if one.is_blind]),
        )


def _week(one: Judged) -> str:
    year, week, _ = one.at.astimezone(UTC).isocalendar()
    return f"{year}-W{week:02}"


def _versions(decided: Sequence[Judged], names: Sequence[str]) -> tuple[OfVersion, ...]:
    by_name: dict[str, list[Judged]] = defaultdict(list)
    for name, one in zip(names, decided, strict=True):
        by_name[name].append(one)
    found = [
        OfVersion(name, _agreed(ones), ones[0].at, ones[-1].at) for name, ones in by_name.items()
    ]
    return tuple(sorted(found, key=lambda version: version.last_at, reverse=True))
