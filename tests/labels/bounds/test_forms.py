from __future__ import annotations

import numpy as np
import pytest
from adaptlabels.labels import (
    conservative_bound,
    constant_alpha_bound,
    continuous_bound,
    exact_bound,
    iso_accuracy_bound,
    oracle,
    replicate,
)
from adaptlabels.labels.bounds import formulas
from adaptlabels.labels.bounds.forms import FORMS
from hypothesis import given
from hypothesis import strategies as st

from .reference import label_sets, near

PUBLIC = {
    "exact": lambda correct, A, R, alpha: exact_bound(correct, R),
    "iso-accuracy": lambda correct, A, R, alpha: iso_accuracy_bound(correct, R),
    "conservative": lambda correct, A, R, alpha: conservative_bound(R, A),
    "constant-alpha": lambda correct, A, R, alpha: constant_alpha_bound(R, A, alpha),
    "continuous": lambda correct, A, R, alpha: continuous_bound(R, A),
}


def test_every_bound_has_one_form_and_they_come_in_the_order_of_the_reports():
    assert list(FORMS) == ["exact", "iso-accuracy", "conservative", "constant-alpha", "continuous"]
    assert all(form.name == name for name, form in FORMS.items())


@given(label_sets(), st.sampled_from(list(FORMS)), st.floats(0, 1))
def test_a_form_gives_what_the_public_function_gives(labels, name, alpha):
    correct, R = labels
    found = oracle(correct, R)
    bound = PUBLIC[name](correct, found.accuracies, R, alpha)
    figures = FORMS[name](found.error_profile, found.accuracies, R, alpha)
    assert float(figures.accuracy) == pytest.approx(bound.accuracy, abs=1e-12)
    assert float(figures.mean_cost) == near(bound.mean_cost, R)
    assert float(figures.gain(R[-1])) == pytest.approx(bound.gain, rel=1e-12 * max(1.0, bound.gain), nan_ok=True)
    assert FORMS[name].assumed_alpha(alpha) == bound.alpha


@given(label_sets(), st.sampled_from(list(FORMS)), st.floats(0, 1))
def test_leading_axes_are_calculated_row_by_row(labels, name, alpha):
    correct, R = labels
    sets = replicate(correct, 3, rng=np.random.default_rng(0))
    alphas = np.array([alpha, 0.5, 1.0])
    together = FORMS[name](sets.error_profiles, sets.accuracies, R, alphas)
    for b in range(3):
        alone = FORMS[name](sets.error_profiles[b], sets.accuracies[b], R, alphas[b])
        assert together.accuracy[b] == pytest.approx(float(alone.accuracy), abs=1e-12)
        assert together.mean_cost[b] == near(float(alone.mean_cost), R)
        if together.shares is not None:
            np.testing.assert_allclose(together.shares[b], alone.shares, atol=1e-12)


def test_least_alpha_leaves_undefined_ones_and_the_first_aside():
    profile = np.array([[1.0, 0.5, np.nan], [1.0, np.nan, np.nan], [1.0, 0.7, 0.4]])
    assert formulas.least_alpha(profile).tolist() == [0.5, 1.0, 0.4]


@pytest.mark.parametrize(("name", "lacks"), [("exact", "error profile"), ("constant-alpha", "alpha")])
def test_a_form_without_what_it_needs_says_so(name, lacks):
    with pytest.raises(ValueError, match=f"{name} needs an {lacks}"):
        FORMS[name](None, np.array([0.5, 0.6]), np.array([1.0, 2.0]))
