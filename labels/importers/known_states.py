"""The states that answered: their costs, from a table of states, from the answers themselves, or from the source."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from ..errors import InputError, TableError
from ..tables.checking import check_table
from ..tables.origin import origin_fault
from ..tables.schemas import STATES
from ..tables.types import polars_schema
from ..tables.vocabulary import COST_METRICS
from .files import Table, known_names, left_out, open_table, some
from .input_schemas import KNOWN_STATES

if TYPE_CHECKING:
    from ..tables.rows import Rows
    from .results import Results

FROM_LABELS = ("index", "accuracy", "alpha", "oracle_share")
"""Columns of *states* that follow from labels, whatever a table says."""
PREFERENCE = tuple(dict.fromkeys(("gflops", "cost", *COST_METRICS)))
"""Cost metrics, the first that is known being the default."""
SLASH = "__"
"""What some programs write for `/` in a model's name."""
NAMES_SHOWN = 20


@dataclass(frozen=True)
class StateTable:
    """States, with what is known of them."""

    frame: pl.DataFrame
    """`state`, and columns of the table *states*."""
    where: str
    """File to name in messages."""
    notes: tuple[str, ...] = ()
    """What was left out or assumed."""

    @property
    def metrics(self) -> list[str]:
        """The cost metrics that are known of every state, by preference."""
        return [m for m in PREFERENCE if m in self.frame.columns and not self.frame[m].null_count()]

    def with_cost(self, metric: str | None) -> StateTable:
        """The states with `metric` as their cost: metrics that would be preferred to it are left out.

        Raises:
            InputError: No cost is known, or this metric is not.
        """
        known = self.metrics
        if not known:
            raise InputError(
                f"{self.where}: no costs; give a table of state,cost with `states`, or a column 'cost' of what each"
                " answer took"
            )
        if metric is None:
            note = f"The cost of a state is its {known[0]!r}; known as well: {', '.join(known[1:])}."
            return replace(self, notes=(*self.notes, note)) if len(known) > 1 else self
        if metric not in known:
            raise InputError(f"{self.where}: `cost` {metric!r} is not known for every state; known are {some(known)}")
        preferred = [name for name in known if PREFERENCE.index(name) < PREFERENCE.index(metric)]
        notes = [f"The cost of a state is its {metric!r}, so {some(preferred)} was left out."] if preferred else []
        return StateTable(self.frame.drop(preferred), self.where, (*self.notes, *notes))


def read_states(given: Path | pl.DataFrame | None, results: Results, where: str) -> StateTable:
    """States from a table, else from the results' own source, else by name alone.

    Args:
        given: Table of `state`, cost metrics (`cost`, or metrics of the table *states*), and optionally `family` and
            other columns of *states*; a file or its rows.
        results: What the states answered.
        where: The results' file, to name in messages.

    Raises:
        InputError: The file cannot be read.
        TableError: A column is missing, a cost is not a number above 0, or an origin cannot be looked up.
    """
    if isinstance(given, Path):
        return _checked(known_names(open_table(given), tuple(STATES.columns)), str(given))
    frame = given if given is not None else results.states
    if frame is None:
        return StateTable(pl.DataFrame({"state": results.state_names}), where)
    name = where if given is None else "the known states"
    return _checked(Table(Path(name), frame), name)


def state_names(states: Path) -> tuple[str, ...]:
    """The names in a table of states, to find their columns in a wide table.

    Raises:
        InputError: The file cannot be read.
    """
    frame = known_names(open_table(states), tuple(STATES.columns)).frame
    return tuple(frame["state"].cast(pl.String).drop_nulls()) if "state" in frame.columns else ()


def _checked(table: Table, where: str) -> StateTable:
    strange = [column for column in table.frame.columns if column not in STATES.columns]
    frame = table.frame.drop(*strange, *FROM_LABELS, strict=False)
    frame = frame.drop(name for name, kind in frame.schema.items() if kind == pl.Null)
    metrics = [name for name in COST_METRICS if name in frame.columns]
    frame = frame.with_columns(_numbers(frame[name], where) for name in metrics)
    if "state" in frame.columns:
        frame = frame.with_columns(pl.col("state").cast(pl.String))
    check_table(frame, KNOWN_STATES, where, lambda row: f"state {frame['state'][row]!r}")
    for row in frame.iter_rows(named=True):
        if fault := origin_fault(row):
            raise TableError(f"{where}: state {row['state']!r}: {fault}")
    return StateTable(frame, where, (*table.notes, *([left_out(Path(where), strange)] if strange else [])))


