"""Wide tables: one row per sample, one column per state; `A`, `A|cost` and `A|confidence` side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from ..errors import TableError
from .answers import as_correct, read_answers
from .files import GLIMPSE, Table, is_table, known_names, left_out, open_table, some, stem
from .import_options import ImportOptions
from .results import Results
from .table import as_numbers, require, unknown_numbers, with_category

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NAMES = ("sample_id", "target", "category", "source_id", "family", "group", "task", "subject")
"""Columns of a wide table that are no state."""
COST_SUFFIXES, CONFIDENCE_SUFFIX = ("|cost", "|total_cost"), "|confidence"
"""What follows a state's name in the columns of its costs (ours, RouterBench's) and confidences."""
CELL, ROW = "_cell", "_row"
"""Names of what a state's column holds, and of the row that it stands in."""


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
    return read_wide_rows(open_table(path, options.columns), options)


def read_wide_rows(table: Table, options: ImportOptions) -> Results:
    """What `read_wide_table` does with a table that is open."""
    path = table.path
    table = with_category(known_names(table, NAMES))
    require(table, ("sample_id",))
    if table.frame["sample_id"].is_duplicated().any():
        row = int((~table.frame["sample_id"].is_first_distinct()).arg_max() or 0)
        if "category" not in table.frame.columns:
            raise TableError(
                f"{path} {table.place(row)}: sample {table.frame['sample_id'][row]!r} comes more than once"
            )
    states = find_states(table, options.state_names)
    long, notes = _long(table, states)
    cells = long[CELL]

    def place(row: int) -> str:
        return f"{path} {table.place(long[ROW][row])}"

    if "target" in table.frame.columns and not _says_right(table, states):
        read = read_answers(long["target"], cells, place)
        columns, names, notes = read.columns(), read.class_names, [*notes, *read.notes]
    else:
        columns, names = {"correct": as_correct(cells, options.threshold, place, what="a state's column")}, ()
    used = {"sample_id", "category", "source_id", "target", *states}
    used |= {f"{state}{suffix}" for state in states for suffix in (*COST_SUFFIXES, CONFIDENCE_SUFFIX)}
    unused = [column for column in table.frame.columns if column not in used]
    results = Results.create(
        stem(path),
        long.drop("target", strict=False).with_columns(**columns),
        f"predictions:{path.name}",
        where=str(path),
        class_names=names,
        cost_unit=options.cost_unit,
        notes=[*table.notes, *([left_out(path, unused)] if unused else []), *notes],
    )
    return results if options.task is None else results.only(options.task, str(path))


def find_states(table: Table, known: Sequence[str] = ()) -> list[str]:
    """The columns that are states: those that are known by name, else those with a cost, else those of right and wrong.

    Raises:
        TableError: There are fewer than two.
    """
    columns, there, wanted = table.frame.columns, set(table.frame.columns), set(known)
    with_cost = [c for c in columns if any(f"{c}{suffix}" in there for suffix in COST_SUFFIXES)]
    named = [column for column in columns if column in wanted]
    if named or with_cost:
        states = named or with_cost
    else:
        states = [c for c in columns if c not in NAMES and "|" not in c and _is_right_or_wrong(table.frame[c])]
    if len(states) < 2:
        raise TableError(
            f"{table.path}: fewer than two columns are states; it has {some(columns)}. A long table has a column"
            " 'state'"
        )
    return states


def _is_right_or_wrong(values: pl.Series) -> bool:
    if values.dtype == pl.Boolean:
        return True
    if values.dtype.is_numeric():
        return bool(values.cast(pl.Float64).fill_nan(None).drop_nulls().is_between(0, 1).all())
    return bool(values.drop_nulls().str.to_lowercase().is_in(["true", "false", ""]).all())


def _says_right(table: Table, states: Sequence[str]) -> bool:
    """Whether cells are true and false rather than answers."""
    schema = table.frame.schema
    return all(not schema[state].is_numeric() and _is_right_or_wrong(table.frame[state]) for state in states)


def _long(table: Table, states: Sequence[str]) -> tuple[pl.DataFrame, list[str]]:
    """One row for each cell that is not empty: what is known of the sample, `CELL`, `ROW`, cost and confidence."""
    schema = table.frame.schema
    kinds = {schema[state] for state in states}
    kind = kinds.pop() if len(kinds) == 1 else (pl.Float64 if all(k.is_numeric() for k in kinds) else pl.String)
    names = [name for name in ("sample_id", "category", "source_id") if name in table.frame.columns]
    about = [*names, *(["target"] if "target" in table.frame.columns else [])]
    cells = table.frame.select(
        *(pl.col(name).cast(pl.String) if name in names else pl.col(name) for name in about),
        *(pl.col(state).cast(kind) for state in states),
        pl.int_range(pl.len(), dtype=pl.UInt32).alias(ROW),
    )
    long = cells.unpivot(states, index=[*about, ROW], variable_name="state", value_name=CELL)
    notes: list[str] = []
    for column, suffixes in (("cost", COST_SUFFIXES), ("confidence", (CONFIDENCE_SUFFIX,))):
        values, more = _beside(table, states, suffixes)
        notes += more
        long = long if values is None else long.with_columns(values.alias(column))
    return long.filter(pl.col(CELL).is_not_null()), list(dict.fromkeys(notes))


def _beside(table: Table, states: Sequence[str], suffixes: Sequence[str]) -> tuple[pl.Series | None, list[str]]:
    """What stands beside each state's column, in the order of the long table; null where a state has none."""
    there = set(table.frame.columns)
    if not any(f"{state}{suffix}" in there for state in states for suffix in suffixes):
        return None, []
    columns: list[pl.Series] = []
    unknown = pl.repeat(None, len(table.frame), dtype=pl.Float64, eager=True).rename("")
    notes: list[str] = []
    for state in states:
        found = next((f"{state}{suffix}" for suffix in suffixes if f"{state}{suffix}" in there), None)
        if found is None:
            columns.append(unknown)
        else:
            numbers, written_otherwise = as_numbers(table, found)
            columns.append(numbers.rename(""))
            notes += unknown_numbers({found: written_otherwise})
    return pl.concat(columns), notes
