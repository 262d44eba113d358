"""Row files in: CSV, JSON Lines and Parquet, gzipped or not, as a desk exports them.

A file that cannot be used as a whole raises `InputFaults`; a row that cannot be used is handed on
with its fault, so that the other rows are still processed.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import shutil
import sys
import tempfile
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import IO, Any, Protocol

from tickets import Fault, InputFaults, TicketFault

STANDARD = "-"
"""The path that means standard input or output."""
LONGEST_CELL = 10_000_000
"""Characters of one cell; a longer one fails its row."""
LARGEST_CELL_READ = 200_000_000
"""Characters of one cell beyond which the file is refused: a quote was not closed."""
ENDINGS = (".csv", ".jsonl", ".ndjson", ".parquet")

Record = dict[str, Any]


@dataclass(frozen=True)
class Row:
    """One row: its number in the file (from 1, without the header), its cells, or what is wrong."""

    number: int
    cells: Record
    fault: TicketFault | None = None


class RowFile(Protocol):
    """A file of rows that has been opened and found readable."""

    name: str
    columns: tuple[str, ...]

    def __iter__(self) -> Iterator[Row]:
        """Yield the rows in the order of the file."""
        ...

    def __len__(self) -> int:
        """Return the number of rows, or 0 where counting would mean reading all."""
        ...


def file_kind(path: str) -> str:
    """Return `csv`, `jsonl` or `parquet` for a path; `InputFaults` for another ending."""
    if path == STANDARD:
        return "jsonl"
    name = path.lower().removesuffix(".gz")
    kinds = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}
    for ending, kind in kinds.items():
        if name.endswith(ending) and not (kind == "parquet" and path.lower().endswith(".gz")):
            return kind
    remedy = f"use one of {', '.join(ENDINGS)} (the first three also with .gz)"
    raise InputFaults(Fault(path, "has an unknown file ending", remedy))


def open_rows(path: str) -> RowFile:
    """Open a row file; `-` is standard input as JSON Lines. `InputFaults` if it cannot be used."""
    kind = file_kind(path)
    try:
        if kind == "csv":
            return CsvFile(path)
        return JsonLinesFile(path) if kind == "jsonl" else ParquetFile(path)
    except OSError as error:  # gzip.BadGzipFile is one of them
        raise InputFaults(_unreadable(path, error)) from None
    except (EOFError, zlib.error):
        raise InputFaults(_damaged(path)) from None


def _unreadable(path: str, error: OSError) -> Fault:
    if isinstance(error, FileNotFoundError):
        return Fault(path, "does not exist", "check the path")
    if isinstance(error, IsADirectoryError):
        return Fault(path, "is a folder", "name a file in it")
    reason = error.strerror or str(error)
    return Fault(path, f"cannot be read: {reason}", "check its permissions and content")


def _damaged(path: str) -> Fault:
    return Fault(path, "holds compressed data that is damaged or cut short", "copy it again")


def _open_text(path: str) -> IO[str]:
    """Open as UTF-8; a byte that is not becomes a lone surrogate, which fails its row later."""
    opened: Any = gzip.open if path.lower().endswith(".gz") else open
    stream = opened(path, "rb")
    return io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")


def _refuse_other_encoding(path: str, start: str) -> None:
    if "\x00" in start or any("\ud800" <= char <= "\udfff" for char in start):
        raise InputFaults(Fault(path, "is not UTF-8 text", "save or export it as UTF-8"))


def refuse_doubled_columns(place: str, names: Sequence[str]) -> None:
    """Raise `InputFaults` naming every column that stands more than once."""
    doubled = [name for name, count in Counter(names).items() if count > 1]
    if doubled:
        remedy = "rename one of them"
        raise InputFaults(*(Fault(place, f'column "{n}" stands twice', remedy) for n in doubled))


def refuse_long_cells(cells: Mapping[str, Any]) -> None:
    """Raise a `TicketFault` for a cell that is longer than any report."""
    for column, cell in cells.items():
        if isinstance(cell, str) and len(cell) > LONGEST_CELL:
            problem = f"is longer than {LONGEST_CELL:,} characters"
            raise TicketFault(column, cell, problem, "shorten it")


class CsvFile:
    """A CSV file with a header; separated by commas or semicolons."""

    def __init__(self, path: str) -> None:
        self.name = path
        csv.field_size_limit(LARGEST_CELL_READ)
        with _open_text(path) as text:
            start = text.readline()
        _refuse_other_encoding(path, start)
        if not start.strip():
            raise InputFaults(Fault(path, "has no header and no rows", "export it again"))
        self._separator = ";" if start.count(";") > start.count(",") else ","
        with _open_text(path) as text:
            self.columns = tuple(self._header(next(csv.reader(text, delimiter=self._separator))))

    def _header(self, cells: list[str]) -> Iterator[str]:
        names = [cell.strip() for cell in cells]
        refuse_doubled_columns(f"{self.name}:1", [name for name in names if name])
        if not any(names):
            place = f"{self.name}:1"
            raise InputFaults(Fault(place, "has no header", "name the columns in line 1"))
        for number, name in enumerate(names, start=1):
            yield name or f"column {number}"

    def __len__(self) -> int:
        return 0

    def __iter__(self) -> Iterator[Row]:
        try:
            with _open_text(self.name) as text:
                yield from self._rows(_Lines(text))
        except (EOFError, zlib.error):
            raise InputFaults(_damaged(self.name)) from None
        except OSError as error:
            raise InputFaults(_unreadable(self.name, error)) from None

    def _rows(self, lines: _Lines) -> Iterator[Row]:
        reader = csv.reader(lines, delimiter=self._separator)
        next(reader)
        number = 0
        while True:
            lines.of_row.clear()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                place = f"{self.name}:{lines.number}"
                raise InputFaults(
                    Fault(place, f"is not CSV: {error}", "check its quotes")
                ) from None
            if cells:
                number += 1
                yield self._row(number, cells, lines)

    def _row(self, number: int, cells: list[str], lines: _Lines) -> Row:
        record = dict(zip(self.columns, cells, strict=False))
        quotes = sum(line.count('"') for line in lines.of_row)
        if lines.at_end and quotes % 2:
            return Row(number, record, self._fault(lines, cells, "has a quote that never closes"))
        if len(cells) != len(self.columns):
            problem = f"has {len(cells)} cells where the header has {len(self.columns)}"
            return Row(number, record, self._fault(lines, cells, problem))
        return Row(number, record)

    def _fault(self, lines: _Lines, cells: list[str], problem: str) -> TicketFault:
        first = lines.number - len(lines.of_row) + 1
        remedy = f"see line {first}; put cells that hold separators or quotes in quotes"
        return TicketFault("row", cells[0] if cells else "", problem, remedy)


class _Lines:
    """The lines of a text, remembering those of the row being read."""

    def __init__(self, text: IO[str]) -> None:
        self._text = text
        self.of_row: list[str] = []
        self.number = 0
        self.at_end = False

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._text.readline()
        if not line:
            self.at_end = True
            raise StopIteration
        self.number += 1
        self.of_row.append(line)
        return line


class JsonLinesFile:
    """One JSON object a line. Standard input is kept in a temporary file, as it is read twice."""

    def __init__(self, path: str) -> None:
        self.name = "standard input" if path == STANDARD else path
        self._kept = _keep_standard_input() if path == STANDARD else None
        self._path = self._kept.name if self._kept else path
        columns: dict[str, None] = {}
        self._count = 0
        with _open_text(self._path) as text:
            _refuse_other_encoding(self.name, text.read(4))
        for row in self:
            self._count += 1
            columns.update(dict.fromkeys(row.cells))
        self.columns = tuple(columns)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Row]:
        with _open_text(self._path) as text:
            filled = ((at, line) for at, line in enumerate(text, start=1) if line.strip())
            for number, (at, line) in enumerate(filled, start=1):
                yield _json_row(number, line, at)


def _keep_standard_input() -> Any:
    if sys.stdin is None:
        raise InputFaults(Fault("standard input", "is closed", "pipe a file into it"))
    kept = tempfile.NamedTemporaryFile(prefix="triage-")  # noqa: SIM115 - lives as long as its rows
    shutil.copyfileobj(sys.stdin.buffer, kept)
    kept.flush()
    return kept


def _json_row(number: int, line: str, at: int) -> Row:
    """Read a row; `at` is its line, which has another number where lines before it are blank."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        problem = f"line {at} is not JSON: {getattr(error, 'msg', error)}"
        return Row(number, {}, TicketFault("row", line, problem, "write one JSON object a line"))
    if not isinstance(record, dict):
        problem = f"line {at} is not a JSON object"
        return Row(number, {}, TicketFault("row", line, problem, 'write it as {"body": "…"}'))
    return Row(number, record)


