"""Sampling error of every figure that comes from labels: percentile bootstrap over samples, or over clusters of them.

What matters of a sample is its pattern of right and wrong. The samples are therefore counted by pattern once, and a
replicate draws new counts instead of new rows: the same distribution as resampling rows, at the cost of the patterns.
Where samples come in clusters (four questions about one passage), whole clusters are drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ..checks import as_correct
from ..errors import InputError
from .patterns import count_patterns, first_of, pattern_of_each

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
BLOCK = 1 << 20
"""Draws, or counts, that are worked on at once, so that they stay in the processor's cache."""
EXACT_IN_FLOAT32 = 1 << 24
"""Whole numbers up to this one, and their sums, are exact as float32, which is twice as quick to add up."""


@dataclass(frozen=True, eq=False)
class Replicates:
    """Resampled label sets, as counts of the patterns of right and wrong."""

    patterns: NDArray[np.bool_]
    """The distinct rows of the labels (n_patterns, n_states)."""
    counts: NDArray[np.floating]
    """How often each pattern comes in each resampled set (n_replicates, n_patterns), whole numbers. A pattern's counts
    lie together in memory, as some patterns are picked out of them at a time."""
    sizes: NDArray[np.int64]
    """Samples of each set (n_replicates,): those of the labels, except where clusters of several sizes are drawn."""

    @cached_property
    def error_profiles(self) -> NDArray[np.float64]:
        """`E_i` (n_replicates, n_states)."""
        return self.subset_profiles([range(self.patterns.shape[1])])[0]

    @cached_property
    def error_rates(self) -> NDArray[np.float64]:
        """`1 - A_i` (n_replicates, n_states), exactly 0 where a state is never wrong."""
        return (self.sizes[:, None] - self._right) / self.sizes[:, None]

    @cached_property
    def accuracies(self) -> NDArray[np.float64]:
        """`A_i` (n_replicates, n_states)."""
        return self._right / self.sizes[:, None]

    @cached_property
    def _right(self) -> NDArray[np.float64]:
        """Right answers of each state (n_replicates, n_states), whole numbers."""
        return (self.counts @ self.patterns.astype(self.counts.dtype)).astype(np.float64)

    def subset_profiles(self, subsets: Sequence[Sequence[int]]) -> list[NDArray[np.float64]]:
        """Error profiles of some subsets of the states, each (n_replicates, n_subset).

        From one subset to the next most patterns keep their first right state; only those that change it are added up
        again. Subsets that resemble their neighbours, as the best k states do, are therefore quick.
        """
        n_states = self.patterns.shape[1]
        before = np.full(len(self.patterns), n_states)  # first right state of each pattern, n_states where none is
        solved = np.zeros((len(self.counts), n_states + 1))  # samples by first right state
        found = []
        for subset in subsets:
            chosen = list(subset)
            first = first_of(self.patterns, chosen)
            moved = np.flatnonzero(first != before)
            change = np.zeros((len(moved), n_states + 1), dtype=self.counts.dtype)
            change[np.arange(len(moved)), before[moved]] = -1
            change[np.arange(len(moved)), first[moved]] = 1
            touched = np.flatnonzero(change.any(axis=0))
            of_moved = self.counts.T if len(moved) == len(first) else self.counts.T[moved]
            solved[:, touched] += of_moved.T @ change[:, touched]
            unsolved = self.sizes[:, None] - np.cumsum(solved[:, chosen], axis=1)
            found.append(unsolved / self.sizes[:, None])
            before = first
        return found


def replicate(
    correct: ArrayLike,
    replicates: int = REPLICATES,
    *,
    rng: np.random.Generator,
    clusters: ArrayLike | None = None,
) -> Replicates:
    """Resample the samples, or clusters of them, with replacement.

    Args:
        correct: Which states are right (n_samples, n_states).
        replicates: Number of resampled sets.
        rng: Source of randomness.
        clusters: Cluster of each sample (n_samples,), numbers or strings. Samples of one cluster (questions about one
            passage, frames of one video) err together; whole clusters are then drawn, as many as there are. None
            takes every sample as a cluster of its own.

    Raises:
        InputError: Shapes that do not fit, no samples, one state, fewer than two replicates, or a single cluster.

    Example:
        >>> sets = replicate([[False, True], [True, True]], 100, rng=np.random.default_rng(0))
        >>> sets.accuracies.shape, float(sets.accuracies[:, 1].min())
        ((100, 2), 1.0)
    """
    if replicates < 2:
        raise InputError(f"`replicates` is {replicates}: an interval needs at least 2")
    matrix = as_correct(correct)
    if clusters is None:
        patterns, counts = count_patterns(matrix)
        drawn = draw_counts(counts, replicates, rng)
        return Replicates(patterns, drawn, np.full(replicates, len(matrix)))
    numbers = number_clusters(clusters, len(matrix))
    patterns, which = pattern_of_each(matrix)
    drawn = draw_cluster_counts(which, numbers, replicates, rng)
    return Replicates(patterns, drawn, drawn.sum(axis=1, dtype=np.float64).astype(np.int64))


