from __future__ import annotations

import numpy as np
import pytest
from adaptlabels.labels import InputError, Interval, StateSpace, report_family
from adaptlabels.labels.bounds.bootstrap import draw_cluster_counts, draw_counts, interval, replicate
from adaptlabels.labels.bounds.patterns import count_patterns, first_of, pattern_of_each
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
    assert found.gain_interval.low == pytest.approx(low, rel=0.02)
    assert found.gain_interval.high == pytest.approx(high, rel=0.02)


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
    assert report.states[2].alpha_interval is None
    assert report.states[0].alpha_interval == Interval(1.0, 1.0)
    (least,) = [entry for entry in report.bounds if entry.bound.bound == "constant-alpha"]
    assert least.gain_interval.low <= least.bound.gain <= least.gain_interval.high < 4.5


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


@given(label_sets(max_samples=60), st.sampled_from([1, 30, 70]))
def test_the_pattern_of_each_sample_is_its_row(labels, copies):
    correct = np.tile(labels[0], (1, copies))
    patterns, which = pattern_of_each(correct)
    assert (patterns[which] == correct).all()
    assert sorted(set(which.tolist())) == list(range(len(patterns)))
    counted, counts = count_patterns(correct)
    assert {tuple(p): c for p, c in zip(counted.tolist(), counts.tolist(), strict=True)} == {
        tuple(p): c for p, c in zip(patterns.tolist(), np.bincount(which).tolist(), strict=True)
    }


@given(label_sets(), st.data())
def test_profiles_of_subsets_are_those_of_their_columns(labels, data):
    correct, _ = labels
    n_states = correct.shape[1]
    subset = st.sets(st.integers(0, n_states - 1), min_size=1).map(sorted)
    subsets = data.draw(st.lists(subset, min_size=1, max_size=5))
    sets = replicate(correct, 3, rng=np.random.default_rng(0))
    for chosen, profiles in zip(subsets, sets.subset_profiles(subsets), strict=True):
        for b in range(3):
            rows = np.repeat(sets.patterns, sets.counts[b].astype(int), axis=0)[:, chosen]
            expected = [(~rows[:, : i + 1]).all(axis=1).mean() for i in range(len(chosen))]
            np.testing.assert_allclose(profiles[b], expected, atol=1e-12)


@given(label_sets(max_samples=20), st.data())
def test_the_first_of_some_states_is_found_by_looking(labels, data):
    correct, _ = labels
    n_states = correct.shape[1]
    chosen = sorted(data.draw(st.sets(st.integers(0, n_states - 1), min_size=1)))
    for row, first in zip(correct, first_of(correct, chosen), strict=True):
        assert first == next((i for i in chosen if row[i]), n_states)


@given(st.integers(0, 1000), st.integers(2, 6))
def test_a_replicate_holds_whole_clusters(seed, n_clusters):
    rng = np.random.default_rng(seed)
    clusters = np.append(np.arange(n_clusters), rng.integers(0, n_clusters, 20))
    patterns = rng.integers(0, 4, len(clusters))
    patterns[0] = 3
    drawn = draw_cluster_counts(patterns, clusters, 5, np.random.default_rng(seed))
    same = np.random.default_rng(seed)
    for row in drawn:
        taken = same.integers(0, n_clusters, n_clusters)
        rows = np.concatenate([patterns[clusters == c] for c in taken])
        assert row.tolist() == np.bincount(rows, minlength=4).tolist()


def test_clusters_of_one_are_the_plain_bootstrap_in_distribution():
    correct = np.random.default_rng(0).random((60, 3)) < np.array([0.4, 0.6, 0.8])
    plain = replicate(correct, 20_000, rng=np.random.default_rng(1))
    single = replicate(correct, 20_000, rng=np.random.default_rng(2), clusters=np.arange(60))
    assert (single.sizes == 60).all()
    for mine, other in ((plain.accuracies, single.accuracies), (plain.error_profiles, single.error_profiles)):
        np.testing.assert_allclose(mine.mean(axis=0), other.mean(axis=0), atol=0.003)
        np.testing.assert_allclose(np.cov(mine.T), np.cov(other.T), atol=0.0003)


def test_samples_that_err_together_make_wider_intervals():
    rng = np.random.default_rng(0)
    correct = np.repeat(rng.random((100, 2)) < np.array([0.5, 0.8]), 4, axis=0)
    passages = np.repeat([f"passage {i}" for i in range(100)], 4)
    plain = replicate(correct, 2000, rng=np.random.default_rng(1)).accuracies.std(axis=0)
    clustered = replicate(correct, 2000, rng=np.random.default_rng(1), clusters=passages).accuracies.std(axis=0)
    np.testing.assert_allclose(clustered / plain, 2, rtol=0.1)


def test_clusters_that_cannot_be_resampled_are_refused():
    with pytest.raises(InputError, match="all samples are in one cluster"):
        replicate([[True, False]] * 3, 10, rng=np.random.default_rng(0), clusters=["a"] * 3)
    with pytest.raises(InputError, match=r"expected shape \(3,\)"):
        replicate([[True, False]] * 3, 10, rng=np.random.default_rng(0), clusters=["a"] * 2)
