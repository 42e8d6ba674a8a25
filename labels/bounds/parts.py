"""A family's figures by parts of the samples (category, split type), and what knowing the part alone would save.

A part where the small states do as well as the large one has much to gain, another nothing. A router that looks at the
part and nothing else is an agent that many would build first; its least cost at equal accuracy is a bound of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from ..checks import as_correct, as_costs
from ..errors import InputError
from .bootstrap import REPLICATES, Ends, ends, replicate
from .closed_forms import Bound, exact_bound
from .forms import FORMS
from .frontier import iso_accuracy_bound
from .oracle import count_right

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

ROUNDING = 1e-12
"""An accuracy this close to the one that is wanted has reached it."""


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
    exact_gain: Ends | None
    """95 % interval of the exact gain; None where none was asked for."""
    iso_accuracy_gain: Ends | None
    """95 % interval of the iso-accuracy gain. Its high end can be the gain itself: see docs/bounds.md."""
    state: int
    """Place of the state that a router which knows the part alone takes here."""


@dataclass(frozen=True, eq=False)
class PartRouter:
    """The cheapest agent that knows a sample's part, nothing else, and is as accurate as the largest state overall."""

    mean_cost: float
    """Its mean cost: the least of all ways to take one state per part, mixing two of them in one part."""
    gain: float
    """`R_N / mean_cost`."""
    share_of_saving: float
    """`(R_N - mean_cost) / (R_N - F(A_N))`: its share of what the iso-accuracy oracle saves; not a number where that
    saves nothing."""
    blind_mean_cost: float
    """The same without knowing the part: the cheapest mixture of single states as accurate as the largest."""


@dataclass(frozen=True, eq=False)
class Parts:
    """A family by parts."""

    parts: tuple[Part, ...]
    """The parts, the least adaptive (least exact gain) first and the most adaptive last; equal ones by name."""
    router: PartRouter
    """What knowing the part alone would save. It is chosen on the samples that it is measured on: with few samples a
    part, a real router saves less."""


def bounds_by_part(
    correct: ArrayLike,
    costs: ArrayLike,
    values: ArrayLike,
    *,
    replicates: int | None = REPLICATES,
    rng: np.random.Generator | None = None,
) -> Parts:
    """The bounds on each part of the samples, and what a router that knows the part alone would save.

    Args:
        correct: Which states are right (n_samples, n_states), states ascending by cost.
        costs: Cost of each state (n_states,).
        values: What parts the samples (n_samples,): strings, numbers or booleans.
        replicates: Bootstrap replicates of each part; None leaves the intervals out.
        rng: Source of the replicates; needed where there are any.

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
    order = np.argsort(numbers, kind="stable")
    slices = np.split(order, np.cumsum(np.bincount(numbers))[:-1])
    sizes = np.array([len(rows) for rows in slices])
    accuracies = np.array([count_right(matrix[rows]) for rows in slices]) / sizes[:, None]
    states, mean_cost = cheapest_by_part(accuracies, sizes / len(matrix), R)
    blind = cheapest_by_part((sizes / len(matrix) @ accuracies)[None], np.ones(1), R)[1]
    parts = [
        _part(name, matrix[rows], R, A, int(state), replicates, rng)
        for name, rows, A, state in zip(names, slices, accuracies, states, strict=True)
    ]
    parts.sort(key=lambda part: (part.exact.gain, part.value))
    saved = R[-1] - iso_accuracy_bound(matrix, R).mean_cost
    share = (R[-1] - mean_cost) / saved if saved > 0 else np.nan
    return Parts(tuple(parts), PartRouter(mean_cost, float(R[-1] / mean_cost), float(share), blind))


def cheapest_by_part(
    accuracies: NDArray[np.float64], weights: NDArray[np.float64], R: NDArray[np.float64]
) -> tuple[NDArray[np.int64], float]:
    """The cheapest choice of a state for each part that is as accurate as the largest state everywhere.

    `min sum_c w_c H_c(a_c)` subject to `sum_c w_c a_c = A_N`, with `H_c` the lower convex envelope of part c's points
    `(A_ci, R_i)`: mixtures of states. The envelopes' edges are bought in ascending order of cost per right answer,
    until the accuracy is reached; the last edge in part, so that one part at most mixes two states.

    Args:
        accuracies: `A_ci` (n_parts, n_states).
        weights: Share `w_c` of the samples of each part (n_parts,), summing to 1.
        R: Costs (n_states,), ascending.

    Returns:
        State of each part (n_parts,), the dearer of two that are mixed; and the mean cost.
    """
    envelopes = [_lower_envelope(A, R) for A in accuracies]
    states = np.array([envelope[0] for envelope in envelopes])
    edges: list[tuple[float, int, int, int]] = []  # (cost per right answer, part, from, to)
    for part, (envelope, A) in enumerate(zip(envelopes, accuracies, strict=True)):
        edges += [((R[j] - R[i]) / (A[j] - A[i]), part, i, j) for i, j in pairwise(envelope)]
    reached = float(weights @ accuracies[np.arange(len(states)), states])
    wanted = float(weights @ accuracies[:, -1])
    cost = float(weights @ R[states])
    for _, part, low, high in sorted(edges):
        if reached >= wanted - ROUNDING:
            break
        step = weights[part] * (accuracies[part, high] - accuracies[part, low])
        bought = min(1.0, (wanted - reached) / step)
        cost += bought * weights[part] * (R[high] - R[low])
        reached += bought * step
        states[part] = high
    return states, float(cost)


def _lower_envelope(A: NDArray[np.float64], R: NDArray[np.float64]) -> list[int]:
    """Places of the states on the lower convex envelope of cost over accuracy, cheapest first, most accurate last."""
    hull: list[int] = []
    for state in range(len(R)):
        if hull and A[state] <= A[hull[-1]]:
            continue
        if hull and R[state] == R[hull[-1]]:
            hull.pop()
        while len(hull) > 1 and _is_above(A, R, hull[-2], hull[-1], state):
            hull.pop()
        hull.append(state)
    return hull


def _is_above(A: NDArray[np.float64], R: NDArray[np.float64], low: int, middle: int, high: int) -> bool:
    """Whether the middle point lies on or above the line between the other two."""
    return bool((R[middle] - R[low]) * (A[high] - A[low]) >= (R[high] - R[low]) * (A[middle] - A[low]))


def _part(
    value: str,
    correct: NDArray[np.bool_],
    R: NDArray[np.float64],
    A: NDArray[np.float64],
    state: int,
    replicates: int | None,
    rng: np.random.Generator | None,
) -> Part:
    exact, iso = exact_bound(correct, R), iso_accuracy_bound(correct, R)
    exact_gain = iso_gain = None
    if replicates is not None and rng is not None:
        sets = replicate(correct, replicates, rng=rng)
        E, accuracies = sets.error_profiles, sets.accuracies
        exact_gain, iso_gain = (ends(FORMS[name](E, accuracies, R).gain(R[-1])) for name in ("exact", "iso-accuracy"))
    return Part(value, len(correct), A, exact, iso, exact_gain, iso_gain, state)


def _numbered(values: ArrayLike, n_samples: int) -> tuple[list[str], NDArray[np.int64]]:
    """The values' names, and the number of each sample's (n_samples,)."""
    array = np.asarray(values)
    if array.shape != (n_samples,):
        raise InputError(f"`values`: expected shape ({n_samples},), one value for each sample, got {array.shape}")
    names, numbers = np.unique(array.astype(str) if array.dtype == object else array, return_inverse=True)
    return [str(name) for name in names.tolist()], numbers.astype(np.int64)
