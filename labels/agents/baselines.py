"""What real agents reach on the same labels, so that a reader sees how much of the opportunity is open.

Three agents that know no right answer: random mixing of static states, a cascade that goes on while its confidence is
below a threshold, and a router that learns, from what the cheapest state outputs, which state to run. Each is fitted on
one half of the samples and measured on the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from ..bounds import formulas
from ..bounds.bootstrap import REPLICATES
from ..bounds.interval import Interval
from ..bounds.oracle import error_profile, first_right
from ..checks import as_correct, as_costs
from ..errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import ArrayLike, NDArray

    Outcome: TypeAlias = tuple[NDArray[np.float64], NDArray[np.float64]]
    """Chance of being right and cost of each sample, both (n_samples,)."""
    Policy: TypeAlias = Callable[[NDArray[np.int64]], Outcome]
    """One setting of an agent: from places of samples to what it does on them."""

ALLOWED_LOSSES = (0.0, 0.01)
"""Accuracy below the largest state's that an agent may give up for less cost."""
SHARES = 101
"""Shares of the costlier state that each pair of states is mixed with."""
THRESHOLDS = 101
"""Thresholds that a cascade is tried with, quantiles of the confidences."""
PRICES = 101
"""Prices of cost in accuracy that the router is tried with."""
FOLDS = 5
"""Folds of the router's cross-validation."""
ROUND_TO = 12
"""Decimals of a share or a loss."""
FEWEST_SAMPLES = 200
"""Samples below which halves say nothing."""


@dataclass(frozen=True)
class AgentResult:
    """One agent on the measured half."""

    agent: str
    """`mixing`, `cascade` or `router`."""
    allowed_loss: float
    """Accuracy below the largest state's that the agent was fitted to give up; on other samples it may lose more."""
    loss: float
    """Accuracy below the largest state's that it gives up on the measured half; negative where it is more accurate."""
    accuracy: float
    """Share of samples that it gets right."""
    mean_cost: float
    """Its mean cost per sample, everything that it runs included."""
    share_of_saving: float
    """`(R_N - mean_cost) / (R_N - F(accuracy))`, with `F` the clairvoyant frontier: the share of the oracle's saving at
    equal accuracy; negative where the agent costs more than always running the largest state, not a number where the
    oracle saves nothing either."""
    accuracy_interval: Interval | None = None
    """95 % bootstrap interval over the measured samples; None where none was asked for."""
    mean_cost_interval: Interval | None = None
    """The same of the mean cost."""
    share_interval: Interval | None = None
    """The same of the share of the saving."""


def compare_agents(
    correct: ArrayLike,
    costs: ArrayLike,
    confidence: ArrayLike,
    features: ArrayLike | None = None,
    *,
    replicates: int | None = REPLICATES,
    rng: np.random.Generator,
) -> list[AgentResult]:
    """Fit each agent on one half of the samples and measure it on the other.

    Args:
        correct: Which states are right (n_samples, n_states), states ascending by cost.
        costs: Cost of each state (n_states,).
        confidence: Probability that each state gives its answer (n_samples, n_states).
        features: What the cheapest state outputs (n_samples, n_features), for the router; without it the router sees
            that state's confidence alone.
        replicates: Bootstrap replicates of the measured half; None leaves the intervals out.
        rng: Source of the split and of the replicates.

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
        raise InputError(f"confidence: expected shape {matrix.shape}, got {sure.shape}")
    if not np.isfinite(sure).all():
        raise InputError("confidence: not known for every sample and state; agents need it")
    if len(matrix) < FEWEST_SAMPLES:
        raise InputError(f"{len(matrix)} samples are too few to fit agents on one half and measure them on the other")
    seen = sure[:, :1] if features is None else np.asarray(features, dtype=np.float64)
    order = rng.permutation(len(matrix))
    fit, test = order[: len(order) // 2], order[len(order) // 2 :]
    agents = {
        "mixing": list(_mixing(matrix, R)),
        "cascade": list(_cascade(matrix, sure, R, fit)),
        "router": list(_router(matrix, seen, R, fit, test)),
    }
    chosen = [
        (name, loss, policy(test))
        for name, policies in agents.items()
        for loss, policy in _fit(policies, fit, float(matrix[fit, -1].mean()))
    ]
    return _measure(chosen, matrix[test], R, replicates, rng)


def _fit(policies: list[Policy], fit: NDArray[np.int64], largest: float) -> Iterator[tuple[float, Policy]]:
    """For each allowed loss, the cheapest setting that keeps the accuracy on the fitted half."""
    outcomes = [policy(fit) for policy in policies]
    accuracy = np.array([right.mean() for right, _ in outcomes])
    cost = np.array([paid.mean() for _, paid in outcomes])
    for loss in ALLOWED_LOSSES:
        enough = accuracy >= largest - loss - 1e-12
        yield loss, policies[int(np.argmin(np.where(enough, cost, np.inf)))]


def _measure(
    chosen: list[tuple[str, float, Outcome]],
    correct: NDArray[np.bool_],
    R: NDArray[np.float64],
    replicates: int | None,
    rng: np.random.Generator,
) -> list[AgentResult]:
    """Accuracy, mean cost and share of the oracle's saving on the measured half, and on resampled ones."""
    first, solvable = first_right(correct)
    unsolved = ~solvable[:, None] | (first[:, None] > np.arange(len(R)))  # (n_samples, n_states): wrong up to here
    outcomes = np.stack([values for _, _, outcome in chosen for values in outcome], axis=1)
    figures = np.concatenate([outcomes, unsolved], axis=1)
    n_samples = len(correct)
    whole = np.ascontiguousarray(figures.T).mean(axis=1)  # along the fast axis NumPy sums in pairs, which rounds less
    whole[outcomes.shape[1] :] = error_profile(first, solvable, len(R))
    largest = float(correct[:, -1].mean())
    resampled = np.empty((replicates or 0, figures.shape[1]))
    for row in resampled:
        counts = np.bincount(rng.integers(0, n_samples, n_samples), minlength=n_samples)
        row[:] = counts @ figures / n_samples
    return [
        _result(name, loss, largest, place, whole, resampled, R, outcomes.shape[1])
        for place, (name, loss, _) in enumerate(chosen)
    ]


