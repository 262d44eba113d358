"""The report and the model card: true figures, nothing of a ticket that does harm, one file."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier import LabelledTicket, Pool, Reader, Registry
from classifier.evaluation import calibration_error, measures
from tickets import InputFaults, Ticket
from triage.commands.report import report
from triage.desk import Desk
from triage.labelled.corpus import SHIPPED
from triage.report.card import card, plain
from triage.report.classes import curve
from triage.report.findings import Findings, cautions, find
from triage.report.highlights import Mark, Piece, highlighted, without_controls
from triage.report.page import page
from triage.report.shares import Share
from triage.report.trial import Trial, try_model
from triage.retraining.source import Source

Run = Callable[..., "subprocess.CompletedProcess[str]"]
Records = Sequence[Mapping[str, Any]]
NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
TRIED = 120
"""Held-out tickets that most of these tests look at."""


def no_progress(done: int, total: int) -> None:
    pass


@pytest.fixture(scope="module")
def home(small_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose light reader has a candidate: the current model, heeding its facts alone."""
    home = tmp_path_factory.mktemp("report") / "home"
    shutil.copytree(small_home, home)
    registry = Registry(home)
    current = registry.load_current(Reader.LIGHT)
    candidate = replace(current, pool=Pool(1.0, 0.0, (0.0,) * 5), version="")
    registry.add(candidate, registry.learnt(current.version), NOW)
    return home


@pytest.fixture(scope="module")
def registry(home: Path) -> Registry:
    return Registry(home)


@pytest.fixture(scope="module")
def held_out() -> list[dict[str, Any]]:
    """Records of the corpus that no model learns from."""
    lines = Path(SHIPPED).read_text("utf-8").splitlines()
    records = [record for record in map(json.loads, lines) if record["split"] == "test"]
    return records[:: len(records) // TRIED][:TRIED]


@pytest.fixture(scope="module")
def light(registry: Registry) -> Desk:
    return Desk.of(registry.load_current(Reader.LIGHT))


def written(folder: Path, records: Records, name: str = "tickets.jsonl") -> str:
    path = folder / name
    path.write_text("\n".join(map(json.dumps, records)), "utf-8")
    return str(path)


def tried(registry: Registry, path: str, version: str = "") -> Trial:
    source = Source.named(path, {}, {})
    return try_model(version, Reader.LIGHT, source, registry, no_progress)


def of_current(registry: Registry, path: str) -> Findings:
    version = registry.current_version(Reader.LIGHT)
    assert version is not None
    return find(tried(registry, path, version), NOW)


@pytest.fixture(scope="module")
def findings(
    registry: Registry, held_out: Records, tmp_path_factory: pytest.TempPathFactory
) -> Findings:
    """What the candidate shows beside the current model."""
    path = written(tmp_path_factory.mktemp("data"), held_out)
    return find(tried(registry, path), NOW)


@pytest.fixture(scope="module")
def html(findings: Findings) -> str:
    return page(findings)


class Outline(HTMLParser):
    """A page as a browser takes it: its tags, properly nested, its ids, its links, its words."""

    VOID = ("meta", "link", "br", "hr", "img", "input")

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str]] = []
        self._open: list[str] = []
        self._words: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []
        self.words = "".join(self._words)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self._words.append(data)

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.attributes if key == name]


# --- the page ------------------------------------------------------------------------------------


def test_the_page_is_whole_and_refers_to_nothing_outside(html: str) -> None:
    outline = Outline(html)
    ids = outline.values("id")
    assert len(ids) == len(set(ids))
    links = {*outline.values("href"), *re.findall(r"url\(([^)]*)\)", html)}
    assert {link[1:] for link in links} <= set(ids)
    assert {link[0] for link in links} == {"#"}
    assert outline.values("src") == []
    assert not {"script", "link", "img", "iframe", "object", "base"} & set(outline.tags)
    assert [name for name, _ in outline.attributes if name.startswith("on")] == []
    assert re.findall(r"https?://|@import", html) == []
    assert "default-src 'none'" in html


def test_pictures_and_tables_say_what_they_are(findings: Findings, html: str) -> None:
    tags = Outline(html).tags
    assert tags["caption"] == tags["table"]
    assert re.findall(r"<th(?![^>]*scope=)[ >]", html) == []
    pictures = re.findall(r'<svg[^>]*role="img".*?</svg>', html, re.DOTALL)
    assert len(pictures) == 1 + len([one for one in findings.classes if one.precision.total])
    assert all("<title " in picture and "<desc " in picture for picture in pictures)
    assert tags["svg"] - len(pictures) == html.count('class="whisker"')


