from __future__ import annotations

import numpy as np
import pytest
from adaptlabels.labels import InputError, StateSpace, report_family
from adaptlabels.labels.bounds.bootstrap import count_patterns, draw_counts, interval, replicate
from hypothesis import given
from hypothesis import strategies as st

from .reference import label_sets


@given(label_sets(max_samples=60), st.integers(1, 20))
def test_patterns_and_their_counts_are_the_rows_of_the_matrix(labels, copies):
    correct = np.tile(labels[0], (1, copies))[:, :100]
    patterns, counts = count_patterns(correct)
    rows = np.repeat(patterns, counts, axis=0)
    assert sorted(map(tuple, rows.tolist())) == sorted(map(tuple, correct.tolist()))
    assert len({tuple(row) for row in patterns.tolist()}) == len(patterns)


def test_intervals_agree_with_a_bootstrap_that_resamples_rows():
    rng = np.random.default_rng(1)
    correct = rng.random((400, 1)) < np.array([[0.3, 0.6, 0.8]])
    correct ^= rng.random(correct.shape) < 0.1
    costs = np.array([1.0, 4.0, 20.0])
    gains = []
    for _ in range(2000):
        rows = correct[rng.integers(0, len(correct), len(correct))]
        first = np.where(rows.any(axis=1), rows.argmax(axis=1), 0)
        gains.append(costs[-1] / costs[first].mean())
    low, high = np.percentile(gains, [2.5, 97.5])
    found = report_family(StateSpace.create(["a", "b", "c"], costs), correct, replicates=2000).bounds[0]
    assert found.bound.bound == "exact"
    assert found.gain[0] == pytest.approx(low, rel=0.02)
    assert found.gain[1] == pytest.approx(high, rel=0.02)


def test_counts_are_drawn_as_a_multinomial_also_of_rare_patterns():
    counts = np.array([400, 3, 1, 250, 2, 40, 31, 32])
    drawn = draw_counts(counts, 40_000, np.random.default_rng(0))
    n, p = counts.sum(), counts / counts.sum()
    assert (drawn.sum(axis=1) == n).all()
    expected = n * (np.diag(p) - np.outer(p, p))
    np.testing.assert_allclose(drawn.mean(axis=0), counts, rtol=0.02)
    np.testing.assert_allclose(np.cov(drawn.T), expected, atol=0.03 * expected.max())
    np.testing.assert_allclose(np.diag(np.cov(drawn.T)), np.diag(expected), rtol=0.05)


def test_a_state_that_is_never_wrong_has_no_alpha_in_any_replicate():
    correct = np.random.default_rng(0).random((91, 3)) < np.array([0.4, 0.7, 2.0])
    report = report_family(StateSpace.create(["a", "b", "c"], [1, 5, 20]), correct)
    assert report.states.alpha[2] == (None, None)
    assert report.states.alpha[0] == (1.0, 1.0)
    (least,) = [entry for entry in report.bounds if entry.bound.bound == "constant-alpha"]
    assert least.gain[0] <= least.bound.gain <= least.gain[1] < 4.5


def test_the_same_seed_gives_the_same_replicates():
    correct = np.random.default_rng(0).random((50, 3)) < 0.5
    one, two = (replicate(correct, 20, rng=np.random.default_rng(3)) for _ in range(2))
    assert (one.error_profiles == two.error_profiles).all()
    assert (one.accuracies == two.accuracies).all()


def test_interval_of_what_is_never_defined_is_undefined():
    low, high = interval(np.array([[np.nan, 1.0], [np.nan, 3.0]]))
    assert np.isnan(low[0])
    assert np.isnan(high[0])
    assert 1 <= low[1] <= high[1] <= 3


def test_one_replicate_is_refused():
    with pytest.raises(InputError, match="at least 2"):
        replicate([[True, False]], 1, rng=np.random.default_rng(0))
