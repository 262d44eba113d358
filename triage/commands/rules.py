"""Commands of the rules room: check, test, explain, compare and edit the priority policy."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from triage.commands.options import SOME_ROWS_FAILED

if TYPE_CHECKING:
    from triage.past_tickets import PastTickets

WRONG = 2

app = typer.Typer(
    help="Check, test, explain, compare and edit the priority policy.", no_args_is_help=True
)

RulesFile = Annotated[
    str, typer.Option("--rules", metavar="FILE", help="A rules file; by default the shipped one.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def check(rules: RulesFile = "", as_json: AsJson = False) -> None:
    """Look at every combination of facts: gaps, idle rules, priorities that fall as facts worsen.

    Exit status 2 when anything is found.
    """
    from rules import load_ruleset
    from rules.check import check as check_all
    from triage.commands import rules_printed as printed

    ruleset = load_ruleset(rules or None)
    report = check_all(ruleset)
    _print(as_json, printed.check_record(report), printed.check_lines(ruleset, report))
    raise typer.Exit(WRONG if report.findings else 0)


@app.command("test")
def run_cases(
    rules: RulesFile = "",
    cases: Annotated[
        str, typer.Option(metavar="FILE", help="Worked cases; by default the shipped ones.")
    ] = "",
    threshold: Annotated[
        int, typer.Option(min=0, max=100, help="Least coverage in percent; never rounded up.")
    ] = 100,
    as_json: AsJson = False,
) -> None:
    """Run the worked cases, and tell which rules and comparisons no case exercises.

    Exit status 2 when a case comes out otherwise or the coverage is below the threshold.
    """
    from rules import load_engine, load_ruleset
    from rules.cases import load_cases
    from rules.cases import run_cases as run
    from triage.commands import rules_printed as printed

    ruleset = load_ruleset(rules or None)
    report = run(load_engine(ruleset), load_cases(ruleset, cases or None))
    _print(as_json, printed.case_record(report), printed.case_lines(report, threshold))
    is_good = not report.failed and report.coverage.percent >= threshold
    raise typer.Exit(0 if is_good else WRONG)


@app.command()
def table(
    rules: RulesFile = "",
    form: Annotated[str, typer.Option("--format", help="markdown or csv.")] = "markdown",
    verdicts: Annotated[
        bool,
        typer.Option("--verdicts", help="The outcome without rules; the first row that fits."),
    ] = False,
    from_csv: Annotated[
        str, typer.Option("--from", metavar="CSV", help="Compile an edited CSV table to rules.")
    ] = "",
    output: Annotated[
        str, typer.Option("--output", "-o", help="Where to write; by default, print.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Show the policy as a decision table, or make a rules file of an edited CSV table."""
    from triage.commands import rules_printed as printed

    if from_csv:
        text = _compiled(from_csv, rules)
    else:
        from rules import load_ruleset

        text = printed.table_text(
            load_ruleset(rules or None), "json" if as_json else form, verdicts=verdicts
        )
    _write(text, output)


@app.command()
def explain(
    facts: Annotated[
        list[str], typer.Argument(metavar="FACT=VALUE...", help="Such as part=voice reach=35.")
    ],
    rules: RulesFile = "",
    as_json: AsJson = False,
) -> None:
    """Say which rules fire for a set of facts, which decide, and what would move the priority.

    A fact that is left out is `unstated` where it has that value.
    """
    from rules import load_engine, load_ruleset
    from rules.explain import explain as explain_facts
    from rules.facts import parse_facts
    from triage.commands import rules_printed as printed
    from triage.commands.options import pairs

    ruleset = load_ruleset(rules or None)
    unstated = {fact.name: "unstated" for fact in ruleset.schema if "unstated" in fact.values}
    given = pairs("FACT=VALUE", facts, keys=ruleset.schema.names)
    combination = parse_facts(ruleset, unstated | given, place="FACT=VALUE")
    explanation = explain_facts(load_engine(ruleset), combination)
    _print(as_json, printed.explanation_record(explanation), printed.explanation_lines(explanation))


@app.command()
def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help="The rules file in use.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The rules file to come.")],
    tickets: Annotated[
        str, typer.Argument(metavar="TICKETS", help="Past tickets: CSV, JSON Lines or Parquet.")
    ],
    timezone: Annotated[
        str, typer.Option(help="Zone of receipt times without offset, as America/Los_Angeles.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Say which past tickets would get another priority and deadline under new rules.

    Facts are taken from the file (`triage batch` writes them), or read from the texts.
    """
    from rules import load_engine, load_ruleset
    from rules.diff import diff as diff_policies
    from sla import load_policy
    from triage.commands import rules_printed as printed
    from triage.commands.options import zone
    from triage.past_tickets import read_past_tickets

    before, after = load_ruleset(old), load_ruleset(new)
    past = read_past_tickets(tickets, (before, after), zone(timezone))
    _say_what_is_left_out(past)
    found = diff_policies(load_engine(before), load_engine(after), past.tickets)
    moved = printed.moved_deadlines(found, load_policy())
    _print(as_json, printed.diff_record(found, moved), printed.diff_lines(found, moved))
    raise typer.Exit(0 if past.is_whole else SOME_ROWS_FAILED)


@app.command()
def health(
    tickets: Annotated[
        str,
        typer.Argument(
            metavar="TICKETS", help="Past tickets with the priority that people gave them."
        ),
    ],
    rules: RulesFile = "",
    timezone: Annotated[
        str, typer.Option(help="Zone of times without offset, as America/Los_Angeles.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Say how many past tickets each rule decided, how often people decided otherwise, and when.

    The priority people gave stands in the column `final`, `label` or `priority`.
    """
    from rules import load_engine, load_ruleset
    from rules.health import rule_health
    from triage.commands import rules_printed as printed
    from triage.commands.options import zone
    from triage.past_tickets import read_past_tickets

    ruleset = load_ruleset(rules or None)
    past = read_past_tickets(tickets, (ruleset,), zone(timezone))
    _say_what_is_left_out(past)
    report = rule_health(load_engine(ruleset), printed.decisions(ruleset, past.tickets))
    _print(as_json, printed.health_record(report), printed.health_lines(report))
    raise typer.Exit(0 if past.is_whole else SOME_ROWS_FAILED)


def _say_what_is_left_out(past: PastTickets) -> None:
    for line in past.lines():
        print(f"triage: {line}", file=sys.stderr)


def _compiled(table_path: str, rules: str) -> str:
    from rules.rulefile import SHIPPED
    from rules.spreadsheet import read_table

    text, ruleset = read_table(Path(table_path), Path(rules) if rules else SHIPPED)
    print(f"triage: {len(ruleset.rules)} rules compiled from {table_path}", file=sys.stderr)
    return text


def _write(text: str, output: str) -> None:
    if not output:
        print(text, end="")
        return
    from tickets import Fault, InputFaults

    target = Path(output)
    half_way = target.with_name(target.name + ".part")
    try:
        half_way.write_text(text, encoding="utf-8")
        half_way.replace(target)
    except OSError as error:
        problem = f"cannot be written: {error.strerror}"
        raise InputFaults(Fault(output, problem, "check the folder")) from None


def _print(as_json: bool, record: Any, lines: Any) -> None:
    if as_json:
        print(json.dumps(record, ensure_ascii=False, indent=2))
    else:
        print("\n".join(lines))