def draw_counts(counts: NDArray[np.int64], replicates: int, rng: np.random.Generator) -> NDArray[np.floating]:
    """Counts of each pattern in resampled label sets (n_replicates, n_patterns): a multinomial draw, in two steps.

    The counts of frequent patterns, and that of all rare ones together, are drawn as a multinomial; the rare ones'
    samples are then drawn one by one. Both steps together have the distribution of resampling rows.
    """
    rare = counts < RARE
    n_rare, n_patterns = int(counts[rare].sum()), np.count_nonzero(rare)
    lumped = np.append(counts[~rare], n_rare) / counts.sum()
    drawn = rng.multinomial(counts.sum(), lumped, size=replicates)
    found = np.empty((len(counts), replicates), dtype=_whole_numbers(int(counts.sum())))
    found[~rare] = drawn[:, :-1].T
    owners = np.repeat(np.arange(n_patterns), counts[rare])  # (n_rare,): pattern of each rare sample
    step = max(1, BLOCK // max(1, n_rare))
    for start in range(0, replicates if n_rare else 0, step):
        wanted = drawn[start : start + step, -1]
        picked = owners[rng.integers(0, n_rare, wanted.sum())]
        picked += np.repeat(np.arange(len(wanted)) * n_patterns, wanted)
        tally = np.bincount(picked, minlength=len(wanted) * n_patterns)
        found[rare, start : start + step] = tally.reshape(len(wanted), n_patterns).T
    return found.T


def draw_cluster_counts(
    patterns: NDArray[np.int64], clusters: NDArray[np.int64], replicates: int, rng: np.random.Generator
) -> NDArray[np.floating]:
    """Counts of each pattern (n_replicates, n_patterns) where whole clusters are drawn with replacement.

    Args:
        patterns: Pattern of each sample (n_samples,), from 0.
        clusters: Cluster of each sample (n_samples,), from 0.
        replicates: Number of resampled sets.
        rng: Source of randomness.
    """
    n_patterns, n_clusters = int(patterns.max()) + 1, int(clusters.max()) + 1
    pairs, held = np.unique(clusters * n_patterns + patterns, return_counts=True)
    owner, pattern = np.divmod(pairs, n_patterns)
    largest = int(np.bincount(clusters).max()) * n_clusters
    found = np.empty((n_patterns, replicates), dtype=_whole_numbers(largest))
    for b in range(replicates):
        times = np.bincount(rng.integers(0, n_clusters, n_clusters), minlength=n_clusters)
        found[:, b] = np.bincount(pattern, weights=times[owner] * held, minlength=n_patterns)
    return found.T


def number_clusters(clusters: ArrayLike, n_samples: int) -> NDArray[np.int64]:
    """Clusters numbered from 0 (n_samples,).

    Raises:
        InputError: Not one for each sample, or a single cluster.
    """
    values = np.asarray(clusters)
    if values.shape != (n_samples,):
        raise InputError(f"`clusters`: expected shape ({n_samples},), one cluster for each sample, got {values.shape}")
    distinct, numbers = np.unique(values, return_inverse=True)
    if len(distinct) < 2:
        raise InputError("`clusters`: all samples are in one cluster; resampling needs at least two")
    return numbers.astype(np.int64)


def _whole_numbers(largest: int) -> type[np.floating]:
    """The quickest type in which sums of whole numbers up to the largest are exact."""
    return np.float32 if largest <= EXACT_IN_FLOAT32 else np.float64


def interval(values: NDArray[np.float64], level: float = 0.95) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Ends of the percentile interval over replicates (n_replicates, ...), leaving undefined ones aside.

    Returns:
        Low and high (...,); not a number where no replicate is defined.
    """
    tail = (100 - 100 * level) / 2
    if np.isfinite(values).all():
        low, high = np.percentile(values, [tail, 100 - tail], axis=0)
        return low, high
    defined = np.isfinite(values).any(axis=0)
    safe = np.where(defined, values, 0.0)
    low, high = np.nanpercentile(safe, [tail, 100 - tail], axis=0)
    return np.where(defined, low, np.nan), np.where(defined, high, np.nan)
