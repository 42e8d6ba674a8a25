"""Published numbers: a table of `state,cost,accuracy[,family]` as state spaces, no labels needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from ..bounds.states import StateSpace
from ..errors import TableError
from .files import known_names, open_table, stem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

COLUMNS = ("state", "cost", "accuracy")
OPTIONAL = ("family",)


def read_published(path: Path, columns: Mapping[str, str] | None = None) -> dict[str, StateSpace]:
    """Read state spaces from a table of published numbers.

    Args:
        path: A table (see `open_table`) with `state`, `cost`, `accuracy` (a fraction) and optionally `family`; without
            it there is one family, named after the file.
        columns: Names that columns get, by the names that the file has, such as `{"model": "state"}`.

    Returns:
        The state spaces by family, in the file's order.

    Raises:
        InputError: The file cannot be read, or a family's numbers cannot be used.
        TableError: A column is missing or holds no numbers.
    """
    table = known_names(open_table(path, columns), (*COLUMNS, *OPTIONAL))
    frame = table.frame
    missing = [column for column in COLUMNS if column not in frame.columns]
    if missing:
        raise TableError(
            f"{path}: column {missing[0]!r} is missing; it has {', '.join(frame.columns)}. Say with `columns` which is"
            " which, such as state=model,cost=infer_gmacs,accuracy=top1"
        )
    for column in ("cost", "accuracy"):
        unknown = frame[column].is_null()
        if not frame.schema[column].is_numeric() or unknown.any():
            row = int(unknown.arg_max() or 0)
            raise TableError(
                f"{path} {table.place(row)}: column {column!r} must hold a number in every row, found"
                f" {frame[column][row]!r}"
            )
    if "family" not in frame.columns:
        frame = frame.with_columns(family=pl.lit(stem(path)))
    if frame["family"].null_count() or frame["state"].null_count():
        raise TableError(f"{path}: columns 'family' and 'state' may not be empty in any row")
    spaces = {}
    for family in frame["family"].cast(pl.String).unique(maintain_order=True):
        rows = frame.filter(pl.col("family").cast(pl.String) == family)
        spaces[family] = StateSpace.create(
            rows["state"].cast(pl.String).to_list(),
            rows["cost"].to_numpy(),
            rows["accuracy"].to_numpy(),
            family=family,
            cost_metric="cost",
        )
    return spaces
