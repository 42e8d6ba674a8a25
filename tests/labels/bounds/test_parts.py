from __future__ import annotations

import numpy as np
import pytest
from adaptlabels.labels import InputError, exact_bound, iso_accuracy_bound
from adaptlabels.labels.bounds.bootstrap import replicate
from adaptlabels.labels.bounds.forms import FORMS
from adaptlabels.labels.bounds.interval import Interval
from adaptlabels.labels.bounds.part_router import cheapest_by_part
from adaptlabels.labels.bounds.parts import bounds_by_part
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from .reference import label_sets


def by_linear_programme(accuracies, weights, R):
    """Least cost of mixtures of states per part that are as accurate as the largest state."""
    n_parts, n_states = accuracies.shape
    found = linprog(
        (weights[:, None] * R).ravel(),
        A_ub=-(weights[:, None] * accuracies).reshape(1, -1),
        b_ub=[-(weights @ accuracies[:, -1]) + 1e-12],
        A_eq=np.kron(np.eye(n_parts), np.ones(n_states)),
        b_eq=np.ones(n_parts),
    )
    return found.fun


@given(label_sets(max_samples=30, max_states=5), st.integers(1, 4), st.randoms())
@settings(max_examples=60)
def test_the_router_is_the_cheapest_that_knows_the_part_alone(labels, n_values, random):
    correct, costs = labels
    values = np.array([random.randrange(n_values) for _ in correct])
    found = bounds_by_part(correct, costs, values, replicates=None)
    present = sorted(set(values.tolist()))
    weights = np.array([(values == value).mean() for value in present])
    accuracies = np.array([correct[values == value].mean(axis=0) for value in present])
    expected = by_linear_programme(accuracies, weights, costs)
    blind = by_linear_programme(correct.mean(axis=0)[None], np.ones(1), costs)
    router = found.router
    assert router.mean_cost == pytest.approx(expected, rel=1e-6)
    assert router.blind_mean_cost == pytest.approx(blind, rel=1e-6)
    assert router.gain == pytest.approx(costs[-1] / router.mean_cost, rel=1e-12)
    assert iso_accuracy_bound(correct, costs).mean_cost <= router.mean_cost * (1 + 1e-9)
    assert router.mean_cost <= router.blind_mean_cost * (1 + 1e-9) <= costs[-1] * (1 + 2e-9)


@given(label_sets(max_samples=30), st.integers(1, 4), st.randoms())
@settings(max_examples=60)
def test_each_part_has_the_bounds_of_its_rows_the_least_adaptive_first(labels, n_values, random):
    correct, costs = labels
    values = [f"value {random.randrange(n_values)}" for _ in correct]
    found = bounds_by_part(correct, costs, values, replicates=None)
    assert sum(part.samples for part in found.parts) == len(correct)
    assert [part.exact.gain for part in found.parts] == sorted(part.exact.gain for part in found.parts)
    for part in found.parts:
        rows = correct[[value == part.value for value in values]]
        assert part.samples == len(rows)
        np.testing.assert_allclose(part.accuracies, rows.mean(axis=0), atol=1e-12)
        assert part.exact.mean_cost == pytest.approx(exact_bound(rows, costs).mean_cost, rel=1e-12)
        assert part.iso_accuracy.mean_cost == pytest.approx(iso_accuracy_bound(rows, costs).mean_cost, rel=1e-12)
        assert part.exact_gain_interval is None


@given(label_sets())
def test_one_part_is_the_family_and_knows_no_more_than_a_mixture(labels):
    correct, costs = labels
    found = bounds_by_part(correct, costs, np.zeros(len(correct)), replicates=None)
    (part,) = found.parts
    assert part.exact.gain == exact_bound(correct, costs).gain
    assert found.router.mean_cost == found.router.blind_mean_cost


def test_each_choice_reaches_the_accuracy_that_it_is_priced_at():
    accuracies = np.array([[0.9, 0.9, 0.9], [0.2, 0.6, 0.8]])
    states, cost = cheapest_by_part(accuracies, np.array([0.5, 0.5]), np.array([1.0, 4.0, 10.0]))
    assert states.tolist() == [0, 2]
    assert cost == pytest.approx(5.5)


