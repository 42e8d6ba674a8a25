"""Every figure of an agent at one setting, with its interval; formulas and sources are in docs/agents.md."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from ..bounds.bootstrap import interval
from ..bounds.interval import Interval
from ..bounds.mcnemar import exact_mcnemar
from .judged import share_of_saving

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from .judged import JudgedSamples, ResampledLabels
    from .resampling import Resampling

    Floats = NDArray[np.float64]

Kind: TypeAlias = Literal["given", "single", "mixture", "cascade", "router", "oracle"]
"""`given` for the user's agents; the others stand beside them."""
FIGURES = (
    "accuracy",
    "mean_cost",
    "gain",
    "accuracy_difference",
    "share_of_saving",
    "agreement",
    "answers_lost",
    "cost_wasted",
)
"""Figures that have an interval."""
N_COLUMNS = 5
"""Columns that are summed over samples; all figures follow from them."""
ROUND_TO = 15
"""Decimals of figures that are differences, so that what should be 0 is 0."""


@dataclass(frozen=True, eq=False)
class Action:
    """What an agent does on the judged samples at one setting."""

    right: NDArray[np.bool_]
    """Whether it is right (n_samples,)."""
    cost: Floats
    """All that it pays (n_samples,)."""
    states: NDArray[np.integer] | None
    """State whose answer it gives (n_samples,); None for an agent that is not made of the states."""


@dataclass(frozen=True)
class StateSpending:
    """Where an agent that answers with one state over- and underspends; shares of all samples."""

    state: str
    """The state whose answer is given."""
    share: float
    """Samples that this state answers: the sum of the next four."""
    exact: float
    """It is right, and no cheaper state is."""
    overspent: float
    """A cheaper state is right."""
    underspent: float
    """It is wrong, a state that costs as much or more is right, and no cheaper one is."""
    unsolvable: float
    """No state is right."""
    cost_wasted: float
    """Mean over all samples of what was paid beyond the cheapest right state, where this state is right."""


@dataclass(frozen=True)
class AgentFigures:
    """One agent at one setting; figures that are undefined are not a number."""

    agent: str
    """Name of the agent."""
    setting: float | None
    """Its setting; None where it has only one."""
    kind: Kind
    """Whose agent it is."""
    accuracy: float
    """Share of samples that it gets right."""
    mean_cost: float
    """Mean of all that it pays per sample, in the unit of the cost metric."""
    gain: float
    """`R_N` over its mean cost."""
    accuracy_difference: float
    """Its accuracy less that of the largest state."""
    p_value: float
    """Exact McNemar test of that difference; not a number for an agent that tosses a coin."""
    share_of_saving: float
    """`(R_N - R) / (R_N - F(A))`: the share of the oracle's saving at equal accuracy."""
    agreement: float
    """Share of samples on which its state is the oracle's."""
    answers_lost: float
    """Share of samples that it gets wrong though a state is right."""
    cost_wasted: float
    """Mean over all samples of what it pays beyond the cheapest right state, where it is right."""
    best_single: str | None
    """The most accurate single state that costs no more; None where every state costs more."""
    best_single_accuracy: float
    """Accuracy of that state."""
    mixture_accuracy: float
    """Accuracy of the best mixture of single states at the same mean cost."""
    frontier_accuracy: float
    """The most accuracy that any agent can reach at the same mean cost."""
    frontier_cost: float
    """The least mean cost of the same accuracy."""
    intervals: Mapping[str, Interval] = field(default_factory=dict)
    """95 % bootstrap interval of each of `FIGURES` that has one; empty where none was asked for."""
    spending: tuple[StateSpending, ...] = ()
    """Where it over- and underspends, by state that answers; empty for an agent that is not made of the states."""

    def to_json(self) -> dict[str, Any]:
        """One entry of `agents` in the JSON of `adaptlabels evaluate`."""
        return dict(vars(self)) | {
            "intervals": {name: [ends.low, ends.high] for name, ends in self.intervals.items()},
            "spending": [vars(entry) for entry in self.spending],
        }


def single_state(judged: JudgedSamples, state: int) -> Action:
    """Always run one state."""
    states = np.full(len(judged), state)
    return Action(judged.correct[:, state], judged.cost_of(states), states)


