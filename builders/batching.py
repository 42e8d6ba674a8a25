"""Batches: in which order, how large, and what to do when one does not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from ..labels.errors import RunError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


def consecutive(count: int, size: int) -> Iterator[list[int]]:
    """Indices 0…count-1 in consecutive batches of `size`."""
    for start in range(0, count, size):
        yield list(range(start, min(start + size, count)))


def by_token_budget(lengths: Sequence[int], budget: int) -> Iterator[list[int]]:
    """Batches of indices whose padded size stays within the budget, longest first so that memory trouble shows at once.

    Args:
        lengths: Tokens of each sequence.
        budget: Most tokens of a batch, padding included; a longer sequence makes a batch of its own.

    Example:
        >>> list(by_token_budget([3, 9, 2, 3], budget=9))
        [[1], [0, 3, 2]]
    """
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        if batch and lengths[batch[0]] * (len(batch) + 1) > budget:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


class MemoryFit:
    """Runs batches, in smaller pieces once one has not fit into memory."""

    def __init__(self, what: str) -> None:
        """Start with batches as they come.

        Args:
            what: State to name in messages.
        """
        self._what = what
        self.most: int | None = None
        """Samples of the largest piece that may fit; None while nothing has failed."""

    def run(self, batch: Sequence[int], run: Callable[[list[int]], None]) -> None:
        """Run a batch, whole or in pieces in order.

        Args:
            batch: Indices of the samples.
            run: Runs some of them and keeps its results; called again with fewer when it raises
                `torch.OutOfMemoryError`.

        Raises:
            RunError: A single sample does not fit.
        """
        start = 0
        while start < len(batch):
            size = min(self.most or len(batch), len(batch) - start)
            if self._fits(list(batch[start : start + size]), run):
                start += size
            else:
                # Outside the except block, so that the failed attempt's tensors are freed first.
                torch.cuda.empty_cache()
                self.most = size // 2

    def _fits(self, piece: list[int], run: Callable[[list[int]], None]) -> bool:
        try:
            run(piece)
        except torch.OutOfMemoryError as error:
            if len(piece) == 1:
                raise RunError(
                    f"{self._what}: one sample does not fit into memory; use a larger device or --dtype bfloat16"
                ) from error
            return False
        return True