@dataclass
class ParquetFile:
    """A Parquet file, read in batches."""

    name: str
    columns: tuple[str, ...] = field(init=False)
    _file: Any = field(init=False, repr=False)

    def __post_init__(self) -> None:
        # Imported here: CSV and JSON Lines need no Arrow.
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            self._file = pq.ParquetFile(self.name)
        except pa.ArrowException as error:
            reason = str(error).splitlines()[0]
            problem = f"is not a whole Parquet file: {reason}"
            raise InputFaults(Fault(self.name, problem, "copy or export it again")) from None
        self.columns = tuple(self._file.schema_arrow.names)
        refuse_doubled_columns(self.name, self.columns)

    def __len__(self) -> int:
        return int(self._file.metadata.num_rows)

    def __iter__(self) -> Iterator[Row]:
        import pyarrow as pa

        try:
            number = 0
            for batch in self._file.iter_batches(batch_size=1_000):
                for record in batch.to_pylist():
                    number += 1
                    yield Row(number, record)
        except (pa.ArrowException, OSError, OverflowError, ValueError) as error:
            problem = f"is damaged: {str(error).splitlines()[0]}"
            raise InputFaults(Fault(self.name, problem, "copy or export it again")) from None


def require_rows(rows: RowFile) -> None:
    """Raise `InputFaults` when a file holds no row at all."""
    if next(islice(iter(rows), 1), None) is None:
        raise InputFaults(Fault(rows.name, "has no rows", "export it again"))


def renamed(cells: Mapping[str, Any], columns: Mapping[str, str]) -> Record:
    """Return a row under our column names; `columns` gives theirs for each of ours."""
    return {**cells, **{ours: cells.get(theirs) for ours, theirs in columns.items()}}
