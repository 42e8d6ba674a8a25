"""The samples that agents are judged on, and what the labels say of them: single states, oracle, frontier."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ..bounds import formulas
from ..bounds.frontier import Frontier, frontier
from ..bounds.oracle import cheapest_right, count_right, first_right
from ..checks import as_correct, as_sample_costs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray

    from .resampling import Resampling

    Floats = NDArray[np.float64]

ROUNDING = 1e-12
"""Costs that differ by a smaller part are the same."""


@dataclass(frozen=True, eq=False)
class JudgedSamples:
    """Labels and costs of the samples that agents are judged on."""

    names: tuple[str, ...]
    """Names of the states, ascending by cost."""
    correct: NDArray[np.bool_]
    """Which states are right (n_samples, n_states)."""
    costs: Floats
    """Cost of each state (n_states,), or of each inference (n_samples, n_states)."""

    @classmethod
    def create(cls, names: tuple[str, ...], correct: ArrayLike, costs: ArrayLike) -> JudgedSamples:
        """Check labels and costs.

        Raises:
            InputError: Shapes that do not fit, no samples, one state, or costs not positive and ascending.
        """
        matrix = as_correct(correct)
        return cls(names, matrix, as_sample_costs(costs, matrix.shape))

    def __len__(self) -> int:
        return len(self.correct)

    @cached_property
    def accuracies(self) -> Floats:
        """`A_i` (n_states,)."""
        return count_right(self.correct) / len(self)

    @cached_property
    def mean_costs(self) -> Floats:
        """`R_i` (n_states,)."""
        return self.costs if self.costs.ndim == 1 else self.costs.mean(axis=0)

    @cached_property
    def solvable(self) -> NDArray[np.bool_]:
        """Whether some state is right (n_samples,)."""
        return first_right(self.correct)[1]

    @cached_property
    def oracle_states(self) -> NDArray[np.int64]:
        """The cheapest right state (n_samples,), the cheapest of all where none is right."""
        if self.costs.ndim == 1:
            return first_right(self.correct)[0]
        return cheapest_right(self.correct, self.costs, self.solvable)

    @cached_property
    def oracle_costs(self) -> Floats:
        """Cost of the oracle on each sample (n_samples,)."""
        return self.cost_of(self.oracle_states)

    @cached_property
    def frontier(self) -> Frontier:
        """The least cost of every accuracy."""
        return frontier(self.correct, self.costs)

    @cached_property
    def _row_starts(self) -> NDArray[np.int64]:
        """Place of each sample's first state in the flat matrix (n_samples,)."""
        return np.arange(len(self)) * len(self.names)

    def right_of(self, states: NDArray[np.integer]) -> NDArray[np.bool_]:
        """Whether the state that answers each sample is right (n_samples,)."""
        return np.take(self.correct, self._row_starts + states)  # flat places: much quicker than pairs of them

    def cost_of(self, states: NDArray[np.integer]) -> Floats:
        """Cost of running one state on each sample (n_samples,)."""
        return cost_of(self.costs, np.arange(len(self)), states)

    def take(self, rows: NDArray[np.integer] | NDArray[np.bool_]) -> JudgedSamples:
        """Some of the samples."""
        return JudgedSamples(self.names, self.correct[rows], self.costs if self.costs.ndim == 1 else self.costs[rows])

    def least_cost(self, accuracy: Floats) -> Floats:
        """The frontier's cost at an agent's accuracy (...,): that of the oracle where it is more accurate than it."""
        return np.interp(accuracy, self.frontier.accuracy, self.frontier.mean_cost)

    def most_accuracy(self, cost: Floats) -> Floats:
        """The frontier's accuracy at an agent's mean cost (...,); not a number below the cost of the cheapest state."""
        vertices = self.frontier
        last = np.append(np.diff(vertices.mean_cost) > 0, True)  # of several at one cost the last has most accuracy
        x, y = vertices.mean_cost[last], vertices.accuracy[last]
        return np.where(cost < x[0] * (1 - ROUNDING), np.nan, np.interp(cost, x, y))


@dataclass(frozen=True, eq=False)
class ResampledLabels:
    """What the labels say of each resampled set."""

    judged: JudgedSamples
    """The samples."""
    resampling: Resampling
    """Their replicates."""

    @cached_property
    def accuracies(self) -> Floats:
        """`A_i` (n_replicates, n_states)."""
        return self._means([self.judged.correct[:, i] for i in range(len(self.judged.names))])

    @cached_property
    def mean_costs(self) -> Floats:
        """`R_i` (n_replicates, n_states)."""
        costs = self.judged.costs
        if costs.ndim == 1:
            return np.broadcast_to(costs, (self.resampling.replicates, len(costs)))
        return self._means([costs[:, i] for i in range(costs.shape[1])])

    def frontiers(self) -> Iterator[Frontier]:
        """The frontier of each replicate, made when asked for: with per-sample costs each is as long as the samples."""
        return self._state_frontiers() if self.judged.costs.ndim == 1 else self._sample_frontiers()

    def least_cost(self, accuracy: Floats) -> Floats:
        """The frontiers' costs at the accuracies of some agents, both (n_replicates, n_agents)."""
        if self.judged.costs.ndim == 1:
            return formulas.frontier_cost(self.judged.costs, self._solved[:, None], accuracy)
        curves = zip(accuracy, self.frontiers(), strict=True)
        return np.stack([np.interp(row, curve.accuracy, curve.mean_cost) for row, curve in curves])

    def _means(self, columns: list[NDArray[np.bool_]] | list[Floats]) -> Floats:
        return self.resampling.means(np.stack([self.resampling.sums(column) for column in columns], axis=1))

    @cached_property
    def _solved(self) -> Floats:
        """Share of samples that each state is the first to solve (n_replicates, n_states)."""
        judged = self.judged
        return self._means([judged.solvable & (judged.oracle_states == i) for i in range(len(judged.names))])

    def _state_frontiers(self) -> Iterator[Frontier]:
        R = self.judged.costs
        for solved in self._solved:
            yield Frontier(np.cumsum(solved), R[0] + np.cumsum(solved * (R - R[0])))

    def _sample_frontiers(self) -> Iterator[Frontier]:
        """The prices of right answers, cheapest first, each as often as it is drawn."""
        judged, resampling = self.judged, self.resampling
        fallback = judged.costs.min(axis=1)
        prices = judged.oracle_costs - fallback
        order = np.flatnonzero(judged.solvable)
        order = order[np.argsort(prices[order], kind="stable")]
        unit, prices = resampling.unit[order], prices[order]
        base = resampling.means(resampling.sums(fallback))
        for weights, size, cheapest in zip(resampling.weights, resampling.sizes, base, strict=True):
            drawn = weights[unit]
            accuracy = np.append(0.0, np.cumsum(drawn)) / size
            yield Frontier(accuracy, cheapest + np.append(0.0, np.cumsum(drawn * prices)) / size)


def cost_of(costs: Floats, rows: NDArray[np.integer], states: NDArray[np.integer]) -> Floats:
    """Cost of a state on each of some samples (n_rows,), from costs (n_states,) or (n_samples, n_states)."""
    found: Floats = costs[states] if costs.ndim == 1 else costs[rows, states]
    return found


def share_of_saving(largest: float | Floats, cost: Floats, least: Floats) -> Floats:
    """`(R_N - R) / (R_N - F(A))` (...,), not a number where the oracle saves nothing at this accuracy."""
    saving = np.asarray(largest - least)
    some = saving > ROUNDING * largest
    return np.where(some, (largest - cost) / np.where(some, saving, 1.0), np.nan)
