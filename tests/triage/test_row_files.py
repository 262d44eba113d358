"""Row files in and out: what a desk exports, whole or damaged."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from classifier import Reader
from tickets import InputFaults
from triage import Desk
from triage.batch import Report, RowForm
from triage.batch_files import batch_to_file
from triage.row_files import Row, open_rows


@pytest.fixture(autouse=True)
def use_small_model(small_home: Path, monkeypatch: pytest.MonkeyPatch, in_folder: Path) -> None:
    monkeypatch.setenv("TRIAGE_HOME", str(small_home))


def write(name: str, content: str | bytes) -> str:
    data = content if isinstance(content, bytes) else content.encode("utf-8")
    Path(name).write_bytes(data)
    return name


def rows_of(name: str, content: str | bytes) -> list[Row]:
    return list(open_rows(write(name, content)))


def refusal(name: str, content: str | bytes) -> str:
    with pytest.raises(InputFaults) as caught:
        rows_of(name, content)
    return str(caught.value)


def batch(source: str, target: str, **form: object) -> Report:
    return batch_to_file(source, target, RowForm(**form), Reader.LIGHT)  # type: ignore[arg-type]


def test_a_byte_order_mark_semicolons_and_quoted_newlines_are_read() -> None:
    rows = rows_of("a.csv", b'\xef\xbb\xbfid;body\r\n1;"two\r\nlines; and more"\r\n2;x\r\n')
    assert [row.cells for row in rows] == [
        {"id": "1", "body": "two\r\nlines; and more"},
        {"id": "2", "body": "x"},
    ]


def test_commas_inside_quotes_do_not_hide_a_semicolon_file() -> None:
    assert rows_of("a.csv", 'id;body\n1;"a, b, c, d"\n')[0].cells["body"] == "a, b, c, d"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("2,a,b", "has 3 cells where the header has 2"),
        ("2", "has 1 cells where the header has 2"),
        ('2,"never closed', "has a quote that never closes"),
    ],
)
def test_a_row_that_is_damaged_carries_its_fault_and_the_others_none(
    line: str, problem: str
) -> None:
    rows = rows_of("a.csv", f"id,body\n1,fine\n{line}\n")
    assert rows[0].fault is None
    assert rows[1].fault is not None
    assert rows[1].fault.problem == problem


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_a_cell_beyond_ten_megabytes_fails_its_row(ending: str) -> None:
    text = "x" * 10_000_001
    content = {
        "csv": f"id,body\n1,{text}\n2,chat is down\n",
        "jsonl": f'{{"body":"{text}"}}\n{{"body":"x"}}',
    }
    report = batch(write(f"a.{ending}", content[ending]), "out.csv")
    assert (report.done, report.failed) == (1, 1)
    assert "is longer than 10,000,000 characters" in report.shown[0]


def test_a_damaged_gzip_file_is_refused() -> None:
    packed = bytearray(gzip.compress(bytes(range(1, 256)) * 400))
    packed[40:80] = bytes(40)
    assert "damaged or cut short" in refusal("a.csv.gz", bytes(packed))


def test_doubled_columns_are_refused_in_parquet_and_frames(desk: Desk) -> None:
    table = pa.table([["1"], ["a"], ["b"]], names=["id", "body", "body"])
    pq.write_table(table, "a.parquet")
    with pytest.raises(InputFaults, match='column "body" stands twice'):
        open_rows("a.parquet")
    with pytest.raises(InputFaults, match='column "body" stands twice'):
        desk.assess_frame(pd.DataFrame([["a", "b"]], columns=["body", "body"]))


def test_no_column_is_lost_when_assessing_our_own_output_again() -> None:
    write("r0.csv", "id,number,body,priority\nold,7,chat is down,high\n")
    batch("r0.csv", "r1.csv", columns={"id": "number"})
    for before, after in (("r1.csv", "r2.csv"), ("r2.csv", "r3.csv")):
        batch(before, after)
    header = Path("r3.csv").read_text().splitlines()[0].split(",")
    assert len(header) == len(set(header))
    row = pd.read_csv("r1.csv", dtype=str).iloc[0]
    assert (row["id"], row["input.id"], row["input.priority"]) == ("7", "old", "high")


def test_a_default_does_not_override_what_the_row_says() -> None:
    write("a.csv", "id,body,created_at,tier\n1,chat is down,2026-01-05T10:00:00Z, \n")
    defaults = {"received_at": "2026-07-10T09:00:00Z", "tier": "standard"}
    batch("a.csv", "out.csv", defaults=defaults)
    assert pd.read_csv("out.csv")["response.due_at"][0].startswith("2026-01-0")


def test_numbers_that_are_none_become_null_in_json_lines() -> None:
    batch(write("a.jsonl", '{"id":1,"body":"chat is down","x":NaN}\n'), "out.jsonl")
    assert json.loads(Path("out.jsonl").read_text(), parse_constant=pytest.fail)["x"] is None


def test_cells_of_a_frame_may_hold_anything(desk: Desk) -> None:
    frame = pd.DataFrame(
        {"id": [float("nan"), 17.0], "body": ["", "chat is down"], "tags": [["a"], None]}
    )
    done = desk.assess_frame(frame)
    assert done["id"].tolist() == ["1", "17"]


def test_empty_lines_of_a_csv_file_are_no_rows() -> None:
    assert len(rows_of("a.csv", "id,body\n\n1,x\n\n\n")) == 1


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "", "a.csv: has no header and no rows"),
        ("a.csv", "id,body,id\n", 'a.csv:1: column "id" stands twice (rename one of them)'),
        ("a.csv", ",,\n1,2,3\n", "a.csv:1: has no header (name the columns in line 1)"),
        ("a.csv", "id,body\n1,é\n".encode("utf-16"), "a.csv: is not UTF-8 text"),
        ("a.csv", "größe,body\n1,x\n".encode("latin-1"), "a.csv: is not UTF-8 text"),
        ("a.csv.gz", b"no gzip at all", "a.csv.gz: cannot be read: Not a gzipped file"),
        (
            "a.csv.gz",
            gzip.compress(b"id,body\n1,x\n" * 99, mtime=0)[:-20],
            "compressed data that is damaged or cut short",
        ),
        ("a.parquet", b"PAR1 but no more", "a.parquet: is not a whole Parquet file"),
        ("a.json", "{}", "a.json: has an unknown file ending"),
        ("a.jsonl", '{"body": "x"}'.encode("utf-16"), "a.jsonl: is not UTF-8 text"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_its_remedy(
    name: str, content: str | bytes, message: str
) -> None:
    assert message in refusal(name, content)


def test_a_folder_is_no_file() -> None:
    Path("folder.csv").mkdir()
    with pytest.raises(InputFaults, match="is a folder"):
        open_rows("folder.csv")


def test_a_parquet_file_cut_short_is_refused() -> None:
    pd.DataFrame({"body": ["x"] * 1000}).to_parquet("whole.parquet")
    cut = Path("whole.parquet").read_bytes()[:-40]
    assert "is not a whole Parquet file" in refusal("cut.parquet", cut)


def test_only_a_header_is_no_input() -> None:
    with pytest.raises(InputFaults, match="has no rows"):
        batch(write("a.csv", "id,body\n"), "out.csv")


def test_absent_columns_are_all_named() -> None:
    write("a.csv", "id,text\n1,x\n")
    with pytest.raises(InputFaults) as caught:
        batch("a.csv", "out.csv", columns={"body": "txt", "tier": "plan"})
    assert [str(fault) for fault in caught.value.faults] == [
        'a.csv: has no column "txt" (its columns are id, text)',
        'a.csv: has no column "plan" (its columns are id, text)',
    ]


def test_a_file_without_a_text_column_says_how_to_name_one() -> None:
    with pytest.raises(InputFaults, match="name it with --column body=THEIRS"):
        batch(write("a.csv", "id,text\n1,x\n"), "out.csv")


def test_an_output_cannot_be_its_own_input() -> None:
    write("a.csv", "id,body\n1,x\n")
    Path("link.csv").symlink_to("a.csv")
    for target in ("a.csv", "./a.csv", "link.csv"):
        with pytest.raises(InputFaults, match="is the input itself"):
            batch("a.csv", target)
    assert Path("a.csv").read_text() == "id,body\n1,x\n"


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("absent/out.csv", "its folder does not exist"),
        ("out.xlsx", "unknown file ending"),
        ("out.parquet.gz", "unknown file ending"),
    ],
)
def test_a_place_that_cannot_be_written_is_refused(target: str, message: str) -> None:
    with pytest.raises(InputFaults, match=message):
        batch(write("a.csv", "id,body\n1,x\n"), target)


def test_a_folder_cannot_be_written_as_a_file() -> None:
    Path("out.csv").mkdir()
    with pytest.raises(InputFaults):
        batch(write("a.csv", "id,body\n1,x\n"), "out.csv")


INBOX = (
    "id,body,priority,region\n"
    "1,all lines are dead for everyone,high,north\n"
    "2,,low,south\n"
    '2,"how do I rename a queue, please?",low,\n'
)


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "jsonl", "jsonl.gz", "parquet"])
def test_the_same_kinds_come_out_whole_and_in_order(ending: str) -> None:
    target = f"out.{ending}"
    report = batch(write("a.csv", INBOX), target)
    assert (report.done, report.failed, report.doubled_ids) == (2, 1, ["2"])
    if ending == "parquet":
        records = pq.read_table(target).to_pylist()
    elif ending.startswith("jsonl"):
        data = Path(target).read_bytes()
        text = gzip.decompress(data) if ending.endswith("gz") else data
        records = [json.loads(line) for line in text.splitlines()]
    else:
        records = pd.read_csv(target, dtype={"id": str}).to_dict("records")
    assert [record["id"] for record in records] == ["1", "2", "2"]
    assert [record["region"] for record in records][:2] == ["north", "south"]
    assert [record["input.priority"] for record in records] == ["high", "low", "low"]
    assert records[2]["priority"] == "P4"


def test_json_lines_and_parquet_in_give_what_csv_gives() -> None:
    write("a.csv", "id,body\n1,all lines are dead\n2,how do I rename a queue?\n")
    write(
        "a.jsonl",
        '{"id":"1","body":"all lines are dead"}\n{"id":2,"body":"how do I rename a queue?"}',
    )
    pd.DataFrame(
        {"id": [1, 2], "body": ["all lines are dead", "how do I rename a queue?"]}
    ).to_parquet("a.parquet")
    outputs = []
    for source in ("a.csv", "a.jsonl", "a.parquet"):
        batch(source, "out.csv")
        outputs.append(Path("out.csv").read_text())
    assert outputs[0] == outputs[1] == outputs[2]


def test_a_cell_that_is_not_utf8_fails_its_row_and_leaves_the_output_sound() -> None:
    report = batch(write("a.csv", b"id,body\n1,caf\xe9 is down\n2,chat is down\n"), "out.csv")
    assert (report.done, report.failed) == (1, 1)
    frame = pd.read_csv("out.csv")
    assert frame["error.problem"].tolist()[0] == "holds bytes that are not UTF-8"


def test_the_frame_form_equals_the_csv_form(desk: Desk) -> None:
    batch(write("a.csv", INBOX), "out.csv")
    from_file = pd.read_csv("out.csv", dtype={"id": str})
    from_frame = desk.assess_frame(pd.read_csv("a.csv", dtype={"id": str}))
    assert list(from_file.columns) == list(from_frame.columns)
    assert from_file["priority"].tolist()[2] == from_frame["priority"].tolist()[2] == "P4"


def test_a_finished_output_has_the_usual_permissions() -> None:
    batch(write("a.csv", INBOX), "out.csv")
    mask = os.umask(0)
    os.umask(mask)
    assert Path("out.csv").stat().st_mode & 0o777 == 0o666 & ~mask


def test_a_faulty_line_is_named_by_its_number_in_the_file() -> None:
    rows = rows_of("a.jsonl", '\n{"body": "x"}\n\n\n"y"\nnope\n')
    assert [row.number for row in rows] == [1, 2, 3]
    assert str(rows[1].fault).startswith("row: line 5 is not a JSON object")
    assert str(rows[2].fault).startswith("row: line 6 is not JSON")
