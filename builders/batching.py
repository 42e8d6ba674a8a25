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


def run_or_split(batch: list[int], run: Callable[[list[int]], None], what: str) -> None:
    """Run a batch; if it does not fit into memory, run its halves.

    Args:
        batch: Indices of the batch.
        run: Runs a batch and keeps its results.
        what: State to name in messages.

    Raises:
        RunError: A single sample does not fit.
    """
    try:
        run(batch)
        return
    except torch.OutOfMemoryError as error:
        if len(batch) == 1:
            raise RunError(f"{what}: one sample does not fit into memory; use a larger device or --dtype") from error
    # Outside the except block, so that the failed attempt's tensors are freed first.
    torch.cuda.empty_cache()
    middle = len(batch) // 2
    run_or_split(batch[:middle], run, what)
    run_or_split(batch[middle:], run, what)
