"""Published numbers: a CSV of `state,cost,accuracy[,family]` as state spaces, no labels needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from ..bounds.states import StateSpace
from ..errors import TableError
from .table import read_any_table

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = ("state", "cost", "accuracy")


def read_published(path: Path) -> dict[str, StateSpace]:
    """Read state spaces from a table of published numbers.

    Args:
        path: CSV or parquet with `state`, `cost`, `accuracy` (a fraction) and optionally `family`; without it there is
            one family, named after the file.

    Returns:
        The state spaces by family, in the file's order.

    Raises:
        InputError: The file cannot be read, or a family's numbers cannot be used.
        TableError: A column is missing or holds no numbers.
    """
    frame = read_any_table(path)
    missing = [column for column in COLUMNS if column not in frame.columns]
    if missing:
        raise TableError(f"{path}: column {missing[0]!r} is missing; it has {', '.join(frame.columns)}")
    for column in ("cost", "accuracy"):
        if not frame.schema[column].is_numeric() or frame[column].null_count():
            raise TableError(f"{path}: column {column!r} must hold a number in every row")
    if "family" not in frame.columns:
        frame = frame.with_columns(family=pl.lit(path.stem))
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
