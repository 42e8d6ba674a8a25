"""The sampling error of a figure: one form wherever a figure has one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .bootstrap import interval

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Interval:
    """The 95 % bootstrap interval of a figure. A figure without one has None instead."""

    low: float
    """Lower end."""
    high: float
    """Upper end."""

    @classmethod
    def of(cls, replicates: NDArray[np.float64]) -> Interval | None:
        """The interval of a figure from its values in resampled label sets.

        Args:
            replicates: The figure in each set (n_replicates,); not a number where it is undefined.

        Returns:
            None where the figure is undefined in every set.

        Example:
            >>> Interval.of(np.arange(1001.0))
            Interval(low=25.0, high=975.0)
            >>> Interval.of(np.array([np.nan, np.nan])) is None
            True
        """
        low, high = (float(end) for end in interval(replicates))
        return None if np.isnan(low) or np.isnan(high) else cls(low, high)
