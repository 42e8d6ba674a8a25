"""Batches: in which order, how large, and what to do when one does not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import torch

from ...labels.errors import RunError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Result = TypeVar("Result")


def consecutive(count: int, size: int) -> Iterator[list[int]]:
    """Indices 0…count-1 in consecutive batches of `size`."""
    for start in range(0, count, size):
        yield list(range(start, min(start + size, count)))


class TokenBudget:
    """Batches of sequences whose padded size stays within a budget, which shrinks when a batch does not fit."""

    def __init__(self, tokens: int, what: str, most_rows: int | None = None) -> None:
        """Start with a budget.

        Args:
            tokens: Most tokens of a batch, padding included; a longer sequence makes a batch of its own.
            what: State to name in messages.
            most_rows: Rows of a batch, in place of the budget; None for the budget.
        """
        self.tokens = tokens
        """The budget."""
        self._what, self._most_rows = what, most_rows
        self._failed = False

    def batches(self, lengths: Sequence[int]) -> Iterator[TokenBatch]:
        """All sequences in batches, longest first so that memory trouble shows at once.

        Args:
            lengths: Tokens of each sequence.

        Raises:
            RunError: A single sequence did not fit.

        Example:
            >>> budget = TokenBudget(9, "some state")
            >>> [batch.places for batch in budget.batches([3, 9, 2, 3])]
            [[1], [0, 3, 2]]
        """
        order = sorted(range(len(lengths)), key=lambda place: -lengths[place])
        start = 0
        while start < len(order):
            size = self._size(lengths[order[start]], len(order) - start)
            batch = TokenBatch(order[start : start + size])
            yield batch
            if batch.fits:
                start += size
                continue
            if size == 1:
                raise RunError(
                    f"{self._what}: one sequence of {lengths[order[start]]} tokens does not fit into memory; use a"
                    " larger device or --dtype bfloat16"
                )
            self.tokens, self._failed = lengths[order[start]] * (size // 2), True

    def _size(self, longest: int, left: int) -> int:
        within = max(1, self.tokens // max(1, longest))
        if self._most_rows is not None:
            within = self._most_rows if not self._failed else min(self._most_rows, within)
        return min(within, left)


class TokenBatch:
    """One batch of sequences."""

    def __init__(self, places: list[int]) -> None:
        """Hold some sequences.

        Args:
            places: Their places among all.
        """
        self.places = places
        """Places of the sequences among all."""
        self.fits = True
        """False once it has not fit into memory."""

    def run(self, work: Callable[[list[int]], Result]) -> Result | None:
        """What the work gives, or None where the batch does not fit into memory and comes again in smaller ones."""
        try:
            return work(self.places)
        except torch.OutOfMemoryError:
            self.fits = False
        # Outside the except block, so that the failed attempt's tensors are freed first.
        torch.cuda.empty_cache()
        return None


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
