from __future__ import annotations

import numpy as np
import pytest
from adaptlabels.labels import (
    InputError,
    alpha_profile,
    conservative_bound,
    constant_alpha_bound,
    continuous_bound,
    exact_bound,
    oracle,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from .reference import brute_force, label_sets, near, published

EFFICIENTNET_COSTS = [0.39, 0.70, 1.0, 1.8, 4.2, 9.9, 19, 37]
EFFICIENTNET_TOP1 = [0.771, 0.791, 0.801, 0.816, 0.829, 0.836, 0.840, 0.843]


@given(label_sets(), st.booleans())
def test_exact_bound_is_the_brute_force_oracle(labels, cascade):
    correct, costs = labels
    cost, accuracy = brute_force(correct, costs, cascade)
    found = exact_bound(correct, costs, agent="cascade" if cascade else "select")
    assert found.mean_cost == pytest.approx(cost, rel=1e-12)
    assert found.accuracy == pytest.approx(accuracy, abs=1e-12)
    assert found.gain == pytest.approx(costs[-1] / cost, rel=1e-12)


@given(label_sets(), st.data())
def test_exact_bound_takes_costs_per_sample_also_where_a_row_does_not_ascend(labels, data):
    correct, costs = labels
    factors = data.draw(st.lists(st.floats(0.5, 2), min_size=correct.size, max_size=correct.size))
    per_sample = costs * np.array(factors).reshape(correct.shape)
    order = np.argsort(per_sample.mean(axis=0), kind="stable")
    per_sample, correct = per_sample[:, order], correct[:, order]
    cost, accuracy = brute_force(correct, per_sample)
    found = exact_bound(correct, per_sample)
    assert found.mean_cost == pytest.approx(cost, rel=1e-12)
    assert found.accuracy == pytest.approx(accuracy, abs=1e-12)
    assert found.gain == pytest.approx(per_sample[:, -1].mean() / cost, rel=1e-12)


@given(label_sets())
def test_per_sample_costs_that_are_the_same_everywhere_change_nothing(labels):
    correct, costs = labels
    one, many = exact_bound(correct, costs), exact_bound(correct, np.tile(costs, (len(correct), 1)))
    assert one.mean_cost == pytest.approx(many.mean_cost, rel=1e-12)


@given(label_sets())
def test_exact_form_equals_the_alpha_form(labels):
    correct, costs = labels
    accuracies = correct.mean(axis=0)
    alpha = alpha_profile(correct)
    errors = np.where(accuracies < 1, alpha * (1 - accuracies), 0.0)
    shares = np.append(1 - errors[:1], errors[:-1] - errors[1:])
    shares[0] += errors[-1]
    assert exact_bound(correct, costs).mean_cost == pytest.approx(shares @ costs, rel=1e-12)


@given(label_sets())
def test_alpha_is_the_share_of_errors_on_which_all_smaller_states_err(labels):
    correct, _ = labels
    for i, alpha in enumerate(alpha_profile(correct)):
        wrong = ~correct[:, i]
        if wrong.any():
            assert alpha == pytest.approx((~correct[wrong, :i]).all(axis=1).mean(), abs=1e-12)
        else:
            assert np.isnan(alpha)


@given(label_sets())
def test_oracle_states_are_the_first_right_ones(labels):
    correct, costs = labels
    found = oracle(correct, costs)
    for x, row in enumerate(correct):
        assert found.states[x] == (row.tolist().index(True) if row.any() else 0)
        assert found.solvable[x] == row.any()
    assert found.shares.sum() == pytest.approx(1, abs=1e-12)
    assert (found.shares >= 0).all()


@given(published())
def test_constant_alpha_of_one_is_the_conservative_form(numbers):
    costs, accuracies = numbers
    one, other = constant_alpha_bound(costs, accuracies, 1.0), conservative_bound(costs, accuracies)
    assert one.mean_cost == pytest.approx(other.mean_cost, rel=1e-12)
    assert one.accuracy == pytest.approx(other.accuracy, abs=1e-12)


@given(published(), st.floats(0, 1))
def test_constant_alpha_is_equation_8_as_the_paper_writes_it(numbers, alpha):
    R, A = numbers
    expected = R[0] * (A[0] + alpha * (1 - A[-1])) + R[1] * ((1 - A[0]) - alpha * (1 - A[1]))
    expected += alpha * sum(R[i] * (A[i] - A[i - 1]) for i in range(2, len(R)))
    assert constant_alpha_bound(R, A, alpha).mean_cost == near(expected, R)


@given(published())
def test_conservative_is_exact_where_larger_states_know_all_that_smaller_ones_know(numbers):
    costs, accuracies = numbers
    right = np.round(accuracies * 1000).astype(int)
    nested = np.arange(1000)[:, None] < right[None, :]
    assert conservative_bound(costs, right / 1000).mean_cost == near(exact_bound(nested, costs).mean_cost, costs)


@given(published())
@settings(max_examples=30)
def test_continuous_limit_is_reached_by_ever_more_states_between_the_given_ones(numbers):
    costs, accuracies = numbers
    fine = np.linspace(0, len(costs) - 1, 20_001)
    R, A = (np.interp(fine, range(len(costs)), values) for values in (costs, accuracies))
    assert continuous_bound(costs, accuracies).mean_cost == pytest.approx(
        conservative_bound(R, A).mean_cost, rel=1e-3, abs=1e-3
    )


def test_published_efficientnet_numbers_give_the_worked_gain():
    found = conservative_bound(EFFICIENTNET_COSTS, EFFICIENTNET_TOP1)
    assert found.mean_cost == pytest.approx(0.72382, abs=5e-6)
    assert found.gain == pytest.approx(51.118, abs=5e-4)


def test_two_states_with_independent_errors_break_the_conservative_form():
    # Right together on a quarter, alone on a quarter each, never on the last: alpha_2 = 1/2.
    correct = np.array([[True, True], [True, False], [False, True], [False, False]])
    exact = exact_bound(correct, [1.0, 10.0])
    closed = conservative_bound([1.0, 10.0], correct.mean(axis=0))
    assert (closed.mean_cost, exact.mean_cost) == (1.0, 3.25)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: exact_bound(np.zeros((0, 2), bool), [1, 2]), "no samples"),
        (lambda: exact_bound([[True]], [1]), "at least two states"),
        (lambda: exact_bound([[True, False]], [1, 2, 3]), "3 value(s) for 2 states"),
        (lambda: exact_bound([[True, False]], [2, 1]), "ascending order of cost"),
        (lambda: exact_bound([[0, 2]], [1, 2]), "only true/false"),
        (lambda: exact_bound([True, False], [1, 2]), "expected shape (n_samples, n_states)"),
        (lambda: conservative_bound([0, 1], [0.5, 0.6]), "above 0"),
        (lambda: conservative_bound([-1, 1], [0.5, 0.6]), "above 0"),
        (lambda: conservative_bound([1, np.inf], [0.5, 0.6]), "above 0"),
        (lambda: conservative_bound([1, 2], [50, 60]), "percent? divide by 100"),
        (lambda: conservative_bound([1, 2], [0.5, np.nan]), "not a number"),
        (lambda: conservative_bound([1, 2], [-0.1, 0.6]), "0 to 1"),
        (lambda: conservative_bound([1], [0.5]), "at least two states"),
        (lambda: constant_alpha_bound([1, 2], [0.5, 0.6], 1.5), "not between 0 and 1"),
    ],
)
def test_input_that_means_nothing_is_refused(call, message):
    with pytest.raises(InputError) as caught:
        call()
    assert message in str(caught.value)
