"""Parts a table that comes in pieces, so that each part has every row of its samples."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import polars as pl
import pyarrow

from ..tables import shards
from ..tables.temporary import TemporaryFolder
from .rows import Rows

if TYPE_CHECKING:
    from collections.abc import Iterable


FILLED = 0.9
"""How much of a shard a part is meant to fill: samples are dealt as if at random, so parts differ in size."""


def parts_of(n_rows: int) -> int:
    """Parts that rows are dealt to, so that each fits into a shard."""
    return 1 if n_rows <= shards.SHARD_ROWS else math.ceil(n_rows / (FILLED * shards.SHARD_ROWS))


def part_by_sample(pieces: Iterable[pl.DataFrame], n_parts: int) -> Rows:
    """Write pieces to disk, each row to the part of its sample.

    Args:
        pieces: Frames of the same columns, with `sample_id`.
        n_parts: Number of parts; which samples are in which is as good as random, and may differ between versions of
            polars. One stays in memory.

    Returns:
        The rows; those of a part are in the order in which they came.
    """
    if n_parts == 1:
        return Rows.of(pl.concat(list(pieces)))
    folder = TemporaryFolder()
    writers: dict[int, pyarrow.ipc.RecordBatchFileWriter] = {}
    options = pyarrow.ipc.IpcWriteOptions(compression="lz4")
    try:
        for piece in pieces:
            numbered = piece.with_columns(_part=pl.col("sample_id").hash() % n_parts)
            for (number,), rows in numbered.partition_by("_part", as_dict=True, include_key=False).items():
                table = rows.to_arrow(compat_level=pl.CompatLevel.oldest())
                if number not in writers:
                    writers[number] = pyarrow.ipc.new_file(folder.path / f"{number:05d}", table.schema, options=options)
                writers[number].write_table(table)
    finally:
        for writer in writers.values():
            writer.close()
    return Rows(tuple(pl.scan_ipc(folder.path / f"{number:05d}") for number in sorted(writers)), folder)
