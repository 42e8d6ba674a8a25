"""Tables as files come: CSV with any separator, gzipped or not, JSON lines, parquet; names stay text.

Empty rows and an index column are left out; what cannot be read is an error that names the line.
"""

from __future__ import annotations

import zlib
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pyarrow
import pyarrow.parquet

from ..errors import InputError, TableError, first_line
from ..tables.temporary import TemporaryFolder
from .columns import INDEX_COLUMNS, TEXT_COLUMNS
from .json_files import read_lines
from .separated import read_separated, store_separated

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SEPARATED, LINES, PARQUET = (".csv", ".tsv"), (".jsonl", ".ndjson"), (".parquet",)
"""Suffixes of the kinds of table; `.gz` may follow the first two."""
LARGE_CELLS = 10_000_000
"""Rows times columns from which a table is read in pieces."""
PIECE_CELLS = 3_000_000
"""Rows times columns of a piece."""
LARGE_BYTES = 100_000_000
"""Size from which a CSV file is not read as a whole."""
GLIMPSE = 10_000
"""Rows of a table by which its format is told."""


@dataclass(frozen=True)
class Table:
    """A table and the file that it was read from."""

    path: Path
    """The file."""
    frame: pl.DataFrame
    """Its rows, without those that are empty."""
    rows: pl.Series | None = None
    """Place of each row among those that were read, from 0, where empty ones were left out."""
    first: int = 0
    """Place in the file of the first row that was read, from 0."""
    notes: tuple[str, ...] = ()
    """What was left out or assumed, a sentence each."""

    @property
    def numbers(self) -> pl.Series:
        """Place of each row in the file, from 0."""
        rows = pl.int_range(len(self.frame), eager=True) if self.rows is None else self.rows
        return rows.cast(pl.Int64) + self.first

    def place(self, row: int) -> str:
        """How a message names a row."""
        return place_in(self.path, int(self.numbers[row]))

    def slices(self, n_rows: int) -> Iterator[Table]:
        """The table in slices of so many rows."""
        if len(self.frame) <= n_rows:
            yield self
            return
        for first in range(0, len(self.frame), n_rows):
            yield replace(self, frame=self.frame.slice(first, n_rows), rows=self.numbers.slice(first, n_rows), first=0)

    def with_frame(self, frame: pl.DataFrame, *notes: str) -> Table:
        """The same file with other columns; rows keep their order."""
        return replace(self, frame=frame, notes=(*self.notes, *notes))


def place_in(path: Path, number: int) -> str:
    """How a message names a row of a file: by its line where the file has lines.

    Example:
        >>> place_in(Path("results.csv"), 0)
        'line 2'
    """
    kind = _kind(path)
    if kind == PARQUET:
        return f"row {number} (counted from 0)"
    return f"line {number + (2 if kind == SEPARATED else 1)}"


def open_table(path: Path, columns: Mapping[str, str] | None = None, *, most: int | None = None) -> Table:
    """Read a table.

    Args:
        path: `.csv` or `.tsv` (separated by comma, semicolon or tab), `.jsonl`, any of them with `.gz`, or `.parquet`.
        columns: Names that columns get, by the names that the file has.
        most: Rows to read at most, where the file need not be read whole for it; None for all.

    Returns:
        The table. Numbers are numbers, names are text, nested columns and pandas' index are left out.

    Raises:
        InputError: The file is missing, of another kind, or cannot be read.
        TableError: It has no rows, two columns of one name, or lacks a column of `columns`.
    """
    kind = _kind(path)
    if kind is None:
        raise InputError(f"{path}: expected a .csv, .tsv, .jsonl (each also .gz) or .parquet file")
    with _readable(path):
        if kind == SEPARATED:
            frame = read_separated(path, most)
        elif kind == PARQUET:
            frame = pl.read_parquet(path, n_rows=most, hive_partitioning=False)
        else:
            frame = read_lines(path)
    return _without_index(_renamed(_whole(path, frame), columns or {}))


