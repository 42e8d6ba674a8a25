"""Several families that answered the same samples, as one state space.

Its oracle is the one that a person who may run any network would have: the paper's envelope over all networks, exact
instead of approximate. A pool is a state space like any other, so that oracle, frontier, alpha and selection take it
as it is. Names are joined to `family:state`, costs must be of one metric.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ..checks import as_correct
from ..errors import InputError
from .oracle import accuracies
from .states import StateSpace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

JOIN = "+"
"""What stands between the names of a pool's families, and in no other family's name."""
NAMED = 3
"""Samples or metrics that an error message names."""


@dataclass(frozen=True, eq=False)
class LabelledSpace:
    """One family's states and who of them is right: what a pool is made of."""

    space: StateSpace
    """The states, in the order of the columns of `correct`."""
    correct: ArrayLike
    """Which states are right (n_samples, n_states)."""
    sample_ids: Sequence[str]
    """Name of each sample (n_samples,), unique."""


@dataclass(frozen=True, eq=False)
class Pool:
    """Families as one state space, on the samples that all of them have."""

    space: StateSpace
    """All states, named `family:state`, ascending by cost, states of equal cost by accuracy and then by name. Its
    family is named `a+b`. The dearest state is the baseline; where it is not the most accurate, a gain over it
    flatters, and `without_dominated` is the space to report."""
    correct: NDArray[np.bool_]
    """Which states are right (n_samples, n_states)."""
    sample_ids: tuple[str, ...]
    """The samples that all families have (n_samples,), in the first family's order."""
    members: tuple[tuple[str, str], ...]
    """Family and state of each column."""
    left_out: dict[str, tuple[str, ...]]
    """By family, its samples that some other family lacks; they are not in the pool. Empty where all agree."""

    def without_dominated(self) -> Pool:
        """The pool without states that cost no less than one at least as accurate, of whatever family.

        Raises:
            InputError: A single state is left.
        """
        left_out = self.space.dominated()
        kept = [i for i in range(len(self.space)) if i not in left_out]
        return replace(
            self,
            space=self.space.without_dominated(),
            correct=self.correct[:, kept],
            members=tuple(self.members[i] for i in kept),
        )


def is_pool(family: str) -> bool:
    """Whether a family is a pool of others.

    Example:
        >>> is_pool("resnet+densenet"), is_pool("resnet")
        (True, False)
    """
    return JOIN in family


def pool_families(families: Sequence[LabelledSpace]) -> Pool:
    """Make one state space of families that answered the same samples.

    Args:
        families: The families, each with its own labels; samples are matched by name.

    Returns:
        The pool on the common samples; `left_out` names the others.

    Raises:
        InputError: No families, one name twice, costs of several metrics, names that do not fit their labels, a sample
            named twice, or no sample that all families have.

    Example:
        >>> a = StateSpace.create(["small", "large"], [1.0, 8.0], family="a")
        >>> b = StateSpace.create(["tiny", "base"], [0.5, 3.0], family="b")
        >>> pool = pool_families(
        ...     [
        ...         LabelledSpace(a, [[True, True], [False, True]], ["x", "y"]),
        ...         LabelledSpace(b, [[False, True], [True, True], [True, True]], ["y", "x", "z"]),
        ...     ]
        ... )
        >>> pool.space.names, pool.space.family, pool.left_out
        (('b:tiny', 'a:small', 'b:base', 'a:large'), 'a+b', {'b': ('z',)})
        >>> pool.correct[:, 0].tolist()
        [True, False]
    """
    spaces = [family.space for family in families]
    _check_families(spaces)
    matrices = [_checked_labels(family) for family in families]
    common, left_out = _common_samples(families)
    rows = [_rows_of(family, common) for family in families]
    correct = np.concatenate([matrix[row] for matrix, row in zip(matrices, rows, strict=True)], axis=1)
    members = [(space.family, name) for space in spaces for name in space.names]
    space, order = _pooled(spaces, accuracies(correct))
    return Pool(
        space=space,
        correct=np.ascontiguousarray(correct[:, order]),
        sample_ids=tuple(common),
        members=tuple(members[i] for i in order),
        left_out=left_out,
    )


