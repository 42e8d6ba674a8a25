"""Sequences that begin alike as one row: what they share runs once, and a mask keeps their continuations apart.

The choices of an item begin with the same context, and often with the same words. Their tokens make a tree: a token
that follows the same tokens in several choices is one node. A row holds the nodes of a tree; each looks at the nodes on
its own path from the root, at their positions on that path, so that a model computes for it what it would in the
sequence alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from .tokens import EncodedChoice


@dataclass(frozen=True, eq=False)
class Branch:
    """Consecutive nodes of a row that no earlier sequence has."""

    start: int
    """First node."""
    stop: int
    """Node after the last."""
    stem: NDArray[np.int64]
    """Nodes of the path that leads to them (n_stem,)."""


@dataclass(frozen=True, eq=False)
class Row:
    """One row of a batch."""

    tokens: NDArray[np.int32]
    """Tokens of the nodes (n_nodes,)."""
    positions: NDArray[np.int64]
    """Position of each node on its path (n_nodes,)."""
    branches: tuple[Branch, ...]
    """The nodes, in order."""
    predicting: NDArray[np.int64]
    """Nodes whose next token is scored (n_predicting,), ascending."""
    predictors: NDArray[np.int64]
    """For each scored token, the index of its predicting node in `predicting` (n_scored,)."""
    targets: NDArray[np.int64]
    """The scored tokens (n_scored,)."""
    owners: NDArray[np.int64]
    """The choice that each scored token belongs to (n_scored,)."""

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def is_plain(self) -> bool:
        """Whether the row is a single sequence, which needs no mask of its own."""
        return len(self.branches) == 1


def grow(choices: Sequence[EncodedChoice], first_owner: int) -> Row:
    """The tree of some sequences, without their last tokens, which are only predicted.

    Args:
        choices: Sequences, cut to the model's window.
        first_owner: Number of the first choice.

    Example:
        >>> from adaptlabels.builders.language.tokens import EncodedChoice
        >>> one, two = (EncodedChoice(np.array(tokens, dtype=np.int32), 2) for tokens in ([5, 6, 7, 8], [5, 6, 9, 8]))
        >>> row = grow([one, two], first_owner=0)
        >>> row.tokens.tolist(), row.positions.tolist(), row.predicting.tolist(), row.owners.tolist()
        ([5, 6, 7, 9], [0, 1, 2, 2], [1, 2, 3], [0, 0, 1, 1])
    """
    paths: list[NDArray[np.int64]] = []
    branches: list[Branch] = []
    nodes, targets, owners = [], [], []
    size = 0
    for number, choice in enumerate(choices):
        inputs = choice.tokens[:-1]
        stem = _longest_stem(inputs, [earlier.tokens[:-1] for earlier in choices[:number]], paths)
        new = len(inputs) - len(stem)
        paths.append(np.concatenate([stem, np.arange(size, size + new)]))
        if new:
            branches.append(Branch(size, size + new, stem))
        size += new
        nodes.append(paths[-1][-choice.n_scored :])
        targets.append(choice.tokens[-choice.n_scored :])
        owners.append(np.full(choice.n_scored, first_owner + number))
    tokens, positions = np.empty(size, dtype=np.int32), np.empty(size, dtype=np.int64)
    for path, choice in zip(paths, choices, strict=True):
        tokens[path], positions[path] = choice.tokens[:-1], np.arange(len(path))
    predicting, predictors = np.unique(np.concatenate(nodes), return_inverse=True)
    return Row(
        tokens,
        positions,
        tuple(branches),
        predicting,
        predictors.astype(np.int64),
        np.concatenate(targets).astype(np.int64),
        np.concatenate(owners),
    )


def _longest_stem(
    inputs: NDArray[np.int32], earlier: Sequence[NDArray[np.int32]], paths: Sequence[NDArray[np.int64]]
) -> NDArray[np.int64]:
    """Nodes of the longest beginning that an earlier sequence has too."""
    stem = np.empty(0, dtype=np.int64)
    for other, path in zip(earlier, paths, strict=True):
        most = min(len(inputs), len(other))
        differs = inputs[:most] != other[:most]
        shared = int(differs.argmax()) if differs.any() else most
        if shared > len(stem):
            stem = path[:shared]
    return stem


@dataclass(frozen=True, eq=False)
class Inputs:
    """A batch of rows as a model takes it; padding lies at the rows' ends."""

    tokens: torch.Tensor
    """(n_rows, n_longest)"""
    positions: torch.Tensor | None
    """(n_rows, n_longest); None where every row is a single sequence."""
    mask: torch.Tensor | None
    """Which node looks at which (n_rows, 1, n_longest, n_longest), boolean; None as `positions`."""
    predicting: torch.Tensor
    """Indices of the predicting nodes among all of the batch (n_predicting,)."""
    predictors: torch.Tensor
    """For each scored token, the index of its predicting node in `predicting` (n_scored,), ascending."""
    targets: torch.Tensor
    """The scored tokens (n_scored,)."""
    owners: torch.Tensor
    """The choices that they belong to (n_scored,)."""


def collate(rows: Sequence[Row], *, plain: bool = False) -> Inputs:
    """One batch of rows, on the CPU.

    Args:
        rows: The rows.
        plain: Whether the rows are single sequences, so that padding at their ends needs no mask in a causal model.
    """
    longest = max(map(len, rows))
    tokens = torch.zeros(len(rows), longest, dtype=torch.long)
    positions = None if plain else torch.zeros(len(rows), longest, dtype=torch.long)
    mask = None if plain else torch.zeros(len(rows), 1, longest, longest, dtype=torch.bool)
    predicting, predictors, targets, owners = [], [], [], []
    n_predicting = 0
    for number, row in enumerate(rows):
        tokens[number, : len(row)] = torch.from_numpy(row.tokens)
        if positions is not None and mask is not None:
            positions[number, : len(row)] = torch.from_numpy(row.positions)
            _fill(mask[number, 0].numpy(), row)
        predicting.append(row.predicting + number * longest)
        order = np.argsort(row.predictors, kind="stable")
        predictors.append(row.predictors[order] + n_predicting)
        targets.append(row.targets[order])
        owners.append(row.owners[order])
        n_predicting += len(row.predicting)
    whole = (torch.from_numpy(np.concatenate(parts)) for parts in (predicting, predictors, targets, owners))
    return Inputs(tokens, positions, mask, *whole)


def _fill(mask: NDArray[np.bool_], row: Row) -> None:
    for branch in row.branches:
        inside = slice(branch.start, branch.stop)
        mask[inside, branch.stem] = True
        mask[inside, inside] = np.tri(branch.stop - branch.start, dtype=bool)
    # Padding looks at itself: a row of attention that sees nothing has no softmax.
    np.fill_diagonal(mask, val=True)
