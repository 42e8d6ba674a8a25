"""Which state to add next: spaces that grow from the largest state by the state that saves most.

The largest state is what a practitioner has and what a gain is measured against; each next one is the best to buy given
those already there. The path is greedy: `selection` finds the best k states where they can be enumerated. Each further
state adds less, mostly; how soon enough is there is the paper's question of gain against number of states.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from ..checks import as_correct, as_costs, as_rising
from . import formulas
from .oracle import row_slices
from .patterns import count_patterns

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from .forms import BoundName

KEPT_SHARE = 0.9
"""Share of the full space's gain that a small space is asked to keep."""


@dataclass(frozen=True)
class GreedyStep:
    """One state more."""

    state: int
    """Place of the state that joins; at first that of the largest."""
    mean_cost: float
    """Mean cost of the oracle of all states so far."""
    gain: float
    """`R_N / mean_cost`; 1 for the largest state alone."""
    share_of_full_gain: float
    """That gain over the gain of all states."""


@dataclass(frozen=True)
class GreedyPath:
    """A state space that grows from its largest state to all states, each step the one that saves most."""

    bound: BoundName
    """The bound whose gain was sought: `conservative`, `exact` or `iso-accuracy`."""
    steps: tuple[GreedyStep, ...]
    """One for each number of states, from one on; the points of a plot of gain against number of states."""

    def enough(self, share: float = KEPT_SHARE) -> int:
        """Fewest states along the path that keep a share of the full gain: the mark of that plot."""
        return next(k for k, step in enumerate(self.steps, 1) if step.share_of_full_gain >= share * (1 - 1e-12))


@dataclass(frozen=True)
class Grown:
    """A subset of the states on its way, before it is compared with the whole."""

    states: tuple[int, ...]
    """Places of the states in the order in which they joined."""
    mean_cost: float
    """Mean cost of their oracle."""


def path_from_labels(
    correct: ArrayLike, costs: ArrayLike, *, bound: Literal["exact", "iso-accuracy"] = "exact"
) -> GreedyPath:
    """Grow the space by the exact or the iso-accuracy gain on labels.

    The exact gain may fall towards the end, as the oracle then knows answers that it must pay for; the iso-accuracy
    gain never falls.

    Args:
        correct: Which states are right (n_samples, n_states), states ascending by cost.
        costs: Cost of each state (n_states,).
        bound: Whose gain is sought.

    Raises:
        InputError: Shapes that do not fit, no samples, one state, or costs not positive and ascending.

    Example:
        >>> correct = [[True, True, True], [False, True, True], [False, False, True]]
        >>> path = path_from_labels(correct, [1.0, 2.0, 8.0])
        >>> [(step.state, round(step.gain, 3)) for step in path.steps], path.enough()
        ([(2, 1.0), (1, 2.0), (0, 2.182)], 2)
    """
    matrix = as_correct(correct)
    R = as_costs(costs, matrix.shape[1])
    patterns, counts = count_patterns(matrix)
    accuracy = None if bound == "exact" else float(counts[patterns[:, -1]].sum() / counts.sum())
    return _path(bound, grow(patterns, counts, R, accuracy), float(R[-1]))


def path_conservative(costs: ArrayLike, accuracies: ArrayLike) -> GreedyPath:
    """Grow the space by Eq. 9's gain.

    A state s that joins between p and q saves `(R_q - R_s) (A_s - A_p)`, one below all others
    `(R_q - R_s) (A_s + 1 - A_N)`: its utility (Eq. 10) in the space that it joins.

    Args:
        costs: Cost of each state (n_states,).
        accuracies: Accuracy of each state (n_states,), ascending.

    Raises:
        InputError: Shapes that do not fit, one state, costs not positive and ascending, accuracies outside 0 to 1 or
            not ascending.

    Example:
        >>> R = [0.39, 0.70, 1.0, 1.8, 4.2, 9.9, 19, 37]
        >>> A = [0.771, 0.791, 0.801, 0.816, 0.829, 0.836, 0.840, 0.843]
        >>> path = path_conservative(R, A)
        >>> [step.state for step in path.steps], path.enough()
        ([7, 2, 5, 0, 4, 6, 3, 1], 6)
    """
    R = as_costs(costs)
    A = as_rising(accuracies, len(R))
    n_states = len(R)
    chosen, cost = [n_states - 1], float(R[-1])
    found = [Grown((n_states - 1,), cost)]
    while len(chosen) < n_states:
        inside = np.sort(chosen)
        others = np.setdiff1d(np.arange(n_states), inside)
        place = np.searchsorted(inside, others)
        above = inside[place]
        below = np.where(place > 0, A[inside[place - 1]], A[-1] - 1)
        savings = (R[above] - R[others]) * (A[others] - below)
        best = int(np.argmax(savings))
        chosen.append(int(others[best]))
        cost -= float(savings[best])
        found.append(Grown(tuple(chosen), cost))
    return _path("conservative", found, float(R[-1]))


