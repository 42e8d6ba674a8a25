"""Long tables: one row per sample and state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from ..errors import TableError
from .answer_pieces import AnswerPieces
from .files import GLIMPSE, Table, is_table, known_names, open_pieces, open_table
from .import_options import ImportOptions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .results import Results

NAMES = (
    "sample_id", "state", "target", "prediction", "correct", "score", "confidence", "cost", "category", "source_id",
    "family",
)  # fmt: skip
"""Columns that a long table may have."""
CATEGORY_NAMES = ("category", "group", "task", "subject")
"""Names under which tables hold the category of a sample; the first that is there is taken."""


def is_long_table(path: Path) -> bool:
    """Whether a file is a table with one row per sample and state."""
    return is_table(path) and "state" in known_names(open_table(path, most=GLIMPSE), NAMES).frame.columns


def read_long_table(path: Path, options: ImportOptions | None = None) -> Results:
    """Read a table of one row per sample and state.

    Args:
        path: A table (see `open_table`) of `sample_id`, `state`, and `correct`, `score` or `target` with `prediction`;
            optionally `confidence`, `cost`, `category`, `source_id` and `family`. Other columns are left out.
        options: What a person says about it.

    Raises:
        InputError: The file cannot be read.
        TableError: A column is missing or holds what it should not; names the line.
    """
    options = options or ImportOptions()
    table = open_pieces(path, options.columns)
    return _LongPieces(table).results(table.n_rows, options)


class _LongPieces(AnswerPieces):
    def __iter__(self) -> Iterator[pl.DataFrame]:
        """Each piece, with the columns that we know; names are text and numbers are numbers."""
        for piece in self.table:
            table = with_category(known_names(piece, NAMES))
            require(table, ("sample_id", "state"))
            if not {"correct", "score"} & set(table.frame.columns):
                require(table, ("target", "prediction"))
            table = self._typed(table)
            self.seen.add(table)
            unused = [column for column in table.frame.columns if column not in NAMES]
            self.tell(table, unused)
            yield table.frame.drop(unused)

    def _typed(self, table: Table) -> Table:
        frame = table.frame
        for column in ("sample_id", "state"):
            empty = frame[column].is_null()
            if frame.schema[column] == pl.String:
                empty |= frame[column].str.strip_chars() == ""
            if empty.any():
                place = table.place(int(empty.arg_max() or 0))
                raise TableError(f"{table.path} {place}: column {column!r} is empty")
        for column in ("confidence", "cost"):
            if column in frame.columns:
                numbers, unknown = as_numbers(table, column)
                self.unknown[column] += unknown
                frame = frame.with_columns(numbers)
        texts = [name for name in ("sample_id", "state", "category", "source_id", "family") if name in frame.columns]
        return table.with_frame(frame.with_columns(pl.col(name).cast(pl.String) for name in texts))


def with_category(table: Table) -> Table:
    """The table with its column of categories named so."""
    found = next((name for name in CATEGORY_NAMES if name in table.frame.columns), "category")
    if found == "category":
        return table
    return table.with_frame(table.frame.rename({found: "category"}))


def require(table: Table, columns: tuple[str, ...]) -> None:
    """Refuse a table that lacks a column.

    Raises:
        TableError: It does.
    """
    missing = [column for column in columns if column not in table.frame.columns]
    if missing:
        has = ", ".join(table.frame.columns[:20])
        raise TableError(f"{table.path}: column {missing[0]!r} is missing; it has {has}")


def as_numbers(table: Table, column: str) -> tuple[pl.Series, int]:
    """A column of numbers, null where unknown, and how many of them were written as no number.

    Raises:
        TableError: It holds something else.
    """
    values = table.frame[column]
    if values.null_count() == len(values):
        return pl.Series(column, values.is_null()).cast(pl.Float64).clear(len(values)), 0
    if not values.dtype.is_numeric():
        texts = values.cast(pl.String).str.strip_chars()
        numbers = texts.cast(pl.Float64, strict=False)
        wrong = numbers.is_null() & texts.is_not_null() & (texts != "")
        if values.dtype != pl.String or wrong.any():
            row = int(wrong.arg_max() or 0)
            raise TableError(
                f"{table.path} {table.place(row)}: column {column!r} holds {values[row]!r}; expected a number"
            )
        values = numbers  # written as text, as JSON often has them
    numbers = values.cast(pl.Float64)
    return numbers.fill_nan(None), int(numbers.is_nan().sum() or 0)
