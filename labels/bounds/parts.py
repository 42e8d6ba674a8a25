"""A family's figures by parts of the samples (category, split type), and what knowing the part alone would save.

A part where the small states do as well as the large one has much to gain, another nothing. A router that looks at the
part and nothing else is an agent that many would build first; its least cost at equal accuracy is a bound of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..checks import as_correct, as_costs
from ..errors import InputError
from .bootstrap import REPLICATES, number_clusters, replicate
from .closed_forms import Bound, exact_bound
from .forms import FORMS
from .frontier import iso_accuracy_bound
from .interval import Interval
from .oracle import accuracies
from .part_router import PartRouter, route_by_part

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, eq=False)
class Part:
    """The samples of one value."""

    value: str
    """The value: a category's name."""
    samples: int
    """Samples that have it."""
    accuracies: NDArray[np.float64]
    """`A_i` on them (n_states,)."""
    exact: Bound
    """The exact bound on them."""
    iso_accuracy: Bound
    """The iso-accuracy bound on them: as many right answers as the largest state gives here."""
    exact_gain_interval: Interval | None
    """95 % interval of the exact gain; None where none was asked for, or the part is a single cluster."""
    iso_accuracy_gain_interval: Interval | None
    """95 % interval of the iso-accuracy gain. Its high end can be the gain itself: see docs/bounds.md."""
    state: int
    """Place of the state that a router which knows the part alone takes here."""


@dataclass(frozen=True, eq=False)
class Parts:
    """A family by parts."""

    parts: tuple[Part, ...]
    """The parts, the least adaptive (least exact gain) first and the most adaptive last; equal ones by name."""
    router: PartRouter
    """What knowing the part alone would save."""


def bounds_by_part(
    correct: ArrayLike,
    costs: ArrayLike,
    values: ArrayLike,
    *,
    replicates: int | None = REPLICATES,
    rng: np.random.Generator | None = None,
    clusters: ArrayLike | None = None,
) -> Parts:
    """The bounds on each part of the samples, and what a router that knows the part alone would save.

    Args:
        correct: Which states are right (n_samples, n_states), states ascending by cost.
        costs: Cost of each state (n_states,).
        values: What parts the samples (n_samples,): strings, numbers or booleans.
        replicates: Bootstrap replicates of each part; None leaves the intervals out.
        rng: Source of the replicates; needed where there are any.
        clusters: Cluster of each sample (n_samples,), of which whole ones are drawn, as of `replicate`. A part of a
            single cluster has no intervals.

    Raises:
        InputError: Shapes that do not fit, no samples, one state, or costs not positive and ascending.

    Example:
        >>> correct = [[True, True], [True, True], [False, True], [False, True]]
        >>> found = bounds_by_part(correct, [1.0, 10.0], ["easy", "easy", "hard", "hard"], replicates=None)
        >>> [(part.value, part.exact.gain, part.state) for part in found.parts]
        [('hard', 1.0, 1), ('easy', 10.0, 0)]
        >>> found.router.mean_cost, found.router.share_of_saving
        (5.5, 1.0)
    """
    matrix = as_correct(correct)
    R = as_costs(costs, matrix.shape[1])
    names, numbers = _numbered(values, len(matrix))
    if replicates is not None and rng is None:
        raise InputError("`rng` is None: replicates need a source of randomness")
    member = None if clusters is None else number_clusters(clusters, len(matrix))
    router, states = route_by_part(matrix, R, numbers)
    order = np.argsort(numbers, kind="stable")
    slices = np.split(order, np.cumsum(np.bincount(numbers))[:-1])
    parts = [
        _part(name, matrix[rows], R, int(state), replicates, rng, None if member is None else member[rows])
        for name, rows, state in zip(names, slices, states, strict=True)
    ]
    parts.sort(key=lambda part: (part.exact.gain, part.value))
    return Parts(tuple(parts), router)


def _part(
    value: str,
    correct: NDArray[np.bool_],
    R: NDArray[np.float64],
    state: int,
    replicates: int | None,
    rng: np.random.Generator | None,
    clusters: NDArray[np.int64] | None,
) -> Part:
    exact, iso = exact_bound(correct, R), iso_accuracy_bound(correct, R)
    exact_gain = iso_gain = None
    alone = clusters is not None and (clusters == clusters[0]).all()
    if replicates is not None and rng is not None and not alone:
        sets = replicate(correct, replicates, rng=rng, clusters=clusters)
        E, A = sets.error_profiles, sets.accuracies
        exact_gain, iso_gain = (Interval.of(FORMS[name](E, A, R).gain(R[-1])) for name in ("exact", "iso-accuracy"))
    return Part(value, len(correct), accuracies(correct), exact, iso, exact_gain, iso_gain, state)


def _numbered(values: ArrayLike, n_samples: int) -> tuple[list[str], NDArray[np.int64]]:
    """The values' names, and the number of each sample's (n_samples,)."""
    array = np.asarray(values)
    if array.shape != (n_samples,):
        raise InputError(f"`values`: expected shape ({n_samples},), one value for each sample, got {array.shape}")
    names, numbers = np.unique(array.astype(str) if array.dtype == object else array, return_inverse=True)
    return [str(name) for name in names.tolist()], numbers.astype(np.int64)