def grow(
    patterns: NDArray[np.bool_], counts: NDArray[np.int64], R: NDArray[np.float64], accuracy: float | None
) -> list[Grown]:
    """Subsets that grow from the largest state by the state that lowers their cost most, to all states.

    Args:
        patterns: Distinct rows of the labels (n_patterns, n_states).
        counts: How often each comes (n_patterns,).
        R: Costs (n_states,).
        accuracy: Share of right answers that is bought, cheapest first; None buys all that the subset knows.
    """
    n_states, last = len(R), len(R) - 1
    first = np.full(len(counts), n_states)  # first right state of the subset, n_states where none is
    solved = np.zeros(n_states + 1)  # samples by that state
    solved[n_states] = counts.sum()
    held = np.zeros((n_states + 1, n_states))  # of those samples, how many each state of the space gets right
    held[n_states] = _right_answers(patterns, counts)
    chosen: list[int] = []
    found: list[Grown] = []
    while len(chosen) < n_states:
        options = np.setdiff1d(np.arange(n_states), chosen) if chosen else np.array([last])
        joined = _solved_with(options, solved, held)
        cheapest = np.minimum(options, min(chosen, default=last))
        costs = _costs(joined / counts.sum(), R, cheapest, accuracy)
        best = int(np.argmin(costs))
        state = int(options[best])
        moved = patterns[:, state] & (first > state)
        for before in np.unique(first[moved]):
            rows = moved & (first == before)
            answers = _right_answers(patterns[rows], counts[rows])
            held[before] -= answers
            held[state] += answers
        first[moved] = state
        solved[:n_states], solved[n_states] = joined[best], counts.sum() - joined[best].sum()
        chosen.append(state)
        found.append(Grown(tuple(chosen), float(costs[best])))
    return found


def _right_answers(patterns: NDArray[np.bool_], counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Samples that each state gets right (n_states,), whole numbers; the patterns become floats a block at a time."""
    found = np.zeros(patterns.shape[1])
    for rows in row_slices(len(patterns)):
        found += counts[rows].astype(np.float64) @ patterns[rows].astype(np.float64)
    return found


def _solved_with(
    options: NDArray[np.int64], solved: NDArray[np.float64], held: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Samples by first right state (n_options, n_states) once each of some states has joined the subset."""
    n_states = len(solved) - 1
    later = np.arange(n_states + 1) > options[:, None]  # (n_options, n_states + 1): what the newcomer takes from
    taken = np.where(later, held[:, options].T, 0.0)
    joined: NDArray[np.float64] = (solved - taken)[:, :n_states]
    joined[np.arange(len(options)), options] += taken.sum(axis=1)
    return joined


def _costs(
    solved: NDArray[np.float64], R: NDArray[np.float64], cheapest: NDArray[np.int64], accuracy: float | None
) -> NDArray[np.float64]:
    """Mean costs of subsets' oracles (n_subsets,), from shares by first right state and their cheapest states."""
    fallback = R[cheapest]
    bought = solved if accuracy is None else formulas.bought_shares(solved, np.asarray(accuracy))
    costs: NDArray[np.float64] = bought @ R + (1 - bought.sum(axis=-1)) * fallback
    return costs


def _path(bound: BoundName, found: list[Grown], largest: float) -> GreedyPath:
    full = found[-1].mean_cost
    return GreedyPath(
        bound, tuple(GreedyStep(g.states[-1], g.mean_cost, largest / g.mean_cost, full / g.mean_cost) for g in found)
    )
