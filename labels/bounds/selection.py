"""Which few states keep most of the gain. The largest state always stays: it sets baseline and accuracy.

Under Eq. 9 the cost is a sum over neighbouring states, so that dynamic programming finds the optimum in O(k N^2). From
labels the exact and the iso-accuracy gain of a subset follow from its own oracle; subsets are enumerated where there
are few enough, and grown greedily (`growing`) where not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from ..checks import as_correct, as_costs, as_rising
from ..errors import InputError
from .frontier import iso_accuracy_bound
from .growing import KEPT_SHARE, grow
from .patterns import count_patterns
from .subsets import MOST_STATES, subset_costs, unsolved_shares

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Selection:
    """The best k states."""

    bound: str
    """The bound whose gain was sought: `conservative`, `exact` or `iso-accuracy`."""
    indices: tuple[int, ...]
    """Places of the states, ascending; the last is the largest state."""
    mean_cost: float
    """Mean cost with these states alone."""
    gain: float
    """`R_N / mean_cost`."""
    share_of_full_gain: float
    """Their gain over that of all states."""
    method: Literal["optimal", "greedy"] = "optimal"
    """Whether no other k states are better, or nobody looked at all of them."""
    greedy_loss: float | None = None
    """Share of this gain that the greedy search would have lost; None where it was not compared."""
    loss_at_most: float = 0.0
    """Share of the best k states' gain that these lack at most; 0 where they are optimal. No subset gains more than all
    states together do at the largest state's accuracy, and that is what a greedy choice is held against."""

    @property
    def k(self) -> int:
        """Number of states."""
        return len(self.indices)


def select_conservative(costs: ArrayLike, accuracies: ArrayLike) -> list[Selection]:
    """The k states of least mean cost under Eq. 9, for every k from 2 to N, by dynamic programming.

    With states `s_1 < … < s_k = N`: `R = R_{s_1} (A_{s_1} + 1 - A_N) + sum_j R_{s_j} (A_{s_j} - A_{s_{j-1}})`.

    Args:
        costs: Cost of each state (n_states,).
        accuracies: Accuracy of each state (n_states,), ascending.

    Returns:
        One selection for each k, ascending.

    Raises:
        InputError: Shapes that do not fit, one state, costs not positive and ascending, accuracies outside 0 to 1 or
            not ascending.

    Example:
        >>> R = [0.39, 0.70, 1.0, 1.8, 4.2, 9.9, 19, 37]
        >>> A = [0.771, 0.791, 0.801, 0.816, 0.829, 0.836, 0.840, 0.843]
        >>> [(s.indices, round(s.gain, 2)) for s in select_conservative(R, A)[:2]]
        [((2, 7), 14.73), ((0, 4, 7), 32.93)]
    """
    R = as_costs(costs)
    A = as_rising(accuracies, len(R))
    n = len(R)
    best = R * (A + 1 - A[-1])  # (n_states,): least cost of the shares up to state j, which is taken, with k states
    step = R[None, :] * (A[None, :] - A[:, None])  # (from, to): cost of the samples that only `to` gets right
    step[np.tril_indices(n)] = np.inf
    came_from: list[NDArray[np.int64]] = []
    found = []
    for _ in range(2, n + 1):
        total = best[:, None] + step
        came_from.append(np.argmin(total, axis=0))
        best = np.min(total, axis=0)
        found.append((_trace(came_from, n - 1), float(best[-1])))
    full = R[-1] / found[-1][1]
    return [_selection("conservative", R, indices, cost, full) for indices, cost in found]


