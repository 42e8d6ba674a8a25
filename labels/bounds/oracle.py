"""The adaptive oracle: per sample the cheapest state that is right (Eq. 4-7 of arXiv 2402.04359)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from ..checks import as_correct, as_sample_costs
from . import formulas

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray

Agent: TypeAlias = Literal["select", "cascade"]
"""`select` pays for the state it takes; `cascade` pays for every state up to the one it stops at."""

ROWS_AT_ONCE = 1 << 16
"""Rows that one step of a pass over the matrix holds, so that temporaries stay small next to the matrix."""

ROWS_PER_BYTE = 255
"""Ones that a byte can count."""


@dataclass(frozen=True, eq=False)
class Oracle:
    """What the oracle does on a set of labels, and what that costs."""

    states: NDArray[np.int64]
    """`first(x)` (n_samples,): place of the cheapest right state, 0 where none is right."""
    solvable: NDArray[np.bool_]
    """Whether some state is right (n_samples,)."""
    accuracy: float
    """`A_oracle = 1 - E_N`."""
    mean_cost: float
    """`R_oracle`, mean cost per sample in the unit of the costs."""
    gain: float
    """`R_N / R_oracle`."""
    accuracy_gain: float
    """`A_oracle - A_N`."""
    accuracies: NDArray[np.float64]
    """`A_i` (n_states,)."""
    error_profile: NDArray[np.float64]
    """`E_i` (n_states,): share of samples on which states 1…i are all wrong."""
    shares: NDArray[np.float64]
    """`P(oracle takes i)` (n_states,)."""
    alpha: NDArray[np.float64]
    """`alpha_i = E_i / (1 - A_i)` (n_states,), not a number where a state is never wrong."""


def oracle(correct: ArrayLike, costs: ArrayLike, *, agent: Agent = "select") -> Oracle:
    """Send every sample to the cheapest state that is right, or to the first where none is (Eq. 4).

    Per-sample costs need not ascend within a row: the cheapest right state is then looked for by cost, and where
    none is right the cheapest state is taken, which is state 1 wherever the row ascends.

    Args:
        correct: Which states are right (n_samples, n_states), states ascending by cost.
        costs: Cost of each state (n_states,) or of each inference (n_samples, n_states).
        agent: `select` pays for the state it takes, `cascade` for every state up to it.

    Raises:
        InputError: Shapes that do not fit, no samples, one state, or costs not positive and ascending.

    Example:
        >>> result = oracle([[False, True], [True, True], [False, False]], costs=[1.0, 4.0])
        >>> result.states.tolist(), result.mean_cost, result.alpha.tolist()
        ([1, 0, 0], 2.0, [1.0, 1.0])
    """
    matrix = as_correct(correct)
    R = as_sample_costs(costs, matrix.shape)
    paid = R if agent == "select" else formulas.cascade_costs(R)
    first, solvable = first_right(matrix)
    right = count_right(matrix)
    A, errors = right / len(matrix), (len(matrix) - right) / len(matrix)
    E = error_profile(first, solvable, matrix.shape[1])
    if R.ndim == 1:
        states, shares = first, formulas.exact_shares(E)
        mean_cost, largest = float(shares @ paid), float(R[-1])
    else:
        states = cheapest_right(matrix, paid, solvable)
        shares = np.bincount(states, minlength=matrix.shape[1]) / len(matrix)
        mean_cost = float(np.take_along_axis(paid, states[:, None], axis=1).mean())
        largest = float(R[:, -1].mean())
    return Oracle(
        states=states,
        solvable=solvable,
        accuracy=float(1 - E[-1]),
        mean_cost=mean_cost,
        gain=largest / mean_cost,
        accuracy_gain=float(1 - E[-1] - A[-1]),
        accuracies=A,
        error_profile=E,
        shares=shares,
        alpha=formulas.alpha_profile(E, errors),
    )


def alpha_profile(correct: ArrayLike) -> NDArray[np.float64]:
    """Error correlation of each state: `alpha_i = P(c_1 = … = c_{i-1} = 0 | c_i = 0) = E_i / (1 - A_i)`.

    Args:
        correct: Which states are right (n_samples, n_states), states ascending by cost.

    Returns:
        (n_states,); the first is 1, and a state that is never wrong has none: not a number.

    Raises:
        InputError: No samples, one state, or values other than true and false.

    Example:
        >>> alpha_profile([[False, True, True], [True, False, True], [False, False, True]]).tolist()
        [1.0, 0.5, nan]
    """
    matrix = as_correct(correct)
    first, solvable = first_right(matrix)
    errors = (len(matrix) - count_right(matrix)) / len(matrix)
    return formulas.alpha_profile(error_profile(first, solvable, matrix.shape[1]), errors)


def minimum_alpha(alpha: ArrayLike) -> float:
    """The least error correlation of states 2…N: the paper's optimistic constant for Eq. 8.

    Args:
        alpha: Profile (n_states,) as of `alpha_profile`.

    Returns:
        1 where no state but the first has an alpha.

    Example:
        >>> minimum_alpha([1.0, 0.5, 0.25, float("nan")])
        0.25
    """
    return min(_defined(alpha), default=1.0)


def mean_alpha(alpha: ArrayLike) -> float:
    """The mean error correlation of states 2…N, a middle constant for Eq. 8.

    Args:
        alpha: Profile (n_states,) as of `alpha_profile`.

    Returns:
        1 where no state but the first has an alpha.

    Example:
        >>> mean_alpha([1.0, 0.5, 0.25, float("nan")])
        0.375
    """
    defined = _defined(alpha)
    return sum(defined) / len(defined) if defined else 1.0


def _defined(alpha: ArrayLike) -> list[float]:
    later = np.asarray(alpha, dtype=np.float64)[1:]
    return [float(value) for value in later if np.isfinite(value)]


def first_right(correct: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Place of the first right state (n_samples,), 0 where none is, and whether there is one (n_samples,)."""
    states = np.argmax(correct, axis=1)
    solvable = np.take_along_axis(correct, states[:, None], axis=1)[:, 0]
    return states, solvable


