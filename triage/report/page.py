"""The report as one HTML page, which needs nothing beside itself and runs nothing."""

from __future__ import annotations

from math import floor

from tickets import PRIORITIES
from triage.report.changes import MOST_SHOWN as MOST_CHANGED
from triage.report.changes import received
from triage.report.charts import coverage_chart, reliability_chart
from triage.report.findings import Findings, cautions
from triage.report.mistakes import MOST_DOUBTED
from triage.report.rendering import rendered


def page(findings: Findings) -> str:
    """Return the report of a trial."""
    trial = findings.trial
    charts = {one.priority: coverage_chart(one) for one in findings.classes if one.precision.total}
    dates = [at for one in trial.data.tickets if (at := one.ticket.received_at)]
    return rendered(
        "report.html",
        findings=findings,
        trial=trial,
        data=trial.data,
        model=trial.answers.model,
        versions=trial.answers.desk.rooms.versions,
        learnt_dates=received(trial.answers.model.description),
        dates=(min(dates), max(dates)) if dates else None,
        undated=len(trial.data.tickets) - len(dates),
        cautions=cautions(trial),
        priorities=PRIORITIES,
        reliability=reliability_chart(findings.bins),
        coverage=charts,
        lowest=_lowest(findings),
        most_doubted=MOST_DOUBTED,
        most_changed=MOST_CHANGED,
    )


def _lowest(findings: Findings) -> float:
    """Return where the scale of slices starts, a tenth."""
    shown = [one.right.low for _, one in findings.slices.judged()]
    return floor(10 * min(shown, default=0.0)) / 10
