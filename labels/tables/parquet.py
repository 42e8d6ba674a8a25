"""Reading and writing one table as a parquet file that `datasets` and the Hub's viewer take as it is."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import polars as pl
import pyarrow
import pyarrow.parquet

from ..errors import TableError, cannot_be_written, first_line
from .absent import filled_columns
from .info import METADATA_KEY
from .types import arrow_schema, features

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from io import BufferedReader
    from pathlib import Path

    import pandera.polars as pa

    from .info import DatasetInfo

ROW_GROUP_BYTES = 4 << 20
"""Uncompressed bytes of one row group, which the Hub's viewer reads as a whole: 1 to 10 MiB are meant."""
SAMPLED_ROWS = 100_000
"""Rows from which the bytes of a row are estimated, as they are encoded."""
CHUNKING = {"min_chunk_size": 256 << 10, "max_chunk_size": 1 << 20, "norm_level": 0}
"""Pages end where content says so, as `datasets` has them: what two versions share is then stored and sent once."""
CHUNKING_KEY = "content_defined_chunking"
"""Key under which `datasets` keeps these options in a parquet file's metadata."""
HUGGINGFACE_KEY = "huggingface"
"""Key under which `datasets` keeps the features in a parquet file's metadata."""


def write_table(
    path: Path,
    frame: pl.DataFrame,
    schema: pa.DataFrameSchema,
    names: Mapping[str, Sequence[str]],
    info: DatasetInfo,
    *,
    columns: Sequence[str] | None = None,
) -> None:
    """Write a table, or a shard of one, under a temporary name, flush it, and rename it.

    Args:
        path: The file; its folder is made.
        frame: Rows that keep `schema`.
        schema: One of the schemas of `schemas`.
        names: Names of the class labels, by kind.
        info: The benchmark, kept in the file's metadata.
        columns: Names of the columns to write; by default those that hold something.
    """
    frame = frame.select(columns or filled_columns(frame, schema))
    kept = {
        HUGGINGFACE_KEY: json.dumps({"info": {"features": features(schema, frame.columns, names)}}),
        CHUNKING_KEY: json.dumps(CHUNKING),
        METADATA_KEY: info.to_json(),
    }
    table = frame.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(arrow_schema(schema, frame.columns))
    with atomic_file(path) as temporary:
        pyarrow.parquet.write_table(
            table.replace_schema_metadata(kept),
            temporary,
            row_group_size=_rows_of_a_group(table),
            compression="zstd",
            write_page_index=True,
            write_page_checksum=True,
            use_content_defined_chunking=CHUNKING,
        )


def _rows_of_a_group(table: pyarrow.Table) -> int:
    sample = table.slice(0, SAMPLED_ROWS)
    encoded = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(sample, encoded, compression="none", row_group_size=SAMPLED_ROWS)
    found = pyarrow.parquet.read_metadata(pyarrow.BufferReader(encoded.getvalue()))
    size = sum(int(found.row_group(number).total_byte_size) for number in range(found.num_row_groups))
    rows = int(sample.num_rows)
    return max(1, ROW_GROUP_BYTES * rows // max(1, size))


@contextmanager
def open_table(path: Path) -> Iterator[BufferedReader]:
    """Open a table of a dataset folder: the only place where these files are opened for reading.

    Raises:
        TableError: The file is missing or is not a parquet file, also where only reading from it shows that.
    """
    try:
        with path.open("rb") as file:
            yield file
    except FileNotFoundError as error:
        raise TableError(f"{path}: no such file; the dataset folder is incomplete") from error
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, pyarrow.ArrowException, OSError) as error:
        raise TableError(f"{path}: not a readable parquet file ({first_line(error)})") from error


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """A temporary name beside `path`; on success the file is flushed to disk and takes its place.

    Raises:
        InputError: The file may not be written.
        RunError: The disk is full.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.replace(path)
    except OSError as error:
        raise cannot_be_written(path, error) from error
    finally:
        with suppress(OSError):  # it may never have been made
            temporary.unlink()
