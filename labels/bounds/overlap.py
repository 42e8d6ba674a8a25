"""Which states err together: alpha seen pair by pair.

Alpha says how often *all* smaller states are wrong where a state is wrong. The matrix of conditional error shares shows
which of them they are, and McNemar's exact test whether two neighbours differ in accuracy by more than chance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..checks import as_correct
from .mcnemar import exact_mcnemar
from .patterns import count_patterns

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Neighbours:
    """A state against the next larger one, on the same samples (McNemar's exact test)."""

    smaller: int
    """Place of the smaller state; the other is the next one."""
    smaller_only: int
    """Samples that the smaller state alone gets right, of the two."""
    larger_only: int
    """Samples that the larger state alone gets right."""
    p_value: float
    """Chance of a split at least this uneven if both were equally accurate; 1 where they never differ. Two-sided, not
    corrected for the number of pairs."""


@dataclass(frozen=True, eq=False)
class ErrorOverlap:
    """How the errors of a space's states overlap."""

    wrong_given_wrong: NDArray[np.float64]
    """`P(i wrong | j wrong)` (n_states, n_states), row i, column j; a column is not a number where j is never wrong.
    All 1 above the diagonal would be nested errors, alpha = 1."""
    neighbours: tuple[Neighbours, ...]
    """Each state against the next, from the smallest on (n_states - 1)."""


def error_overlap(correct: ArrayLike) -> ErrorOverlap:
    """Conditional error shares of all pairs of states, and a test of each pair of neighbours.

    Args:
        correct: Which states are right (n_samples, n_states), states ascending by cost.

    Raises:
        InputError: No samples, one state, or values other than true and false.

    Example:
        >>> found = error_overlap([[False, False], [False, True], [False, True], [True, True]])
        >>> found.wrong_given_wrong.round(3).tolist()
        [[1.0, 1.0], [0.333, 1.0]]
        >>> found.neighbours
        (Neighbours(smaller=0, smaller_only=0, larger_only=2, p_value=0.5),)
    """
    matrix = as_correct(correct)
    patterns, counts = count_patterns(matrix)
    wrong = (~patterns).astype(np.float64)
    together = wrong.T @ (wrong * counts[:, None])  # (n_states, n_states): samples that both get wrong
    errors = np.diagonal(together)
    with np.errstate(invalid="ignore"):
        shares = together / errors
    pairs = range(matrix.shape[1] - 1)
    neighbours = (_compare(i, errors[i + 1] - together[i, i + 1], errors[i] - together[i, i + 1]) for i in pairs)
    return ErrorOverlap(shares, tuple(neighbours))


def _compare(smaller: int, smaller_only: float, larger_only: float) -> Neighbours:
    one, other = int(smaller_only), int(larger_only)
    return Neighbours(smaller, one, other, float(exact_mcnemar(one, other)))
