"""Data frames: the CSV form through the desk, pandas in, pandas out; and labelled tickets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import pandas as pd

from tickets import PRIORITIES
from triage.batch import RowForm, Shape, assess_rows
from triage.row_files import Row, refuse_doubled_columns

if TYPE_CHECKING:
    from triage.desk import Desk
    from triage.labelled.file import LabelledFile, LabelledRow


def assess_frame(desk: Desk, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the flat assessments of a frame's rows under the frame's own index."""
    columns = [str(column) for column in frame.columns]
    refuse_doubled_columns("data frame", columns)
    shape = Shape.of(columns, desk, is_flat=True)
    records = [shape.flat(row, done) for row, done in assess_rows(_rows(frame), desk, RowForm())]
    return pd.DataFrame(records, columns=list(shape.columns), index=frame.index)


def _rows(frame: pd.DataFrame) -> Iterator[Row]:
    for number, record in enumerate(frame.to_dict("records"), start=1):
        yield Row(number, {str(column): value for column, value in record.items()})


def labelled_frame(file: LabelledFile) -> pd.DataFrame:
    """Return one row for each labelled ticket: label, facts, form and length, without its text."""
    frame = pd.DataFrame([_labelled(row) for row in file.rows])
    names = [str(priority) for priority in PRIORITIES]
    kind = pd.CategoricalDtype(names, ordered=True)
    return frame.assign(
        priority=frame["priority"].astype(kind),
        received_at=pd.to_datetime(frame["received_at"], utc=True),
        **{
            f"facts.{fact.name}": _values(frame, f"facts.{fact.name}", fact.values)
            for fact in file.schema
        },
    )


def _labelled(row: LabelledRow) -> dict[str, object]:
    labelled, ticket = row.labelled, row.labelled.ticket
    return {
        "id": ticket.id,
        "priority": str(labelled.priority),
        "split": labelled.split,
        "writer": labelled.writer,
        "language": labelled.language,
        "tier": ticket.tier,
        "channel": ticket.channel,
        "received_at": ticket.received_at,
        "words": len(row.text.split()),
        **{f"facts.{name}": value for name, value in labelled.facts.items()},
    }


def _values(frame: pd.DataFrame, column: str, values: Iterable[str]) -> pd.Series[Any]:
    """Return a column of fact values in the order of the schema; empty where none is labelled."""
    found = frame.get(column, pd.Series(None, index=frame.index, dtype=object))
    return found.astype(pd.CategoricalDtype(list(values), ordered=True))
