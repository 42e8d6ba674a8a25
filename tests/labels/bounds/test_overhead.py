from __future__ import annotations

import pytest
from adaptlabels.labels import InputError, with_overhead
from hypothesis import given
from hypothesis import strategies as st

COSTS = st.floats(0.01, 100)


@given(COSTS, COSTS, st.floats(0, 10), st.floats(0, 1))
def test_at_the_break_even_the_gain_is_one(mean_cost, extra, b0, b1):
    largest = mean_cost + extra
    found = with_overhead(mean_cost, largest, b0=b0, b1=b1)
    assert found.mean_cost == pytest.approx((1 + b1) * mean_cost + b0)
    assert found.gain == pytest.approx(largest / found.mean_cost)
    if found.break_even >= 0:
        assert with_overhead(mean_cost, largest, b0=found.break_even, b1=b1).gain == pytest.approx(1)
    else:
        assert with_overhead(mean_cost, largest, b1=b1).gain < 1


@pytest.mark.parametrize(
    "changes", [{"b0": -1}, {"b1": float("nan")}, {"mean_cost": 0}, {"largest_cost": float("inf")}]
)
def test_numbers_that_mean_nothing_are_refused(changes):
    with pytest.raises(InputError, match="overhead: "):
        with_overhead(**{"mean_cost": 1.0, "largest_cost": 2.0, **changes})