def test_the_same_findings_make_the_same_page(findings: Findings, html: str) -> None:
    assert page(findings) == html


@pytest.fixture(scope="module")
def attacked(registry: Registry, light: Desk, tmp_path_factory: pytest.TempPathFactory) -> Findings:
    """What tickets show that would break a page, each labelled so that it is a mistake."""
    bodies = {
        "<script>alert('id')</script>": "</div></body><script src=//evil.example/x.js></script>"
        "<img src=x onerror=alert(1)> Nobody can take calls, all agents are down.",
        "right to left": "النظام متوقف تماما لجميع الوكلاء \u202e evil \u2066\u2069\u2069 Phones down",
        "controls\x0b\x1b[31m": "Nobody can log in \x1b[31m\x07 {{ 7 * 7 }} {% raw %} ${7*7}",
        "personal": "Call me on +1 415 555 0133 or write to anna@example.com: all calls fail.",
        "long": "All calls drop for every agent.\n" + "and so on & on <b>and</b> on. " * 7_000,
    }
    tickets = [Ticket(name, "</span><i>Help</i>", body) for name, body in bodies.items()]
    records = [
        {
            **{"id": ticket.id, "subject": ticket.subject, "body": ticket.body},
            "priority": "P4" if suggestion.priority < 2 else "P0",
            "product_area": "<b>|area|</b>\n# heading",
            "writer": "<u>w</u>",
        }
        for ticket, suggestion in zip(tickets, light.suggest_many(tickets), strict=True)
    ]
    return of_current(registry, written(tmp_path_factory.mktemp("hostile"), records))


@pytest.fixture(scope="module")
def attacked_html(attacked: Findings) -> str:
    return page(attacked)


def test_no_tag_of_a_ticket_survives(html: str, attacked_html: str) -> None:
    outline = Outline(attacked_html)
    assert set(outline.tags) <= set(Outline(html).tags)
    text = re.sub(r'</?mark>|<span class="named">\w+</span>', "", attacked_html)
    assert "&lt;script src=//evil.example/x.js&gt;&lt;/script&gt;" in text
    assert "&lt;img src=x onerror=alert(1)&gt;" in text
    assert "&lt;script&gt;alert(&#39;id&#39;)&lt;/script&gt;" in text
    assert "{{ 7 * 7 }} {% raw %} ${7*7}" in text
    assert re.findall(r"<script|<img|<i>|<u>|<b>\|", text) == []


def test_what_turns_or_breaks_a_page_is_replaced(attacked_html: str) -> None:
    html = attacked_html
    assert re.findall("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", html) == []
    assert "النظام متوقف" in html
    assert '<div class="ticket" dir="auto">' in html


def test_a_long_text_is_cut_short(attacked_html: str) -> None:
    assert len(attacked_html) < 300_000
    assert re.search(r"20\d,\d{3} characters left out", attacked_html)


def test_personal_data_is_covered_unless_it_is_asked_for(
    attacked: Findings, attacked_html: str
) -> None:
    assert "555 0133" not in attacked_html
    assert "anna@example.com" not in attacked_html
    assert "•••" in attacked_html
    shown = page(find(attacked.trial, NOW, shows_personal_data=True))
    assert "555 0133" in shown
    assert "anna@example.com" in shown


def test_evidence_is_marked_with_the_fact_that_it_shows(findings: Findings, html: str) -> None:
    mistake = findings.mistakes[0]
    for name, reading in mistake.suggestion.facts.items():
        for span in reading.evidence:
            pieces = mistake.subject if span.field == "subject" else mistake.body
            text = getattr(mistake.labelled.ticket, span.field)
            found = "".join(piece.text for piece in pieces if name in piece.marks)
            assert len(found) >= span.end - span.start
            assert "•" in found or text[span.start : span.end] in found
            assert any(name in piece.ending for piece in pieces)
    assert '</mark><span class="named">' in html


# --- its figures ---------------------------------------------------------------------------------


