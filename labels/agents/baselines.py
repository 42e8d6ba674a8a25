"""What real agents reach on the same labels, so that a reader sees how much of the opportunity is open.

Three agents that know no right answer: random mixing of static states, a cascade that goes on while its confidence is
below a threshold, and a router that learns, from what the cheapest state outputs, which state to run. Each learns from
folds 0-4 and is judged on folds 5-9. Of its many settings only the means are kept; what a chosen one does on the judged
samples is computed again.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from ..bounds import formulas
from ..bounds.bootstrap import REPLICATES, number_clusters
from ..bounds.interval import Interval
from ..bounds.oracle import count_right, error_profile, first_right
from ..checks import as_correct, as_costs
from ..errors import InputError
from ..folds import LEARNING_FOLDS, N_FOLDS
from .dials import cascade_dial, mixing_dial, router_dial
from .judged import share_of_saving
from .resampling import Resampling

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from .dials import Branch, Dial

ALLOWED_LOSSES = (0.0, 0.01)
"""Accuracy below the largest state's that an agent may give up for less cost."""
ROUND_TO = 12
"""Decimals of a share or a loss."""
FEWEST_SAMPLES = 200
"""Samples below which nothing is learned from half of them."""
MOST_LEARNED = 50_000
"""Samples that an agent learns from at most, drawn from the learning folds."""


@dataclass(frozen=True)
class AgentResult:
    """One agent on the judged samples."""

    agent: str
    """`mixing`, `cascade` or `router`."""
    allowed_loss: float
    """Accuracy below the largest state's that the agent was fitted to give up; on other samples it may lose more."""
    loss: float
    """Accuracy below the largest state's that it gives up on the judged samples; negative where it is more accurate."""
    accuracy: float
    """Share of samples that it gets right."""
    mean_cost: float
    """Its mean cost per sample, everything that it runs included."""
    share_of_saving: float
    """`(R_N - mean_cost) / (R_N - F(accuracy))`, with `F` the clairvoyant frontier: the share of the oracle's saving at
    equal accuracy; negative where the agent costs more than always running the largest state, not a number where the
    oracle saves nothing either."""
    accuracy_interval: Interval | None = None
    """95 % bootstrap interval over the judged samples; None where none was asked for."""
    mean_cost_interval: Interval | None = None
    """The same of the mean cost."""
    share_interval: Interval | None = None
    """The same of the share of the saving."""
    learned_from: int = 0
    """Samples that it learned from."""
    judged_on: int = 0
    """Samples that its figures rest on."""


@dataclass(frozen=True, eq=False)
class FittedAgent:
    """One agent at the setting that it learned for one allowed loss."""

    allowed_loss: float
    """Accuracy below the largest state's that it was fitted to give up."""
    dial: Dial
    """The agent with all of its settings."""
    place: int
    """The chosen setting."""


def fit_agents(
    correct: NDArray[np.bool_],
    R: NDArray[np.float64],
    confidence: NDArray[np.float64],
    seen: NDArray[np.float64],
    folds: NDArray[np.int8],
    rng: np.random.Generator,
) -> tuple[list[FittedAgent], NDArray[np.int64]]:
    """Fit every agent for each of `ALLOWED_LOSSES`; arguments as of `compare_agents`, checked by it.

    Returns:
        The agents, and the places of the samples that they learned from.
    """
    learning = np.flatnonzero(np.isin(folds, LEARNING_FOLDS))
    if len(learning) > MOST_LEARNED:
        learning = np.sort(rng.choice(learning, MOST_LEARNED, replace=False))
    from threadpoolctl import threadpool_limits

    learned = correct[learning]
    with threadpool_limits(1):  # these matrices are small; on a busy machine threads only wait for each other
        dials = (
            mixing_dial(count_right(learned) / len(learned), R),
            cascade_dial(learned, confidence[learning], R),
            router_dial(learned, seen[learning], folds[learning], R),
        )
    fitted = []
    for dial in dials:
        for loss in ALLOWED_LOSSES:
            enough = dial.accuracy >= learned[:, -1].mean() - loss - 1e-12
            place = int(np.argmin(np.where(enough, dial.mean_cost, np.inf)))
            fitted.append(FittedAgent(loss, dial, place))
    return fitted, learning