@dataclass(frozen=True)
class TablePieces:
    """The rows of a table in pieces, so that large ones need not fit into memory (see `open_pieces`)."""

    path: Path
    """The file."""
    whole: Table | None = None
    """The table, if it is held in memory."""
    stored: Path = Path()
    """The parquet file with its rows, if it is not."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Names that its columns get, by the names that the file has."""
    folder: TemporaryFolder | None = None
    """Where the rows lie, if not in the file itself."""

    @property
    def rows(self) -> pl.LazyFrame:
        """All rows, to ask for something of them."""
        if self.whole is not None:
            return self.whole.frame.lazy()
        replaced = set(self.columns.values()) - set(self.columns)
        rows = pl.scan_parquet(self.stored, hive_partitioning=False).drop(replaced, strict=False)
        return rows.rename(self.columns, strict=False)

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return int(self.rows.select(pl.len()).collect().item())

    @property
    def header(self) -> Table:
        """The columns of the pieces, without a row.

        Raises:
            TableError: It lacks a column of `columns`.
        """
        if self.whole is not None:
            return self.whole.with_frame(self.whole.frame.clear())
        return self._piece(pl.scan_parquet(self.stored, hive_partitioning=False).head(0).collect())

    def __iter__(self) -> Iterator[Table]:
        """Each piece.

        Raises:
            InputError: The file cannot be read.
            TableError: It has no rows, or lacks a column of `columns`.
        """
        if self.whole is not None:
            yield from self.whole.slices(max(1, PIECE_CELLS // self.whole.frame.width))
            return
        first, found = 0, False
        with _readable(self.path):
            file = pyarrow.parquet.ParquetFile(self.stored)
            n_rows = max(1, PIECE_CELLS // len(file.schema_arrow.names))
            for group in range(file.num_row_groups):  # each by itself, as what was read of a file is held to its end
                for batch in file.iter_batches(n_rows, row_groups=[group]):
                    table = self._piece(pl.DataFrame(batch))
                    if len(table.frame):
                        yield replace(table, first=first)
                        found = True
                    first += len(batch)
        if not found:
            raise TableError(f"{self.path}: the table has no rows")

    def place(self, row: int) -> str:
        """How a message names a row of `rows`."""
        return place_in(self.path, row) if self.whole is None else self.whole.place(row)

    def _piece(self, rows: pl.DataFrame) -> Table:
        return _without_index(_renamed(_filled(self.path, rows), self.columns))


def open_pieces(path: Path, columns: Mapping[str, str] | None = None) -> TablePieces:
    """Look at a table: a parquet or CSV file of many cells is read in several pieces, every other table is held.

    Args:
        path: As of `open_table`.
        columns: As of `open_table`.

    Raises:
        InputError: As `open_table`.
        TableError: As `open_table`.
    """
    renamed = columns or {}
    if _kind(path) == PARQUET and _count_cells(path) > LARGE_CELLS:
        return TablePieces(path, stored=path, columns=renamed)
    if _kind(path) == SEPARATED and path.suffix != ".gz" and path.is_file() and path.stat().st_size > LARGE_BYTES:
        folder = TemporaryFolder()
        with _readable(path):
            store_separated(path, folder.path / "table.parquet")
        return TablePieces(path, stored=folder.path / "table.parquet", columns=renamed, folder=folder)
    return TablePieces(path, whole=open_table(path, columns))


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """What goes wrong while a file is read becomes an error that names it."""
    try:
        yield
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file") from error
    except (
        pl.exceptions.PolarsError, pl.exceptions.PanicException, pyarrow.ArrowException, OSError, UnicodeDecodeError,
        EOFError, zlib.error,
    ) as error:  # fmt: skip
        raise InputError(f"{path}: cannot be read ({first_line(error)})") from error


def _count_cells(path: Path) -> int:
    """Rows times columns of a parquet file; 0 of one that cannot be read."""
    try:
        footer = pyarrow.parquet.read_metadata(path)
    except (pyarrow.ArrowException, OSError):
        return 0
    return int(footer.num_rows * footer.num_columns)


def is_table(path: Path) -> bool:
    """Whether a file's name is that of a table."""
    return path.is_file() and _kind(path) is not None


def _kind(path: Path) -> tuple[str, ...] | None:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    last = suffixes[-2:-1] if suffixes[-1:] == [".gz"] else suffixes[-1:]
    return next((kind for kind in (SEPARATED, LINES, PARQUET) if last and last[0] in kind), None)


def stem(path: Path) -> str:
    """The file's name without the suffixes that say its kind.

    Example:
        >>> stem(Path("runs/my.models.csv.gz"))
        'my.models'
    """
    name = path.name.removesuffix(".gz")
    return name.removesuffix(Path(name).suffix) if Path(name).suffix in (*SEPARATED, *LINES, *PARQUET) else name


def _whole(path: Path, frame: pl.DataFrame) -> Table:
    """The table as of `_filled`, if it has a row."""
    table = _filled(path, frame)
    if table.frame.is_empty():
        raise TableError(f"{path}: the table has no rows")
    return table


def _filled(path: Path, frame: pl.DataFrame) -> Table:
    """The table without empty rows and nested columns, its dictionaries as text."""
    texts = [name for name, kind in frame.schema.items() if isinstance(kind, pl.Categorical | pl.Enum)]
    frame = frame.with_columns(pl.col(texts).cast(pl.String)) if texts else frame
    nested = [name for name, kind in frame.schema.items() if kind.is_nested() or kind in (pl.Binary, pl.Object)]
    frame = frame.drop(nested)
    notes = (left_out(path, nested),) if nested else ()
    if frame.width == 0:
        return Table(path, frame, notes=notes)
    empty = frame.select(pl.all_horizontal(pl.all().is_null())).to_series()
    if not empty.any():
        return Table(path, frame, notes=notes)
    rows = pl.int_range(len(frame), eager=True).filter(~empty)
    return Table(path, frame.filter(~empty), rows, notes=notes)


def _renamed(table: Table, columns: Mapping[str, str]) -> Table:
    lacking = [name for name in columns if name not in table.frame.columns]
    if lacking:
        raise TableError(f"{table.path}: no column {lacking[0]!r} to rename; it has {some(table.frame.columns)}")
    kept = table.frame.drop(set(columns.values()) - set(columns), strict=False)
    return table.with_frame(kept.rename(dict(columns))) if columns else table


def _without_index(table: Table) -> Table:
    index = [name for name in INDEX_COLUMNS if name in table.frame.columns[:1] or name.startswith("__index")]
    return table.with_frame(table.frame.drop(index, strict=False))


def known_names(table: Table, names: tuple[str, ...]) -> Table:
    """The table with known columns spelled as we do: `State` is `state`, where no other column is."""
    spelled = {
        column: column.lower()
        for column in table.frame.columns
        if column not in names and column.lower() in names and column.lower() not in table.frame.columns
    }
    if len(set(spelled.values())) < len(spelled):
        return table
    frame = table.frame.rename(spelled)
    texts = [name for name in spelled.values() if name in TEXT_COLUMNS]
    return table.with_frame(frame.with_columns(pl.col(name).cast(pl.String) for name in texts))


def left_out(path: Path, columns: list[str]) -> str:
    """The note on columns that were not used."""
    return f"{path.name}: left out column{'s' if len(columns) > 1 else ''} {some(columns)}"


def some(names: list[str] | tuple[str, ...], most: int = 10) -> str:
    """The first names of a list, and how many more there are.

    Example:
        >>> some(["a", "b", "c"], most=2)
        "'a', 'b' … (3 in all)"
    """
    shown = ", ".join(repr(name) for name in names[:most])
    return shown if len(names) <= most else f"{shown} … ({len(names)} in all)"