def test_figures_are_those_of_the_evaluation(findings: Findings) -> None:
    trial = findings.trial
    expected = measures(trial.labels, trial.answers.suggested)
    for name in ("accuracy", "macro_f1", "qwk"):
        assert findings.headline[name].value == pytest.approx(expected[name])
    assert findings.headline["missed"].value == expected["undertriage"]
    assert findings.headline["macro_f1"].interval == expected["intervals"]["macro_f1"]
    error = calibration_error(trial.answers.confidence, trial.is_right)
    assert findings.calibration_error == pytest.approx(error)
    assert sum(one.tickets for one in findings.bins) == TRIED
    for one in findings.classes:
        figures = expected["per_class"][str(one.priority)]
        assert one.recall.value == pytest.approx(figures["recall"])
        assert (one.precision.value or 0.0) == pytest.approx(figures["precision"])
        assert one.f1 == pytest.approx(figures["f1"])


def test_the_cost_of_all_cells_is_that_of_all_mistakes(findings: Findings) -> None:
    cells = [cell for row in findings.confusion.cells for cell in row]
    assert sum(cell.tickets for cell in cells) == TRIED
    assert sum(cell.cost for cell in cells) == pytest.approx(findings.trial.paid.sum())
    assert sum(cell.cost_share for cell in cells) == pytest.approx(1)
    costs = [mistake.cost for mistake in findings.mistakes]
    assert costs == sorted(findings.trial.paid, reverse=True)[: len(costs)]


def test_won_less_lost_is_what_accuracy_gains(findings: Findings) -> None:
    changes, gain = findings.changes, findings.headline["accuracy"].difference
    assert changes is not None
    assert gain is not None
    assert changes.changed > 0
    assert len(changes.won) - len(changes.lost) == pytest.approx(gain.value * TRIED)
    assert sum(one.won for one in changes.by_class) == len(changes.won)
    assert {setting.name for setting in changes.settings if not setting.is_same} == {
        "pool exponents"
    }


def test_each_column_is_sliced_whole(findings: Findings) -> None:
    assert [column.name for column in findings.slices.columns] == [
        *("tier", "channel", "language", "product area"),
    ]
    for column in findings.slices.columns:
        slices = [*column.slices, *([column.together] if column.together else [])]
        assert sum(one.tickets for one in slices) == TRIED
        assert not any(one.is_too_small for one in column.slices)


def test_facts_are_measured_by_value(findings: Findings) -> None:
    reach = next(one for one in findings.facts if one.fact.name == "reach")
    assert reach.right.total == TRIED
    assert sum(value.recall.total for value in reach.values) == TRIED
    assert sum(value.recall.part for value in reach.values) == reach.right.part


def test_a_share_has_wilsons_interval() -> None:
    assert (Share(8, 10).low, Share(8, 10).high) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert Share(10, 10).low == pytest.approx(0.7225, abs=1e-4)
    assert Share(0, 0).value is None


def test_tickets_of_like_confidence_are_one_step_of_the_curve() -> None:
    found = curve(np.array([0.6, 0.8, 0.9, 0.8]), np.array([True, False, True, True]))
    assert found.coverage == (0.25, 0.75, 1.0)
    assert found.precision == (Share(1, 1), Share(2, 3), Share(3, 4))


# --- texts ---------------------------------------------------------------------------------------


def test_evidence_may_overlap() -> None:
    marks = [Mark(0, 6, "reach"), Mark(0, 15, "condition"), Mark(11, 21, "part")]
    assert highlighted("Nobody can take calls.", marks, str) == (
        Piece("Nobody", ("reach", "condition"), ("reach",)),
        Piece(" can ", ("condition",)),
        Piece("take", ("condition", "part"), ("condition",)),
        Piece(" calls", ("part",), ("part",)),
        Piece("."),
    )


def test_evidence_far_down_is_shown_with_what_stands_around_it() -> None:
    text = "a" * 5_000 + "HERE" + "b" * 5_000
    pieces = highlighted(text, [Mark(5_000, 5_004, "harm")], str)
    assert [(piece.text[:1], len(piece.text), piece.left_out) for piece in pieces] == [
        *(("a", 1_200, 0), ("", 0, 3_640), ("a", 160, 0), ("H", 4, 0), ("b", 160, 0)),
        ("", 0, 4_840),
    ]


