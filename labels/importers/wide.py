"""Wide tables: one row per sample, one column per state; `A`, `A|cost` and `A|confidence` side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from ..errors import TableError
from .answer_pieces import AnswerPieces
from .files import GLIMPSE, Table, TablePieces, is_table, known_names, open_pieces, open_table, some
from .import_options import ImportOptions
from .table import as_numbers, require, with_category

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from .results import Results

NAMES = ("sample_id", "target", "category", "source_id", "family", "group", "task", "subject")
"""Columns of a wide table that are no state."""
COST_SUFFIXES, CONFIDENCE_SUFFIX = ("|cost", "|total_cost"), "|confidence"
"""What follows a state's name in the columns of its costs (ours, RouterBench's) and confidences."""
ROW = "_row"
"""Column of the row that a cell stands in."""


def is_wide_table(path: Path) -> bool:
    """Whether a file is a table of one row per sample, with the states as columns."""
    if not is_table(path):
        return False
    columns = known_names(open_table(path, most=GLIMPSE), NAMES).frame.columns
    return "sample_id" in columns and "state" not in columns and len(columns) > 2


def read_wide_table(path: Path, options: ImportOptions | None = None) -> Results:
    """Read a table of one row per sample and one column per state.

    Args:
        path: A table (see `open_table`) of `sample_id`, one column per state, and optionally `category`, `source_id`,
            and for each state `A|cost` and `A|confidence`. Cells say right or wrong, or hold scores; with a column
            `target` they hold answers. Empty cells are missing. Columns that are no state are left out.
        options: What a person says about it; with `state_names`, only these columns are states.

    Raises:
        InputError: The file cannot be read.
        TableError: No column is a state, or a cell holds what it should not; names the line.
    """
    options = options or ImportOptions()
    return read_wide_pieces(open_pieces(path, options.columns), options)


def read_wide_pieces(table: TablePieces, options: ImportOptions) -> Results:
    """What `read_wide_table` does with a table that is open."""
    pieces = _WidePieces(table, options.state_names)
    return pieces.results(table.n_rows * len(pieces.states), options)


class _WidePieces(AnswerPieces):
    def __init__(self, table: TablePieces, known: Sequence[str]) -> None:
        super().__init__(table, "a state's column")
        header = _named(table.header)
        require(header, ("sample_id",))
        if "category" not in header.frame.columns:
            _check_samples(table, table.header.frame.columns[header.frame.columns.index("sample_id")])
        self.states = find_states(table.path, table.rows, header.frame.columns, known)
        """The columns that are states."""
        kinds = {header.frame.schema[state] for state in self.states}
        numeric = [kind.is_numeric() for kind in kinds]
        says_right = not any(numeric) and right_or_wrong(table.rows, self.states) == self.states
        self._answered = "target" in header.frame.columns and not says_right
        self._kind = kinds.pop() if len(kinds) == 1 else pl.Float64() if all(numeric) else pl.String()

    def __iter__(self) -> Iterator[pl.DataFrame]:
        """Each piece, one row for each cell that is not empty."""
        for piece in self.table:
            table = _named(piece)
            long = self._long(table)
            self.seen.add(long)
            used = {"sample_id", "category", "source_id", "target", *self.states}
            used |= {f"{state}{suffix}" for state in self.states for suffix in (*COST_SUFFIXES, CONFIDENCE_SUFFIX)}
            unused = [column for column in table.frame.columns if column not in used]
            self.tell(table, unused)
            yield long.frame

    def _long(self, table: Table) -> Table:
        """What is known of the sample, the state, what its cell holds, cost and confidence."""
        cell = "prediction" if self._answered else "score"
        names = [name for name in ("sample_id", "category", "source_id") if name in table.frame.columns]
        about = [*names, *(["target"] if self._answered else [])]
        cells = table.frame.select(
            *(pl.col(name).cast(pl.String) if name in names else pl.col(name) for name in about),
            *(pl.col(state).cast(self._kind) for state in self.states),
            table.numbers.alias(ROW),
        )
        long = cells.unpivot(self.states, index=[*about, ROW], variable_name="state", value_name=cell)
        for column, suffixes in (("cost", COST_SUFFIXES), ("confidence", (CONFIDENCE_SUFFIX,))):
            values = self._beside(table, suffixes)
            long = long if values is None else long.with_columns(values.alias(column))
        long = long.filter(pl.col(cell).is_not_null())
        return Table(table.path, long.drop(ROW), long[ROW])

    def _beside(self, table: Table, suffixes: Sequence[str]) -> pl.Series | None:
        """What stands beside each state's column, in the order of the long table; null where a state has none."""
        there = set(table.frame.columns)
        beside = {
            state: next((f"{state}{s}" for s in suffixes if f"{state}{s}" in there), None) for state in self.states
        }
        if not any(beside.values()):
            return None
        columns: list[pl.Series] = []
        for found in beside.values():
            if found is None:
                columns.append(pl.repeat(None, len(table.frame), dtype=pl.Float64, eager=True).rename(""))
                continue
            numbers, unknown = as_numbers(table, found)
            self.unknown[found] += unknown
            columns.append(numbers.rename(""))
        return pl.concat(columns)


def _check_samples(table: TablePieces, column: str) -> None:
    """No sample comes twice; where there are categories, their samples may have the same names."""
    samples = table.rows.select(column).collect().to_series()
    twice = samples.is_not_null() & ~samples.is_first_distinct()
    if twice.any():
        row = int(twice.arg_max() or 0)
        raise TableError(f"{table.path} {table.place(row)}: sample {samples[row]!r} comes more than once")


def _named(table: Table) -> Table:
    return with_category(known_names(table, NAMES))


def find_states(path: Path, rows: pl.LazyFrame, columns: Sequence[str], known: Sequence[str] = ()) -> list[str]:
    """The columns that are states: those that are known by name, else those with a cost, else those of right and wrong.

    Args:
        path: The file, to name in messages.
        rows: The table.
        columns: Its columns that may be one.
        known: Names of states.

    Raises:
        TableError: There are fewer than two.
    """
    there, wanted = set(columns), set(known)
    with_cost = [c for c in columns if any(f"{c}{suffix}" in there for suffix in COST_SUFFIXES)]
    named = [column for column in columns if column in wanted]
    states = named or with_cost or right_or_wrong(rows, [c for c in columns if c not in NAMES and "|" not in c])
    if len(states) < 2:
        has = some(list(columns))
        raise TableError(f"{path}: fewer than two columns are states; it has {has}. A long table has a column 'state'")
    return states


def right_or_wrong(rows: pl.LazyFrame, columns: Sequence[str]) -> list[str]:
    """Those of some columns that hold nothing but right and wrong."""
    schema = rows.collect_schema()
    asked: dict[str, pl.Expr] = {}
    for column in columns:
        kind, values = schema[column], pl.col(column).drop_nulls()
        if kind == pl.Boolean:
            asked[column] = pl.lit(value=True)
        elif kind.is_numeric():
            asked[column] = values.cast(pl.Float64).fill_nan(None).drop_nulls().is_between(0, 1).all()
        elif kind == pl.String:
            asked[column] = values.str.to_lowercase().is_in(["true", "false", ""]).all()
    answers = rows.select(asked[column].alias(column) for column in asked).collect(engine="streaming")
    return [column for column in asked if answers[column].item()]
