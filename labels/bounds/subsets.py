"""Mean costs of every subset of states at once, from labels: the enumeration behind `selection`.

`U(T)`, the number of samples on which all states of a set T are wrong, follows for all sets from the histogram of right
and wrong by one subset-sum (zeta) transform in O(N 2^N). A subset's oracle then costs, state by state in ascending
order, `R_j` times the samples that leave `U` when j joins, so that a set's cost follows from the set without its
largest state. Sets are bit masks: bit i is state i.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_STATES = 20
"""States of which all subsets are held: 2^20 costs are 8 MB."""


def unsolved_shares(patterns: NDArray[np.bool_], counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Share of samples on which all states of a set are wrong, for every set (2^n_states,)."""
    n_states = patterns.shape[1]
    wrong = (~patterns) @ (1 << np.arange(n_states))
    shares = np.bincount(wrong, weights=counts, minlength=1 << n_states)
    for bit in range(n_states):  # sum over all supersets
        pairs = shares.reshape(-1, 2, 1 << bit)
        pairs[:, 0] += pairs[:, 1]
    normalised: NDArray[np.float64] = shares / counts.sum()
    return normalised


def subset_costs(unsolved: NDArray[np.float64], R: NDArray[np.float64], accuracy: float | None) -> NDArray[np.float64]:
    """Mean cost of the oracle of every subset (2^n_states,); the empty set costs nothing.

    Args:
        unsolved: Shares as of `unsolved_shares`.
        R: Costs (n_states,).
        accuracy: Share of right answers that is bought, cheapest first; None buys all that the subset knows.
    """
    bought = 1 - unsolved if accuracy is None else np.minimum(1 - unsolved, accuracy)
    costs = np.zeros(len(unsolved))
    fallback = np.zeros(len(unsolved))  # cost of the subset's cheapest state, which takes what is not bought
    for state, cost in enumerate(R):
        size = 1 << state
        without, joined = slice(0, size), slice(size, 2 * size)
        costs[joined] = costs[without] + cost * (bought[joined] - bought[without])
        fallback[joined] = fallback[without]
        fallback[size] = cost
    return costs + fallback * (1 - bought)
