"""Predictions of every state on every sample → the table *labels*, and what *states* says of the states."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pyarrow

from ..bounds.oracle import oracle
from ..errors import InputError, TableError
from ..folds import fold_of
from .absent import null_column
from .checking import ROWS_SHOWN
from .costs import default_cost_metric
from .made import FamilyTables
from .schemas import LABELS
from .shards import Shard, hold, sample_numbers
from .state_figures import StateFigures
from .types import polars_schema
from .vocabulary import NONE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

MOST_STATES = 10_000
"""States of a family, which its class labels name in every table."""


ANSWERS = ("prediction", "correct", "confidence")
"""Columns of *predictions* that are list columns in *labels*."""
ABOUT = ("category", "split_type", "source_id")
"""Columns of *labels* that come from the source of the samples; table *predictions* does not keep them."""


def check_predictions(predictions: pl.DataFrame, states: Sequence[str], where: str) -> None:
    """Every state has exactly one prediction for every sample, and they agree on the target.

    Args:
        predictions: Columns `sample_id`, `state` (place in `states`), `target`.
        states: Names of the states in order of cost.
        where: File or table to name in messages.

    Raises:
        TableError: A state that *states* lacks, a pair given twice, a sample that a state lacks, targets that differ.
    """
    strange = predictions.filter(~pl.col("state").is_between(0, len(states) - 1))
    if len(strange):
        raise TableError(f"{where}: {len(strange)} row(s) have a state that the states table lacks")
    places, n_samples = _places(predictions, len(states))
    if places.n_unique() < len(places):
        twice = predictions.filter(places.is_duplicated())
        row = twice.row(0, named=True)
        raise TableError(
            f"{where}: sample {row['sample_id']!r} and state {states[row['state']]!r} come more than once"
            f" ({len(twice)} such rows)"
        )
    if len(places) < n_samples * len(states):
        name, lacking = next(_gaps(predictions, states))
        raise TableError(
            f"{where}: state {name!r} has no prediction for {_some(lacking)}; every state needs every sample"
        )
    if "target" not in predictions.columns:
        return
    order = _order(places)
    targets = predictions["target"].to_numpy()[order].reshape(-1, len(states))
    unsure = (targets != targets[:, :1]).any(axis=1)
    if unsure.any():
        samples = predictions["sample_id"][order[:: len(states)][unsure]]
        raise TableError(f"{where}: states disagree on the target of {_some(samples)}")


def _gaps(predictions: pl.DataFrame, states: Sequence[str]) -> Iterator[tuple[str, pl.Series]]:
    """Each state that lacks samples, with those that it lacks."""
    samples = predictions["sample_id"].unique(maintain_order=True)
    for index, name in enumerate(states):
        lacking = samples.filter(~samples.is_in(predictions.filter(pl.col("state") == index)["sample_id"].implode()))
        if len(lacking):
            yield name, lacking


def label_family(predictions: Iterable[pl.DataFrame], states: pl.DataFrame) -> FamilyTables:
    """Label every sample of one family.

    Args:
        predictions: Table *predictions* of the family, complete (see `check_predictions`), in shards of whole samples
            (see `in_shards`), and beside it any columns of `ABOUT`.
        states: Rows of table *states*, in order of cost; accuracy, alpha and the other figures that follow from the
            labels are filled in here.

    Raises:
        InputError: Fewer than two states, too many, one called `none`, or costs that are not positive and ascending.
    """
    _check_states(states["state"].to_list())
    figures = StateFigures()
    made = (Shard(label_shard(shard, states, figures), shard.drop(ABOUT, strict=False)) for shard in predictions)
    shards = hold(made, Shard)  # all of them, before the states' figures are known
    return FamilyTables(figures.fill(states), shards)


def label_shard(
    predictions: pl.DataFrame, states: pl.DataFrame, figures: StateFigures, about: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Table *labels* of some samples.

    Args:
        predictions: Their predictions, of every state, and any columns of `ABOUT`.
        states: Rows of table *states*, in order of cost.
        figures: Takes what figures of the states follow from.
        about: Columns of `ABOUT` by `sample_id`, where they are not in `predictions`.

    Raises:
        InputError: As `label_family`.
    """
    n_states = len(states)
    order = _order(_places(predictions, n_states)[0])
    ordered = predictions.select("^correct|prediction|confidence$")[order]
    correct = ordered["correct"].to_numpy().reshape(-1, n_states)
    costs = states[default_cost_metric(states)].to_numpy()
    result = oracle(correct, costs)
    first = predictions.select("sample_id", "^targets?$", *(name for name in ABOUT if name in predictions.columns))[
        order[::n_states]
    ]
    if about is not None:
        first = first.join(about, on="sample_id", how="left", maintain_order="left")
    unknown = (name for name in ABOUT if name not in first.columns)
    first = first.with_columns(pl.lit(None, dtype=pl.String).alias(name) for name in unknown)
    labels = first.with_columns(
        fold=_folds(first["sample_id"], first["source_id"]),
        pattern=_patterns(correct),
        cheapest_right=pl.Series(np.where(result.solvable, result.states, n_states)),
        **_answers(ordered, n_states),
        n_correct=pl.Series(correct.sum(axis=1)),
        solvable=pl.Series(result.solvable),
        oracle_state=pl.Series(result.states),
        oracle_cost=pl.Series(costs[result.states]),
    )
    kept = polars_schema(LABELS, optional=labels.columns)
    figures.add(correct, ordered["confidence"].to_numpy().reshape(correct.shape))
    return labels.select(kept.names()).cast(kept)