def _numbers(values: pl.Series, where: str) -> pl.Series:
    """A column of costs in the type that *states* has for it."""
    if not values.dtype.is_numeric():
        raise TableError(
            f"{where}: column {values.name!r} holds {values[0]!r}; expected a number, without unit or thousands"
            " separator"
        )
    kind = polars_schema(STATES)[values.name]
    if kind.is_integer() and values.dtype.is_float() and (values != values.round()).any():
        raise TableError(f"{where}: column {values.name!r} must hold whole numbers")
    return values.cast(kind, strict=False)


def match_states(names: list[str], known: pl.DataFrame, where: str) -> dict[str, int]:
    """The row of `known` that each state is.

    Args:
        names: Names that the results use.
        known: Columns `state` and, where there is one, `source` (Hub id).
        where: What to call the table in messages.

    Returns:
        For each name the place of the row whose `state` is this name; else of the only row whose `state` is the name
        after its last `/` (or `__`), or whose `source` is the name.

    Raises:
        InputError: A name is no state, or several, or two names are the same state.
    """
    by_state: dict[str, list[int]] = {}
    by_source: dict[str, list[int]] = {}
    sources = known["source"] if "source" in known.columns else pl.repeat(None, len(known), eager=True)
    for row, (state, source) in enumerate(zip(known["state"], sources, strict=True)):
        by_state.setdefault(state, []).append(row)
        if source:
            by_source.setdefault(str(source).partition("@")[0].replace("/", SLASH), []).append(row)
    found: dict[str, int] = {}
    taken: dict[int, str] = {}
    for name in names:
        model = name.replace("/", SLASH)
        rows = by_state.get(name) or by_source.get(model) or by_state.get(model.split(SLASH)[-1]) or []
        if len(rows) != 1:
            raise InputError(_no_match(name, len(rows), known, where))
        if rows[0] in taken:
            raise InputError(f"{where}: {taken[rows[0]]!r} and {name!r} are both state {known['state'][rows[0]]!r}")
        found[name], taken[rows[0]] = rows[0], name
    return found


def _no_match(name: str, count: int, known: pl.DataFrame, where: str) -> str:
    there = some(known["state"].to_list(), NAMES_SHOWN)
    if count:
        return f"{where}: {name!r} is {count} states; add a column 'family' to the results, or a 'source' to the states"
    return (
        f"{where}: no state has the name or source {name!r}; there are {there}. Write the name as `state` or `source`"
    )


def with_own_costs(rows: Rows, unit: str, where: str) -> tuple[Rows, pl.DataFrame, list[str]]:
    """Answers' own costs without gaps, and their mean for each state.

    A cost of 0 is most often one that was not logged. Such costs, and missing ones, are never counted as free: the mean
    of the state's other costs stands for them, and a note says so.

    Args:
        rows: Columns `family`, `state`, `cost`.
        unit: Unit of the costs.
        where: File to name in messages.

    Returns:
        The rows, `family,state` with the mean under the unit's metric, and notes.

    Raises:
        TableError: A state has no cost above 0 at all.
    """
    key = ["family", "state"]
    above = pl.col("cost").filter(pl.col("cost") > 0)
    counted = rows.gather(
        lambda part: part.group_by(key, maintain_order=True).agg(
            above.sum().alias("sum"),
            above.len().alias("above"),
            (pl.col("cost") == 0).sum().alias("zero"),
            pl.col("cost").is_null().sum().alias("missing"),
            pl.len().alias("all"),
        )
    )
    costs = counted.group_by(key, maintain_order=True).sum()
    costs = costs.with_columns(_mean=pl.when(pl.col("above") > 0).then(pl.col("sum") / pl.col("above")))
    unknown = costs.filter(pl.col("_mean").is_null())
    if len(unknown):
        raise TableError(
            f"{where}: no answer of state {unknown['state'][0]!r} has a cost above 0; give the costs of states with"
            " `states`"
        )
    notes = [
        f"State {row['state']!r}: of {row['all']} costs {row['zero']} are 0 and {row['missing']} are missing; the mean"
        " of the others stands for them."
        for row in costs.filter((pl.col("zero") + pl.col("missing")) > 0).iter_rows(named=True)
    ]
    if notes:
        filled = pl.when(pl.col("cost") > 0).then("cost").otherwise("_mean")
        means = costs.lazy().select(*key, "_mean")
        rows = rows.each(
            lambda part: (
                part.join(means, on=key, how="left", maintain_order="left").with_columns(cost=filled).drop("_mean")
            )
        )
    metric = own_metric(unit)
    return rows, costs.select(*key, pl.col("_mean").alias(metric)), notes


def own_metric(unit: str) -> str:
    """The column of *states* in which the mean of answers' own costs stands."""
    return "gflops" if unit == "gflops" else "cost"
