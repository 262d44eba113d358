"""What a check of labelled data found, for people: what to look at first, details below."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from triage.commands.printed import table_console

MOST_SHOWN = 10
"""Of each list; `--json` has all."""
MOST_VALUES = 12
MOST_COUNTS = 50
SHORT_QUOTE = 60

Report = Mapping[str, Any]


def print_check(report: Report) -> None:
    """Print the report of a data check."""
    console = table_console()
    for part in _parts(report):
        if isinstance(part, Table):
            console.print(part)
        else:
            console.print(Text(part), soft_wrap=True)


def _parts(report: Report) -> Iterator[Table | str]:
    yield f"{report['tickets']:,} labelled tickets in {report['file']}"
    yield from (f"- {finding}" for finding in findings(report) or ["nothing to mend was found"])
    yield from _section("counts", _counts(report), most=MOST_COUNTS)
    yield from _section("rows without a value", _missing(report))
    yield from _section("unusable rows", map(_unusable, report["unusable"]))
    yield from _section("exact copies", map(_copies, report["exact_copies"]))
    near = map(_copies, report["near_copies"])
    yield from _section("near copies (similarity; 1 is the same)", near)
    if "leaks" in report:
        yield from _section("what fields alone tell of the label", [_leaks(report["leaks"])])
    yield from _section("words that go with one label", map(_word, report["telling_words"]))
    yield from _section("suspicious labels", map(_doubt, report.get("suspicious_labels", ())))
    yield from _section("evidence that is not in the text", map(_misquoted, report["misquoted"]))
    yield from _section("too rare to learn", _too_rare(report["too_rare"]))


def findings(report: Report) -> list[str]:
    """Return one sentence for each kind of thing that somebody should look at."""
    return [sentence for sentence in _findings(report) if sentence]


def _findings(report: Report) -> Iterator[str]:
    unusable = sum(len(cause["rows"]) for cause in report["unusable"])
    yield _many(unusable, "row cannot be used", "rows cannot be used")
    yield from _copied(report["exact_copies"], "group of the same text", "groups of the same text")
    near = ("pair of nearly the same text", "pairs of nearly the same text")
    yield from _copied(report["near_copies"], *near)
    leaks = report.get("leaks", {"fields": {}})
    for name, leak in leaks["fields"].items():
        if leak["gives_away"]:
            score, chance = leak["macro_f1"], leak["chance"]
            yield f"{name} gives the label away: macro-F1 {score:.2f}, chance {chance:.2f}"
    doubts = len(report.get("suspicious_labels", ()))
    yield _many(doubts, "label is suspicious", "labels are suspicious")
    yield _many(len(report["misquoted"]), "quote is", "quotes are", "not in the text")
    rare = len(report["too_rare"])
    yield _many(rare, "class or value is", "classes or values are", "too rare to learn")
    if report["not_checked"]:
        yield f"not checked: {report['not_checked']}"


def _copied(found: Sequence[Report], one: str, more: str) -> Iterator[str]:
    differing = sum(copies["labels_differ"] for copies in found)
    yield _many(differing, f"{one} has", f"{more} have", "labels that differ")
    yield _many(len(found) - differing, f"{one} has", f"{more} have", "one label")


def _many(number: int, one: str, more: str, rest: str = "") -> str:
    return f"{number:,} {one if number == 1 else more} {rest}".rstrip() if number else ""


def _section(
    title: str, lines: Iterable[Table | str], most: int = MOST_SHOWN
) -> Iterator[Table | str]:
    listed = list(lines)
    if listed:
        yield f"\n{title}"
        for line in listed[:most]:
            yield line if isinstance(line, Table) else f"  {line}"
        if len(listed) > most:
            yield f"  … and {len(listed) - most:,} more; --json lists all"


def _counts(report: Report) -> Iterator[str]:
    counted = report["counts"]
    for name, values in counted.items():
        if name == "facts":
            yield from (_line(f"fact {fact}", held) for fact, held in values.items())
        elif name == "words":
            yield from (_lengths(part, lengths) for part, lengths in values.items())
        else:
            yield _line(name, values)


def _line(name: str, values: Mapping[str, int]) -> str:
    shown = [f"{value or '(none)'} {number:,}" for value, number in values.items()]
    more = [f"… {len(shown) - MOST_VALUES} more"] if len(shown) > MOST_VALUES else []
    return f"{name:<16} {', '.join([*shown[:MOST_VALUES], *more])}"


def _lengths(part: str, lengths: Mapping[str, int]) -> str:
    who = "words" if part == "all" else f"words of {part}"
    quartiles = ", ".join(f"{name.replace('_', ' ')} {n:,}" for name, n in lengths.items())
    return f"{who:<16} {quartiles}"


def _missing(report: Report) -> Iterator[str]:
    for column, rows in report["missing"].items():
        yield f"{column:<20} {rows:>7,}  {rows / report['tickets']:.0%}"


def _unusable(cause: Report) -> str:
    rows = cause["rows"]
    named = ", ".join(map(str, rows[:MOST_SHOWN])) + (", …" if len(rows) > MOST_SHOWN else "")
    line = f"{cause['field']}: {cause['problem']} ({cause['remedy']})"
    return f"{line}: {len(rows):,} rows: {named}" if len(rows) > 1 else f"{line}: row {named}"


def _copies(group: Report) -> str:
    tickets = group["tickets"]
    named = ", ".join(f"{_place(ticket)} {ticket['priority']}" for ticket in tickets[:MOST_SHOWN])
    more = f" and {len(tickets) - MOST_SHOWN:,} more" if len(tickets) > MOST_SHOWN else ""
    mark = "labels differ" if group["labels_differ"] else "same label"
    return f"{group['similarity']:.2f}  {mark:<13}  {named}{more}"


def _place(ticket: Report) -> str:
    return f"row {ticket['row']} ({ticket['id']})"


def _leaks(leaks: Report) -> Table:
    table = Table("  field", "macro-F1", "chance", "", box=None, pad_edge=False)
    named = {**leaks["fields"], "all of them together": leaks["together"]}
    for name, leak in named.items():
        if leak:
            verdict = "gives the label away" if leak["gives_away"] else ""
            figures = (f"{leak['macro_f1']:.3f}", f"{leak['chance']:.3f}")
            table.add_row(Text(f"  {name}"), *figures, verdict)
    return table


def _word(word: Report) -> str:
    share = f"{word['share']:.0%} of {word['tickets']:,} tickets"
    return f"{word['word']:<20} {word['priority']}  {share}"


def _doubt(doubt: Report) -> str:
    label = f"{doubt['priority']} {doubt['probability']:.2f}"
    likelier = f"{doubt['likelier']} {doubt['probability_of_likelier']:.2f}"
    return f"{_place(doubt)}: {label}, likelier {likelier}"


def _misquoted(quote: Report) -> str:
    words = " ".join(quote["quote"].split())
    short = words if len(words) <= SHORT_QUOTE else f"{words[: SHORT_QUOTE - 1]}…"
    return f'{_place(quote)}: {quote["fact"]} "{short}"'


def _too_rare(rare: Sequence[Report]) -> Iterator[str]:
    for one in rare:
        yield f"{one['kind']} {one['value']}: {one['tickets']}"
