"""The exact least cost at every accuracy, over all policies that know which states are right.

The paper's oracle buys every answer that some state knows, also those that the largest state does not. A reader who
asks for "efficiency at no loss of accuracy" wants fewer: as many right answers as the largest state gives. Per sample
the price of being right is `R_first - R_1`; a clairvoyant policy buys the cheapest first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..checks import as_correct, as_sample_costs
from ..errors import InputError
from . import formulas
from .closed_forms import Bound, bound_by_form
from .oracle import Agent, accuracies, cheapest_right, first_right
from .solving import count_solved

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

ROUNDING = 1e-9
"""Accuracies this close to the frontier's end are taken as its end."""


@dataclass(frozen=True, eq=False)
class Frontier:
    """Vertices of a convex, piecewise-linear curve; between two of them a policy mixes."""

    accuracy: NDArray[np.float64]
    """Accuracies (n_vertices,), ascending."""
    mean_cost: NDArray[np.float64]
    """Least mean cost at each accuracy (n_vertices,), ascending, in the unit of the costs."""

    def cost_at(self, accuracy: float) -> float:
        """Least mean cost of being right on this share of samples.

        Raises:
            InputError: More than the oracle reaches, or below 0.
        """
        if not 0 <= accuracy <= self.accuracy[-1] + ROUNDING:
            raise InputError(f"accuracy {accuracy:g} is out of reach; the frontier ends at {self.accuracy[-1]:g}")
        return float(np.interp(accuracy, self.accuracy, self.mean_cost))

    def accuracy_at(self, budget: float) -> float:
        """Most accuracy that a mean cost within the budget buys.

        Raises:
            InputError: Less than the smallest state costs.
        """
        if budget < self.mean_cost[0] * (1 - ROUNDING):
            raise InputError(f"a budget of {budget:g} is below the cost of the smallest state, {self.mean_cost[0]:g}")
        # Vertices of equal cost would make the inverse ambiguous; the last of them has the most accuracy.
        last = np.append(np.diff(self.mean_cost) > 0, True)
        return float(np.interp(budget, self.mean_cost[last], self.accuracy[last]))


def frontier(correct: ArrayLike, costs: ArrayLike, *, agent: Agent = "select") -> Frontier:
    """Least mean cost at every accuracy over all clairvoyant policies.

    Args:
        correct: Which states are right (n_samples, n_states), states ascending by cost.
        costs: Cost of each state (n_states,) or of each inference (n_samples, n_states).
        agent: `select` pays for the state it takes, `cascade` for every state up to it.

    Returns:
        Its first vertex takes the cheapest state everywhere, its last is the oracle of Eq. 4.

    Raises:
        InputError: Shapes that do not fit, no samples, one state, or costs not positive and ascending.

    Example:
        >>> curve = frontier([[False, True], [True, False], [False, True]], costs=[1.0, 4.0])
        >>> round(curve.cost_at(2 / 3), 6), round(curve.accuracy_at(3.0), 6)
        (2.0, 1.0)
    """
    matrix = as_correct(correct)
    R = as_sample_costs(costs, matrix.shape)
    paid = R if agent == "select" else formulas.cascade_costs(R)
    if paid.ndim == 1:
        return from_counts(count_solved(matrix).by_state, paid, len(matrix))
    _, solvable = first_right(matrix)
    states = cheapest_right(matrix, paid, solvable)
    fallback = paid.min(axis=1)
    prices = (np.take_along_axis(paid, states[:, None], axis=1)[:, 0] - fallback)[solvable]
    prices.sort()
    free = np.count_nonzero(prices == 0)
    accuracy = (free + np.arange(len(prices) - free + 1)) / len(matrix)
    cost = fallback.mean() + np.append(0.0, np.cumsum(prices[free:])) / len(matrix)
    return Frontier(accuracy, cost)


def from_counts(solved_by: NDArray[np.int64], paid: NDArray[np.float64], n_samples: int) -> Frontier:
    """The frontier from the number of samples (n_states,) that each state is the first to solve."""
    accuracy = np.cumsum(solved_by) / n_samples
    cost = paid[0] + np.cumsum(solved_by * (paid - paid[0])) / n_samples
    return Frontier(accuracy, cost)


def iso_accuracy_bound(correct: ArrayLike, costs: ArrayLike, *, agent: Agent = "select") -> Bound:
    """The frontier at `A_N`: the least cost of as many right answers as the largest state gives.

    Args:
        correct: Which states are right (n_samples, n_states), states ascending by cost.
        costs: Cost of each state (n_states,) or of each inference (n_samples, n_states).
        agent: `select` pays for the state it takes, `cascade` for every state up to it.

    Raises:
        InputError: As `frontier`.

    Example:
        >>> round(iso_accuracy_bound([[False, True], [True, False], [False, True]], costs=[1.0, 4.0]).gain, 6)
        2.0
    """
    matrix = as_correct(correct)
    R = as_sample_costs(costs, matrix.shape)
    if R.ndim == 1:
        solved = count_solved(matrix)
        return bound_by_form("iso-accuracy", solved.error_profile, solved.largest_accuracy, R, agent=agent)
    largest = float(accuracies(matrix)[-1])
    mean_cost = frontier(matrix, R, agent=agent).cost_at(largest)
    baseline = float(R[:, -1].mean())
    return Bound("iso-accuracy", largest, mean_cost, baseline / mean_cost, 0.0)
