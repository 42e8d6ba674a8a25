"""Columns that hold nothing: files leave them out, and readers give them back as nulls.

The Hub's viewer shows a bar for every column; one that is null throughout only hides the others. Whoever reads a table
through this package need not know which columns its file lacks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from .types import polars_schema

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandera.polars as pa


def filled_columns(frame: pl.DataFrame, schema: pa.DataFrameSchema) -> list[str]:
    """The columns of a table without those nullable ones that hold nothing."""
    return [name for name in frame.columns if not schema.columns[name].nullable or not _is_empty(frame[name])]


def nullable_columns(schema: pa.DataFrameSchema) -> list[str]:
    """Columns that a file may leave out, as they may hold nothing."""
    return [name for name, column in schema.columns.items() if column.nullable]


def null_column(schema: pa.DataFrameSchema, name: str, length: int) -> pl.Series:
    """A column that a file leaves out."""
    return pl.repeat(None, length, dtype=polars_schema(schema)[name], eager=True).alias(name)


def with_absent(
    found: pl.DataFrame, schema: pa.DataFrameSchema, columns: Sequence[str] | None, length: int
) -> pl.DataFrame:
    """The columns that were read, and nulls for those that the file leaves out.

    Args:
        found: What was read.
        schema: The table's schema.
        columns: Names of the columns that are wanted; None for all, in order.
        length: Number of rows.
    """
    wanted = columns or [name for name in schema.columns if name in {*found.columns, *nullable_columns(schema)}]
    return pl.DataFrame(
        [found[name] if name in found.columns else null_column(schema, name, length) for name in wanted]
    )


def _is_empty(values: pl.Series) -> bool:
    """Whether there is no value, nor one in any list."""
    if isinstance(values.dtype, pl.List):
        values = values.explode(empty_as_null=True)
    return values.null_count() == len(values)
