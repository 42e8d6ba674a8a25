"""A table of choices, checked against the samples that its agents are judged on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from ..errors import TableError
from .choices import Choices, some_samples, state_lists, who
from .judged import cost_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from .choices import Samples

    Floats = NDArray[np.float64]

NUMBERS = ("cost", "overhead", "setting")
"""Columns of numbers."""


def match_choices(
    frame: pl.DataFrame,
    samples: Samples,
    *,
    where: str,
    agent: str = "agent",
    utilities: bool = False,
    prices: Sequence[float] = (),
) -> list[Choices]:
    """Check a table of choices against the judged samples.

    Args:
        frame: The table.
        samples: The samples; rows of the labels' other samples are left aside.
        where: File or table to name in messages.
        agent: Name of the agent where the table has no column `agent`.
        utilities: Whether the table has one column of scores for each state instead of `state`.
        prices: Prices of one unit of cost in scores, one setting for each; 0 by default.

    Returns:
        One entry for each agent and setting, in the table's order.

    Raises:
        TableError: A column is missing or holds what it may not; a state or sample is unknown; a sample comes twice.
    """
    table = _Checked(frame, samples, where, agent)
    if utilities:
        return list(table.from_utilities(prices or (0.0,), numbered=bool(prices)))
    return list(table.from_states())


class _Checked:
    """A table of choices with samples as places among the judged ones."""

    def __init__(self, frame: pl.DataFrame, samples: Samples, where: str, agent: str) -> None:
        self.samples, self.where = samples, where
        if frame.is_empty():
            raise TableError(f"{where}: the table has no rows")
        if "sample_id" not in frame.columns:
            raise TableError(f"{where}: column 'sample_id' is missing; it has {', '.join(frame.columns)}")
        if "agent" not in frame.columns:
            frame = frame.with_columns(agent=pl.lit(agent))
        if "setting" not in frame.columns:
            frame = frame.with_columns(setting=pl.lit(None, dtype=pl.Float64))
        for name in NUMBERS:
            if name in frame.columns and not (frame.schema[name].is_numeric() or frame.schema[name] == pl.Null):
                raise TableError(f"{where}: column {name!r} must hold numbers")
        frame = frame.with_columns(
            pl.col("sample_id", "agent").cast(pl.String),
            pl.col(n for n in NUMBERS if n in frame.columns).cast(pl.Float64),
        )
        for name in ("sample_id", "agent"):
            if frame[name].null_count():
                raise TableError(f"{where}: column {name!r} may not be empty in any row")
        known = pl.concat([samples.ids, samples.others])
        strange = frame["sample_id"].filter(~frame["sample_id"].is_in(known.implode())).unique(maintain_order=True)
        if len(strange):
            raise TableError(f"{where}: the labels have no {some_samples(strange)}")
        places = pl.DataFrame({"sample_id": samples.ids, "_row": np.arange(len(samples.ids))})
        self.frame = frame.join(places, on="sample_id", how="inner", maintain_order="left")
        if self.frame.is_empty():
            raise TableError(f"{where}: no choice is for a sample of the judged folds")
        twice = self.frame.filter(pl.struct("agent", "setting", "_row").is_duplicated())
        if len(twice):
            raise TableError(
                f"{where}: {who(twice['agent'][0], twice['setting'][0])} chooses more than once for"
                f" {some_samples(twice['sample_id'].unique(maintain_order=True))}"
            )

    def from_states(self) -> Iterator[Choices]:
        """Choices by name of the state, or answers and costs of the agent's own."""
        frame = self.frame
        own = "prediction" in frame.columns or "correct" in frame.columns
        if "state" not in frame.columns and not (own and "cost" in frame.columns):
            raise TableError(
                f"{self.where}: column 'state' is missing; without it an agent needs its own 'cost', and 'correct' or"
                f" 'prediction'. It has {', '.join(n for n in frame.columns if n != '_row')}"
            )
        states = self._places(frame["state"], "state") if "state" in frame.columns else None
        right, cost = self._right(), self._cost(states)
        for name, values in (("_state", states), ("_right", right), ("_cost", cost)):
            if values is not None:
                frame = frame.with_columns(pl.Series(name, values))
        order = frame.select("agent", "setting").unique(maintain_order=True)
        parts = frame.sort("_row").partition_by("agent", "setting", as_dict=True)
        for key in order.rows():
            part = parts[key]
            found = [part[name].to_numpy() if name in part.columns else None for name in ("_state", "_right", "_cost")]
            yield Choices(str(key[0]), key[1], part["_row"].to_numpy(), *found)

    def from_utilities(self, prices: Sequence[float], *, numbered: bool) -> Iterator[Choices]:
        """For each price, the state whose score less the price of its cost is highest; the cheapest of equals."""
        names = self.samples.names
        if self.frame["setting"].null_count() < len(self.frame):
            raise TableError(f"{self.where}: leave column 'setting' out: with `utilities` the settings are `prices`")
        missing = [name for name in names if name not in self.frame.columns]
        if missing:
            raise TableError(f"{self.where}: scores of state {missing[0]!r} are missing: every state needs a column")
        for part in self.frame.sort("_row").partition_by("agent", maintain_order=True):
            rows = part["_row"].to_numpy()
            scores = part.select(names).cast(pl.Float64, strict=False).to_numpy()
            if not np.isfinite(scores).all():
                place = int(np.argmax(~np.isfinite(scores).all(axis=0)))
                raise TableError(f"{self.where}: column {names[place]!r} must hold a number in every row")
            overhead = self._positive(part["overhead"], "overhead", least=0.0) if "overhead" in part.columns else None
            costs = self.samples.costs if self.samples.costs.ndim == 1 else self.samples.costs[rows]
            for price in prices:
                states = _highest(scores, costs, price)
                paid = None if overhead is None else cost_of(self.samples.costs, rows, states) + overhead
                yield Choices(str(part["agent"][0]), float(price) if numbered else None, rows, states, None, paid)

    def _places(self, values: pl.Series, column: str) -> NDArray[np.int16]:
        """Names of states as their places."""
        if values.null_count():
            raise TableError(f"{self.where}: column {column!r} may not be empty in any row")
        names = self.samples.names
        text = values.cast(pl.String)
        strange = text.filter(~text.is_in(list(names))).unique(maintain_order=True)
        if len(strange):
            raise TableError(
                f"{self.where}: column {column!r} has {len(strange)} unknown state(s), first {strange[0]!r}; the states"
                f" are {', '.join(names)}"
            )
        return text.replace_strict(names, range(len(names)), return_dtype=pl.Int16).to_numpy()

    def _cost(self, states: NDArray[np.int16] | None) -> Floats | None:
        """All that was paid on each row; None where that is the cost of its state."""
        frame = self.frame
        if "cost" in frame.columns and "states_run" in frame.columns:
            raise TableError(f"{self.where}: 'cost' and 'states_run' both say what was paid; leave one of them out")
        if "cost" in frame.columns:
            paid: Floats | None = self._positive(frame["cost"], "cost", least=None)
        elif "states_run" in frame.columns:
            paid = self._run_cost(states)
        else:
            paid = None
        if "overhead" not in frame.columns:
            return paid
        overhead = self._positive(frame["overhead"], "overhead", least=0.0)
        if paid is None:
            assert states is not None, "an agent without states has costs"
            paid = cost_of(self.samples.costs, frame["_row"].to_numpy(), states)
        return paid + overhead

    def _run_cost(self, states: NDArray[np.int16] | None) -> Floats:
        run = self.frame.select(state_lists(self.frame["states_run"]), "_row", "sample_id").with_row_index("_place")
        empty = run.filter(pl.col("states_run").is_null() | (pl.col("states_run").list.len() == 0))
        if len(empty):
            raise TableError(f"{self.where}: column 'states_run' is empty for {some_samples(empty['sample_id'])}")
        each = run.explode("states_run", empty_as_null=True)
        places = self._places(each["states_run"], "states_run")
        owner = each["_place"].to_numpy()
        if states is not None:
            answered = np.bincount(owner, weights=places == states[owner]) > 0
            if not answered.all():
                lacking = run["sample_id"].filter(pl.Series(~answered))
                raise TableError(
                    f"{self.where}: 'states_run' lacks 'state' for {some_samples(lacking)}; it lists all states that"
                    " were paid for, the answering one included"
                )
        paid = cost_of(self.samples.costs, each["_row"].to_numpy(), places)
        return np.bincount(owner, weights=paid).astype(np.float64)

    def _positive(self, values: pl.Series, column: str, *, least: float | None) -> Floats:
        """Numbers that are at least `least`, or above 0 without it."""
        found = values.to_numpy()
        allowed = np.isfinite(found) & (found > 0 if least is None else found >= least)
        if not allowed.all():
            row = int(np.argmin(allowed))
            wanted = "above 0" if least is None else f"from {least:g}"
            raise TableError(
                f"{self.where}: column {column!r} holds {values[row]} for sample {self.frame['sample_id'][row]!r}"
                f" ({int((~allowed).sum())} such rows); expected a number {wanted} in every row"
            )
        return found

    def _right(self) -> NDArray[np.bool_] | None:
        """Whether the agent's own answers are right."""
        columns = self.frame.columns
        if "correct" in columns and "prediction" in columns:
            raise TableError(f"{self.where}: 'correct' and 'prediction' both say what is right; leave one of them out")
        if "correct" in columns:
            values = self.frame["correct"]
            if values.null_count() or not values.cast(pl.Float64, strict=False).is_in([0.0, 1.0]).all():
                raise TableError(f"{self.where}: column 'correct' must hold true or false (or 1 and 0) in every row")
            return np.asarray(values.cast(pl.Float64).to_numpy() == 1)
        return self._compare(self.frame["prediction"]) if "prediction" in columns else None

    def _compare(self, predictions: pl.Series) -> NDArray[np.bool_]:
        targets = self.samples.targets.gather(self.frame["_row"])
        if targets.null_count():
            raise TableError(f"{self.where}: the labels lack right answers; give 'correct', not 'prediction'")
        if predictions.null_count():
            raise TableError(f"{self.where}: column 'prediction' may not be empty in any row")
        classes = self.samples.class_names
        text = predictions.cast(pl.String)
        if text.is_in(list(classes)).all() and targets.dtype.is_integer():
            text = text.replace_strict(classes, [str(i) for i in range(len(classes))])
        right: NDArray[np.bool_] = (text == targets.cast(pl.String)).to_numpy()
        return right


def _highest(scores: Floats, costs: Floats, price: float) -> NDArray[np.int16]:
    """The state of highest score less price times cost (n_samples,), the cheapest of equals."""
    found = np.zeros(len(scores), dtype=np.int16)
    best = scores[:, 0] - price * costs[..., 0]
    for state in range(1, scores.shape[1]):
        value = scores[:, state] - price * costs[..., state]
        better = value > best
        found[better] = state
        best = np.where(better, value, best)
    return found
