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
    _check_families(families)
    matrices = [_checked_labels(family) for family in families]
    common, left_out = _common_samples(families)
    rows = [_rows_of(family, common) for family in families]
    correct = np.concatenate([matrix[row] for matrix, row in zip(matrices, rows, strict=True)], axis=1)
    members = [(family.space.family, name) for family in families for name in family.space.names]
    costs = np.concatenate([family.space.costs for family in families])
    measured = accuracies(correct)
    order = sorted(range(len(members)), key=lambda i: (costs[i], measured[i], members[i]))
    return Pool(
        space=StateSpace.create(
            [":".join(members[i]) for i in order],
            costs[order],
            measured[order],
            family="+".join(family.space.family for family in families),
            cost_metric=families[0].space.cost_metric,
        ),
        correct=np.ascontiguousarray(correct[:, order]),
        sample_ids=tuple(common),
        members=tuple(members[i] for i in order),
        left_out=left_out,
    )


def _check_families(families: Sequence[LabelledSpace]) -> None:
    if not families:
        raise InputError("`families` is empty: a pool needs at least one")
    names = [family.space.family for family in families]
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(f"family {twice!r} is given twice; a pool takes each family once")
    metrics = {family.space.family: family.space.cost_metric for family in families}
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
