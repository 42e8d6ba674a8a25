from __future__ import annotations

from math import comb

import numpy as np
import pytest
from adaptlabels.labels import alpha_profile
from adaptlabels.labels.bounds.overlap import error_overlap
from hypothesis import given

from .reference import label_sets


@given(label_sets())
def test_shares_are_counted_on_the_samples_that_the_other_state_gets_wrong(labels):
    correct, _ = labels
    found = error_overlap(correct).wrong_given_wrong
    for j in range(correct.shape[1]):
        rows = correct[~correct[:, j]]
        for i in range(correct.shape[1]):
            if len(rows):
                assert found[i, j] == pytest.approx((~rows[:, i]).mean(), abs=1e-12)
            else:
                assert np.isnan(found[i, j])


@given(label_sets(max_states=2))
def test_of_two_states_the_share_is_alpha(labels):
    correct, _ = labels
    np.testing.assert_allclose(
        error_overlap(correct).wrong_given_wrong[0, 1], alpha_profile(correct)[1], atol=1e-12, equal_nan=True
    )


@given(label_sets())
def test_the_test_of_neighbours_sums_the_splits_that_are_as_uneven(labels):
    correct, _ = labels
    found = error_overlap(correct).neighbours
    assert [pair.smaller for pair in found] == list(range(correct.shape[1] - 1))
    for pair in found:
        one, other = correct[:, pair.smaller], correct[:, pair.smaller + 1]
        b, c = int((one & ~other).sum()), int((other & ~one).sum())
        assert (pair.smaller_only, pair.larger_only) == (b, c)
        as_uneven = [k for k in range(b + c + 1) if abs(2 * k - b - c) >= abs(b - c)]
        assert pair.p_value == pytest.approx(sum(comb(b + c, k) for k in as_uneven) / 2 ** (b + c), rel=1e-9)
