from __future__ import annotations

import numpy as np
import pytest
from adaptlabels.labels import alpha_profile, conservative_bound, constant_alpha_bound, exact_bound, minimum_alpha
from adaptlabels.labels.bounds.alpha_range import alpha_range, alpha_range_from_labels, alpha_slope
from hypothesis import given
from hypothesis import strategies as st

from .reference import label_sets, published


@given(published(), st.floats(0, 1), st.floats(0, 1))
def test_the_slope_is_that_of_the_mean_cost_between_any_two_alphas(numbers, one, other):
    costs, _ = numbers
    slope = alpha_slope(*numbers)
    costs_at = [constant_alpha_bound(*numbers, alpha).mean_cost for alpha in (one, other)]
    assert costs_at[1] - costs_at[0] == pytest.approx(slope * (other - one), abs=1e-11 * costs[-1])


@given(published())
def test_the_slope_is_the_formula_of_the_design(numbers):
    R, A = numbers
    expected = R[0] * (1 - A[-1]) - R[1] * (1 - A[1]) + sum(R[i] * (A[i] - A[i - 1]) for i in range(2, len(R)))
    assert alpha_slope(R, A) == pytest.approx(expected, abs=1e-12 * R[-1])


@given(published(max_states=2))
def test_with_two_states_the_slope_is_never_positive(numbers):
    assert alpha_slope(*numbers) <= 0


@given(published(), st.floats(0, 1), st.floats(0, 1))
def test_every_alpha_in_the_range_has_a_gain_between_its_ends(numbers, least, share):
    found = alpha_range(*numbers, least)
    low, high = found.gains
    inside = constant_alpha_bound(*numbers, min(1.0, least + share * (1 - least))).gain
    assert low * (1 - 1e-9) <= inside <= high * (1 + 1e-9)
    assert (found.alpha_of_cost, found.alpha_of_accuracy) == (None, None)
    if found.reversed:
        assert found.one.gain >= found.least.gain * (1 - 1e-9)
    else:
        assert found.least.gain >= found.one.gain * (1 - 1e-9)


@given(label_sets())
def test_the_ends_from_labels_are_the_least_alpha_and_equation_9(labels):
    correct, costs = labels
    found = alpha_range_from_labels(correct, costs)
    A = correct.mean(axis=0)
    assert found.least.alpha == pytest.approx(minimum_alpha(alpha_profile(correct)), abs=1e-12)
    assert found.one.mean_cost == pytest.approx(conservative_bound(costs, A).mean_cost, abs=1e-12 * costs[-1])
    assert found.slope == pytest.approx(alpha_slope(costs, A), abs=1e-12 * costs[-1])


@given(label_sets())
def test_the_two_alphas_reproduce_the_exact_cost_and_the_exact_accuracy(labels):
    correct, costs = labels
    found, exact, A = alpha_range_from_labels(correct, costs), exact_bound(correct, costs), correct.mean(axis=0)
    if found.alpha_of_accuracy is None:
        assert A[-1] == 1
    else:
        reproduced = constant_alpha_bound(costs, A, found.alpha_of_accuracy)
        assert reproduced.accuracy == pytest.approx(exact.accuracy, abs=1e-12)
    if found.alpha_of_cost is not None:
        reproduced = constant_alpha_bound(costs, A, found.alpha_of_cost)
        assert reproduced.mean_cost == pytest.approx(exact.mean_cost, abs=1e-9 * costs[-1])


@given(label_sets())
def test_no_alpha_is_given_only_where_no_alpha_has_the_exact_cost(labels):
    correct, costs = labels
    A = correct.mean(axis=0)
    if alpha_range_from_labels(correct, costs).alpha_of_cost is None:
        exact = exact_bound(correct, costs).mean_cost
        ends = [constant_alpha_bound(costs, A, alpha).mean_cost for alpha in (0.0, 1.0)]
        slack = 1e-9 * costs[-1]
        flat = abs(ends[1] - ends[0]) <= slack
        assert flat or not min(ends) + slack < exact < max(ends) - slack


def test_a_range_that_holds_no_cost_above_0_has_no_gain():
    found = alpha_range([1.0, 100.0, 101.0], [0.9, 0.0, 0.1], 0.1)
    assert np.isnan(found.one.gain)
    assert np.isnan(found.gains).all()
