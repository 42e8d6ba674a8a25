"""How the constant-alpha form depends on alpha, and what no constant alpha can do.

Eq. 8's mean cost is a straight line in alpha, and the line may fall. The least alpha is then not the optimistic end,
and alpha = 1 promises more gain than the exact oracle has. What a reader can rely on is the range between both ends,
and the slope's sign; how far a constant alpha is from the labels shows in the two alphas that reproduce, one the exact
mean cost, the other the exact accuracy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..checks import as_accuracies, as_correct, as_costs
from . import formulas
from .closed_forms import Bound, constant_alpha_bound
from .oracle import count_right
from .solving import count_solved

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

ROUNDING = 1e-12
"""An alpha this far outside 0 to 1 is one of the ends, rounded."""


@dataclass(frozen=True, eq=False)
class AlphaRange:
    """The constant-alpha form between the least alpha and 1."""

    slope: float
    """`dR/dalpha`, see `alpha_slope`. Above 0 a smaller alpha promises more gain, as the paper has it; below 0 less."""
    least: Bound
    """The form at the least alpha: the least measured one, or that which was given for published numbers."""
    one: Bound
    """The form at alpha = 1, which is Eq. 9."""
    alpha_of_cost: float | None = None
    """The alpha at which the form has the exact mean cost; None without labels, where no alpha from 0 to 1 does, or
    where the cost does not depend on alpha."""
    alpha_of_accuracy: float | None = None
    """The alpha at which the form has the exact accuracy, `alpha_N`; None without labels, or where the largest state is
    never wrong. The further it is from `alpha_of_cost`, the less one alpha describes these errors."""

    @property
    def reversed(self) -> bool:
        """Whether alpha = 1 promises more gain than the least alpha."""
        return self.slope < 0

    @property
    def gains(self) -> tuple[float, float]:
        """The lower and the higher gain of the two ends; every alpha between has a gain between them.

        Not a number where an end has no cost above 0.
        """
        low, high = np.sort([self.least.gain, self.one.gain]) if self._defined else (np.nan, np.nan)
        return float(low), float(high)

    @property
    def _defined(self) -> bool:
        return bool(np.isfinite([self.least.gain, self.one.gain]).all())


def alpha_slope(costs: ArrayLike, accuracies: ArrayLike) -> float:
    """`dR/dalpha` of Eq. 8: what the mean cost gains as errors become more nested.

    `R_1 (1 - A_N) - R_2 (1 - A_2) + sum_{i>=3} R_i (A_i - A_{i-1})`, which is
    `sum_{i>=3} (R_i - R_2) (A_i - A_{i-1}) - (R_2 - R_1) (1 - A_N)`. A larger alpha takes samples from state 2. Those
    that a state i >= 3 solves then cost `R_i - R_2` more, those that none solves fall back to state 1 and cost
    `R_2 - R_1` less. The slope is negative where the second sum is the larger one, and always with two states.

    Args:
        costs: Cost of each state (n_states,).
        accuracies: Accuracy of each state (n_states,).

    Raises:
        InputError: Shapes that do not fit, one state, costs not positive and ascending, accuracies outside 0 to 1.

    Example:
        >>> round(alpha_slope([1.0, 10.0], [0.5, 0.8]), 12)
        -1.8
        >>> R = [0.39, 0.70, 1.0, 1.8, 4.2, 9.9, 19, 37]
        >>> A = [0.771, 0.791, 0.801, 0.816, 0.829, 0.836, 0.840, 0.843]
        >>> round(alpha_slope(R, A), 5)
        0.26283
    """
    R = as_costs(costs)
    return _slope(R, as_accuracies(accuracies, len(R)))


def alpha_range(costs: ArrayLike, accuracies: ArrayLike, least_alpha: float) -> AlphaRange:
    """The constant-alpha form from an assumed least alpha to 1, for published numbers.

    Args:
        costs: Cost of each state (n_states,).
        accuracies: Accuracy of each state (n_states,).
        least_alpha: Least alpha that is thought possible, 0 to 1.

    Raises:
        InputError: As `constant_alpha_bound`.

    Example:
        >>> found = alpha_range([1.0, 10.0], [0.5, 0.8], least_alpha=0.5)
        >>> found.reversed, [round(gain, 3) for gain in found.gains]
        (True, [2.174, 2.703])
    """
    return AlphaRange(
        alpha_slope(costs, accuracies),
        constant_alpha_bound(costs, accuracies, least_alpha),
        constant_alpha_bound(costs, accuracies, 1.0),
    )


def alpha_range_from_labels(correct: ArrayLike, costs: ArrayLike) -> AlphaRange:
    """The constant-alpha form from the least measured alpha to 1, and the alphas that reproduce the exact figures.

    `alpha_of_cost` solves `R(0) + alpha dR/dalpha = R_exact`, `alpha_of_accuracy` solves
    `1 - alpha (1 - A_N) = 1 - E_N`.

    Args:
        correct: Which states are right (n_samples, n_states), states ascending by cost.
        costs: Cost of each state (n_states,).

    Raises:
        InputError: Shapes that do not fit, no samples, one state, or costs not positive and ascending.

    Example:
        >>> found = alpha_range_from_labels([[True, True], [True, False], [False, True], [False, False]], [1.0, 10.0])
        >>> found.slope, found.alpha_of_cost, found.alpha_of_accuracy
        (-4.5, 0.5, 0.5)
    """
    matrix = as_correct(correct)
    R = as_costs(costs, matrix.shape[1])
    right = count_right(matrix)
    A, errors = right / len(matrix), (len(matrix) - right) / len(matrix)
    E = count_solved(matrix).error_profile
    profile = formulas.alpha_profile(E, errors)
    exact_cost = float(formulas.exact_shares(E) @ R)
    slope = _slope(R, A)
    at_zero = float(formulas.constant_alpha_shares(A, 0.0) @ R)
    return AlphaRange(
        slope,
        constant_alpha_bound(R, A, float(formulas.least_alpha(profile))),
        constant_alpha_bound(R, A, 1.0),
        _between_ends((exact_cost - at_zero) / slope) if slope else None,
        float(profile[-1]) if errors[-1] > 0 else None,
    )


def _slope(R: NDArray[np.float64], A: NDArray[np.float64]) -> float:
    return float((R[2:] - R[1]) @ np.diff(A[1:]) - (R[1] - R[0]) * (1 - A[-1]))


def _between_ends(alpha: float) -> float | None:
    """An alpha from 0 to 1, or None."""
    return min(max(alpha, 0.0), 1.0) if -ROUNDING <= alpha <= 1 + ROUNDING else None
