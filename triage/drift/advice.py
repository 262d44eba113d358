"""What to do about drift: a sentence for each kind of finding, the most useful first."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from classifier.estimation import TWO_SIDED_95
from classifier.language import SUPPORTED
from triage.drift.findings import OVERRIDES, WORDS, Finding, Verdict
from triage.drift.histogram import NOTHING
from triage.drift.observation import (
    ACTION,
    CONFIDENCE,
    FACT,
    FORM,
    LANGUAGE,
    LENGTH,
    PRIORITY,
    PRODUCT_AREA,
    UNKNOWN,
)
from triage.drift.reference import Reference
from triage.drift.weeks import Week

CLOSE_ENOUGH = 0.10
"""Half the width of the 95 % interval that newly labelled tickets should give an accuracy."""
LEAST_SPREAD = 0.1
"""Of an accuracy near 1, whose own spread would ask for hardly any label."""


def advice(week: Week, reference: Reference) -> list[str]:
    """Return what to do, each sentence after its verdict; nothing while all is steady."""
    drifted = [one for one in week.findings if one.verdict in (Verdict.WATCH, Verdict.ACT)]
    sentences = []
    for belongs, sentence in _KINDS:
        of_kind = [one for one in drifted if belongs(one)]
        if of_kind:
            verdict = max((one.verdict for one in of_kind), key=lambda one: one.rank)
            sentences.append(f"{verdict}: {sentence(of_kind, week, reference)}")
    return sentences


_Sentence = Callable[[Sequence[Finding], Week, Reference], str]


def _overrides(findings: Sequence[Finding], week: Week, _: Reference) -> str:
    found = findings[0]
    return (
        f"agents override {found.share:.0%} of what they decide, {found.before:.0%} was to be"
        " expected: if the policy has changed, change the rules; else `triage feedback labels`,"
        " `triage train`, `triage compare`"
    )


def _confidence(_: Sequence[Finding], week: Week, reference: Reference) -> str:
    before = reference.estimated_accuracy
    estimates = f"estimated accuracy {week.accuracy.value:.2f}, {before:.2f} in training"
    if week.accuracy.value >= before:
        return f"the model is surer than in training ({estimates}): nothing to do"
    return f"the model is less sure ({estimates}): label {_to_label(week)} tickets, {_RETRAIN}"


def _language(findings: Sequence[Finding], week: Week, _: Reference) -> str:
    found = findings[0]
    shares = f"{_share(found)} are written in {found.risen}"
    if found.risen == SUPPORTED:
        return f"{shares}: nothing to do"
    return f"{shares}; they all go to review: label {_to_label(week)} of them, {_RETRAIN}"


def _reading(findings: Sequence[Finding], week: Week, _: Reference) -> str:
    words = next((", ".join(one.words) for one in findings if one.measure == WORDS), "")
    others = [_named(one) for one in findings if one.measure != WORDS]
    said = "; ".join([f"more often: {words}"] * bool(words) + others)
    return (
        f"they are about other things, or say them otherwise ({said}): read some of them; if it is"
        f" new, label {_to_label(week)} of them, {_RETRAIN}"
    )


def _form(findings: Sequence[Finding], _: Week, __: Reference) -> str:
    said = "; ".join(map(_named, findings))
    lacking = [one.measure for one in findings if one.risen == NOTHING]
    if lacking:
        return f"more tickets come without {', '.join(lacking)} ({said}): check the intake form"
    return f"the form says otherwise ({said}): check it, and who sends tickets"


def _matter(findings: Sequence[Finding], _: Week, __: Reference) -> str:
    said = "; ".join(map(_named, findings))
    return (
        f"other things happen to customers ({said}): look for an incident or a release; no reason"
        " to retrain while the estimated accuracy holds"
    )


def _action(findings: Sequence[Finding], _: Week, __: Reference) -> str:
    return f"agents get other work ({_named(findings[0])}): plan for it"


def _named(finding: Finding) -> str:
    return f"{finding.measure} {finding.risen} {_share(finding)}"


def _share(finding: Finding) -> str:
    return f"{finding.share:.0%} (was {finding.before:.0%})"


def _to_label(week: Week) -> int:
    """Return how many labels tell the accuracy to within ten points, if there are that many."""
    accuracy = week.accuracy.value
    spread = max(accuracy * (1 - accuracy), LEAST_SPREAD)
    return min(math.ceil(TWO_SIDED_95**2 * spread / CLOSE_ENOUGH**2), week.tickets)


_RETRAIN = "as `triage feedback next` lists them, then `triage train` and `triage compare`"
_READING = (WORDS, UNKNOWN, LENGTH, PRODUCT_AREA)
_KINDS: tuple[tuple[Callable[[Finding], bool], _Sentence], ...] = (
    (lambda one: one.measure == OVERRIDES, _overrides),
    (lambda one: one.measure == CONFIDENCE, _confidence),
    (lambda one: one.measure == LANGUAGE, _language),
    (lambda one: one.measure in _READING and one.risen != NOTHING, _reading),
    (lambda one: one.measure in FORM and not _is_area(one), _form),
    (lambda one: one.measure.startswith(FACT) or one.measure == PRIORITY, _matter),
    (lambda one: one.measure == ACTION, _action),
)
"""Which findings make one kind, and what is said of it; in the order of what to do first."""


def _is_area(finding: Finding) -> bool:
    return finding.measure == PRODUCT_AREA and finding.risen != NOTHING