def select_from_labels(
    correct: ArrayLike,
    costs: ArrayLike,
    *,
    bound: Literal["exact", "iso-accuracy"] = "exact",
    most_states: int = MOST_STATES,
) -> list[Selection]:
    """The k states of highest gain on labels, for every k from 2 to N.

    Args:
        correct: Which states are right (n_samples, n_states), states ascending by cost.
        costs: Cost of each state (n_states,).
        bound: `exact` seeks the oracle that takes the cheapest right state; it may gain more with fewer states, as it
            then knows fewer answers to pay for. `iso-accuracy` seeks the cheapest way to the largest state's accuracy.
        most_states: Spaces of more states are searched greedily: from the largest on, the best state is added. Two
            states and all states are optimal even so, as every choice was looked at.

    Returns:
        One selection for each k, ascending; where all subsets were looked at, with the loss of the greedy search, else
        with what it may have lost at most.

    Raises:
        InputError: Shapes that do not fit, no samples, one state, or costs not positive and ascending.

    Example:
        >>> correct = [[True, True, True], [False, True, True], [False, False, True]]
        >>> [s.indices for s in select_from_labels(correct, [1.0, 2.0, 8.0])]
        [(1, 2), (0, 1, 2)]
    """
    matrix = as_correct(correct)
    R = as_costs(costs, matrix.shape[1])
    patterns, counts = count_patterns(matrix)
    accuracy = None if bound == "exact" else float(counts[patterns[:, -1]].sum() / counts.sum())
    greedy = [(tuple(sorted(grown.states)), grown.mean_cost) for grown in grow(patterns, counts, R, accuracy)[1:]]
    full = R[-1] / greedy[-1][1]
    if len(R) > most_states:
        least = iso_accuracy_bound(matrix, R).mean_cost  # no subset of the states costs less
        return [
            _selection(bound, R, indices, cost, full, "greedy", loss_at_most=max(0.0, 1 - least / cost))
            if 2 < len(indices) < len(R)
            else _selection(bound, R, indices, cost, full)
            for indices, cost in greedy
        ]
    best = _enumerate(patterns, counts, R, accuracy)
    return [
        _selection(bound, R, indices, cost, full, greedy_loss=max(0.0, 1 - cost / grown))
        for (indices, cost), (_, grown) in zip(best, greedy, strict=True)
    ]


def smallest_sufficient(selections: Sequence[Selection], share: float = KEPT_SHARE) -> Selection:
    """The fewest states that keep a share of the full gain.

    Args:
        selections: Selections for every k, of one bound.
        share: Share of the gain of all states that is to be kept.

    Raises:
        InputError: None keeps that much.

    Example:
        >>> R, A = [0.39, 1.8, 9.9, 37], [0.771, 0.816, 0.836, 0.843]
        >>> smallest_sufficient(select_conservative(R, A)).indices
        (0, 1, 2, 3)
    """
    for selection in selections:
        if selection.share_of_full_gain >= share:
            return selection
    raise InputError(f"no selection keeps {share:g} of the full gain")


def _enumerate(
    patterns: NDArray[np.bool_], counts: NDArray[np.int64], R: NDArray[np.float64], accuracy: float | None
) -> list[tuple[tuple[int, ...], float]]:
    """The cheapest subset of each size that holds the largest state, and its cost."""
    costs = subset_costs(unsolved_shares(patterns, counts), R, accuracy)
    half = len(costs) // 2  # masks from here on hold the largest state
    sizes = np.bitwise_count(np.arange(half, len(costs)))
    found = []
    for k in range(2, len(R) + 1):
        masks = half + np.flatnonzero(sizes == k)
        mask = int(masks[np.argmin(costs[masks])])
        found.append((tuple(i for i in range(len(R)) if mask >> i & 1), float(costs[mask])))
    return found


def _selection(
    bound: str,
    R: NDArray[np.float64],
    indices: tuple[int, ...],
    cost: float,
    full_gain: float,
    method: Literal["optimal", "greedy"] = "optimal",
    *,
    greedy_loss: float | None = None,
    loss_at_most: float = 0.0,
) -> Selection:
    gain = float(R[-1] / cost)
    return Selection(bound, indices, cost, gain, float(gain / full_gain), method, greedy_loss, loss_at_most)


def _trace(came_from: list[NDArray[np.int64]], last: int) -> tuple[int, ...]:
    indices = [last]
    for previous in reversed(came_from):
        indices.append(int(previous[indices[-1]]))
    return tuple(reversed(indices))
