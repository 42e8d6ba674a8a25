"""McNemar's exact test against SciPy's binomial test."""

from __future__ import annotations

import numpy as np
import pytest
from adaptlabels.labels.bounds.mcnemar import exact_mcnemar
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.stats import binomtest

counts = st.integers(min_value=0, max_value=3_000)


@given(st.lists(st.tuples(counts, counts), min_size=1, max_size=20))
@example([(0, 0), (5, 5), (0, 9), (3_000, 2_900)])
def test_p_values_are_those_of_the_binomial_test(pairs):
    expected = [binomtest(one, one + other, 0.5).pvalue if one + other else 1.0 for one, other in pairs]
    assert exact_mcnemar(*np.array(pairs).T) == pytest.approx(expected, rel=1e-9)
