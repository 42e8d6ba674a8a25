"""Tables as files come: CSV with any separator, gzipped or not, JSON lines, parquet; names stay text.

Reading is lenient about form (byte order marks, blanks after the separator, empty lines, an index column) and strict
about meaning: `007` is not the number 7, and what cannot be read is an error that names the line.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow
import pyarrow.parquet

from ..errors import InputError, TableError, first_line
from ..tables import shards

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SEPARATED, LINES, PARQUET = (".csv", ".tsv"), (".jsonl", ".ndjson"), (".parquet",)
"""Suffixes of the kinds of table; `.gz` may follow the first two."""
SEPARATORS = (",", ";", "\t")
"""Separators that the first line decides between."""
TEXT_COLUMNS = (
    "sample_id", "state", "family", "category", "group", "task", "subject", "source_id", "source", "revision",
)  # fmt: skip
"""Columns that are names, whatever they look like."""
PIECE_ROWS = 500_000
"""Rows of a piece of a large table."""
GLIMPSE = 10_000
"""Rows of a table by which its format is told."""
INDEX_COLUMNS = ("", "Unnamed: 0", "index", "__index_level_0__", "level_0")
"""Names under which pandas writes its index."""
WHOLE = r"^-?(0|[1-9]\d{0,17})$"
NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$|^[+-]?(?i:nan|inf|infinity)$"
DECIMAL_COMMA = r"^-?\d+(,\d+)?$"
LEADING_ZERO = r"^[+-]?0\d"


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
    try:
        if kind == SEPARATED:
            frame = _read_separated(path, most)
        elif kind == PARQUET:
            frame = pl.read_parquet(path, n_rows=most, hive_partitioning=False)
        else:
            frame = _read_lines(path)
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file") from error
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, UnicodeDecodeError, EOFError) as error:
        raise InputError(f"{path}: cannot be read ({first_line(error)})") from error
    return _without_index(_renamed(_whole(path, frame), columns or {}))


def open_pieces(path: Path, columns: Mapping[str, str] | None = None) -> Iterator[Table]:
    """The same table in pieces: a parquet file of many rows comes in several, every other table in one.

    Args:
        path: As of `open_table`.
        columns: As of `open_table`.

    Raises:
        InputError: As `open_table`.
        TableError: As `open_table`.
    """
    if count_rows(path) <= shards.SHARD_ROWS:
        yield open_table(path, columns)
        return
    first, found = 0, False
    try:
        file = pyarrow.parquet.ParquetFile(path)
        for group in range(file.num_row_groups):  # each by itself, as what was read of a file is held to its end
            for batch in file.iter_batches(PIECE_ROWS, row_groups=[group]):
                table = _without_index(_renamed(_filled(path, pl.DataFrame(batch)), columns or {}))
                if len(table.frame):
                    yield replace(table, first=first)
                    found = True
                first += len(batch)
    except (pyarrow.ArrowException, OSError) as error:
        raise InputError(f"{path}: cannot be read ({first_line(error)})") from error
    if not found:
        raise TableError(f"{path}: the table has no rows")


def count_rows(path: Path) -> int:
    """Rows of a parquet file; 0 of any other, and of one that cannot be read."""
    if _kind(path) != PARQUET:
        return 0
    try:
        return int(pyarrow.parquet.read_metadata(path).num_rows)
    except (pyarrow.ArrowException, OSError):
        return 0


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


def _read_separated(path: Path, most: int | None) -> pl.DataFrame:
    separator = _separator(path)
    frame = pl.read_csv(path, separator=separator, infer_schema=False, encoding="utf8", n_rows=most)
    # `a, b` is a habit of people: where a column's name begins with a blank, so do its values.
    padded = [name for name in frame.columns if name != name.strip()]
    frame = frame.with_columns(pl.col(name).str.strip_chars() for name in padded)
    frame = frame.rename({name: name.strip() for name in padded}) if padded else frame
    return _typed(frame, separator)


def _separator(path: Path) -> str:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8-sig", newline="") as lines:
        header = lines.readline()
    unquoted = "".join(header.split('"')[::2])
    return max(SEPARATORS, key=unquoted.count)


def _typed(frame: pl.DataFrame, separator: str) -> pl.DataFrame:
    """Columns of text as numbers, where all of a column is numbers that a reader would call so."""
    columns = [n for n in frame.columns if n not in TEXT_COLUMNS and frame[n].null_count() < len(frame)]

    def those(pattern: str, names: list[str]) -> list[str]:
        found = frame.select(pl.col(names).str.strip_chars().str.contains(pattern).all()) if names else frame.clear()
        return [name for name, (every,) in found.to_dict().items() if every] if names else []

    whole = those(WHOLE, columns)
    rest = [name for name in columns if name not in set(whole)]
    number = [name for name in those(NUMBER, rest) if not frame[name].str.contains(LEADING_ZERO).any()]
    comma = those(DECIMAL_COMMA, [name for name in rest if name not in set(number)]) if separator == ";" else []
    return frame.with_columns(
        *(pl.col(name).str.strip_chars().cast(pl.Int64) for name in whole),
        *(pl.col(name).str.strip_chars().cast(pl.Float64) for name in number),
        *(pl.col(n).str.strip_chars().str.replace(",", ".", literal=True).cast(pl.Float64) for n in comma),
    )


def _read_lines(path: Path) -> pl.DataFrame:
    rows = [row for _, row in json_lines(path)]
    flat = [{name: value for name, value in row.items() if not isinstance(value, dict | list)} for row in rows]
    names = list(dict.fromkeys(name for row in flat for name in row))
    return pl.DataFrame({name: _json_column(name, [row.get(name) for row in flat]) for name in names})


def _json_column(name: str, values: list[Any]) -> pl.Series:
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int, float} and name not in TEXT_COLUMNS:
        return pl.Series(name, values, dtype=pl.Float64 if float in kinds else None, strict=False)
    if kinds == {bool}:
        return pl.Series(name, values)
    return pl.Series(name, [None if value is None else str(value) for value in values], dtype=pl.String)


def read_json(path: Path) -> Any:  # noqa: ANN401 - whatever the file holds
    """What a JSON file holds.

    Raises:
        InputError: The file cannot be read, or is not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: cannot be read ({first_line(error)})") from error


def json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a file of JSON lines, or of one JSON array, gzipped or not, with their line (or place) from 1.

    Raises:
        InputError: The file cannot be read.
        TableError: A line is not a JSON object; names the line.
    """
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8-sig") as lines:
            first = lines.read(1)
            while first.isspace():
                first = lines.read(1)
            if first == "[":
                yield from enumerate(_objects(path, json.loads("[" + lines.read())), start=1)
                return
            for number, line in enumerate(lines, start=1):
                text = first + line if number == 1 else line
                if text.strip():
                    yield number, _object(path, number, text)
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file") from error
    except (OSError, UnicodeDecodeError, EOFError) as error:
        raise InputError(f"{path}: cannot be read ({first_line(error)})") from error
    except (json.JSONDecodeError, RecursionError) as error:
        raise TableError(f"{path}: invalid JSON ({first_line(error)})") from error


def _objects(path: Path, items: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - whatever the file holds
    if not all(isinstance(item, dict) for item in items):
        raise TableError(f"{path}: expected an array of JSON objects")
    return list(items)


def _object(path: Path, number: int, text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise TableError(f"{path} line {number}: invalid JSON ({first_line(error)})") from error
    if not isinstance(found, dict):
        raise TableError(f"{path} line {number}: expected a JSON object, found {type(found).__name__}")
    return found


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
