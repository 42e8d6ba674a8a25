"""Bootstrap of means over samples, for thousands of agents at once.

Every figure of an agent follows from sums over samples: right answers, cost, agreement, and so on. Up to `MOST_UNITS`
samples the samples themselves are resampled. More of them are dealt at random into that many groups of equal size, and
the groups are resampled: the variance of a mean over random groups is that over samples, and one small matrix product
then resamples all sums of all agents, who so share the same replicates and can be compared in pairs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_UNITS = 2048
"""Samples, or groups of samples, that a replicate draws from."""


@dataclass(frozen=True, eq=False)
class Resampling:
    """Replicates of a set of samples."""

    unit: NDArray[np.int64]
    """The group of each sample (n_samples,); its own place where there are few samples."""
    weights: NDArray[np.float64]
    """How often each replicate draws each group (n_replicates, n_units), whole numbers."""

    @classmethod
    def draw(
        cls, n_samples: int, replicates: int, rng: np.random.Generator, clusters: NDArray[np.int64] | None = None
    ) -> Resampling:
        """Deal the samples, or clusters of them, into groups, and resample these.

        Args:
            n_samples: Number of samples.
            replicates: Number of resampled sets; 0 for none.
            rng: Source of randomness.
            clusters: Cluster of each sample (n_samples,), from 0, which stays together; None for each sample alone.
        """
        n_dealt = n_samples if clusters is None else int(clusters.max()) + 1
        n_units = min(n_dealt, MOST_UNITS)
        unit = np.arange(n_dealt) % n_units
        if n_units < n_dealt:
            unit = rng.permutation(unit)
        if clusters is not None:
            unit = unit[clusters]
        weights = np.empty((replicates, n_units))
        for row in weights:
            row[:] = np.bincount(rng.integers(0, n_units, n_units), minlength=n_units)
        return cls(unit, weights)

    @property
    def replicates(self) -> int:
        """Number of resampled sets."""
        return len(self.weights)

    def sums(self, values: NDArray[np.float64] | NDArray[np.bool_]) -> NDArray[np.float64]:
        """Sum of the values (n_samples,) over each group (n_units,)."""
        n_units = self.weights.shape[1]
        if len(values) == n_units:
            return np.asarray(values, dtype=np.float64)
        return np.bincount(self.unit, weights=values, minlength=n_units).astype(np.float64)

    def means(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """Mean per sample in each replicate (n_replicates, ...), from the sums over groups (n_units, ...)."""
        flat = sums.reshape(len(sums), -1)
        found: NDArray[np.float64] = self.weights @ flat / self.sizes[:, None]
        return found.reshape(self.replicates, *sums.shape[1:])

    @cached_property
    def sizes(self) -> NDArray[np.float64]:
        """Samples in each replicate (n_replicates,); they differ a little where groups do."""
        return self.weights @ np.bincount(self.unit, minlength=self.weights.shape[1])