def _result(
    name: str,
    allowed_loss: float,
    largest: float,
    place: int,
    whole: NDArray[np.float64],
    resampled: NDArray[np.float64],
    R: NDArray[np.float64],
    n_outcomes: int,
) -> AgentResult:
    def figures(rows: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
        accuracy, cost = rows[..., 2 * place], rows[..., 2 * place + 1]
        least = formulas.frontier_cost(R, formulas.solved_shares(rows[..., n_outcomes:]), accuracy)
        saving = R[-1] - least
        share = np.where(saving > 0, (R[-1] - cost) / np.where(saving > 0, saving, 1.0), np.nan)
        return accuracy, cost, share

    accuracy, cost, share = (float(value) for value in figures(whole))
    share = round(share, ROUND_TO) + 0.0  # a difference of sums that should be 0 is 0, not -1e-16
    lost = round(largest - accuracy, ROUND_TO) + 0.0
    if not len(resampled):
        return AgentResult(name, allowed_loss, lost, accuracy, cost, share)
    intervals = (Interval.of(values) for values in figures(resampled))
    return AgentResult(name, allowed_loss, lost, accuracy, cost, share, *intervals)


def _static(correct: NDArray[np.bool_], R: NDArray[np.float64], state: int, rows: NDArray[np.int64]) -> Outcome:
    return correct[rows, state].astype(np.float64), np.full(len(rows), R[state])


def _mixing(correct: NDArray[np.bool_], R: NDArray[np.float64]) -> Iterator[Policy]:
    """Toss a coin between two static states: every mixture of every pair, on the convex hull or below it."""

    def mix(i: int, j: int, share: float, rows: NDArray[np.int64]) -> Outcome:
        right = (1 - share) * correct[rows, i] + share * correct[rows, j]
        return right, np.full(len(rows), (1 - share) * R[i] + share * R[j])

    for i in range(len(R)):
        for j in range(i + 1, len(R)):
            for share in np.linspace(0, 1, SHARES):
                yield partial(mix, i, j, float(share))


def _cascade(
    correct: NDArray[np.bool_], sure: NDArray[np.float64], R: NDArray[np.float64], fit: NDArray[np.int64]
) -> Iterator[Policy]:
    """Run a state, stop where its confidence reaches the threshold, else run the next: every state tried is paid for.

    Tried are the cascade of all states and each pair of a state with the largest, with one threshold for all stages.
    """

    def cascade(chain: NDArray[np.int64], level: float, rows: NDArray[np.int64]) -> Outcome:
        stops = sure[np.ix_(rows, chain)] >= level
        stops[:, -1] = True
        stage = stops.argmax(axis=1)
        return correct[rows, chain[stage]].astype(np.float64), np.cumsum(R[chain])[stage]

    last = len(R) - 1
    chains = [np.array([i, last]) for i in range(last)]
    if last > 1:
        chains.append(np.arange(len(R)))
    for chain in chains:
        levels = np.quantile(sure[np.ix_(fit, chain[:-1])], np.linspace(0, 1, THRESHOLDS))
        for level in np.unique(levels):
            yield partial(cascade, chain, float(level))
    yield partial(_static, correct, R, last)


def _router(
    correct: NDArray[np.bool_],
    seen: NDArray[np.float64],
    R: NDArray[np.float64],
    fit: NDArray[np.int64],
    test: NDArray[np.int64],
) -> Iterator[Policy]:
    """Run the cheapest state; from what it outputs, predict for every state whether it is right; run the best bargain.

    The cheapest state is always paid for, and the chosen one where it is another. Predictions on the fitted half come
    from cross-validation, so that the price of cost is not fitted on samples that the model has seen.
    """
    chances = np.empty((len(correct), len(R)))
    for state in range(len(R)):
        chances[fit, state], chances[test, state] = _probabilities(seen[fit], correct[fit, state], seen[test])
    paid = R + np.where(np.arange(len(R)) > 0, R[0], 0.0)

    def route(price: float, rows: NDArray[np.int64]) -> Outcome:
        states = np.argmax(chances[rows] - price * paid, axis=1)
        return correct[rows, states].astype(np.float64), paid[states]

    for price in np.append(0.0, np.geomspace(1e-4, 10, PRICES)) / R[-1]:
        yield partial(route, float(price))
    yield partial(_static, correct, R, len(R) - 1)


def _probabilities(
    features: NDArray[np.float64], right: NDArray[np.bool_], others: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Chance of being right on the fitted samples (by cross-validation) and on the others."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import QuantileTransformer, SplineTransformer

    if min(right.sum(), (~right).sum()) < FOLDS:
        share = np.full(len(features), right.mean())
        return share, np.full(len(others), right.mean())
    ranks = QuantileTransformer(n_quantiles=min(100, len(features) // 2))
    model = make_pipeline(ranks, SplineTransformer(n_knots=5), LogisticRegression(max_iter=500))
    fitted = cross_val_predict(model, features, right, cv=FOLDS, method="predict_proba")[:, 1]
    return fitted, model.fit(features, right).predict_proba(others)[:, 1]
