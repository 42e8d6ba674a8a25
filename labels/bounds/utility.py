"""What each state adds (Eq. 10): the mean cost without it, less the mean cost with it.

Every figure is the difference of two bounds, of the space without the state and of the whole. All states of a space are
left out at once: leaving one out sends the samples that it was the first to solve to the next state that solves them,
so that one table of first and second right states holds what all N spaces need.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from ..checks import as_accuracies, as_correct, as_costs
from .forms import FORMS
from .oracle import count_right
from .patterns import count_patterns

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from .forms import BoundName


@dataclass(frozen=True, eq=False)
class Utility:
    """What each state of a space adds under one bound."""

    bound: BoundName
    """`conservative` (Eq. 10), `exact` or `iso-accuracy`."""
    utility: NDArray[np.float64]
    """Mean cost of the space without each state, less that with it (n_states,), in the unit of the costs. Negative
    where the oracle is cheaper without: it then pays for fewer right answers."""
    accuracy_lost: NDArray[np.float64]
    """Accuracy of the oracle with each state, less that without it (n_states,): the price of a negative utility."""


def conservative_utility(costs: ArrayLike, accuracies: ArrayLike) -> Utility:
    """Eq. 10: what leaving each state out costs under Eq. 9.

    For 1 < i < N: `(R_{i+1} - R_i) (A_i - A_{i-1})`, what i gets right beyond i-1 then goes to i+1. For the first state
    `(R_2 - R_1) (A_1 + 1 - A_N)`. Without the last, N-1 is the largest, and wants no more than its own accuracy:
    `-(R_N - R_1) (A_N - A_{N-1})`, with `A_N - A_{N-1}` of accuracy lost.

    Args:
        costs: Cost of each state (n_states,).
        accuracies: Accuracy of each state (n_states,); where they fall, Eq. 9 and its utilities mean little.

    Raises:
        InputError: Shapes that do not fit, one state, costs not positive and ascending, accuracies outside 0 to 1.

    Example:
        >>> found = conservative_utility([1.0, 2.0, 10.0], [0.5, 0.7, 0.8])
        >>> found.utility.round(12).tolist(), found.accuracy_lost.round(12).tolist()
        ([0.7, 1.6, -0.9], [0.0, 0.0, 0.1])
    """
    R = as_costs(costs)
    A = as_accuracies(accuracies, len(R))
    utility = np.empty(len(R))
    utility[1:-1] = (R[2:] - R[1:-1]) * (A[1:-1] - A[:-2])
    utility[0] = (R[1] - R[0]) * (A[0] + 1 - A[-1])
    utility[-1] = -(R[-1] - R[0]) * (A[-1] - A[-2])
    lost = np.zeros(len(R))
    lost[-1] = A[-1] - A[-2]
    return Utility("conservative", utility, lost)


def utility_from_labels(
    correct: ArrayLike, costs: ArrayLike, *, bound: Literal["exact", "iso-accuracy"] = "exact"
) -> Utility:
    """What leaving each state out costs on labels, exactly.

    Under `exact` a state's utility is negative where the oracle is cheaper without it: answers that only this state
    knows are no longer paid for. Under `iso-accuracy` it is never negative but for the last state, without which the
    next smaller one sets the accuracy that is bought.

    Args:
        correct: Which states are right (n_samples, n_states), states ascending by cost.
        costs: Cost of each state (n_states,).
        bound: Whose mean costs are compared.

    Raises:
        InputError: Shapes that do not fit, no samples, one state, or costs not positive and ascending.

    Example:
        >>> correct = [[True, True, True], [False, True, False], [False, False, True], [False, False, True]]
        >>> utility_from_labels(correct, [1.0, 2.0, 10.0]).utility.tolist()
        [0.25, -0.25, -4.5]
    """
    matrix = as_correct(correct)
    R = as_costs(costs, matrix.shape[1])
    patterns, counts = count_patterns(matrix)
    A = count_right(matrix) / len(matrix)
    E = (len(matrix) - np.cumsum(_solved_without(patterns, counts), axis=1)) / len(matrix)
    form, n_states = FORMS[bound], len(R)
    whole = form(E[-1], A, R)
    found = []
    for left_out in range(n_states):
        kept = np.delete(np.arange(n_states), left_out)
        found.append(form(E[left_out, kept], A[kept], R[kept]))
    return Utility(
        bound,
        np.array([float(without.mean_cost - whole.mean_cost) for without in found]),
        np.array([float(whole.accuracy - without.accuracy) for without in found]),
    )


def _solved_without(patterns: NDArray[np.bool_], counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Samples that each state is the first to solve, without each state in turn and, last, with all of them.

    Args:
        patterns: Distinct rows of the labels (n_patterns, n_states).
        counts: How often each comes (n_patterns,).

    Returns:
        Whole numbers (n_states + 1, n_states).
    """
    n_states = patterns.shape[1]
    first, second = _first_and_second(patterns)
    pairs = np.bincount(first * (n_states + 1) + second, weights=counts, minlength=(n_states + 1) ** 2)
    table = pairs.reshape(n_states + 1, n_states + 1)  # (first, second), n_states where there is none
    whole = table.sum(axis=1)[:n_states]
    solved = np.tile(whole, (n_states + 1, 1))
    solved[:n_states] += table[:n_states, :n_states]
    solved[np.arange(n_states), np.arange(n_states)] = 0
    return solved


def _first_and_second(patterns: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The two cheapest right states of each pattern, each (n_patterns,), n_states where there is none."""
    n_states = patterns.shape[1]
    rows = np.arange(len(patterns))
    first = np.where(patterns.any(axis=1), np.argmax(patterns, axis=1), n_states)
    rest = np.concatenate([patterns, np.zeros((len(patterns), 1), dtype=np.bool_)], axis=1)
    rest[rows, first] = False
    second = np.where(rest.any(axis=1), np.argmax(rest, axis=1), n_states)
    return first, second
