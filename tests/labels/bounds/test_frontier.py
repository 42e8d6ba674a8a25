from __future__ import annotations

import numpy as np
import pytest
from adaptlabels.labels import InputError, conservative_bound, exact_bound
from adaptlabels.labels.bounds.frontier import frontier, iso_accuracy_bound
from hypothesis import assume, given, settings

from .reference import cheapest_at, label_sets, near, rounding


@given(label_sets(max_samples=5, max_states=3))
@settings(max_examples=60)
def test_no_assignment_of_states_is_cheaper_than_the_frontier(labels):
    correct, costs = labels
    curve = frontier(correct, costs)
    for n_right in range(round(curve.accuracy[0] * len(correct)), int(correct.any(axis=1).sum()) + 1):
        expected = cheapest_at(correct, costs, n_right)
        assert curve.cost_at(n_right / len(correct)) == near(expected, costs)


@given(label_sets())
def test_frontier_begins_at_the_smallest_state_and_ends_at_the_oracle(labels):
    correct, costs = labels
    curve, end = frontier(correct, costs), exact_bound(correct, costs)
    # States as cheap as the first are free to add, so the first vertex may lie on a flat piece.
    assert curve.mean_cost[0] == near(costs[0], costs)
    assert curve.cost_at(float(correct[:, 0].mean())) == near(costs[0], costs)
    assert curve.mean_cost[-1] == near(end.mean_cost, costs)
    assert curve.accuracy[-1] == pytest.approx(end.accuracy, abs=1e-12)


@given(label_sets())
def test_frontier_of_costs_per_sample_that_are_equal_is_the_same_curve(labels):
    correct, costs = labels
    one, many = frontier(correct, costs), frontier(correct, np.tile(costs, (len(correct), 1)))
    for accuracy in np.linspace(0, one.accuracy[-1], 7):
        assert one.cost_at(accuracy) == near(many.cost_at(accuracy), costs)


@given(label_sets())
def test_iso_accuracy_gain_is_no_less_than_the_exact_gain(labels):
    correct, costs = labels
    exact = exact_bound(correct, costs).mean_cost
    assert iso_accuracy_bound(correct, costs).mean_cost <= exact + rounding(costs)


@given(label_sets())
def test_the_conservative_form_bounds_the_iso_accuracy_oracle_where_accuracies_ascend(labels):
    correct, costs = labels
    accuracies = correct.mean(axis=0)
    assume((np.diff(accuracies) >= 0).all())
    closed = conservative_bound(costs, accuracies).mean_cost
    assert iso_accuracy_bound(correct, costs).mean_cost <= closed + rounding(costs)


@given(label_sets())
def test_accuracy_within_a_budget_is_the_inverse_of_the_cost(labels):
    correct, costs = labels
    curve = frontier(correct, costs)
    for accuracy in np.linspace(0, curve.accuracy[-1], 5):
        budget = curve.cost_at(accuracy)
        assert curve.accuracy_at(budget) >= accuracy - 1e-9
        assert curve.cost_at(curve.accuracy_at(budget)) == pytest.approx(budget, rel=1e-9)


def test_out_of_reach_is_said_with_the_frontiers_end():
    curve = frontier([[False, True], [False, False]], [1.0, 2.0])
    with pytest.raises(InputError, match=r"ends at 0\.5"):
        curve.cost_at(0.6)
    with pytest.raises(InputError, match="below the cost of the smallest state"):
        curve.accuracy_at(0.5)
