"""What agents chose, sample by sample: the tables that say it, and one entry for each agent and setting.

A table has `sample_id` and `state`, whose answer is given; optionally `states_run`, all that was paid for, or `cost`,
what was paid; `overhead`, paid on top; `prediction` or `correct`, where the answer is the agent's own; `agent` and
`setting`. Or it has one column of scores for each state, of which the highest less its price is taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from ..errors import InputError, TableError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

ROWS_SHOWN = 3
"""Samples or rows that a message names."""
TEXT = ("sample_id", "state", "states_run", "agent", "prediction")
"""Columns of a CSV that are not left to inference: an identifier such as `007` is not the number 7."""
SEPARATOR = "|"
"""Between the states of `states_run` in a CSV."""
READERS: dict[str, Callable[..., pl.DataFrame]] = {
    ".csv": pl.read_csv,
    ".parquet": pl.read_parquet,
    ".jsonl": pl.read_ndjson,
    ".ndjson": pl.read_ndjson,
}


@dataclass(frozen=True, eq=False)
class Samples:
    """The samples that agents are judged on, and what their choices are checked against."""

    ids: pl.Series
    """Identifiers of the judged samples, in order."""
    others: pl.Series
    """Identifiers of the labels' other samples, which choices may hold too."""
    names: tuple[str, ...]
    """States, ascending by cost."""
    costs: Floats
    """Cost of each state (n_states,), or of each inference (n_samples, n_states)."""
    targets: pl.Series
    """Right answers; null where they are not known."""
    class_names: tuple[str, ...] = ()
    """Names of the classes, which predictions may use too."""


@dataclass(frozen=True, eq=False)
class Choices:
    """What one agent did at one setting, on some of the judged samples."""

    agent: str
    """Name of the agent."""
    setting: float | None
    """Its setting; None where it has only one."""
    rows: NDArray[np.int64]
    """Places of its samples among the judged ones (n_rows,), ascending."""
    states: NDArray[np.int16] | None
    """State whose answer is given (n_rows,); None for an agent that is not made of the states."""
    right: NDArray[np.bool_] | None
    """Whether its own answer is right (n_rows,); None where the answer is the state's."""
    cost: Floats | None
    """All that it paid (n_rows,); None where that is the cost of `states`."""

    def take(self, kept: NDArray[np.int64]) -> Choices:
        """The choices on some of its samples, given by their places among the judged ones; the places begin anew."""
        inside = np.searchsorted(self.rows, kept)

        def part(values: NDArray[Any] | None) -> NDArray[Any] | None:
            return None if values is None else values[inside]

        rows = np.arange(len(kept))
        return Choices(self.agent, self.setting, rows, part(self.states), part(self.right), part(self.cost))


def read_choices(path: Path) -> pl.DataFrame:
    """Read a CSV, parquet or JSON-lines table of choices.

    Raises:
        InputError: The file is missing, of another kind, or cannot be read.
        TableError: It has no rows, or no column `sample_id`.
    """
    if path.suffix not in READERS:
        raise InputError(f"{path}: expected a file that ends in {', '.join(READERS)}")
    read = READERS[path.suffix]
    try:
        if path.suffix == ".csv":
            header = pl.read_csv(path, n_rows=0, infer_schema=False).columns
            frame = read(path, schema_overrides={n: pl.String for n in TEXT if n in header}, infer_schema_length=None)
        else:
            frame = read(path)
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file") from error
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError(f"{path}: cannot be read ({str(error).splitlines()[0]})") from error
    return frame


def states_of(frame: pl.DataFrame) -> set[str]:
    """Names of the states that a table of choices speaks of."""
    named: set[str] = set()
    if "state" in frame.columns:
        named |= set(frame["state"].drop_nulls().cast(pl.String))
    if "states_run" in frame.columns:
        named |= set(state_lists(frame["states_run"]).explode(empty_as_null=True).drop_nulls())
    return named


def check_complete(choices: Sequence[Choices], samples: Samples, where: str) -> None:
    """Every agent chooses for every judged sample at every setting.

    Raises:
        TableError: It does not.
    """
    for entry in choices:
        if len(entry.rows) < len(samples.ids):
            lacking = np.setdiff1d(np.arange(len(samples.ids)), entry.rows)
            raise TableError(
                f"{where}: {who(entry.agent, entry.setting)} does not choose for {some_samples(samples.ids[lacking])};"
                " choose for every judged sample, or judge on fewer with `subset`"
            )


def common_rows(choices: Sequence[Choices], n_samples: int) -> NDArray[np.int64]:
    """Places of the judged samples that every agent chooses for at every setting.

    Raises:
        InputError: There are none.
    """
    chosen = np.zeros(n_samples, dtype=np.int64)
    for entry in choices:
        chosen[entry.rows] += 1
    kept = np.flatnonzero(chosen == len(choices))
    if not len(kept):
        raise InputError("`subset`: there is no sample that every agent chooses for")
    return kept


def some_samples(names: pl.Series) -> str:
    """Samples as a message names them."""
    shown = ", ".join(repr(name) for name in names.head(ROWS_SHOWN))
    return f"sample {shown}" if len(names) <= ROWS_SHOWN else f"samples {shown} … ({len(names):,} in all)"


def who(agent: str, setting: float | None) -> str:
    """An agent as a message names it."""
    return f"agent {agent!r}" + ("" if setting is None else f" at setting {setting:g}")


def state_lists(values: pl.Series) -> pl.Series:
    """The column `states_run` as lists; in text, bars separate the states."""
    if values.dtype == pl.String:
        return values.str.split(SEPARATOR)
    return (
        values.cast(pl.List(pl.String))
        if values.dtype in (pl.List, pl.Null)
        else values.cast(pl.String).str.split(SEPARATOR)
    )
