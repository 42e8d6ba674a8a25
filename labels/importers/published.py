"""Published numbers: a table of `state,cost,accuracy[,family]` as state spaces, no labels needed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from ..bounds.states import StateSpace
from ..errors import InputError, TableError, first_line
from ..tables.checking import check_table
from .files import known_names, open_table, stem
from .input_schemas import PUBLISHED
from .table import as_numbers

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from .files import Table

COLUMNS = ("state", "cost", "accuracy")
OPTIONAL = ("family",)


def read_published(
    path: Path, columns: Mapping[str, str] | None = None, *, percent: bool = False, pattern: str | None = None
) -> dict[str, StateSpace]:
    """Read state spaces from a table of published numbers.

    Args:
        path: A table (see `open_table`) with `state`, `cost`, `accuracy` (a fraction) and optionally `family`; without
            it there is one family, named after the file.
        columns: Names that columns get, by the names that the file has, such as `{"model": "state"}`.
        percent: Whether accuracies are percent instead of fractions.
        pattern: Regular expression that the names of the states to take contain; None takes all.

    Returns:
        The state spaces by family, in the file's order.

    Raises:
        InputError: The file cannot be read, or a family's numbers cannot be used.
        TableError: A column is missing or holds what it should not; names the line.
    """
    table = known_names(open_table(path, columns), (*COLUMNS, *OPTIONAL))
    frame = table.frame
    if "state" in frame.columns:
        rows = matching(frame.with_row_index("_row"), "state", pattern, path)
        table, frame = replace(table, rows=_places(table, rows["_row"])), rows.drop("_row")
    missing = [column for column in COLUMNS if column not in frame.columns]
    if missing:
        raise TableError(
            f"{path}: column {missing[0]!r} is missing; it has {', '.join(frame.columns)}. Say with `columns` which is"
            " which, such as state=model,cost=infer_gmacs,accuracy=top1"
        )
    numbers = [as_numbers(table.with_frame(frame), column)[0] for column in ("cost", "accuracy")]
    named = pl.col("family") if "family" in frame.columns else pl.lit(stem(path))
    frame = frame.with_columns(*numbers, family=named.cast(pl.String), state=pl.col("state").cast(pl.String))
    if percent:
        frame = frame.with_columns(pl.col("accuracy") / 100)
    frame = check_table(frame.select(list(PUBLISHED.columns)), PUBLISHED, str(path), table.place)
    spaces = {}
    for family in frame["family"].unique(maintain_order=True):
        rows = frame.filter(pl.col("family") == family)
        spaces[family] = StateSpace.create(
            rows["state"].to_list(),
            rows["cost"].to_numpy(),
            rows["accuracy"].to_numpy(),
            family=family,
            cost_metric="cost",
        )
    return spaces


def matching(frame: pl.DataFrame, column: str, pattern: str | None, path: Path) -> pl.DataFrame:
    """The rows whose name contains a regular expression, all where it is None.

    Raises:
        InputError: It is no regular expression, or no name contains it.
    """
    if pattern is None:
        return frame
    try:
        found = frame.filter(pl.col(column).cast(pl.String).str.contains(pattern))
    except pl.exceptions.ComputeError as error:
        raise InputError(f"`filter` {pattern!r} is no regular expression ({first_line(error)})") from error
    if found.is_empty():
        raise InputError(f"`filter` {pattern!r}: no name in column {column!r} of {path} contains it")
    return found


def _places(table: Table, rows: pl.Series) -> pl.Series:
    """Where the rows that were taken stand in the file."""
    return rows if table.rows is None else table.rows.gather(rows)
