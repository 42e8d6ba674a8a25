"""Writes the tables of a dataset folder, each checked against its schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from .absent import filled_columns
from .checking import check_table
from .layout import check_family_name, labels_place, predictions_place, shard_path
from .parquet import write_table
from .schemas import BOUNDS_TABLE, CLASSES, LABELS, PREDICTIONS, STATES
from .types import class_label_names, polars_schema

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .info import DatasetInfo
    from .made import FamilyTables


def write_labels(path: Path, info: DatasetInfo, families: Sequence[FamilyTables]) -> None:
    """Write the tables *labels*, *predictions*, *states* and, of image datasets, *classes*.

    Args:
        path: The folder; it is made.
        info: The benchmark.
        families: The tables of each family; all families must be given, as *states* is written whole.

    Raises:
        InputError: A family's name cannot be a folder name.
        TableError: A table breaks its schema.
    """
    for tables in families:
        _write_shards(path, info, check_family_name(tables.family), tables)
    states = pl.concat([tables.states for tables in families], how="diagonal")
    states = states.select(name for name in STATES.columns if name in states.columns)
    file = path / "states" / f"{info.split}.parquet"
    write_table(file, check_table(states, STATES, str(file)), STATES, {}, info)
    if info.has_classes:
        file = path / "classes" / f"{info.split}.parquet"
        write_table(file, check_table(class_rows(info), CLASSES, str(file)), CLASSES, {}, info)


def _write_shards(path: Path, info: DatasetInfo, family: str, tables: FamilyTables) -> None:
    """Write *labels* and *predictions* of a family; a column that holds something in one shard is in all of them."""
    names = class_label_names(tables.states["state"].to_list(), info.class_names)
    schemas = LABELS, PREDICTIONS
    kept: tuple[set[str], set[str]] = set(), set()
    for shard in tables.shards:
        for frame, schema, columns in zip(shard, schemas, kept, strict=True):
            columns |= set(filled_columns(frame, schema))
    places = labels_place(path, family), predictions_place(path, family)
    for number, shard in enumerate(tables.shards):
        for frame, schema, columns, place in zip(shard, schemas, kept, places, strict=True):
            file = shard_path(place, info.split, number, len(tables.shards))
            write_table(
                file,
                check_table(frame, schema, str(file)),
                schema,
                names,
                info,
                columns=[name for name in frame.columns if name in columns],
            )


def class_rows(info: DatasetInfo) -> pl.DataFrame:
    """Table *classes*."""
    names = list(info.class_names)
    columns = {"index": range(len(names)), "id": list(info.class_ids or names), "name": names}
    return pl.DataFrame(columns, schema=polars_schema(CLASSES))


def write_bounds(path: Path, info: DatasetInfo, bounds: pl.DataFrame) -> None:
    """Write the table *bounds* of all families.

    Raises:
        TableError: The table breaks its schema.
    """
    file = path / "bounds" / f"{info.split}.parquet"
    write_table(file, check_table(bounds, BOUNDS_TABLE, str(file)), BOUNDS_TABLE, {}, info)
