from __future__ import annotations

import json

import numpy as np
import pytest
from adaptlabels.labels import DatasetFolder, InputError, StateSpace, report_family, report_folder, to_json
from hypothesis import given, settings

from ..bounds.reference import label_sets


def space(costs, accuracies=None):
    return StateSpace.create([f"s{i}" for i in range(len(costs))], costs, accuracies, family="f")


@given(label_sets())
@settings(max_examples=60)
def test_every_report_is_json_without_undefined_numbers(labels):
    correct, costs = labels
    found = to_json(report_family(space(costs), correct, replicates=10))
    json.dumps(found, allow_nan=False)
    for state, mean in zip(found["states"], correct.mean(axis=0), strict=True):
        assert state["accuracy"] == pytest.approx(mean)
        assert (state["alpha"] is None) == (mean == 1)


@given(label_sets(min_samples=5))
@settings(max_examples=60)
def test_intervals_are_in_order_and_shares_of_the_frontier_hold(labels):
    correct, costs = labels
    report = report_family(space(costs), correct, replicates=50)
    for entry in report.bounds:
        for interval in (entry.gain_interval, entry.mean_cost_interval, entry.accuracy_interval):
            assert interval is None or interval.low <= interval.high
    exact, iso = report.find("exact").bound, report.find("iso-accuracy").bound
    assert iso.gain >= exact.gain * (1 - 1e-12)


def test_alpha_of_every_state_has_an_interval_that_holds_it():
    rng = np.random.default_rng(0)
    correct = rng.random((500, 3)) < np.array([0.4, 0.6, 0.8])
    report = report_family(space([1, 2, 3]), correct)
    assert report.oracle is not None
    for state in report.states[1:]:
        interval = state.alpha_interval
        assert 0 < interval.high - interval.low < 0.3
        assert interval.low < state.alpha < interval.high


def warnings(costs, correct=None, accuracies=None):
    return " ".join(report_family(space(costs, accuracies), correct, replicates=None).warnings)


def test_falling_accuracies_and_negative_shares_are_named_with_what_to_use():
    text = warnings([1, 2, 3], accuracies=[0.5, 0.4, 0.8])
    assert "accuracy falls at s1" in text
    assert "leave dominated states out" in text
    assert "share of s1 comes out negative under conservative and constant-alpha" in text
    assert report_family(space([1, 2, 3], [0.5, 0.4, 0.8])).selection == ()


def test_an_undefined_alpha_is_named():
    assert "alpha is undefined for s1, which is never wrong" in warnings(
        [1, 2], np.array([[True, True], [False, True]])
    )


def test_equation_9_below_the_exact_oracle_is_said():
    correct = np.array([[1, 1], [1, 0], [0, 1], [0, 0]], dtype=bool)
    assert "less cost than the exact oracle has: conservative and" in warnings([1, 10], correct)


def test_clean_numbers_have_no_warnings():
    assert warnings([1, 10], accuracies=[0.5, 0.9]) == ""


def test_published_numbers_have_no_figures_that_need_labels():
    found = to_json(report_family(space([1, 10], [0.5, 0.9]), alphas=(0.3, 0.6)))
    assert [(b["bound"], b["alpha"]) for b in found["bounds"]] == [
        ("conservative", 1.0), ("constant-alpha", 1.0), ("constant-alpha", 0.3), ("constant-alpha", 0.6), ("continuous", 1.0),
    ]  # fmt: skip
    assert found["samples"] is None
    assert found["states"][1]["alpha"] is None
    assert found["agents"] == []
    with pytest.raises(InputError, match="accuracies or labels are needed"):
        report_family(space([1, 10]))


@pytest.mark.parametrize(
    ("dataset", "family"),
    [("digits", "vit-mini"), ("digits", "convnext-mini"), ("stories", "neox-mini"), ("stories", "llama-mini")],
)
def test_the_miniatures_show_all_of_it(demo, dataset, family):
    folder = DatasetFolder(demo / dataset)
    report = report_folder(folder, family)
    assert [entry.bound.bound for entry in report.bounds] == [
        "exact", "iso-accuracy", "conservative", "constant-alpha", "continuous",
    ]  # fmt: skip
    assert all(entry.gain_interval is not None for entry in report.bounds)
    assert {result.agent for result in report.agents} == {"mixing", "cascade", "router"}
    for result in report.agents:
        assert result.share_interval.low - 1e-9 <= result.share_of_saving <= result.share_interval.high + 1e-9
    for entry in (*report.selection, *report.selection_iso_accuracy):
        gain, interval = entry.selection.gain, entry.gain_interval
        # A gain may be a cap that no replicate exceeds, as where one state saves all that can be saved.
        assert interval.low <= gain * (1 + 1e-9)
        assert gain <= interval.high * (1 + 1e-9)
        assert interval.low < interval.high
    assert [s.selection.k for s in report.selection] == list(range(2, len(report.space) + 1))
    assert (folder.path / "assets" / f"{family}.png").stat().st_size > 20_000


def test_pareto_leaves_dominated_states_out(demo):
    folder = DatasetFolder(demo / "digits")
    whole, kept = (report_folder(folder, "convnext-mini", pareto=p, agents=False) for p in (False, True))
    dominated = {whole.space.names[i] for i in whole.space.dominated()}
    assert set(kept.space.names) == set(whole.space.names) - dominated


def test_outputs_of_a_state_are_in_the_order_of_the_labels(demo):
    folder = DatasetFolder(demo / "digits")
    outputs = folder.outputs("vit-mini", 2)
    assert outputs.shape == (899, 8)
    np.testing.assert_allclose(outputs[:, 0], folder.confidence("vit-mini")[:, 2])