def pool_spaces(spaces: Sequence[StateSpace]) -> StateSpace:
    """One state space of families with published accuracies, for the closed forms.

    Args:
        spaces: The families.

    Returns:
        All states, named and ordered as in a `Pool`.

    Raises:
        InputError: No families, one name twice, costs of several metrics, or accuracies that are not known.

    Example:
        >>> a = StateSpace.create(["small", "large"], [1.0, 8.0], [0.6, 0.8], family="a")
        >>> b = StateSpace.create(["tiny", "base"], [0.5, 3.0], [0.5, 0.7], family="b")
        >>> pool_spaces([a, b]).names
        ('b:tiny', 'a:small', 'b:base', 'a:large')
    """
    _check_families(spaces)
    unknown = [space.family for space in spaces if space.accuracies is None]
    if unknown:
        raise InputError(f"{unknown[0]}: accuracies are needed for a pool of published numbers")
    measured = np.concatenate([space.accuracies for space in spaces if space.accuracies is not None])
    return _pooled(spaces, measured)[0]


def _pooled(spaces: Sequence[StateSpace], measured: NDArray[np.float64]) -> tuple[StateSpace, list[int]]:
    """The spaces' states as one space, and the place of each of its states among theirs in a row.

    Args:
        spaces: The families.
        measured: Accuracy of each state (n_states,), family by family.
    """
    members = [(space.family, name) for space in spaces for name in space.names]
    costs = np.concatenate([space.costs for space in spaces])
    order = sorted(range(len(members)), key=lambda i: (costs[i], measured[i], members[i]))
    space = StateSpace.create(
        [":".join(members[i]) for i in order],
        costs[order],
        measured[order],
        family=JOIN.join(space.family for space in spaces),
        cost_metric=spaces[0].cost_metric,
    )
    return space, order


def _check_families(spaces: Sequence[StateSpace]) -> None:
    if not spaces:
        raise InputError("`families` is empty: a pool needs at least one")
    names = [space.family for space in spaces]
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(f"family {twice!r} is given twice; a pool takes each family once")
    metrics = {space.family: space.cost_metric for space in spaces}
    if len(set(metrics.values())) > 1:
        listed = ", ".join(f"{family} {metric}" for family, metric in metrics.items())
        raise InputError(f"a pool needs costs of one metric, got {listed}; choose one that all families have")


def _checked_labels(family: LabelledSpace) -> NDArray[np.bool_]:
    matrix = as_correct(family.correct)
    name, shape = family.space.family, (len(family.sample_ids), len(family.space))
    if matrix.shape != shape:
        raise InputError(f"{name}: {shape[0]} samples and {shape[1]} states are named, but `correct` is {matrix.shape}")
    if len(set(family.sample_ids)) != shape[0]:
        twice, _ = Counter(family.sample_ids).most_common(1)[0]
        raise InputError(f"{name}: sample {twice!r} is there twice")
    return matrix


def _common_samples(families: Sequence[LabelledSpace]) -> tuple[list[str], dict[str, tuple[str, ...]]]:
    """Samples that all families have, in the first one's order, and what each family has beyond them."""
    shared = set(families[0].sample_ids).intersection(*(family.sample_ids for family in families[1:]))
    if not shared:
        listed = "; ".join(
            f"{family.space.family}: {', '.join(map(str, family.sample_ids[:NAMED]))}, …" for family in families
        )
        raise InputError(f"no sample is common to all families of the pool ({listed}); do they label one split?")
    left_out = {
        family.space.family: tuple(sample for sample in family.sample_ids if sample not in shared)
        for family in families
        if len(family.sample_ids) > len(shared)
    }
    return [sample for sample in families[0].sample_ids if sample in shared], left_out


def _rows_of(family: LabelledSpace, common: list[str]) -> NDArray[np.int64]:
    """Rows of the common samples in a family's labels (n_common,)."""
    row = {sample: i for i, sample in enumerate(family.sample_ids)}
    return np.fromiter((row[sample] for sample in common), dtype=np.int64, count=len(common))