def cheapest_right(
    correct: NDArray[np.bool_], paid: NDArray[np.float64], solvable: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Place of the cheapest right state (n_samples,) under per-sample costs, of the cheapest where none is right."""
    states = np.empty(len(correct), dtype=np.int64)
    for rows in row_slices(len(correct)):
        allowed = correct[rows] | ~solvable[rows, None]
        states[rows] = np.argmin(np.where(allowed, paid[rows], np.inf), axis=1)
    return states


def accuracies(correct: NDArray[np.bool_]) -> NDArray[np.float64]:
    """`A_i` (n_states,)."""
    return count_right(correct) / len(correct)


def count_right(correct: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Number of right answers of each state (n_states,), in one pass that makes no copy of the matrix.

    Runs of 255 rows are summed in bytes, which the processor adds 16 or more at a time.
    """
    bits = correct.view(np.uint8)
    whole = len(bits) // ROWS_PER_BYTE * ROWS_PER_BYTE
    total: NDArray[np.int64] = bits[whole:].sum(axis=0, dtype=np.int64)
    step = ROWS_AT_ONCE // ROWS_PER_BYTE * ROWS_PER_BYTE
    for start in range(0, whole, step):
        runs = bits[start : min(start + step, whole)].reshape(-1, ROWS_PER_BYTE, bits.shape[1])
        total += np.add.reduce(runs, axis=1, dtype=np.uint8).sum(axis=0, dtype=np.int64)
    return total


def error_profile(first: NDArray[np.int64], solvable: NDArray[np.bool_], n_states: int) -> NDArray[np.float64]:
    """`E_i` (n_states,): the share of samples whose first right state comes after i, or that have none."""
    solved_by = np.bincount(first[solvable], minlength=n_states)
    return (len(first) - np.cumsum(solved_by)) / len(first)


def row_slices(n_samples: int) -> Iterator[slice]:
    """Consecutive slices of at most `ROWS_AT_ONCE` rows."""
    for start in range(0, n_samples, ROWS_AT_ONCE):
        yield slice(start, start + ROWS_AT_ONCE)
