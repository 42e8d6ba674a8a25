from __future__ import annotations

import numpy as np
import pytest
from adaptlabels.labels import InputError
from adaptlabels.labels.bounds.sample_costs import resample_bounds, sample_cost_bounds
from hypothesis import given
from hypothesis import strategies as st


def labels(seed, n_samples=40, n_states=3):
    rng = np.random.default_rng(seed)
    correct = rng.random((n_samples, n_states)) < np.linspace(0.4, 0.8, n_states)
    return correct, rng.integers(1, 4, (n_samples, n_states)) * np.array([1.0, 5.0, 20.0])[:n_states]


def by_hand(correct, costs):
    """Exact mean cost, and least cost of as many right answers as the last state gives, one sample at a time."""
    paid, prices, fallbacks = [], [], []
    for row, cost in zip(correct, costs, strict=True):
        right = [cost[i] for i in range(len(row)) if row[i]]
        paid.append(min(right) if right else min(cost))
        fallbacks.append(min(cost))
        if right:
            prices.append(min(right) - min(cost))
    wanted = int(correct[:, -1].sum())
    return np.mean(paid), (sum(fallbacks) + sum(sorted(prices)[:wanted])) / len(costs)


@given(st.integers(0, 10_000))
def test_bounds_are_those_by_hand(seed):
    correct, costs = labels(seed)
    exact, iso = sample_cost_bounds(correct, costs)
    expected = by_hand(correct, costs)
    assert exact.mean_cost == pytest.approx(expected[0], rel=1e-12)
    assert iso.mean_cost == pytest.approx(expected[1], rel=1e-12)
    assert exact.gain == pytest.approx(costs[:, -1].mean() / expected[0], rel=1e-12)


@given(st.integers(0, 1000))
def test_each_replicate_is_the_bound_of_its_rows(seed):
    correct, costs = labels(seed)
    exact, iso = resample_bounds(correct, costs, 3, rng=np.random.default_rng(seed))
    rng = np.random.default_rng(seed)
    for b in range(3):
        rows = rng.integers(0, len(correct), len(correct))
        expected = by_hand(correct[rows], costs[rows])
        assert exact.mean_cost[b] == pytest.approx(expected[0], rel=1e-12)
        assert iso.mean_cost[b] == pytest.approx(expected[1], rel=1e-12)
        assert iso.gain[b] == pytest.approx(costs[rows, -1].mean() / expected[1], rel=1e-12)
        assert exact.accuracy[b] == correct[rows].any(axis=1).mean()
        assert iso.accuracy[b] == correct[rows, -1].mean()


def test_costs_of_states_and_single_replicates_are_refused():
    correct, costs = labels(0)
    with pytest.raises(InputError, match="expected shape"):
        sample_cost_bounds(correct, costs[0])
    with pytest.raises(InputError, match="an interval needs at least 2"):
        resample_bounds(correct, costs, 1, rng=np.random.default_rng(0))


def test_clusters_of_one_are_samples_and_whole_clusters_come_together():
    rng = np.random.default_rng(0)
    correct = rng.random((40, 2)) < [0.5, 0.9]
    costs = np.array([[1.0, 4.0]]) * rng.uniform(0.5, 2, (40, 1))
    plain, single = (
        resample_bounds(correct, costs, 30, rng=np.random.default_rng(1), clusters=clusters)
        for clusters in (None, np.arange(40))
    )
    for one, other in zip(plain, single, strict=True):
        for figures, same in zip(one, other, strict=True):
            np.testing.assert_array_equal(figures, same)
    halves = np.repeat([0, 1], 20)
    exact, iso = resample_bounds(correct, costs, 30, rng=np.random.default_rng(1), clusters=halves)
    expected = [
        [bound.mean_cost for bound in sample_cost_bounds(correct[rows], costs[rows])]
        for rows in (halves == 0, halves == 1, halves >= 0)
    ]
    for found, place in ((exact, 0), (iso, 1)):
        possible = [pair[place] for pair in expected]
        assert all(min(abs(cost - each) for each in possible) < 1e-12 for cost in found.mean_cost)
