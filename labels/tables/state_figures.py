"""Figures of states that follow from the labels of all samples, gathered shard by shard."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from ..bounds.oracle import oracle
from ..bounds.utility import conservative_utility
from ..confidence import quality_of_state
from .costs import default_cost_metric
from .schemas import STATES

if TYPE_CHECKING:
    from numpy.typing import NDArray

FIGURES = ("accuracy", "alpha", "oracle_share", "utility", "auroc", "ece", "aurc")
"""Columns of *states* that are filled in here."""


class StateFigures:
    """Who is right, and how sure each state is of it, of every sample of a family."""

    def __init__(self) -> None:
        """No samples yet."""
        self._correct: list[NDArray[np.bool_]] = []
        self._confidence: list[NDArray[np.float32]] = []

    def add(self, correct: NDArray[np.bool_], confidence: NDArray[np.float32]) -> None:
        """Take the samples of a shard.

        Args:
            correct: Which states are right (n_samples, n_states).
            confidence: Probability that each state gives its answer (n_samples, n_states); not a number where unknown.
        """
        self._correct.append(correct)
        self._confidence.append(confidence)

    def fill(self, states: pl.DataFrame) -> pl.DataFrame:
        """The family's rows of table *states*, in order of cost, with their figures; null where undefined."""
        self._correct = [np.concatenate(self._correct)]  # the parts go, as memory is short where there are many
        costs = states[default_cost_metric(states)].to_numpy()
        figures = {**_measured(self._correct[0], costs), **self._worth(self._correct[0])}
        filled = states.with_columns(
            pl.Series(name, values, dtype=pl.Float64).fill_nan(None) for name, values in figures.items()
        )
        return filled.select(name for name in STATES.columns if name in filled.columns)

    def _worth(self, correct: NDArray[np.bool_]) -> dict[str, NDArray[np.float64]]:
        """Quality of the states' confidences, state by state; not a number where some are unknown."""
        worth = {figure: np.full(correct.shape[1], np.nan) for figure in ("auroc", "ece", "aurc")}
        for state in range(correct.shape[1]):
            sure = np.concatenate([shard[:, state] for shard in self._confidence])
            found = quality_of_state(str(state), correct[:, state], sure)
            for figure, values in worth.items() if found is not None else ():
                values[state] = getattr(found, figure)
        return worth


def _measured(correct: NDArray[np.bool_], costs: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    found = oracle(correct, costs)
    return {
        "accuracy": found.accuracies,
        "alpha": found.alpha,
        "oracle_share": found.shares,
        "utility": conservative_utility(costs, found.accuracies).utility,
    }
