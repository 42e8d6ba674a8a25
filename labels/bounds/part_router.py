"""The cheapest agent that knows a sample's part (its category) and nothing else.

Many would build this router first. Its least cost at the largest state's accuracy is a bound: it is chosen on the
samples that it is measured on. With few samples a part such a choice flatters, so that it is also made on one half of
the samples and measured on the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from .frontier import iso_accuracy_bound

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROUNDING = 1e-12
"""An accuracy this close to the one that is wanted has reached it."""


@dataclass(frozen=True, eq=False)
class PartRouter:
    """One state per part, as cheap as can be at the largest state's accuracy over all samples."""

    mean_cost: float
    """Least mean cost of one state per part, where one part may mix two states; chosen on the samples themselves."""
    gain: float
    """`R_N / mean_cost`."""
    share_of_saving: float
    """`(R_N - mean_cost) / (R_N - F(A_N))`: its share of what the iso-accuracy oracle saves; not a number where that
    saves nothing."""
    blind_mean_cost: float
    """The same without knowing the part: the cheapest mixture of single states as accurate as the largest."""
    held_out_mean_cost: float
    """Mean cost where the states are chosen on one half of each part's samples and run on the other, both ways."""
    held_out_loss: float
    """Accuracy below the largest state's that this loses; what the choice of states flatters shows here."""


def route_by_part(
    correct: NDArray[np.bool_], R: NDArray[np.float64], parts: NDArray[np.int64]
) -> tuple[PartRouter, NDArray[np.int64]]:
    """The router, and the state of each part (n_parts,), the dearer of two that one part mixes.

    Args:
        correct: Which states are right (n_samples, n_states).
        R: Costs (n_states,), ascending.
        parts: Part of each sample (n_samples,), from 0; each occurs.
    """
    right, sizes = _count(correct, parts, int(parts.max()) + 1)
    A, weights = right / sizes[:, None], sizes / len(correct)
    states, mean_cost = cheapest_by_part(A, weights, R)
    _, blind = cheapest_by_part((weights @ A)[None], np.ones(1), R)
    saved = R[-1] - iso_accuracy_bound(correct, R).mean_cost
    share = float((R[-1] - mean_cost) / saved) if saved > 0 else float("nan")
    held_out = _held_out(correct, R, parts)
    return PartRouter(mean_cost, float(R[-1] / mean_cost), share, blind, *held_out), states


def cheapest_by_part(
    accuracies: NDArray[np.float64], weights: NDArray[np.float64], R: NDArray[np.float64]
) -> tuple[NDArray[np.int64], float]:
    """The cheapest choice of a state for each part that is as accurate as the largest state everywhere.

    `min sum_c w_c H_c(a_c)` subject to `sum_c w_c a_c = A_N`, with `H_c` the lower convex envelope of part c's points
    `(A_ci, R_i)`: mixtures of states. The envelopes' edges are bought in ascending order of cost per right answer,
    until the accuracy is reached; the last edge in part, so that one part at most mixes two states.

    Args:
        accuracies: `A_ci` (n_parts, n_states).
        weights: Share `w_c` of the samples of each part (n_parts,), summing to 1.
        R: Costs (n_states,), ascending.

    Returns:
        State of each part (n_parts,), the dearer of two that are mixed; and the mean cost.
    """
    envelopes = [_lower_envelope(A, R) for A in accuracies]
    states = np.array([envelope[0] for envelope in envelopes])
    edges: list[tuple[float, int, int, int]] = []  # (cost per right answer, part, from, to)
    for part, (envelope, A) in enumerate(zip(envelopes, accuracies, strict=True)):
        edges += [((R[j] - R[i]) / (A[j] - A[i]), part, i, j) for i, j in pairwise(envelope)]
    reached = float(weights @ accuracies[np.arange(len(states)), states])
    wanted = float(weights @ accuracies[:, -1])
    cost = float(weights @ R[states])
    for _, part, low, high in sorted(edges):
        if reached >= wanted - ROUNDING:
            break
        step = weights[part] * (accuracies[part, high] - accuracies[part, low])
        bought = min(1.0, (wanted - reached) / step) if step > 0 else 1.0  # an edge without samples is free
        cost += bought * weights[part] * (R[high] - R[low])
        reached += bought * step
        states[part] = high
    return states, float(cost)


def _lower_envelope(A: NDArray[np.float64], R: NDArray[np.float64]) -> list[int]:
    """Places of the states on the lower convex envelope of cost over accuracy, cheapest first, most accurate last."""
    hull: list[int] = []
    for state in range(len(R)):
        if hull and A[state] <= A[hull[-1]]:
            continue
        if hull and R[state] == R[hull[-1]]:
            hull.pop()
        while len(hull) > 1 and _is_above(A, R, hull[-2], hull[-1], state):
            hull.pop()
        hull.append(state)
    return hull


def _is_above(A: NDArray[np.float64], R: NDArray[np.float64], low: int, middle: int, high: int) -> bool:
    """Whether the middle point lies on or above the line between the other two."""
    return bool((R[middle] - R[low]) * (A[high] - A[low]) >= (R[high] - R[low]) * (A[middle] - A[low]))


def _held_out(correct: NDArray[np.bool_], R: NDArray[np.float64], parts: NDArray[np.int64]) -> tuple[float, float]:
    """Mean cost and loss of accuracy where each half's states are chosen on the other half.

    Every second sample of a part is in the second half. A part without samples in one half is there taken to be like
    all samples of that half.
    """
    order = np.argsort(parts, kind="stable")
    sizes = np.bincount(parts)
    begins = np.cumsum(sizes) - sizes
    half = np.empty(len(parts), dtype=np.int64)
    half[order] = (np.arange(len(parts)) - begins[parts[order]]) % 2
    taken = np.full(len(parts), len(R) - 1)  # a half without samples teaches nothing
    for fit in (0, 1):
        learned, test = half == fit, half != fit
        if learned.any():
            right, counts = _count(correct[learned], parts[learned], len(sizes))
            everywhere = right.sum(axis=0) / counts.sum()
            A = np.where(counts[:, None] > 0, right / np.maximum(counts, 1)[:, None], everywhere)
            states, _ = cheapest_by_part(A, counts / counts.sum(), R)
            taken[test] = states[parts[test]]
    answers = np.take_along_axis(correct, taken[:, None], axis=1)[:, 0]
    return float(R[taken].mean()), float((np.count_nonzero(correct[:, -1]) - np.count_nonzero(answers)) / len(parts))


def _count(
    correct: NDArray[np.bool_], parts: NDArray[np.int64], n_parts: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Right answers of each state in each part (n_parts, n_states), and samples of each part (n_parts,)."""
    columns = [np.bincount(parts[correct[:, state]], minlength=n_parts) for state in range(correct.shape[1])]
    return np.stack(columns, axis=1).astype(np.float64), np.bincount(parts, minlength=n_parts)
