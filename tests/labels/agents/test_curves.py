"""The field's figures on small tables, worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from adaptlabels.labels.agents.curves import (
    aiq,
    apgr,
    area_under,
    call_performance_threshold,
    quality_neutral_cost,
    upper_hull,
)

# Mean costs and accuracies of a dial of four settings; the third is below the line from the second to the fourth.
COST, ACCURACY = np.array([2.0, 4.0, 6.0, 10.0]), np.array([0.4, 0.7, 0.72, 0.8])


def test_aiq_by_hand():
    # RouterBench (arXiv 2403.12031), section 3: the mean of the non-decreasing convex hull over the range of costs. From
    # the null router at (0, 0) the hull goes to (4, 0.7), as (2, 0.4) is above that line it is a vertex; then to
    # (10, 0.8), above (6, 0.72), which lies at 0.7333 on it. Range 1 to 12:
    # 1-2: (0.2 + 0.4) / 2; 2-4: 2 (0.4 + 0.7) / 2; 4-10: 6 (0.7 + 0.8) / 2; 10-12: 2 * 0.8, flat.
    assert aiq(COST, ACCURACY, 1.0, 12.0) == pytest.approx((0.3 + 1.1 + 4.5 + 1.6) / 11, abs=1e-15)


def test_qnc_by_hand():
    # UniRoute (arXiv 2502.08773): the least cost of the most accurate model's quality, here 0.75, halfway from (4, 0.7)
    # to (10, 0.8).
    assert quality_neutral_cost(COST, ACCURACY, 0.75) == pytest.approx(7.0, abs=1e-12)
    assert quality_neutral_cost(COST, ACCURACY, 0.8) == 10.0
    assert quality_neutral_cost(COST, ACCURACY, 0.3) == 2.0
    assert math.isnan(quality_neutral_cost(COST, ACCURACY, 0.81))


def test_apgr_and_cpt_by_hand():
    # RouteLLM (arXiv 2406.18665), Eq. 6-7: from 0.5 to 0.9; 0.7 and 0.85 recover 1/2 and 7/8 of the gap.
    calls, accuracy = [0.2, 0.6], [0.7, 0.85]
    wanted = 0.2 * 0.5 / 2 + 0.4 * (0.5 + 0.875) / 2 + 0.4 * (0.875 + 1) / 2
    assert apgr(calls, accuracy, 0.5, 0.9) == pytest.approx(wanted, abs=1e-15)
    assert call_performance_threshold(calls, accuracy, 0.5, 0.9, 0.5) == pytest.approx(0.2)
    # 80 % of the gap is 0.82, 0.8 of the way from the first setting to the second.
    assert call_performance_threshold(calls, accuracy, 0.5, 0.9, 0.8) == pytest.approx(0.2 + 0.4 * 0.8)


def test_a_coin_recovers_half_of_the_gap():
    share = np.linspace(0, 1, 11)
    assert apgr(share, 0.5 + 0.4 * share, 0.5, 0.9) == pytest.approx(0.5)
    assert call_performance_threshold(share, 0.5 + 0.4 * share, 0.5, 0.9, 0.8) == pytest.approx(0.8)


def test_a_gap_that_is_not_there_has_no_share():
    assert math.isnan(apgr([0.5], [0.7], 0.6, 0.6))
    assert math.isnan(call_performance_threshold([0.5], [0.7], 0.6, 0.6, 0.5))
    assert math.isnan(aiq(COST, ACCURACY, 2.0, 2.0))


def test_the_hull_is_concave_and_ascends():
    x, y = upper_hull(COST, ACCURACY)
    assert x.tolist() == [2.0, 4.0, 10.0]
    assert y.tolist() == [0.4, 0.7, 0.8]
    assert upper_hull([1.0, 1.0, 2.0], [0.5, 0.6, 0.55])[0].tolist() == [1.0]


def test_areas_take_several_curves_at_once():
    x, y = np.array([[3.0, 1.0], [1.0, 3.0]]), np.array([[1.0, 0.0], [0.0, 1.0]])
    assert area_under(x, y, np.array([0.0, 2.0]), np.array([4.0, 3.0])) == pytest.approx([2.0, 0.75])
    assert area_under([2.0, 2.0], [0.2, 0.6], 1.0, 3.0) == pytest.approx(0.2 + 0.6)
