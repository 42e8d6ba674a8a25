"""Predictions of every state on every sample → the table *labels*, and what *states* says of the states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from ..bounds.oracle import oracle
from ..errors import InputError, TableError
from .checking import ROWS_SHOWN
from .folder import default_cost_metric
from .schemas import LABELS
from .types import polars_schema

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..bounds.oracle import Oracle

MOST_STATES = 127
"""States of a family: `n_correct` is an int8."""


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
    twice = predictions.filter(pl.struct("sample_id", "state").is_duplicated())
    if len(twice):
        row = twice.row(0, named=True)
        raise TableError(
            f"{where}: sample {row['sample_id']!r} and state {states[row['state']]!r} come more than once"
            f" ({len(twice)} such rows)"
        )
    samples = predictions["sample_id"].unique(maintain_order=True)
    for index, name in enumerate(states):
        lacking = samples.filter(~samples.is_in(predictions.filter(pl.col("state") == index)["sample_id"].implode()))
        if len(lacking):
            raise TableError(
                f"{where}: state {name!r} has no prediction for {_some(lacking)}; every state needs every sample"
            )
    if "target" not in predictions.columns:
        return
    unsure = (
        predictions.group_by("sample_id", maintain_order=True)
        .agg(pl.col("target").n_unique())
        .filter(pl.col("target") > 1)
    )
    if len(unsure):
        raise TableError(f"{where}: states disagree on the target of {_some(unsure['sample_id'])}")


def make_labels(predictions: pl.DataFrame, states: pl.DataFrame, groups: pl.DataFrame | None = None) -> Labelled:
    """Label every sample of one family.

    Args:
        predictions: Table *predictions* of the family, complete (see `check_predictions`).
        states: Rows of table *states*, in order of cost; accuracy, alpha and oracle share are filled in here.
        groups: Columns `sample_id`, `group` and, where the source has it, `split_type`; without it the group is null.

    Raises:
        InputError: Fewer than two states, or costs that are not positive and ascending.
    """
    if len(states) > MOST_STATES:
        raise InputError(f"{len(states)} states: table labels holds up to {MOST_STATES} in a family")
    ordered = _sample_major(predictions)
    shape = (len(ordered) // len(states), len(states))
    correct = ordered["correct"].to_numpy().reshape(shape)
    costs = states[default_cost_metric(states)].to_numpy()
    result = oracle(correct, costs)
    first = ordered.gather_every(len(states))
    about = {name: _about(first["sample_id"], groups, name) for name in ("group", "split_type")}
    known = [name for name in ("sample_id", "target", "targets") if name in first.columns]
    labels = (
        first.select(known)
        .with_columns(
            **_answers(ordered, len(states)),
            correct=_lists(ordered["correct"], len(states)),
            confidence=_lists(ordered["confidence"], len(states)),
            n_correct=pl.Series(correct.sum(axis=1).astype(np.int8)),
            solvable=pl.Series(result.solvable),
            oracle_state=pl.Series(result.states),
            oracle_cost=pl.Series(costs[result.states]),
        )
        .with_columns(**{name: values for name, values in about.items() if name == "group" or values is not None})
    )
    kept = polars_schema(LABELS, optional=labels.columns)
    return Labelled(labels.select(kept.names()).cast(kept), _fill(states, result))


def _answers(ordered: pl.DataFrame, length: int) -> dict[str, pl.Series]:
    """The answers of each sample, where they are known."""
    known = [name for name in ("prediction",) if name in ordered.columns]
    return {name: _lists(ordered[name].cast(pl.Int16), length) for name in known}


def _about(samples: pl.Series, groups: pl.DataFrame | None, column: str) -> pl.Series | None:
    """What the source says of each sample."""
    if groups is None or column not in groups.columns:
        return None
    return samples.replace_strict(groups["sample_id"], groups[column], return_dtype=pl.String)


def _sample_major(predictions: pl.DataFrame) -> pl.DataFrame:
    """Rows ordered by sample, in the order of their first appearance, then by state."""
    samples = predictions.select("sample_id").unique(maintain_order=True).with_row_index("_row")
    return predictions.join(samples, on="sample_id", how="left").sort("_row", "state")


def _lists(values: pl.Series, length: int) -> pl.Series:
    return values.reshape((-1, length)).arr.to_list()


def _fill(states: pl.DataFrame, result: Oracle) -> pl.DataFrame:
    measured = {"accuracy": result.accuracies, "alpha": result.alpha, "oracle_share": result.shares}
    return states.with_columns(
        pl.Series(name, values, dtype=pl.Float64).fill_nan(None) for name, values in measured.items()
    )


def _some(samples: pl.Series) -> str:
    shown = ", ".join(repr(name) for name in samples.head(ROWS_SHOWN))
    return f"sample {shown}" if len(samples) <= ROWS_SHOWN else f"samples {shown} … ({len(samples)} in all)"
