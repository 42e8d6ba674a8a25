"""An oracle written again, sample by sample and from the definitions alone."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import strategies as st


def brute_force(correct, costs, cascade=False):
    """Mean cost and accuracy of the oracle of Eq. 4."""
    n, k = correct.shape
    costs = np.broadcast_to(costs, (n, k))
    total = right = 0.0
    for x in range(n):
        paid = [sum(costs[x][: i + 1]) if cascade else costs[x][i] for i in range(k)]
        options = [i for i in range(k) if correct[x][i]]
        total += paid[min(options, key=lambda i: (paid[i], i))] if options else min(paid)
        right += bool(options)
    return total / n, right / n


def cheapest_at(correct, costs, n_right):
    """Least mean cost of exactly `n_right` right answers over all assignments of states to samples."""
    n, k = correct.shape
    best = np.inf
    for choice in itertools.product(range(k), repeat=n):
        if sum(bool(correct[x][i]) for x, i in enumerate(choice)) >= n_right:
            best = min(best, sum(costs[i] for i in choice) / n)
    return best


def near(mean_cost, costs):
    """A mean cost, but for rounding: that of differences of costs is as large as that of the largest of them."""
    return pytest.approx(mean_cost, rel=1e-12, abs=rounding(costs))


def rounding(costs):
    """What rounding may change of a mean of costs, or of their differences."""
    return 1e-12 * float(np.max(costs))


@st.composite
def label_sets(draw, max_samples=40, max_states=6, min_samples=1):
    """Matrices of right and wrong (n_samples, n_states) with ascending costs, ties included."""
    n, k = draw(st.integers(min_samples, max_samples)), draw(st.integers(2, max_states))
    correct = np.array(draw(st.lists(st.lists(st.booleans(), min_size=k, max_size=k), min_size=n, max_size=n)))
    cost = st.one_of(st.sampled_from([1.0, 2.0, 5.0]), st.floats(1e-3, 1e3))
    costs = np.sort(np.array(draw(st.lists(cost, min_size=k, max_size=k))))
    return correct, costs


@st.composite
def published(draw, max_states=7):
    """Ascending costs and ascending accuracies (n_states,)."""
    k = draw(st.integers(2, max_states))
    costs = np.sort(np.array(draw(st.lists(st.floats(1e-2, 1e3), min_size=k, max_size=k))))
    accuracies = np.sort(np.array(draw(st.lists(st.floats(0, 1), min_size=k, max_size=k))))
    return costs, accuracies