@given(
    st.text(max_size=6_000),
    st.lists(st.tuples(st.integers(0, 6_000), st.integers(1, 40), st.sampled_from("abc"))),
)
def test_pieces_are_the_text_and_marked_is_what_was_to_be_marked(
    text: str, spans: list[tuple[int, int, str]]
) -> None:
    ends = [(start, min(start + length, len(text)), fact) for start, length, fact in spans]
    marks = [Mark(*span) for span in ends if span[0] < span[1]]
    pieces = highlighted(text, marks, str)
    at, marked = 0, set()
    for piece in pieces:
        end = at + len(piece.text) + piece.left_out
        assert piece.left_out or piece.text == without_controls(text)[at:end]
        marked |= {(place, fact) for place in range(at, end) for fact in piece.marks}
        at = end
    assert at == len(text)
    assert marked == {(at, mark.fact) for mark in marks for at in range(mark.start, mark.end)}


def test_markdown_takes_words_of_a_stranger_as_they_are() -> None:
    assert plain("a|b\n# <b>*c*</b> [d](e)") == r"a\|b \# \<b\>\*c\*\</b\> \[d\]\(e\)"


# --- which tickets, which model ------------------------------------------------------------------


def test_what_a_model_has_learnt_from_is_left_out(
    registry: Registry, held_out: Records, corpus: Sequence[LabelledTicket], tmp_path: Path
) -> None:
    learnt = [
        {"id": one.ticket.id, "subject": one.ticket.subject, "body": one.ticket.body}
        | {"priority": str(one.priority)}
        for one in corpus
        if one.split == "train"
    ][::100]
    both = tried(registry, written(tmp_path, [*held_out[:10], *learnt]))
    known = both.data.left_out
    assert known > 0
    assert len(both.data.tickets) == 10 + len(learnt) - known
    assert f"{known} more tickets of the file are left out" in " ".join(cautions(both))


def test_without_any_new_ticket_there_is_no_report(
    registry: Registry, small_home: Path, corpus: Sequence[LabelledTicket], tmp_path: Path
) -> None:
    one = next(one for one in corpus if one.split == "train")  # the first is learnt from
    record = {"body": one.ticket.body, "subject": one.ticket.subject, "priority": "P1"}
    with pytest.raises(InputFaults, match="has learnt from all of its 1 tickets"):
        tried(registry, written(tmp_path, [record]))


def test_few_tickets_with_a_priority_alone_make_a_true_page(
    registry: Registry, held_out: Records, tmp_path: Path
) -> None:
    bare = [
        {"body": record["body"], "priority": record["priority"]}
        for record in held_out
        if record["priority"] not in ("P0", "P3")
    ][:30]
    found = of_current(registry, written(tmp_path, bare))
    words = " ".join(Outline(page(found)).words.split())
    assert "Only 30 tickets: one more or less right makes 3.3 %." in words
    assert "No ticket is labelled P0, P3: of those, nothing is known." in words
    assert "No facts are labelled" in words
    assert "No ticket says its tier or channel or product area." in words
    assert "Not looked for: fewer than 50 tickets tell nothing of labels." in words
    assert found.headline["p0_recall"].value is None
    assert found.facts == ()
    assert found.classes[0].recall == Share(0, 0)
    assert found.changes is None


def test_one_ticket_that_is_right_proves_little(
    registry: Registry, light: Desk, tmp_path: Path
) -> None:
    ticket = Ticket("1", body="How do I change the colour of a tag?")
    (suggestion,) = light.suggest_many([ticket])
    record = {"body": ticket.body, "priority": str(suggestion.priority)}
    found = of_current(registry, written(tmp_path, [record]))
    low, high = found.headline["accuracy"].interval or (1.0, 1.0)
    assert (low, high) == pytest.approx((0.2065, 1.0), abs=1e-4)
    assert found.headline["macro_f1"].interval is None
    assert found.headline["qwk"].value is None
    assert found.mistakes == ()
    assert "No suggestion differs from its label." in page(found)


# --- the card ------------------------------------------------------------------------------------


def test_the_card_tells_what_a_model_is_and_where_it_fails(
    registry: Registry, findings: Findings
) -> None:
    text = card(findings, registry, Source.named("/home/anna/tickets.jsonl", {}, {}))
    model = findings.trial.answers.model
    assert text.startswith(f"# Model card: {model.version}\n")
    headings = re.findall(r"^## (.*)", text, re.MULTILINE)
    assert headings == [
        *("Intended use", "What it learnt from", "How it was measured", "Where it fails"),
        *("Settings", "Versions", "Make it again"),
    ]
    assert f"    triage report {model.version} --data tickets.jsonl -o card.md\n" in text
    assert "/home/anna" not in text
    assert (
        f"| languages | en {model.description['tickets']:,}" in text or "| languages | en" in text
    )
    assert re.search(r"\| writers \| w\d\d \d+", text)
    assert re.search(r"scikit-learn \d+\.\d+", text)
    for line in text.splitlines():
        assert "{" not in line
        assert line == line.rstrip()


