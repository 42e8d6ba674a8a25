"""Sampling error of every figure that comes from labels: percentile bootstrap over samples.

What matters of a sample is its pattern of right and wrong. The samples are therefore counted by pattern once, and a
replicate draws new counts instead of new rows: the same distribution as resampling rows, at the cost of the patterns.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ..checks import as_correct
from ..errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

REPLICATES = 1000
"""Replicates that the 95 % intervals of the tables come from."""
SEED = 0
"""Seed of those replicates, so that the same labels give the same intervals."""
RARE = 32
"""Samples below which drawing a pattern's samples one by one is quicker than drawing its count: a binomial draw takes
as long as about this many uniform ones."""


@dataclass(frozen=True, eq=False)
class Replicates:
    """Resampled label sets, as counts of the patterns of right and wrong."""

    patterns: NDArray[np.bool_]
    """The distinct rows of the labels (n_patterns, n_states)."""
    counts: NDArray[np.float64]
    """How often each pattern comes in each resampled set (n_replicates, n_patterns), whole numbers."""
    n_samples: int
    """Samples of each set."""

    @cached_property
    def error_profiles(self) -> NDArray[np.float64]:
        """`E_i` (n_replicates, n_states)."""
        return self.subset_profiles([range(self.patterns.shape[1])])[0]

    @cached_property
    def error_rates(self) -> NDArray[np.float64]:
        """`1 - A_i` (n_replicates, n_states), exactly 0 where a state is never wrong."""
        return (self.n_samples - self._right) / self.n_samples

    @cached_property
    def accuracies(self) -> NDArray[np.float64]:
        """`A_i` (n_replicates, n_states)."""
        return self._right / self.n_samples

    @cached_property
    def _right(self) -> NDArray[np.float64]:
        """Right answers of each state (n_replicates, n_states), whole numbers."""
        return self.counts @ self.patterns.astype(np.float64)

    def subset_profiles(self, subsets: Sequence[Sequence[int]]) -> list[NDArray[np.float64]]:
        """Error profiles of some subsets of the states, each (n_replicates, n_subset)."""
        unsolved = [~np.logical_or.accumulate(self.patterns[:, list(chosen)], axis=1) for chosen in subsets]
        found = self.counts @ np.concatenate(unsolved, axis=1).astype(np.float64) / self.n_samples
        return np.split(found, np.cumsum([len(chosen) for chosen in subsets])[:-1], axis=1)


def replicate(correct: ArrayLike, replicates: int = REPLICATES, *, rng: np.random.Generator) -> Replicates:
    """Resample the samples with replacement.

    Args:
        correct: Which states are right (n_samples, n_states).
        replicates: Number of resampled sets.
        rng: Source of randomness.

    Raises:
        InputError: Shapes that do not fit, no samples, one state, or fewer than two replicates.

    Example:
        >>> sets = replicate([[False, True], [True, True]], 100, rng=np.random.default_rng(0))
        >>> sets.accuracies.shape, float(sets.accuracies[:, 1].min())
        ((100, 2), 1.0)
    """
    if replicates < 2:
        raise InputError(f"bootstrap: {replicates} replicate(s); an interval needs at least 2")
    matrix = as_correct(correct)
    patterns, counts = count_patterns(matrix)
    return Replicates(patterns, draw_counts(counts, replicates, rng), len(matrix))


def draw_counts(counts: NDArray[np.int64], replicates: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Counts of each pattern in resampled label sets (n_replicates, n_patterns): a multinomial draw, in two steps.

    The counts of frequent patterns, and that of all rare ones together, are drawn as a multinomial; the rare ones'
    samples are then drawn one by one. Both steps together have the distribution of resampling rows.
    """
    rare = counts < RARE
    n_rare = int(counts[rare].sum())
    lumped = np.append(counts[~rare], n_rare) / counts.sum()
    drawn = rng.multinomial(counts.sum(), lumped, size=replicates)
    found = np.empty((replicates, len(counts)))
    found[:, ~rare] = drawn[:, :-1]
    owners = np.repeat(np.arange(np.count_nonzero(rare)), counts[rare])  # (n_rare,): pattern of each rare sample
    for row, n_drawn in zip(found, drawn[:, -1], strict=True):
        if n_drawn:
            row[rare] = np.bincount(owners[rng.integers(0, n_rare, n_drawn)], minlength=np.count_nonzero(rare))
        else:
            row[rare] = 0
    return found


def interval(values: NDArray[np.float64], level: float = 0.95) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Ends of the percentile interval over replicates (n_replicates, ...), leaving undefined ones aside.

    Returns:
        Low and high (...,); not a number where no replicate is defined.
    """
    tail = 50 * (1 - level)
    defined = np.isfinite(values).any(axis=0)
    safe = np.where(defined, values, 0.0)
    low, high = np.nanpercentile(safe, [tail, 100 - tail], axis=0)
    return np.where(defined, low, np.nan), np.where(defined, high, np.nan)


def count_patterns(correct: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """The distinct rows (n_patterns, n_states) of a matrix, and how often each comes (n_patterns,)."""
    n_states = correct.shape[1]
    packed = np.packbits(correct, axis=1)
    words = np.zeros((len(packed), -(-packed.shape[1] // 8) * 8), dtype=np.uint8)
    words[:, : packed.shape[1]] = packed
    keys = words.view(np.uint64)
    if keys.shape[1] == 1:
        distinct, counts = np.unique(keys[:, 0], return_counts=True)
    else:
        distinct, counts = np.unique(keys, axis=0, return_counts=True)
    rows = np.ascontiguousarray(distinct.reshape(len(counts), -1)).view(np.uint8)
    return np.unpackbits(rows, axis=1, count=n_states).astype(np.bool_), counts
