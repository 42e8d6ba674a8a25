"""Whether a table keeps its schema, and how a message says that it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from ..errors import TableError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandera.polars as pa

ROWS_SHOWN = 3
"""Offending rows that a message names."""


def check_table(
    frame: pl.DataFrame, schema: pa.DataFrameSchema, where: str, name_row: Callable[[int], str] | None = None
) -> pl.DataFrame:
    """The table, if it keeps its schema.

    Args:
        frame: The table.
        schema: Its schema.
        where: File or table to name in the message.
        name_row: How the message names a row, by its number from 0; by default by these numbers.

    Raises:
        TableError: A column is missing, unknown, of another type or out of range; names the column, the first
            offending rows and how many there are.
    """
    from pandera.errors import SchemaError, SchemaErrors

    check_columns(frame.columns, schema, where)
    for name, dtype in frame.schema.items():
        if dtype.is_float() and frame[name].is_nan().any():
            row = int(frame[name].is_nan().arg_max() or 0)
            raise TableError(f"{where}: column {name!r}, {_rows([row], name_row)}: expected a number, found NaN")
    try:
        schema.validate(frame, lazy=True)
    except (SchemaErrors, SchemaError) as error:
        raise TableError(f"{where}: {_explain(error, name_row)}") from error
    return frame


def check_columns(columns: Sequence[str], schema: pa.DataFrameSchema, where: str) -> None:
    """Check the names of a table's columns.

    Args:
        columns: The names, in order.
        schema: The table's schema.
        where: File or table to name in the message.

    Raises:
        TableError: A column is missing, unknown or out of order.
    """
    missing = [name for name, column in schema.columns.items() if column.required and name not in columns]
    if missing:
        raise TableError(f"{where}: column {', '.join(map(repr, missing))} is missing")
    unknown = [name for name in columns if name not in schema.columns]
    if unknown:
        raise TableError(f"{where}: column {', '.join(map(repr, unknown))} is not one of {', '.join(schema.columns)}")
    ordered = [name for name in schema.columns if name in columns]
    if schema.ordered and ordered != list(columns):
        raise TableError(f"{where}: its columns are {', '.join(columns)}; the order is {', '.join(ordered)}")


def _rows(rows: Sequence[int], name_row: Callable[[int], str] | None) -> str:
    if name_row is not None:
        return ", ".join(map(name_row, rows))
    return f"row{'s' if len(rows) > 1 else ''} {', '.join(map(str, rows))}"


def _explain(error: Any, name_row: Callable[[int], str] | None) -> str:  # noqa: ANN401 - two classes with the same attributes
    cases = getattr(error, "failure_cases", None)
    if not isinstance(cases, pl.DataFrame) or "check" not in cases.columns:
        return str(error).splitlines()[0]
    first = cases.row(0, named=True)
    same = cases.filter(pl.col("column").eq_missing(first["column"]) & pl.col("check").eq_missing(first["check"]))
    rows = same["index"].drop_nulls().head(ROWS_SHOWN).to_list()
    place = f", {_rows(rows, name_row)}" if rows else ""
    count = f" ({len(same)} in all)" if len(same) > len(rows) > 0 else ""
    value = f", found {first['failure_case']!r}" if first["failure_case"] is not None else ""
    check = "a value in every row" if first["check"] == "not_nullable" else first["check"]
    return f"column {first['column']!r}{place}{count}: expected {check}{value}"
