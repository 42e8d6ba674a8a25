"""The built-in agents, each a dial: what every setting reaches on the samples learned from, and what a setting does.

Of a setting that was not chosen nothing but its two means is kept, so that memory grows with samples and states alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..bounds.oracle import row_slices

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SHARES = 101
"""Shares of the costlier state that each pair of states is mixed with."""
THRESHOLDS = 101
"""Thresholds that a cascade is tried with, quantiles of the confidences."""
PRICES = 101
"""Prices of cost in accuracy that the router is tried with."""
FEWEST_OF_A_KIND = 5
"""Right or wrong answers of a state below which the router takes its accuracy for its chance on every sample."""


class Branch(NamedTuple):
    """What an agent does with some probability, on every sample alike; the probabilities of its branches sum to 1."""

    probability: float
    """Probability of this branch; 1 for agents that toss no coin."""
    states: NDArray[np.int64]
    """State whose answer is given (n_samples,)."""
    paid: NDArray[np.float64]
    """Cost of all that is run (n_samples,)."""


@dataclass(frozen=True, eq=False)
class Dial:
    """An agent with all of its settings."""

    agent: str
    """`mixing`, `cascade` or `router`."""
    accuracy: Floats
    """Accuracy of each setting on the samples learned from (n_settings,)."""
    mean_cost: Floats
    """Mean cost of each setting on them (n_settings,)."""
    act: Callable[[Sequence[int], Floats, Floats], list[tuple[Branch, ...]]]
    """What some settings do on other samples, from their confidences (n_samples, n_states) and from what the cheapest
    state outputs (n_samples, n_features)."""


def mixing_dial(A: Floats, R: Floats) -> Dial:
    """Toss a coin between two static states: every mixture of every pair, on the convex hull or below it."""
    cheap, dear = np.triu_indices(len(R), 1)
    share = np.tile(np.linspace(0, 1, SHARES), len(cheap))
    cheap, dear = np.repeat(cheap, SHARES), np.repeat(dear, SHARES)

    def act(places: Sequence[int], sure: Floats, seen: Floats) -> list[tuple[Branch, ...]]:
        def static(probability: float, state: int) -> Branch:
            return Branch(probability, np.full(len(sure), state), np.full(len(sure), R[state]))

        return [(static(1 - share[p], int(cheap[p])), static(share[p], int(dear[p]))) for p in places]

    accuracy = (1 - share) * A[cheap] + share * A[dear]
    return Dial("mixing", accuracy, (1 - share) * R[cheap] + share * R[dear], act)


def cascade_dial(correct: NDArray[np.bool_], sure: Floats, R: Floats) -> Dial:
    """Run a state, stop where its confidence reaches the threshold, else run the next: every state tried is paid for.

    Tried are the cascade of all states and each pair of a state with the largest, with one threshold for all stages,
    and the largest state alone.
    """
    last = len(R) - 1
    chains = [np.array([i, last]) for i in range(last)]
    if last > 1:
        chains.append(np.arange(len(R)))
    settings: list[tuple[NDArray[np.int64], float]] = []
    means: list[tuple[Floats, Floats]] = []
    for chain in chains:
        levels = np.unique(np.quantile(sure[:, chain[:-1]], np.linspace(0, 1, THRESHOLDS)))
        settings += [(chain, float(level)) for level in levels]
        means.append(_cascade_means(correct[:, chain], sure[:, chain[:-1]], R[chain], levels))
    settings.append((np.array([last]), 0.0))
    means.append((np.array([correct[:, last].mean()]), R[last:]))

    def act(places: Sequence[int], sure: Floats, seen: Floats) -> list[tuple[Branch, ...]]:
        found: list[tuple[Branch, ...]] = []
        for chain, level in (settings[p] for p in places):
            stops = sure[:, chain] >= level
            stops[:, -1] = True
            stage = stops.argmax(axis=1)
            found.append((Branch(1.0, chain[stage], np.cumsum(R[chain])[stage]),))
        return found

    accuracy, mean_cost = (np.concatenate(values) for values in zip(*means, strict=True))
    return Dial("cascade", accuracy, mean_cost, act)


def _cascade_means(correct: NDArray[np.bool_], sure: Floats, R: Floats, levels: Floats) -> tuple[Floats, Floats]:
    """Accuracy and mean cost of a chain at every threshold, each (n_levels,).

    Stage j is run where the highest confidence of all stages before it is below the threshold, so that sorting the
    samples by it once gives every threshold's sums.
    """
    n_samples, n_stages = correct.shape
    highest = np.maximum.accumulate(sure, axis=1)  # (n_samples, n_stages - 1)
    right = np.full(len(levels), np.count_nonzero(correct[:, 0]), dtype=np.float64)
    cost = np.full(len(levels), R[0])
    for stage in range(1, n_stages):
        order = np.argsort(highest[:, stage - 1])
        below = np.searchsorted(highest[order, stage - 1], levels)  # samples that go on to this stage
        change = correct[order, stage].astype(np.int64) - correct[order, stage - 1]
        right += np.append(0, np.cumsum(change))[below]
        cost += R[stage] * below / n_samples
    return right / n_samples, cost


def router_dial(correct: NDArray[np.bool_], seen: Floats, folds: NDArray[np.int8], R: Floats) -> Dial:
    """Run the cheapest state; from what it outputs, predict for every state whether it is right; run the best bargain.

    The cheapest state is always paid for, and the chosen one where it is another. Predictions on the samples learned
    from come from cross-validation over their folds, so that the price of cost is not fitted on samples that the model
    has seen.
    """
    chances = np.empty(correct.shape)
    for fold in np.unique(folds):
        held = folds == fold
        chances[held] = _learn(seen[~held], correct[~held])(seen[held])
    paid = R + np.where(np.arange(len(R)) > 0, R[0], 0.0)
    prices = np.append(0.0, np.geomspace(1e-4, 10, PRICES)) / R[-1]
    accuracy, cost = np.empty(len(prices) + 1), np.empty(len(prices) + 1)
    for place, price in enumerate(prices):
        states = np.argmax(chances - price * paid, axis=1)
        accuracy[place] = np.take_along_axis(correct, states[:, None], axis=1).mean()
        cost[place] = np.bincount(states, minlength=len(R)) @ paid / len(states)
    # The largest state alone, which needs no cheapest state to be run.
    accuracy[-1], cost[-1] = correct[:, -1].mean(), R[-1]
    predict = _learn(seen, correct)

    def act(places: Sequence[int], sure: Floats, seen: Floats) -> list[tuple[Branch, ...]]:
        predicted = predict(seen)
        found: list[tuple[Branch, ...]] = []
        for place in places:
            if place == len(prices):
                found.append((Branch(1.0, np.full(len(sure), len(R) - 1), np.full(len(sure), R[-1])),))
            else:
                states = np.argmax(predicted - prices[place] * paid, axis=1)
                found.append((Branch(1.0, states, paid[states]),))
        return found

    return Dial("router", accuracy, cost, act)


def _learn(seen: Floats, correct: NDArray[np.bool_]) -> Callable[[Floats], Floats]:
    """Logistic regression on splines of the features' ranks, one for each state: the chance of its being right."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import QuantileTransformer, SplineTransformer

    ranks = QuantileTransformer(n_quantiles=min(100, len(seen) // 2), random_state=0)
    basis = make_pipeline(ranks, SplineTransformer(n_knots=5))
    inputs = basis.fit_transform(seen)
    shares = correct.mean(axis=0)
    rare = np.minimum(correct.sum(axis=0), (~correct).sum(axis=0)) < FEWEST_OF_A_KIND
    models = {
        state: LogisticRegression(solver="newton-cholesky").fit(inputs, correct[:, state])
        for state in np.flatnonzero(~rare)
    }

    def predict(others: Floats) -> Floats:
        chances = np.tile(shares, (len(others), 1))
        for rows in row_slices(len(others)):
            inputs = basis.transform(others[rows])
            for state, model in models.items():
                chances[rows, state] = model.predict_proba(inputs)[:, 1]
        return chances

    return predict
