"""One table of a dataset folder on disk: opened when something of it is needed, each column read and checked once.

A table is one file, or several shards that follow each other. What needs all columns goes shard by shard (`shards`), so
that tables that are larger than the memory can be read; what needs one column of all rows takes it whole (`frame`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from ..errors import TableError
from .absent import with_absent
from .info import METADATA_KEY, DatasetInfo
from .stored_file import StoredFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import pandera.polars as pa


class StoredTable:
    """A table that keeps one of our schemas, in one file or several."""

    def __init__(
        self,
        paths: Sequence[Path],
        schema: pa.DataFrameSchema,
        *,
        keep: bool = True,
        whole: bool = False,
        listed: Mapping[Path, str] | None = None,
    ) -> None:
        """Name a table; nothing is opened yet.

        Args:
            paths: Its files, in order; at least one.
            schema: Its schema.
            keep: Whether columns that were read stay in memory for the next call.
            whole: Whether the first opening reads all columns, as is best for small tables.
            listed: SHA-256 that files must have for their rows to be read; others are taken as they are.
        """
        self.schema = schema
        self.files = [StoredFile(path, schema, (listed or {}).get(path)) for path in paths]
        """The files, in order."""
        self._keep, self._whole = keep, whole
        self._columns: dict[str, pl.Series] = {}

    @property
    def path(self) -> Path:
        """The first file, by which messages name the table."""
        return self.files[0].path

    @property
    def rows(self) -> int:
        """Number of rows.

        Raises:
            TableError: A file is missing, is no parquet file, or has other columns than the schema or the first file.
        """
        self._open()
        return sum(file.footer.rows for file in self.files)

    @property
    def columns(self) -> list[str]:
        """Names of the columns that the files have, in order.

        Raises:
            TableError: As `rows`.
        """
        self._open()
        return self.files[0].footer.columns

    @property
    def info(self) -> DatasetInfo:
        """The benchmark that the table belongs to.

        Raises:
            TableError: As `rows`, or the file was not written by adaptlabels.
        """
        self._open()
        text = self.files[0].footer.text(METADATA_KEY)
        if text is None:
            raise TableError(f"{self.path}: not written by adaptlabels (its metadata lacks {METADATA_KEY!r})")
        return DatasetInfo.from_json(text, str(self.path))

    def frame(self, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """Columns of all rows, checked against the schema; only those that are not known yet are read.

        Args:
            columns: Their names; None for all. Those that the files leave out are null.

        Raises:
            TableError: A file is missing or breaks the schema.
        """
        first, known = self.files[0], self._columns
        if not first.is_open or not known.keys() >= set(first.stored(columns)):
            read = [file.read(columns, known) for file in self.files]
            self._check_alike()
            known = {**known, **{series.name: series for series in pl.concat(read)}}
            if self._keep:
                self._columns = known
        found = pl.DataFrame([known[name] for name in first.stored(columns)])
        return with_absent(found, self.schema, columns, self.rows)

    def preload(self, columns: Sequence[str] | None = None) -> None:
        """Read columns that will be needed in one opening, if the table is one file; larger ones are not held.

        Raises:
            TableError: The file is missing or breaks the schema.
        """
        if len(self.files) == 1:
            self.frame(columns)

    def shard(self, number: int, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """The same columns of one file. Those of a file that has others beside it are not kept.

        Args:
            number: The file's place in `files`.
            columns: Names of the columns; None for all. Those that the file leaves out are null.

        Raises:
            TableError: The file is missing or breaks the schema.
        """
        if len(self.files) == 1:
            return self.frame(columns)
        file = self.files[number]
        self._compare(file)
        return with_absent(file.read(columns), self.schema, columns, file.footer.rows)

    def shards(self, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        """Each shard in turn, so that no more than one is held where there are several.

        Args:
            columns: As of `shard`.

        Raises:
            TableError: A file is missing or breaks the schema, or has other columns than the first.
        """
        for number in range(len(self.files)):
            yield self.shard(number, columns)

    def rows_where(
        self, condition: pl.Expr, columns: Sequence[str], samples: pl.DataFrame | None = None
    ) -> pl.DataFrame:
        """Some rows and columns, so read that little more than these rows are held; they are not kept.

        Args:
            condition: Which rows; it may look at those of `columns` that the files have.
            columns: Names of the columns; those that the files leave out are null.
            samples: Column `sample_id` of the samples to take, if not all.

        Raises:
            TableError: A file is missing or breaks the schema.
        """
        pieces = []
        for file in self.files:
            rows = file.read_where(condition, columns)
            pieces.append(rows if samples is None else rows.join(samples, on="sample_id", how="semi"))
        self._check_alike()
        found = pl.concat(pieces)
        return with_absent(found, self.schema, columns, len(found))

    def _open(self) -> None:
        if self._whole and not self.files[0].is_open:
            self.frame()
        self._check_alike()

    def _check_alike(self) -> None:
        for file in self.files[1:]:
            self._compare(file)

    def _compare(self, file: StoredFile) -> None:
        """All files have the columns of the first."""
        first = self.files[0]
        if file.footer.schema.remove_metadata() != first.footer.schema.remove_metadata():
            raise TableError(f"{file.path}: its columns are not those of {first.path.name}")
