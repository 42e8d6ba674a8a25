"""The bare formulas: a few lines of NumPy each, no checks. `bounds` and `frontier` are their public side.

Symbols are those of arXiv 2402.04359: `R` costs (n_states,) ascending, `A` accuracies (..., n_states), `E` the
error profile (..., n_states), `E_i` being the share of samples on which states 1…i are all wrong, `alpha` the error
correlation `E_i / (1 - A_i)`. Every `*_shares` gives `P(oracle takes i)` (..., n_states), and sums to 1. Leading axes
are bootstrap replicates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]


def solved_shares(E: Floats) -> Floats:
    """Share of samples that state i is the first to get right: `E_{i-1} - E_i`, `E_0 = 1`."""
    before = np.concatenate([np.ones_like(E[..., :1]), E[..., :-1]], axis=-1)
    return before - E


def exact_shares(E: Floats) -> Floats:
    """Eq. 5-7: state 1 where it is right or none is, state i where it is the first to be right."""
    shares = solved_shares(E)
    shares[..., 0] += E[..., -1]
    return shares


def alpha_profile(E: Floats, errors: Floats) -> Floats:
    """`E_i / (1 - A_i)`, with `errors` = `1 - A_i`; not a number where a state is never wrong."""
    with np.errstate(invalid="ignore", divide="ignore"):
        # E_i <= 1 - A_i, but the two may be rounded apart from each other.
        return np.where(errors > 0, np.minimum(E / errors, 1.0), np.nan)


def least_alpha(alpha: Floats) -> Floats:
    """The least defined alpha of states 2…N (...,), 1 where none is: the paper's optimistic constant for Eq. 8."""
    later = alpha[..., 1:]
    return np.asarray(np.where(np.isnan(later), 1.0, later).min(axis=-1))


def conservative_shares(A: Floats) -> Floats:
    """Eq. 9."""
    shares = np.diff(A, prepend=0.0)
    shares[..., 0] += 1 - A[..., -1]
    return shares


def constant_alpha_shares(A: Floats, alpha: float | Floats) -> Floats:
    """Eq. 8: `E_1 = 1 - A_1` and `E_i = alpha (1 - A_i)` for i >= 2, put into the exact form."""
    E = np.asarray(alpha)[..., None] * (1 - A)
    E[..., 0] = 1 - A[..., 0]
    return exact_shares(E)


def continuous_cost(R: Floats, A: Floats) -> Floats:
    """Eq. 11, with `R(a)` piecewise linear through the states: the trapezoid rule is exact."""
    ends = R[0] * (A[..., 0] + 1 - A[..., -1])
    return np.asarray(ends + np.diff(A) @ ((R[1:] + R[:-1]) / 2))


def frontier_cost(R: Floats, solved: Floats, accuracy: Floats) -> Floats:
    """Least mean cost (...,) of a given accuracy (...,): buy from each state in turn what is still wanted.

    `R_1 + sum_i (R_i - R_1) min(s_i, max(0, a - s_1 - … - s_{i-1}))`, with `s` = `solved` (..., n_states).
    """
    before = np.cumsum(solved, axis=-1) - solved
    bought = np.clip(np.asarray(accuracy)[..., None] - before, 0.0, solved)
    return np.asarray(R[0] + bought @ (R - R[0]))


def gain_over(largest: float, cost: float | Floats) -> Floats:
    """`R_N / R`, not a number where a closed form that does not hold gives a cost that is not above 0."""
    R = np.asarray(cost, dtype=np.float64)
    return np.where(R > 0, largest / np.where(R > 0, R, 1.0), np.nan)


def cascade_costs(R: Floats) -> Floats:
    """Cost of ending in state i after having tried 1…i, along the last axis."""
    return np.cumsum(R, axis=-1)