def oracle_action(judged: JudgedSamples) -> Action:
    """Do what the oracle does."""
    return Action(judged.right_of(judged.oracle_states), judged.oracle_costs, judged.oracle_states)


def columns(judged: JudgedSamples, action: Action) -> list[NDArray[np.bool_] | Floats]:
    """What is summed over samples: right, cost, agreement, answers lost, cost wasted, each (n_samples,).

    Wasted is what is paid beyond the cheapest right state, 0 where the agent is wrong or no state is right.
    """
    agreed = np.full(len(judged), np.nan) if action.states is None else action.states == judged.oracle_states
    wasted = np.maximum(action.cost - judged.oracle_costs, 0.0) * (judged.solvable & action.right)
    return [action.right, action.cost, agreed, judged.solvable & ~action.right, wasted]


def derive(
    means: Floats, largest_cost: float | Floats, largest_accuracy: float | Floats, least: Floats
) -> dict[str, Floats]:
    """`FIGURES` from means of `columns` (..., 5) and the frontier's cost at each accuracy (...,)."""
    accuracy, cost, agreement, lost, wasted = np.moveaxis(means, -1, 0)
    return {
        "accuracy": accuracy,
        "mean_cost": cost,
        "gain": largest_cost / cost,
        "accuracy_difference": np.round(accuracy - largest_accuracy, ROUND_TO) + 0.0,
        "share_of_saving": share_of_saving(largest_cost, cost, least),
        "agreement": agreement,
        "answers_lost": lost,
        "cost_wasted": wasted,
    }


def intervals_of(
    sums: Floats, resampling: Resampling, labels: ResampledLabels
) -> tuple[list[dict[str, Interval]], Floats]:
    """Intervals of some agents from their sums over groups (n_units, n_agents, 5).

    Returns:
        The intervals of each agent, and the resampled means (n_replicates, n_agents, 5).
    """
    if resampling.replicates == 0:
        return [{} for _ in range(sums.shape[1])], np.empty((0, *sums.shape[1:]))
    means = resampling.means(sums)
    derived = derive(means, labels.mean_costs[:, -1:], labels.accuracies[:, -1:], labels.least_cost(means[..., 0]))
    ends = {name: interval(values) for name, values in derived.items()}
    agents = [
        {name: Interval(float(low[a]), float(high[a])) for name, (low, high) in ends.items() if np.isfinite(low[a])}
        for a in range(sums.shape[1])
    ]
    return agents, means


def spending_of(judged: JudgedSamples, action: Action, wasted: NDArray[np.bool_] | Floats) -> tuple[StateSpending, ...]:
    """Where an agent over- and underspends, by the state that answers.

    Args:
        judged: The samples.
        action: What the agent does on them.
        wasted: Last of `columns`.
    """
    if action.states is None:
        return ()
    n_samples, n_states = len(judged), len(judged.names)
    over = judged.cost_of(action.states) > judged.oracle_costs
    case = action.states.astype(np.int16) << 3  # a small type and bits: this runs for every setting
    for bit, fact in enumerate((judged.solvable, over, action.right)):
        case |= fact.astype(np.int16) << (2 - bit)
    counts = np.bincount(case, minlength=8 * n_states).reshape(n_states, 2, 2, 2)  # state, solvable, over, right
    beyond = np.bincount(action.states, weights=wasted, minlength=n_states)
    figures = (
        counts.sum(axis=(1, 2, 3)),
        counts[:, 1, 0, 1],
        counts[:, 1, 1].sum(axis=1),
        counts[:, 1, 0, 0],
        counts[:, 0].sum(axis=(1, 2)),
        beyond,
    )
    rows = (np.stack(figures, axis=1) / n_samples).tolist()  # in the order of the fields of StateSpending
    return tuple(StateSpending(name, *row) for name, row in zip(judged.names, rows, strict=True))


def mcnemar(counts: Sequence[tuple[int, int] | None]) -> Floats:
    """Two-sided p values of McNemar's exact test (n_tests,).

    Args:
        counts: For each test the samples that only the first is right on, and those that only the second is; None
            where there is no such count, which gives not a number.

    Example:
        >>> mcnemar([(1, 7), (4, 4), None]).tolist()
        [0.0703125, 1.0, nan]
    """
    p_values = exact_mcnemar(*np.array([pair or (0, 0) for pair in counts]).T)
    return np.where([pair is None for pair in counts], np.nan, p_values)
