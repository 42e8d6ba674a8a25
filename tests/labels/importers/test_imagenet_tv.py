from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from adaptlabels.labels import alpha_profile, conservative_bound, exact_bound, iso_accuracy_bound, label_results
from adaptlabels.labels.importers.imagenet_tv import imagenet_tv

RESNETS = ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152")
COSTS = (1.82, 3.67, 4.11, 7.83, 11.56)
"""10^9 multiply-adds, as published."""


@pytest.fixture(scope="module")
def results():
    return imagenet_tv()


def test_the_packaged_answers_give_the_figures_that_were_computed_independently(results):
    rows = results.rows.filter(pl.col("family") == "resnet")
    correct = rows.pivot("state", index="sample_id", values="correct").select(RESNETS).to_numpy()
    accuracies = correct.mean(axis=0)
    exact = exact_bound(correct, COSTS)
    assert round(exact.gain, 3) == 4.806
    assert round(exact.accuracy, 5) == 0.86046
    assert round(iso_accuracy_bound(correct, COSTS).gain, 3) == 5.803
    assert round(conservative_bound(COSTS, accuracies).gain, 3) == 5.390
    assert np.round(alpha_profile(correct), 3).tolist() == [1, 0.819, 0.731, 0.668, 0.623]


def test_both_families_become_labels_in_order_of_counted_costs(results):
    info, tables = label_results(results)
    assert (info.task, info.licence, len(set(info.class_names))) == ("image-classification", "mit", 1000)
    assert (info.class_ids[134], info.class_names[134]) == ("n02012849", "crane (n02012849)")
    assert {found.family: found.states["state"].to_list() for found in tables} == {
        "resnet": list(RESNETS),
        "densenet": ["densenet121", "densenet169", "densenet201", "densenet161"],
    }
    for found in tables:
        assert len(found.labels) == 50_000
        assert found.labels["confidence"].list.eval(pl.element().is_null()).list.any().sum() == 0
        below = found.states["reference_accuracy"] - found.states["accuracy"]
        assert below.is_between(0, 0.02).all()