def compare_agents(
    correct: ArrayLike,
    costs: ArrayLike,
    confidence: ArrayLike,
    features: ArrayLike | None = None,
    *,
    folds: ArrayLike | None = None,
    replicates: int | None = REPLICATES,
    rng: np.random.Generator,
    clusters: ArrayLike | None = None,
) -> list[AgentResult]:
    """Let each agent learn from folds 0-4 and judge it on folds 5-9.

    Args:
        correct: Which states are right (n_samples, n_states), states ascending by cost.
        costs: Cost of each state (n_states,).
        confidence: Probability that each state gives its answer (n_samples, n_states).
        features: What the cheapest state outputs (n_samples, n_features), for the router; without it the router sees
            that state's confidence alone.
        folds: Fold of each sample (n_samples,), 0 to 9, as of `fold_of`; dealt at random by default.
        replicates: Bootstrap replicates of the judged samples; None leaves the intervals out.
        rng: Source of the replicates, of folds that are not given, and of the samples learned from where there are more
            than 50,000.
        clusters: Cluster of each sample (n_samples,), of which whole ones are resampled; None resamples samples.

    Returns:
        For each agent, one result for each of `ALLOWED_LOSSES`.

    Raises:
        InputError: Shapes that do not fit, confidences that are not known, or too few samples.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> hard = rng.random((2000, 1))
        >>> correct = hard < np.array([[0.5, 0.9]])
        >>> confidence = np.clip(1.2 - hard + 0 * correct, 0, 1)
        >>> results = compare_agents(correct, [1.0, 10.0], confidence, rng=rng)
        >>> {r.agent: round(r.share_of_saving, 1) for r in results if r.allowed_loss == 0.01}
        {'mixing': 0.0, 'cascade': 0.8, 'router': 0.9}
    """
    matrix = as_correct(correct)
    R = as_costs(costs, matrix.shape[1])
    sure = np.asarray(confidence, dtype=np.float64)
    if sure.shape != matrix.shape:
        raise InputError(f"`confidence`: expected shape {matrix.shape}, got {sure.shape}")
    if not np.isfinite(sure).all():
        raise InputError("`confidence`: not known for every sample and state; agents need it")
    if len(matrix) < FEWEST_SAMPLES:
        raise InputError(f"{len(matrix)} samples are too few to let agents learn from half of them")
    seen = sure[:, :1] if features is None else np.asarray(features, dtype=np.float64)
    split = _deal(len(matrix), rng) if folds is None else np.asarray(folds, dtype=np.int8)
    if split.shape != (len(matrix),):
        raise InputError(f"`folds`: expected shape ({len(matrix)},), got {split.shape}")
    judged = np.flatnonzero(~np.isin(split, LEARNING_FOLDS))
    if len(judged) in (0, len(matrix)):
        raise InputError("`folds`: agents need samples to learn from (folds 0-4) and to be judged on (folds 5-9)")
    fitted, learning = fit_agents(matrix, R, sure, seen, split, rng)
    actions = act(fitted, sure[judged], seen[judged])
    member = None if clusters is None else number_clusters(np.asarray(clusters)[judged], len(judged))
    resampling = Resampling.draw(len(judged), replicates or 0, rng, member)
    return _judge(fitted, actions, matrix[judged], R, len(learning), resampling)


def act(
    fitted: Sequence[FittedAgent], sure: NDArray[np.float64], seen: NDArray[np.float64]
) -> list[tuple[Branch, ...]]:
    """What each agent does on other samples, each dial asked once."""
    actions: list[tuple[Branch, ...]] = []
    for dial, agents in groupby(fitted, key=lambda agent: agent.dial):
        actions += dial.act([agent.place for agent in agents], sure, seen)
    return actions


def _judge(
    fitted: Sequence[FittedAgent],
    actions: Sequence[tuple[Branch, ...]],
    correct: NDArray[np.bool_],
    R: NDArray[np.float64],
    learned_from: int,
    resampling: Resampling,
) -> list[AgentResult]:
    """Accuracy, mean cost and share of the oracle's saving on the judged samples, and on resampled ones."""
    n_samples, n_states = correct.shape
    first, solvable = first_right(correct)
    sums = [resampling.sums(values) for branches in actions for values in _outcome(branches, correct)]
    sums += [resampling.sums(~solvable | (first > state)) for state in range(n_states)]  # wrong in all states up to it
    whole = np.array([column.sum() / n_samples for column in sums])
    whole[-n_states:] = error_profile(first, solvable, n_states)
    resampled = resampling.means(np.stack(sums, axis=1))
    largest = float(correct[:, -1].mean())
    results = []
    for place, agent in enumerate(fitted):
        accuracy, cost, share = (float(value) for value in _figures(whole, place, R))
        intervals: list[Interval | None] = [None] * 3
        if resampling.replicates:
            intervals = [Interval.of(values) for values in _figures(resampled, place, R)]
        results.append(
            AgentResult(
                agent=agent.dial.agent,
                allowed_loss=agent.allowed_loss,
                loss=round(largest - accuracy, ROUND_TO) + 0.0,
                accuracy=accuracy,
                mean_cost=cost,
                share_of_saving=round(share, ROUND_TO) + 0.0,  # a difference that should be 0 is 0, not -1e-16
                accuracy_interval=intervals[0],
                mean_cost_interval=intervals[1],
                share_interval=intervals[2],
                learned_from=learned_from,
                judged_on=n_samples,
            )
        )
    return results


def _outcome(
    branches: tuple[Branch, ...], correct: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Chance of being right and expected cost of each sample, both (n_samples,)."""
    rows = np.arange(len(correct))
    right = sum(branch.probability * correct[rows, branch.states] for branch in branches)
    return np.asarray(right), np.asarray(sum(branch.probability * branch.paid for branch in branches))


def _figures(
    means: NDArray[np.float64], place: int, R: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Accuracy, mean cost and share of the saving of one agent, each (...,), from all means (..., n_columns)."""
    accuracy, cost, E = means[..., 2 * place], means[..., 2 * place + 1], means[..., -len(R) :]
    return accuracy, cost, share_of_saving(R[-1], cost, formulas.frontier_cost(R, formulas.solved_shares(E), accuracy))


def _deal(n_samples: int, rng: np.random.Generator) -> NDArray[np.int8]:
    """Folds of equal size, dealt at random."""
    folds = np.empty(n_samples, dtype=np.int8)
    folds[rng.permutation(n_samples)] = np.arange(n_samples) * N_FOLDS // n_samples
    return folds
