"""Batches: how large, in which order, and what to do when one does not fit into memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import torch

from ...labels.errors import RunError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Result = TypeVar("Result", bound=object)


def consecutive(count: int, size: int) -> Iterator[list[int]]:
    """Indices 0…count-1 in consecutive batches of `size`."""
    for start in range(0, count, size):
        yield list(range(start, min(start + size, count)))


class MemoryBudget:
    """Work in batches whose padded size stays within a budget, which shrinks when a batch does not fit into memory."""

    def __init__(self, most: int, what: str, *, rows: int | None = None) -> None:
        """Start with a budget.

        Args:
            most: Largest size of a batch: its samples times the length of the longest, such as tokens with their
                padding. A longer sample makes a batch of its own.
            what: State to name in messages.
            rows: Samples of a batch, in place of the budget until one does not fit; None for the budget.
        """
        self.most = most
        """The budget."""
        self._what, self._rows = what, rows
        self._shrunk = False

    def run(self, lengths: Sequence[int], work: Callable[[list[int]], Result]) -> Iterator[tuple[list[int], Result]]:
        """Do some work on all samples in batches, the longest first so that memory trouble shows at once.

        Args:
            lengths: Length of each sample; samples of one length keep their order.
            work: Works on the samples of these indices. It is called again with fewer where it raises
                `torch.OutOfMemoryError`.

        Yields:
            The indices of each batch, and what the work made of it.

        Raises:
            RunError: A single sample does not fit.

        Example:
            >>> budget = MemoryBudget(9, "some state")
            >>> [indices for indices, _ in budget.run([3, 9, 2, 3], len)]
            [[1], [0, 3, 2]]
        """
        order = sorted(range(len(lengths)), key=lambda index: -lengths[index])
        start = 0
        while start < len(order):
            longest = lengths[order[start]]
            batch = order[start : start + self._size(longest)]
            result = self._result(work, batch)
            if result is not None:
                yield batch, result
                start += len(batch)
                continue
            if len(batch) == 1:
                raise RunError(
                    f"{self._what}: one sample does not fit into memory; use a larger device or `dtype` bfloat16"
                )
            # Outside the except block, so that the failed attempt's tensors are freed first.
            torch.cuda.empty_cache()
            self.most, self._shrunk = longest * (len(batch) // 2), True

    def _size(self, longest: int) -> int:
        within = max(1, self.most // max(1, longest))
        if self._rows is None:
            return within
        return min(self._rows, within) if self._shrunk else self._rows

    def _result(self, work: Callable[[list[int]], Result], batch: list[int]) -> Result | None:
        """What the work gives; None where it does not fit into memory."""
        try:
            return work(batch)
        except torch.OutOfMemoryError:
            return None
