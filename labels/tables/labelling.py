"""Predictions of every state on every sample → the table *labels*, and what *states* says of the states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pyarrow

from ..bounds.oracle import oracle
from ..bounds.utility import conservative_utility
from ..confidence import confidence_quality
from ..errors import InputError, TableError
from ..folds import fold_of
from .absent import null_column
from .checking import ROWS_SHOWN
from .folder import default_cost_metric
from .schemas import LABELS, STATES
from .types import polars_schema
from .vocabulary import NONE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from ..bounds.oracle import Oracle

MOST_STATES = 10_000
"""States of a family, which its class labels name in every table."""


ANSWERS = ("prediction", "correct", "confidence")
"""Columns of *predictions* that are list columns in *labels*."""
ABOUT = ("category", "split_type", "source_id")
"""Columns of *labels* that come from the source of the samples; predictions do not carry them."""


@dataclass(frozen=True)
class Labelled:
    """The labels of one family."""

    labels: pl.DataFrame
    """Table *labels*."""
    states: pl.DataFrame
    """The family's rows of table *states*, with accuracy, alpha and oracle share filled in."""


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
    places = _places(predictions, len(states))
    samples = predictions["sample_id"].unique(maintain_order=True)
    if places.n_unique() < len(places):
        twice = predictions.filter(places.is_duplicated())
        row = twice.row(0, named=True)
        raise TableError(
            f"{where}: sample {row['sample_id']!r} and state {states[row['state']]!r} come more than once"
            f" ({len(twice)} such rows)"
        )
    if len(places) < len(samples) * len(states):
        name, lacking = next(_gaps(predictions, samples, states))
        raise TableError(
            f"{where}: state {name!r} has no prediction for {_some(lacking)}; every state needs every sample"
        )
    if "target" not in predictions.columns:
        return
    targets = predictions["target"].gather(places.arg_sort()).to_numpy().reshape(-1, len(states))
    unsure = samples.filter(pl.Series((targets != targets[:, :1]).any(axis=1)))
    if len(unsure):
        raise TableError(f"{where}: states disagree on the target of {_some(unsure)}")


def _gaps(predictions: pl.DataFrame, samples: pl.Series, states: Sequence[str]) -> Iterator[tuple[str, pl.Series]]:
    """Each state that lacks samples, with those that it lacks."""
    for index, name in enumerate(states):
        lacking = samples.filter(~samples.is_in(predictions.filter(pl.col("state") == index)["sample_id"].implode()))
        if len(lacking):
            yield name, lacking


def make_labels(predictions: pl.DataFrame, states: pl.DataFrame, about: pl.DataFrame | None = None) -> Labelled:
    """Label every sample of one family.

    Args:
        predictions: Table *predictions* of the family, complete (see `check_predictions`).
        states: Rows of table *states*, in order of cost; accuracy, alpha and oracle share are filled in here.
        about: What the source says of samples: `sample_id` and any columns of `ABOUT`.

    Raises:
        InputError: Fewer than two states, too many, one called `none`, or costs that are not positive and ascending.
    """
    names = states["state"].to_list()
    _check_states(names)
    order = _places(predictions, len(names)).arg_sort()
    ordered = predictions.select("^correct|prediction|confidence$")[order]
    correct = ordered["correct"].to_numpy().reshape(-1, len(names))
    costs = states[default_cost_metric(states)].to_numpy()
    result = oracle(correct, costs)
    first = predictions.select("sample_id", "^targets?$")[order.gather_every(len(names))]
    known = _known(first["sample_id"], about)
    labels = first.with_columns(
        **known,
        fold=_folds(first["sample_id"], known["source_id"]),
        pattern=_patterns(correct),
        cheapest_right=pl.Series(np.where(result.solvable, result.states, len(names))),
        **_answers(ordered, len(names)),
        n_correct=pl.Series(correct.sum(axis=1)),
        solvable=pl.Series(result.solvable),
        oracle_state=pl.Series(result.states),
        oracle_cost=pl.Series(costs[result.states]),
    )
    kept = polars_schema(LABELS, optional=labels.columns)
    sure = ordered["confidence"].cast(pl.Float64).to_numpy().reshape(correct.shape)
    measured = {**_measured(result, costs), **_worth(correct, sure, names)}
    return Labelled(labels.select(kept.names()).cast(kept), _fill(states, measured))


def _check_states(names: Sequence[str]) -> None:
    if len(names) > MOST_STATES:
        raise InputError(f"{len(names)} states: table labels holds up to {MOST_STATES} in a family")
    if NONE in names:
        raise InputError(f"state {NONE!r}: in the labels this name says that no state is right; give it another name")


def _known(samples: pl.Series, about: pl.DataFrame | None) -> dict[str, pl.Series]:
    """What the source says of each sample; null where it says nothing."""
    found = {name: pl.repeat(None, len(samples), dtype=pl.String, eager=True) for name in ABOUT}
    if about is not None:
        for name in set(ABOUT) & set(about.columns):
            said = about.select("sample_id", name).drop_nulls()
            found[name] = samples.replace_strict(said["sample_id"], said[name], default=None, return_dtype=pl.String)
    return found


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


def _places(predictions: pl.DataFrame, n_states: int) -> pl.Series:
    """Where each row belongs when rows lie by sample, in the order of their first appearance, then by state."""
    rows = predictions.select("sample_id")
    samples = rows.unique(maintain_order=True).with_row_index("sample")
    sample = rows.join(samples, on="sample_id", how="left", maintain_order="left")["sample"]
    return sample.cast(pl.UInt64) * n_states + predictions["state"].cast(pl.UInt64)


def _lists(values: pl.Series, length: int) -> pl.Series:
    return values.reshape((-1, length)).arr.to_list()


def _measured(result: Oracle, costs: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    return {
        "accuracy": result.accuracies,
        "alpha": result.alpha,
        "oracle_share": result.shares,
        "utility": conservative_utility(costs, result.accuracies).utility,
    }


def _worth(
    correct: NDArray[np.bool_], sure: NDArray[np.float64], names: Sequence[str]
) -> dict[str, NDArray[np.float64]]:
    """Quality of the states' confidences, not a number where some are unknown."""
    found = {entry.state: entry for entry in confidence_quality(correct, sure, names)}
    return {
        figure: np.array([getattr(found[name], figure) if name in found else np.nan for name in names])
        for figure in ("auroc", "ece", "aurc")
    }


def _fill(states: pl.DataFrame, measured: Mapping[str, NDArray[np.float64]]) -> pl.DataFrame:
    filled = states.with_columns(
        pl.Series(name, values, dtype=pl.Float64).fill_nan(None) for name, values in measured.items()
    )
    return filled.select(name for name in STATES.columns if name in filled.columns)


def _some(samples: pl.Series) -> str:
    shown = ", ".join(repr(name) for name in samples.head(ROWS_SHOWN))
    return f"sample {shown}" if len(samples) <= ROWS_SHOWN else f"samples {shown} … ({len(samples)} in all)"
