"""Parts a table that comes in pieces, so that each part has every row of its samples."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import polars as pl
import pyarrow

from . import shards
from .rows import Rows
from .temporary import TemporaryFolder

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
        pieces: Frames of the same columns, with `sample_id`; at least one.
        n_parts: Number of parts; which samples are in which is as good as random, and may differ between versions of
            polars. One stays in memory.

    Returns:
        The rows, in so many parts; those of a part are in the order in which they came. Another table's rows of the
        same samples are in the part of the same number.
    """
    if n_parts == 1:
        return Rows.of(pl.concat(list(pieces)))
    folder = TemporaryFolder()
    files = [folder.path / f"{number:05d}" for number in range(n_parts)]
    writers: list[pyarrow.ipc.RecordBatchFileWriter] = []
    options = pyarrow.ipc.IpcWriteOptions(compression="lz4")
    try:
        for piece in pieces:
            numbered = piece.with_columns(_part=pl.col("sample_id").hash() % n_parts)
            if not writers:
                schema = piece.clear().to_arrow(compat_level=pl.CompatLevel.oldest()).schema
                writers = [pyarrow.ipc.new_file(file, schema, options=options) for file in files]
            for (number,), rows in numbered.partition_by("_part", as_dict=True, include_key=False).items():
                writers[number].write_table(rows.to_arrow(compat_level=pl.CompatLevel.oldest()))
    finally:
        for writer in writers:
            writer.close()
    return Rows(tuple(map(pl.scan_ipc, files)), folder)
