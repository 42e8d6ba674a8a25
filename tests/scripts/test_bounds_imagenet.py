"""The packaged answers of ResNets and DenseNets through the program, with the figures computed independently."""

from __future__ import annotations

import json
from contextlib import redirect_stdout
from dataclasses import replace
from io import StringIO

import polars as pl
import pytest
from adaptlabels.labels import label_results, write_dataset
from adaptlabels.labels.importers.imagenet_tv import imagenet_tv
from adaptlabels.scripts.commands.bounds import command

RESNETS = {"resnet18": 1.82, "resnet34": 3.67, "resnet50": 4.11, "resnet101": 7.83, "resnet152": 11.56}
DENSENETS = {"densenet121": 2.87, "densenet169": 3.40, "densenet201": 4.34, "densenet161": 7.79}
COSTS = RESNETS | DENSENETS
"""10^9 multiply-adds, as published."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    results = imagenet_tv()
    rows = results.rows.drop("prediction", "target", "confidence")  # right and wrong is all that is needed
    family = ["resnet"] * len(RESNETS) + ["densenet"] * len(DENSENETS)
    states = pl.DataFrame({"state": list(COSTS), "family": family, "cost": list(COSTS.values())})
    made = label_results(replace(results.with_rows(rows), class_names=(), class_ids=(), states=None), states)
    return str(write_dataset(tmp_path_factory.mktemp("imagenet") / "out", made.info, made.families).path)


@pytest.fixture(scope="module")
def families(folder):
    with redirect_stdout(StringIO()) as printed:
        command(folder, pool=True, replicates=200, agents=False, json=True)
    return {family["family"]: family for family in json.loads(printed.getvalue())["families"]}


def gains(family):
    return {entry["bound"]: round(entry["gain"], 3) for entry in family["bounds"]}


def test_the_resnets_gains_come_to_the_digits_given(families):
    found = gains(families["resnet"])
    assert (found["exact"], found["constant-alpha"], found["conservative"]) == (4.806, 5.154, 5.390)
    assert found["iso-accuracy"] == 5.803


def test_the_resnets_alpha_is_a_range_whose_ends_have_changed_places(families):
    span = families["resnet"]["alpha_range"]
    assert span["reversed"]
    assert round(span["slope"], 3) == -0.261
    assert (round(span["gain_low"], 3), round(span["gain_high"], 3)) == (5.154, 5.390)
    assert (span["alpha_of_cost"], round(span["alpha_of_accuracy"], 3)) == (None, 0.623)
    assert any("alpha = 1 (Eq. 9) promises more gain" in warning for warning in families["resnet"]["warnings"])


def test_resnet_101_only_adds_answers_that_cost(families):
    utility = {state["state"]: state for state in families["resnet"]["states"]}
    assert round(utility["resnet101"]["utility_exact"], 3) == -0.027
    assert round(utility["resnet101"]["utility_iso"], 3) == 0
    assert all(pair["p_value"] < 1e-6 for pair in families["resnet"]["overlap"]["neighbours"])


def test_both_families_together_do_better_than_either(families):
    pool = families["resnet+densenet"]
    assert (pool["samples"], len(pool["states"])) == (50_000, 9)
    assert gains(pool)["exact"] == 5.185
    assert gains(pool)["iso-accuracy"] == 6.030
    enough = [path["enough"] for path in pool["growing"]]
    assert enough == [3, 3]
    for path in pool["growing"]:
        assert [step["state"] for step in path["steps"][:2]] == ["resnet:resnet152", "resnet:resnet18"]
