"""Row files out: CSV, JSON Lines and Parquet; an output file appears whole or not at all."""

from __future__ import annotations

import csv
import gzip
import io
import json
import math
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Protocol

from tickets import Fault, InputFaults
from triage.flat import FLAGS, is_number
from triage.row_files import STANDARD

Record = Mapping[str, Any]


class RowWriter(Protocol):
    """Takes records one after the other."""

    def write(self, records: Sequence[Record]) -> None:
        """Write records in order."""
        ...

    def close(self) -> None:
        """Finish the file."""
        ...


def refuse_same_file(source: str, target: str) -> None:
    """Raise `InputFaults` when an output is the input itself, by whatever path."""
    if STANDARD in (source, target) or not Path(target).exists() or not Path(source).exists():
        return
    if Path(source).samefile(target) and Path(target).is_file():
        raise InputFaults(Fault(target, "is the input itself", "name another output file"))


@contextmanager
def row_writer(path: str, kind: str, columns: Sequence[str]) -> Iterator[RowWriter]:
    """Open a writer; when the block ends well, its file stands under `path`, else nothing does.

    `InputFaults` when the place cannot be written or the disk is full.
    """
    try:
        if path == STANDARD:
            yield from _into(sys.stdout.buffer, kind, columns)
            sys.stdout.buffer.flush()
        elif Path(path).exists() and not Path(path).is_file():
            with Path(path).open("wb") as stream:  # a pipe or a device
                yield from _into(stream, kind, columns)
        else:
            yield from _beside(Path(path), kind, columns)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise InputFaults(_unwritable(path, error)) from None


def write_whole(path: str, text: str) -> None:
    """Write a text file whole or not at all; `InputFaults` when the place cannot be written."""
    try:
        with _replacing(Path(path)) as stream:
            stream.write(text.encode("utf-8"))
    except OSError as error:
        raise InputFaults(_unwritable(path, error)) from None


def _beside(path: Path, kind: str, columns: Sequence[str]) -> Iterator[RowWriter]:
    with _replacing(path) as stream:
        if path.name.lower().endswith(".gz"):
            with gzip.GzipFile(filename="", fileobj=stream, mode="wb", mtime=0) as packed:
                yield from _into(packed, kind, columns)
        else:
            yield from _into(stream, kind, columns)


@contextmanager
def _replacing(path: Path) -> Iterator[IO[bytes]]:
    """Open a temporary file in the same folder and rename it when the block ends well."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        _permit_as_usual(temporary)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _into(stream: Any, kind: str, columns: Sequence[str]) -> Iterator[RowWriter]:
    writers: dict[str, Any] = {"csv": CsvWriter, "jsonl": JsonLinesWriter, "parquet": ParquetWriter}
    writer: RowWriter = writers[kind](stream, columns)
    yield writer
    writer.close()


def _permit_as_usual(path: str) -> None:
    """Temporary files are private; the finished one gets what the user's mask allows."""
    mask = os.umask(0)
    os.umask(mask)
    Path(path).chmod(0o666 & ~mask)


def _unwritable(path: str, error: OSError) -> Fault:
    reason = error.strerror or str(error)
    if isinstance(error, FileNotFoundError):
        return Fault(path, "cannot be written: its folder does not exist", "make the folder first")
    if isinstance(error, IsADirectoryError):
        return Fault(path, "cannot be written: it is a folder", "name a file in it")
    remedy = "free some space, or write elsewhere; nothing was written"
    return Fault(path, f"cannot be written: {reason}", remedy)


def _utf8(stream: IO[bytes]) -> io.TextIOWrapper:
    # Bytes that were not UTF-8 stay visible as \udcXX, and the output is sound UTF-8.
    return io.TextIOWrapper(
        stream, encoding="utf-8", errors="backslashreplace", newline="", write_through=True
    )


class CsvWriter:
    """Comma-separated, one header line."""

    def __init__(self, stream: IO[bytes], columns: Sequence[str]) -> None:
        self._text = _utf8(stream)
        self._columns = columns
        self._csv = csv.writer(self._text, lineterminator="\n")
        self._csv.writerow(columns)

    def write(self, records: Sequence[Record]) -> None:
        """Write one line a record."""
        self._csv.writerows(
            [_cell(record.get(column)) for column in self._columns] for record in records
        )

    def close(self) -> None:
        """Flush; the stream belongs to the caller."""
        self._text.flush()
        self._text.detach()


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return _json(value)
    return _decoded(value) if isinstance(value, bytes) else value


def _json(value: Any) -> str:
    """Return strict JSON: numbers that are none become null, bytes become text."""
    try:
        return json.dumps(value, ensure_ascii=False, default=_plain, allow_nan=False)
    except ValueError:
        return json.dumps(_finite(value), ensure_ascii=False, default=_plain)


def _plain(value: Any) -> str:
    return _decoded(value) if isinstance(value, bytes) else str(value)


def _decoded(value: bytes) -> str:
    return value.decode("utf-8", "backslashreplace")


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


class JsonLinesWriter:
    """One JSON object a line."""

    def __init__(self, stream: IO[bytes], _: Sequence[str]) -> None:
        self._text = _utf8(stream)

    def write(self, records: Sequence[Record]) -> None:
        """Write one line a record."""
        for record in records:
            self._text.write(_json(record) + "\n")

    def close(self) -> None:
        """Flush; the stream belongs to the caller."""
        self._text.flush()
        self._text.detach()


class ParquetWriter:
    """Numbers and flags of the assessment with their types, all else as text."""

    def __init__(self, stream: IO[bytes], columns: Sequence[str]) -> None:
        self._stream = stream
        self._columns = columns
        self._writer: Any = None
        self._schema: Any = None

    def write(self, records: Sequence[Record]) -> None:
        """Write records as one row group."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        if self._writer is None:
            self._schema = pa.schema([(column, _arrow_type(column)) for column in self._columns])
            self._writer = pq.ParquetWriter(self._stream, self._schema)
        rows = [
            {column: _typed(column, record.get(column)) for column in self._columns}
            for record in records
        ]
        self._writer.write_table(pa.Table.from_pylist(rows, schema=self._schema))

    def close(self) -> None:
        """Write the footer."""
        if self._writer is None:
            self.write([])
        self._writer.close()


def _arrow_type(column: str) -> Any:
    import pyarrow as pa

    if is_number(column):
        return pa.float64()
    return pa.bool_() if column in FLAGS else pa.string()


def _typed(column: str, value: Any) -> Any:
    if value is None or is_number(column) or column in FLAGS:
        return value
    if isinstance(value, dict | list):
        return _json(value)
    return _plain(value).encode("utf-8", "backslashreplace").decode("utf-8")
