"""McNemar's exact test: are two deciders right equally often, judged by the samples on which one of them is wrong?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def exact_mcnemar(first_only: ArrayLike, second_only: ArrayLike) -> NDArray[np.float64]:
    """Two-sided p values: the chance of so uneven a split, were each such sample a toss of a fair coin.

    Args:
        first_only: For each test the samples that only the first decider gets right (n_tests,).
        second_only: Those that only the second gets right (n_tests,).

    Example:
        >>> exact_mcnemar([1, 4, 0], [7, 4, 0]).tolist()
        [0.0703125, 1.0, 1.0]
    """
    from scipy.special import bdtr  # scipy.stats, which has the test by name, takes a second to load

    first, second = np.asarray(first_only, dtype=np.int64), np.asarray(second_only, dtype=np.int64)
    p_values: NDArray[np.float64] = np.minimum(2 * bdtr(np.minimum(first, second), first + second, 0.5), 1.0)
    return p_values