def _check_states(names: Sequence[str]) -> None:
    if len(names) > MOST_STATES:
        raise InputError(f"{len(names)} states: table labels holds up to {MOST_STATES} in a family")
    if NONE in names:
        raise InputError(f"state {NONE!r}: in the labels this name says that no state is right; give it another name")


def _answers(ordered: pl.DataFrame, length: int) -> dict[str, pl.Series]:
    """The list columns, one element for each state."""
    found = {name: _lists(ordered[name], length) for name in ordered.columns if name in ANSWERS}
    if ordered["confidence"].null_count() == len(ordered):
        found["confidence"] = null_column(LABELS, "confidence", len(ordered) // length)
    return found


def _folds(samples: pl.Series, sources: pl.Series) -> pl.Series:
    return pl.Series(fold_of(samples.to_list(), sources.to_list()))


def _patterns(correct: NDArray[np.bool_]) -> pl.Series:
    """A text of zeros and ones for each sample, whose letters lie in one piece of memory."""
    n_samples, n_states = correct.shape
    letters = np.ascontiguousarray(correct).astype(np.uint8) + ord("0")
    ends = np.arange(n_samples + 1, dtype=np.int64) * n_states
    buffers = pyarrow.py_buffer(ends), pyarrow.py_buffer(letters)
    return pl.Series(pyarrow.LargeStringArray.from_buffers(n_samples, *buffers))


def _places(predictions: pl.DataFrame, n_states: int) -> tuple[pl.Series, int]:
    """Where each row belongs when rows lie by sample, in the order of their first appearance, then by state; and how
    many samples there are.
    """
    numbers = sample_numbers(predictions["sample_id"], n_states)
    places = numbers * n_states + predictions["state"].cast(pl.UInt64)
    return places, numbers.n_unique()


def _order(places: pl.Series) -> NDArray[np.int64]:
    """The rows in the order of their places, of which none is missing."""
    order = np.empty(len(places), dtype=np.int64)
    order[places.to_numpy()] = np.arange(len(places))
    return order


def _lists(values: pl.Series, length: int) -> pl.Series:
    return values.reshape((-1, length)).arr.to_list()


def _some(samples: pl.Series) -> str:
    shown = ", ".join(repr(name) for name in samples.head(ROWS_SHOWN))
    return f"sample {shown}" if len(samples) <= ROWS_SHOWN else f"samples {shown} … ({len(samples)} in all)"
