"""Data frames through the desk: the CSV form as pandas in, pandas out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pandas as pd

from triage.batch import RowForm, Shape, assess_rows
from triage.row_files import Row, refuse_doubled_columns

if TYPE_CHECKING:
    from triage.desk import Desk


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
