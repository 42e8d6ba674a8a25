"""The types of a table's columns, as polars, parquet and `datasets` write them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow

from .vocabulary import CHEAPEST_RIGHT, N_CORRECT, NONE, STATE, TARGET

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import pandera.polars as pa


def polars_schema(schema: pa.DataFrameSchema, *, optional: Collection[str] | None = None) -> pl.Schema:
    """Column names and polars types of a table.

    Args:
        schema: One of this module's schemas.
        optional: Columns to keep of those that some datasets have no use for; None for all. Nullable ones are kept in
            any case: only files leave them out.
    """
    return pl.Schema(
        {
            name: column.dtype.type
            for name, column in schema.columns.items()
            if column.required or column.nullable or optional is None or name in optional
        }
    )


def arrow_schema(schema: pa.DataFrameSchema, columns: Sequence[str]) -> pyarrow.Schema:
    """The parquet schema of a table, for the columns that a file has."""
    empty = pl.DataFrame(schema=polars_schema(schema)).to_arrow(compat_level=pl.CompatLevel.oldest()).schema
    return pyarrow.schema([pyarrow.field(name, _small(empty.field(name).type)) for name in columns])


def class_label_kind(schema: pa.DataFrameSchema, column: str) -> str | None:
    """Kind of class label that a column holds, a word of `vocabulary`; None for any other column."""
    kind = (schema.columns[column].metadata or {}).get("class_label")
    return None if kind is None else str(kind)


def class_label_names(states: Sequence[str], class_names: Sequence[str]) -> dict[str, list[str]]:
    """Names of the class labels of a family's tables, by kind.

    Args:
        states: The family's states, in order of cost.
        class_names: The benchmark's classes.

    Example:
        >>> class_label_names(["small", "large"], ["cat", "dog"])[CHEAPEST_RIGHT]
        ['small', 'large', 'none']
    """
    return {
        TARGET: list(class_names),
        STATE: list(states),
        CHEAPEST_RIGHT: [*states, NONE],
        N_CORRECT: [str(count) for count in range(len(states) + 1)],
    }


def _small(kind: pyarrow.DataType) -> pyarrow.DataType:
    """Arrow types with 32-bit offsets, which is what `datasets` writes; polars has only the 64-bit ones."""
    if pyarrow.types.is_large_string(kind):
        return pyarrow.string()
    if pyarrow.types.is_large_list(kind) or pyarrow.types.is_list(kind):
        return pyarrow.list_(_small(kind.value_type))
    return kind


def features(
    schema: pa.DataFrameSchema, columns: Sequence[str], names: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, Any]]:
    """The features of a table as `datasets.Features.to_dict` writes them.

    Args:
        schema: One of this module's schemas.
        columns: Columns that the table has.
        names: Names of the class labels, as `class_label_names` gives them; a kind that is absent stays an integer.
    """
    types = arrow_schema(schema, columns)
    found: dict[str, dict[str, Any]] = {}
    for name in columns:
        kind = class_label_kind(schema, name)
        if kind is not None and kind in names:
            found[name] = {"names": list(names[kind]), "_type": "ClassLabel"}
        elif pyarrow.types.is_list(types.field(name).type):
            found[name] = {"feature": _value(types.field(name).type.value_type), "_type": "List"}
        else:
            found[name] = _value(types.field(name).type)
    return found


def _value(kind: pyarrow.DataType) -> dict[str, str]:
    arrow_to_datasets = {"float": "float32", "double": "float64"}
    return {"dtype": arrow_to_datasets.get(str(kind), str(kind)), "_type": "Value"}
