"""Real answers of nine torchvision models on ImageNet's validation images: figures that an independent computation gave."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from adaptlabels.labels import (
    StateSpace,
    constant_alpha_bound,
    exact_bound,
    iso_accuracy_bound,
    minimum_alpha,
    oracle,
)
from adaptlabels.labels.bounds.alpha_range import alpha_range_from_labels
from adaptlabels.labels.bounds.overlap import error_overlap
from adaptlabels.labels.bounds.parts import bounds_by_part
from adaptlabels.labels.bounds.pools import LabelledSpace, pool_families

ANSWERS = Path(__file__).parents[4] / "shared" / "data" / "imagenet_predictions" / "predictions.parquet"
RESNETS = {"resnet18": 1.82, "resnet34": 3.67, "resnet50": 4.11, "resnet101": 7.83, "resnet152": 11.56}
DENSENETS = {"densenet121": 2.87, "densenet169": 3.40, "densenet201": 4.34, "densenet161": 7.79}

pytestmark = pytest.mark.skipif(not ANSWERS.exists(), reason="the ImageNet answers are not beside the repository")


@pytest.fixture(scope="module")
def answers():
    return pl.read_parquet(ANSWERS, columns=["sample_id", "target", *RESNETS, *DENSENETS])


def correct(answers, states):
    return answers.select(pl.col(state) == pl.col("target") for state in states).to_numpy()


@pytest.fixture(scope="module")
def resnets(answers):
    return correct(answers, RESNETS), np.array(list(RESNETS.values()))


def test_the_gains_are_those_computed_elsewhere(resnets):
    labels, costs = resnets
    found = oracle(labels, costs)
    least = constant_alpha_bound(costs, found.accuracies, minimum_alpha(found.alpha))
    one = constant_alpha_bound(costs, found.accuracies, 1.0)
    gains = [exact_bound(labels, costs).gain, iso_accuracy_bound(labels, costs).gain, one.gain, least.gain]
    assert np.round(gains, 3).tolist() == [4.806, 5.803, 5.390, 5.154]
    assert round(found.accuracy, 5) == 0.86046
    assert np.round(found.alpha, 3).tolist() == [1.0, 0.819, 0.731, 0.668, 0.623]


def test_alpha_1_promises_more_than_the_exact_oracle_has_and_the_slope_says_so(resnets):
    found = alpha_range_from_labels(*resnets)
    assert found.reversed
    assert found.slope < 0
    assert np.round(found.gains, 3).tolist() == [5.154, 5.390]
    # Even alpha = 0 promises a lower cost than the exact oracle has or its accuracy at another alpha; the two differ.
    assert found.alpha_of_accuracy == pytest.approx(0.623, abs=5e-4)
    assert found.alpha_of_cost is None or abs(found.alpha_of_cost - found.alpha_of_accuracy) > 0.1


def test_resnets_and_densenets_are_one_space_whose_frontier_is_below_both(answers, resnets):
    ids = answers["sample_id"].to_list()
    families = [
        LabelledSpace(StateSpace.create(list(costs), list(costs.values()), family=name), correct(answers, costs), ids)
        for name, costs in (("resnet", RESNETS), ("densenet", DENSENETS))
    ]
    pool = pool_families(families)
    assert pool.space.family == "resnet+densenet"
    assert len(pool.space) == 9
    assert pool.left_out == {}
    iso = iso_accuracy_bound(pool.correct, pool.space.costs)
    assert pool.space.names[-1] == "resnet:resnet152"
    assert iso.gain > iso_accuracy_bound(*resnets).gain


def test_a_router_that_knows_only_the_class_saves_a_part_of_the_saving(answers, resnets):
    found = bounds_by_part(*resnets, answers["target"].to_numpy(), replicates=None)
    assert len(found.parts) == 1000
    assert 0 < found.router.share_of_saving < 1
    assert found.router.mean_cost < found.router.blind_mean_cost


def test_each_larger_resnet_is_more_accurate_than_chance_explains(resnets):
    assert all(pair.p_value < 1e-6 for pair in error_overlap(resnets[0]).neighbours)
