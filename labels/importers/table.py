"""Long tables: one row per sample and state."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import polars as pl

from ..errors import TableError
from .answers import as_correct, read_answers
from .files import GLIMPSE, Table, is_table, known_names, left_out, open_table, stem
from .import_options import ImportOptions
from .results import Results

if TYPE_CHECKING:
    from pathlib import Path

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
    table = known_names(open_table(path, options.columns), NAMES)
    table = with_category(table)
    require(table, ("sample_id", "state"))
    table = _typed(table)
    frame = table.frame
    right = next((column for column in ("correct", "score") if column in frame.columns), None)
    if right is None:
        require(table, ("target", "prediction"))
    place = partial("{} {}".format, path)
    columns: dict[str, pl.Series] = {}
    names: tuple[str, ...] = ()
    notes: list[str] = []
    if {"target", "prediction"} <= set(frame.columns):
        read = read_answers(frame["target"], frame["prediction"], lambda row: place(table.place(row)))
        columns, names, notes = read.columns(), read.class_names, [*read.notes]
    if right is not None:
        given = as_correct(frame[right], options.threshold, lambda row: place(table.place(row)))
        if columns and (given != columns["correct"]).any():
            names, notes = (
                (),
                [f"Column {right!r} does not follow from 'target' and 'prediction', so these were left out."],
            )
            columns = {}
        columns["correct"] = given
    unused = [column for column in frame.columns if column not in NAMES]
    rows = frame.drop("target", "prediction", strict=False).with_columns(**columns)
    results = Results.create(
        stem(path),
        rows,
        f"predictions:{path.name}",
        where=str(path),
        class_names=names,
        cost_unit=options.cost_unit,
        notes=[*table.notes, *([left_out(path, unused)] if unused else []), *notes],
    )
    return results if options.task is None else results.only(options.task, str(path))


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


def _typed(table: Table) -> Table:
    """The table with names as text and numbers as numbers."""
    frame = table.frame
    for column in ("sample_id", "state"):
        empty = frame[column].is_null()
        if frame.schema[column] == pl.String:
            empty |= frame[column].str.strip_chars() == ""
        if empty.any():
            place = table.place(int(empty.arg_max() or 0))
            raise TableError(f"{table.path} {place}: column {column!r} is empty")
    notes = []
    for column in ("confidence", "cost"):
        if column in frame.columns:
            numbers, more = as_numbers(table, column)
            notes += more
            frame = frame.with_columns(numbers)
    texts = [name for name in ("sample_id", "state", "category", "source_id", "family") if name in frame.columns]
    return table.with_frame(frame.with_columns(pl.col(name).cast(pl.String) for name in texts), *notes)


def as_numbers(table: Table, column: str) -> tuple[pl.Series, list[str]]:
    """A column of numbers, null where unknown.

    Raises:
        TableError: It holds something else.
    """
    values = table.frame[column]
    if values.null_count() == len(values):
        return pl.Series(column, values.is_null()).cast(pl.Float64).clear(len(values)), []
    if not values.dtype.is_numeric():
        numbers = values.cast(pl.Float64, strict=False) if values.dtype == pl.String else values.cast(pl.Float64)
        wrong = numbers.is_null() & values.is_not_null()
        row = int(wrong.arg_max() or 0)
        raise TableError(f"{table.path} {table.place(row)}: column {column!r} holds {values[row]!r}; expected a number")
    numbers = values.cast(pl.Float64)
    unknown = int(numbers.is_nan().sum() or 0)
    notes = [f"{unknown} value{'s' if unknown > 1 else ''} of {column!r} that are no number count as unknown."]
    return numbers.fill_nan(None), notes if unknown else []
