"""One parquet file of a dataset folder: verified and checked when something of it is read."""

from __future__ import annotations

import hashlib
import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl
import pyarrow.parquet

from ..errors import TableError
from .absent import nullable_columns
from .checking import check_columns, check_table
from .checksums import DIFFERS
from .parquet import HUGGINGFACE_KEY, open_table

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from io import BufferedReader
    from pathlib import Path

    import pandera.polars as pa


@dataclass(frozen=True, eq=False)
class Footer:
    """What a parquet file says of itself; known without reading its rows."""

    parquet: pyarrow.parquet.FileMetaData
    """Row groups with their sizes and pages."""
    schema: pyarrow.Schema
    """Columns with their types, and the metadata of the file."""

    @property
    def rows(self) -> int:
        """Number of rows."""
        return int(self.parquet.num_rows)

    @property
    def columns(self) -> list[str]:
        """Names of the columns, in order."""
        return list(self.schema.names)

    @property
    def uncompressed_bytes(self) -> int:
        """Size of the rows before compression."""
        groups = range(self.parquet.num_row_groups)
        return sum(int(self.parquet.row_group(number).total_byte_size) for number in groups)

    def text(self, key: str) -> str | None:
        """An entry of the file's metadata."""
        found = (self.schema.metadata or {}).get(key.encode())
        return None if found is None else found.decode()

    @property
    def class_names(self) -> dict[str, list[str]]:
        """Names of the class labels that the file declares, by column."""
        declared = json.loads(self.text(HUGGINGFACE_KEY) or '{"info": {"features": {}}}')
        return {
            column: feature["names"]
            for column, feature in declared["info"]["features"].items()
            if feature.get("_type") == "ClassLabel"
        }


class StoredFile:
    """A parquet file that keeps one of our schemas."""

    sha256: str | None = None
    """SHA-256 of the file, known once rows of it were read."""

    def __init__(self, path: Path, schema: pa.DataFrameSchema, listed: str | None = None) -> None:
        """Name a file; it is not opened yet.

        Args:
            path: The file.
            schema: Its schema.
            listed: SHA-256 that the file must have for its rows to be read; None to take the file as it is.
        """
        self.path = path
        self.schema = schema
        self._listed = listed
        self._footer: Footer | None = None

    @property
    def is_open(self) -> bool:
        """Whether the file was opened, so that its footer is known."""
        return self._footer is not None

    @property
    def footer(self) -> Footer:
        """What the file says of itself.

        Raises:
            TableError: The file is missing, is not a parquet file, or has other columns than the schema.
        """
        if self._footer is None:
            with open_table(self.path) as file:
                self._footer = self._footer_of(file)
        return self._footer

    def read(self, columns: Sequence[str] | None, known: Collection[str] = ()) -> pl.DataFrame:
        """Some columns, checked against the schema.

        Args:
            columns: Their names; None for all. Those that the file leaves out are not returned.
            known: Names of columns to leave out.

        Raises:
            TableError: The file is missing or breaks its schema.
        """
        with self._verified() as file:
            self._footer = self._footer or self._footer_of(file)
            new = [name for name in self.stored(columns) if name not in known]
            file.seek(0)
            # Read by polars, which needs less memory for it than pyarrow does.
            return self._checked(pl.read_parquet(file, columns=new, use_pyarrow=False, hive_partitioning=False))

    def read_where(self, condition: pl.Expr, columns: Sequence[str]) -> pl.DataFrame:
        """Some rows and columns, row group by row group, so that no more than these rows are held.

        Raises:
            TableError: The file is missing or breaks its schema.
        """
        with self._verified() as file:
            self._footer = self._footer or self._footer_of(file)
            stored = self.stored(columns)
            empty = pl.DataFrame(self._footer.schema.empty_table().select(stored))
            batches = pyarrow.parquet.ParquetFile(file).iter_batches(columns=stored)
            # Arrow copies what it keeps; texts that polars keeps hold on to those that it does not.
            kept = (batch.filter(pl.DataFrame(batch).select(condition).to_series().to_arrow()) for batch in batches)
            read = pl.concat([empty, *map(pl.DataFrame, kept)])
        return self._checked(read.select(stored))

    def stored(self, columns: Sequence[str] | None) -> list[str]:
        """Those of some columns that the file has."""
        absent = set(nullable_columns(self.schema)) - set(self.footer.columns)
        return [name for name in columns or self.footer.columns if name not in absent]

    @contextmanager
    def _verified(self) -> Iterator[BufferedReader]:
        """The open file, if it is the one that was written."""
        with open_table(self.path) as file:
            if self.sha256 is None:
                found = hashlib.file_digest(file, "sha256").hexdigest()
                if self._listed not in (None, found):
                    raise TableError(f"{self.path}: {DIFFERS}")
                self.sha256 = found
                file.seek(0)
            yield file

    def _footer_of(self, file: BufferedReader) -> Footer:
        parquet = pyarrow.parquet.ParquetFile(file)
        footer = Footer(parquet.metadata, parquet.schema_arrow)
        check_columns(footer.columns, self.schema, str(self.path))
        return footer

    def _checked(self, frame: pl.DataFrame) -> pl.DataFrame:
        schema = self.schema
        if len(frame.columns) < len(schema.columns):
            schema = schema.select_columns(frame.columns)
        return check_table(frame, schema, str(self.path))