def test_intervals_are_those_of_the_parts_own_samples():
    rng = np.random.default_rng(0)
    correct = rng.random((300, 1)) + 0.2 * rng.normal(size=(300, 3)) < np.array([0.4, 0.6, 0.8])
    costs, values = np.array([1.0, 4.0, 20.0]), np.repeat(["a", "b"], 150)
    found = bounds_by_part(correct, costs, values, replicates=400, rng=np.random.default_rng(0))
    same = np.random.default_rng(0)
    for value in ("a", "b"):
        (part,) = [part for part in found.parts if part.value == value]
        sets = replicate(correct[values == value], 400, rng=same)
        for name, interval in (("exact", part.exact_gain_interval), ("iso-accuracy", part.iso_accuracy_gain_interval)):
            assert interval == Interval.of(FORMS[name](sets.error_profiles, sets.accuracies, costs).gain(costs[-1]))


def test_where_nothing_can_be_saved_there_is_no_share_of_it():
    found = bounds_by_part([[False, True], [False, True]], [1.0, 2.0], ["a", "b"], replicates=None)
    assert np.isnan(found.router.share_of_saving)
    assert found.router.gain == 1


def test_values_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match="one value for each sample"):
        bounds_by_part([[True, False]], [1, 2], ["a", "b"], replicates=None)
    with pytest.raises(InputError, match="need a source of randomness"):
        bounds_by_part([[True, False]], [1, 2], ["a"])


def held_out(correct, costs, values):
    """One sample at a time: states chosen on the other half of each part."""
    seen, half = {}, []
    for value in values:
        half.append(seen.get(value, 0) % 2)
        seen[value] = seen.get(value, 0) + 1
    half, kinds = np.array(half), sorted(seen)
    cost = right = 0.0
    for x, value in enumerate(values):
        learned = half != half[x]
        if learned.any():
            rows = [correct[learned & (values == kind)] for kind in kinds]
            accuracies = np.array([(r if len(r) else correct[learned]).mean(axis=0) for r in rows])
            weights = np.array([len(r) for r in rows]) / learned.sum()
            state = cheapest_by_part(accuracies, weights, costs)[0][kinds.index(value)]
        else:
            state = len(costs) - 1
        cost += costs[state]
        right += correct[x, state]
    return cost / len(values), correct[:, -1].mean() - right / len(values)


@given(label_sets(max_samples=12, max_states=4), st.integers(1, 4), st.randoms())
@settings(max_examples=40)
def test_the_held_out_router_never_saw_the_samples_that_it_is_measured_on(labels, n_values, random):
    correct, costs = labels
    values = np.array([random.randrange(n_values) for _ in correct])
    router = bounds_by_part(correct, costs, values, replicates=None).router
    assert (router.held_out_mean_cost, router.held_out_loss) == pytest.approx(held_out(correct, costs, values))


def test_parts_that_say_nothing_flatter_until_they_are_held_out():
    rng = np.random.default_rng(0)
    correct = rng.random((2000, 2)) < np.array([0.6, 0.8])
    router = bounds_by_part(correct, [1.0, 10.0], np.arange(2000) // 4, replicates=None).router
    assert router.share_of_saving > 0.3
    assert router.held_out_loss > 0.05


def test_clusters_of_one_are_samples_and_a_part_of_a_single_cluster_has_no_interval():
    rng = np.random.default_rng(0)
    correct, values = rng.random((60, 3)) < 0.6, np.repeat(["a", "b"], 30)
    costs = [1.0, 4.0, 20.0]

    def intervals(clusters):
        found = bounds_by_part(correct, costs, values, replicates=50, rng=np.random.default_rng(0), clusters=clusters)
        return {part.value: (part.exact_gain_interval, part.iso_accuracy_gain_interval) for part in found.parts}

    plain, single = intervals(None), intervals(np.arange(60))
    # Clusters are drawn one by one and samples by their pattern: the same distribution, other random numbers.
    for one, other in zip(plain["a"], single["a"], strict=True):
        assert (one.low, one.high) == pytest.approx((other.low, other.high), rel=0.2)
    alone = intervals(np.where(values == "a", -1, np.arange(60)))
    assert alone["a"] == (None, None)
    assert None not in alone["b"]


def test_a_part_resamples_its_own_clusters_whole():
    correct = np.repeat([[True, True], [False, True]], 40, axis=0)[np.arange(80) % 2 * 40 + np.arange(80) // 2]
    values, clusters = np.repeat(["a", "b"], 40), np.arange(80) % 2 + 2 * (np.arange(80) // 40)
    found = bounds_by_part(
        correct, [1.0, 10.0], values, replicates=200, rng=np.random.default_rng(0), clusters=clusters
    )
    for part in found.parts:  # two clusters, one all right and one all wrong in the small state: either may come twice
        assert (part.exact_gain_interval.low, part.exact_gain_interval.high) == (1.0, 10.0)