def test_every_row_of_a_table_of_the_card_has_the_cells_of_its_head(
    registry: Registry, findings: Findings, attacked: Findings
) -> None:
    for found in (findings, attacked):
        text = card(found, registry, None)
        for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
            cells = {len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}
            assert len(cells) == 1, table


# --- the command ---------------------------------------------------------------------------------


@pytest.fixture
def run(home: Path, tmp_path: Path) -> Run:
    """Runs the installed command in an empty folder."""

    def done(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [Path(sys.executable).with_name("triage"), "report", *arguments],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**os.environ, "TRIAGE_HOME": str(home)},
            check=False,
        )

    return done


def foreign(folder: Path, held_out: Records) -> None:
    """Write a file of another desk, with its own names and words."""
    with (folder / "theirs.csv").open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["text", "urgency"])
        words = {"P0": "1 high", "P1": "1 high", "P2": "2 mid", "P3": "3 low", "P4": "3 low"}
        rows.writerows([record["body"], words[record["priority"]]] for record in held_out[:40])


THEIRS = [
    *("--data", "theirs.csv", "--column", "body=text,priority=urgency"),
    *("--map", "1 high=P0,2 mid=P2,3 low=P4", "--reader", "light"),
]
CALL: dict[str, Any] = {
    **{"data": "theirs.csv", "column": ["body=text", "priority=urgency"], "reader": "light"},
    "map_": ["1 high=P0,2 mid=P2,3 low=P4"],
}
"""The same as Python calls it."""


def test_a_report_of_the_newest_candidate_is_written(
    run: Run, registry: Registry, held_out: Records, tmp_path: Path
) -> None:
    foreign(tmp_path, held_out)
    done = run(*THEIRS)
    version = registry.candidate_version(Reader.LIGHT)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"report-{version}.html\n", "")
    words = " ".join(Outline((tmp_path / done.stdout.strip()).read_text("utf-8")).words.split())
    assert f"Model {version} light reader, not current" in words
    assert "40 tickets of theirs.csv" in words
    assert f"the current model, {registry.current_version(Reader.LIGHT)}" in words
    assert "The gate would" in words


def test_the_ending_of_the_file_decides(
    home: Path, held_out: Records, in_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRIAGE_HOME", str(home))
    foreign(in_folder, held_out[:12])
    report(**CALL, output="card.md")
    command = "--data theirs.csv --column body=text --column priority=urgency --map '1 high=P0'"
    assert command in (in_folder / "card.md").read_text("utf-8")


def test_without_a_candidate_the_current_model_is_reported_on(
    triage: Run, held_out: Records, small_home: Path, tmp_path: Path
) -> None:
    foreign(tmp_path, held_out[:12])
    done = triage("report", *THEIRS[:-2])
    version = Registry(small_home).current_version()
    assert (done.returncode, done.stdout) == (0, f"report-{version}.html\n")
    html = (tmp_path / f"report-{version}.html").read_text("utf-8")
    assert "full reader, current" in html
    assert 'id="changes"' not in html


def test_another_file_ending_is_refused(run: Run, tmp_path: Path) -> None:
    done = run("-o", "report.pdf")
    remedy = "end it in .html for the report, in .md for the model card"
    expected = f"triage: report.pdf: has an unknown file ending ({remedy})\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", expected)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ({"output": "-"}, "-: has an unknown file ending"),
        ({"version": "abc"}, "abc: no such model in"),
        ({"output": "nowhere/report.html"}, "nowhere/report.html: cannot be written"),
        ({"map_": None}, "theirs.csv: holds no labelled ticket"),
        ({"data": "none.csv"}, "none.csv: does not exist"),
        ({"reader": "lihgt"}, '--reader: unknown "lihgt"'),
    ],
)
def test_a_wrong_call_says_what_is_wrong_and_writes_nothing(
    home: Path,
    held_out: Records,
    in_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    call: dict[str, Any],
    message: str,
) -> None:
    monkeypatch.setenv("TRIAGE_HOME", str(home))
    foreign(in_folder, held_out)
    with pytest.raises(InputFaults) as raised:
        report(**{**CALL, **call})
    assert len(raised.value.faults) == 1
    assert message in str(raised.value)
    assert [path.name for path in in_folder.iterdir()] == ["theirs.csv"]
