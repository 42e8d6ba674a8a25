"""What one pass over the labels tells: how many samples each state is the first to solve.

That is all that the exact bound and the frontier need where states have one cost each. The pass works on blocks that
stay in the processor's cache, so that it costs little more than reading the matrix.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLOCK_BYTES = 1 << 18
"""Bytes of the matrix that are read at once: less than the second-level cache of current processors."""


@dataclass(frozen=True, eq=False)
class Solved:
    """Samples by the first state that solves them."""

    by_state: NDArray[np.int64]
    """Samples that each state is the first to get right (n_states,)."""
    by_largest: int
    """Samples that the largest state gets right, first or not."""
    n_samples: int
    """All samples, those included that no state solves."""

    @property
    def error_profile(self) -> NDArray[np.float64]:
        """`E_i` (n_states,): share of samples on which states 1…i are all wrong."""
        return (self.n_samples - np.cumsum(self.by_state)) / self.n_samples

    @property
    def largest_accuracy(self) -> NDArray[np.float64]:
        """`A_N` (1,)."""
        return np.array([self.by_largest / self.n_samples])


def count_solved(correct: NDArray[np.bool_]) -> Solved:
    """Count a checked matrix (n_samples, n_states) in one pass."""
    n_samples, n_states = correct.shape
    by_state = np.zeros(n_states, dtype=np.int64)
    by_smallest = by_largest = 0
    step = max(1, BLOCK_BYTES // n_states)
    for start in range(0, n_samples, step):
        block = correct[start : start + step]
        by_state += np.bincount(np.argmax(block, axis=1), minlength=n_states)
        by_smallest += int(np.count_nonzero(block[:, 0]))
        by_largest += int(np.count_nonzero(block[:, -1]))
    by_state[0] = by_smallest  # argmax gives 0 also where no state is right
    return Solved(by_state, by_largest, n_samples)
