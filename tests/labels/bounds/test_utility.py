from __future__ import annotations

import numpy as np
import pytest
from adaptlabels.labels import conservative_bound, exact_bound, iso_accuracy_bound
from adaptlabels.labels.bounds.utility import conservative_utility, utility_from_labels
from hypothesis import given
from hypothesis import strategies as st

from .reference import brute_force, label_sets, published


def without(i, *arrays):
    return [np.delete(array, i, axis=-1) for array in arrays]


@given(published(), st.booleans())
def test_utility_is_the_difference_of_equation_9_with_and_without_the_state(numbers, shuffled):
    costs, accuracies = numbers
    if shuffled:
        accuracies = accuracies[::-1]
    found = conservative_utility(costs, accuracies)
    whole = conservative_bound(costs, accuracies)
    for i in range(len(costs)):
        R, A = without(i, costs, accuracies)
        left = R[0] if len(R) == 1 else conservative_bound(R, A).mean_cost
        assert found.utility[i] == pytest.approx(left - whole.mean_cost, abs=1e-12 * costs[-1])
        assert found.accuracy_lost[i] == pytest.approx(whole.accuracy - A[-1], abs=1e-12)


def test_utility_is_equation_10_between_the_ends():
    R, A = np.array([1.0, 2.0, 5.0, 9.0]), np.array([0.5, 0.6, 0.7, 0.8])
    found = conservative_utility(R, A).utility
    np.testing.assert_allclose(found[1:3], [(5 - 2) * (0.6 - 0.5), (9 - 5) * (0.7 - 0.6)])


@given(label_sets())
def test_exact_utility_is_that_of_oracles_with_and_without_the_state(labels):
    correct, costs = labels
    found = utility_from_labels(correct, costs)
    cost, accuracy = brute_force(correct, costs)
    for i in range(len(costs)):
        fewer, R = without(i, correct, costs)
        other_cost, other_accuracy = brute_force(fewer, R)
        assert found.utility[i] == pytest.approx(other_cost - cost, abs=1e-12 * costs[-1])
        assert found.accuracy_lost[i] == pytest.approx(accuracy - other_accuracy, abs=1e-12)


@given(label_sets(max_states=5))
def test_iso_accuracy_utility_is_that_of_bounds_with_and_without_the_state(labels):
    correct, costs = labels
    found = utility_from_labels(correct, costs, bound="iso-accuracy")
    whole = iso_accuracy_bound(correct, costs).mean_cost
    for i in range(len(costs)):
        fewer, R = without(i, correct, costs)
        left = R[0] if len(R) == 1 else iso_accuracy_bound(fewer, R).mean_cost
        assert found.utility[i] == pytest.approx(left - whole, abs=1e-12 * costs[-1])
    assert (found.utility[:-1] >= -1e-12 * costs[-1]).all()


def test_a_state_whose_answers_only_cost_has_a_negative_utility():
    # Only the middle state knows the second sample; the largest state's accuracy needs nothing of it.
    correct = np.array([[True, True, True], [False, True, False], [False, False, True], [False, False, True]])
    costs = np.array([1.0, 5.0, 6.0])
    found = utility_from_labels(correct, costs)
    assert found.utility[1] == pytest.approx(-1.0)
    assert found.accuracy_lost[1] == pytest.approx(0.25)
    assert exact_bound(correct[:, [0, 2]], costs[[0, 2]]).gain > exact_bound(correct, costs).gain
