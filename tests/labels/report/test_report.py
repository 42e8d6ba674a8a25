from __future__ import annotations

import itertools
import json
import re

import numpy as np
import pytest
from adaptlabels.labels import (
    DatasetFolder,
    InputError,
    StateSpace,
    alpha_range,
    alpha_range_from_labels,
    conservative_utility,
    error_overlap,
    iso_accuracy_bound,
    path_conservative,
    path_from_labels,
    report_family,
    report_folder,
    to_json,
    utility_from_labels,
)
from adaptlabels.labels.agents.baselines import compare_agents
from adaptlabels.labels.bounds.bootstrap import SEED
from adaptlabels.labels.folds import JUDGED_FOLDS
from adaptlabels.labels.report import report as report_module
from adaptlabels.scripts.printing.bounds import print_report
from hypothesis import given, settings
from hypothesis import strategies as st

from ..bounds.reference import label_sets
from ..inputs import agents_folder


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
    found = warnings([1, 10], correct)
    assert re.search("conservative and .*: less cost than the exact oracle, so no bound here", found)


def test_clean_numbers_have_no_warnings():
    assert warnings([1, 2, 10], accuracies=[0.5, 0.7, 0.9]) == ""


def test_ends_of_alpha_that_have_changed_places_are_said_with_the_slope():
    assert "alpha = 1 (Eq. 9) promises more gain than alpha = 0, 2.174 instead of 1.818" in warnings(
        [1, 10], accuracies=[0.5, 0.9]
    )
    correct = np.array([[1, 1], [1, 0], [0, 1], [0, 0]], dtype=bool)
    text = warnings([1, 10], correct)
    assert "promises more gain than alpha = 0.5, 10 instead of 3.077" in text
    assert "sum_{i>=3} R_i (A_i - A_{i-1}) is -4.5, below 0; the exact gain is 3.077" in text


@given(label_sets(), st.booleans())
@settings(max_examples=60)
def test_the_report_has_the_figures_of_the_functions_that_define_them(labels, measured):
    correct, costs = labels
    accuracies = correct.mean(axis=0)
    report = report_family(space(costs, accuracies), correct if measured else None, replicates=None)
    found = to_json(report)
    Eq10 = conservative_utility(costs, accuracies).utility
    assert [state["utility"] for state in found["states"]] == pytest.approx(Eq10.tolist(), abs=1e-12 * costs[-1])
    names = list(report.space.names)
    if measured:
        for key, bound in (("utility_exact", "exact"), ("utility_iso", "iso-accuracy")):
            assert [state[key] for state in found["states"]] == utility_from_labels(
                correct, costs, bound=bound
            ).utility.tolist()
        span = alpha_range_from_labels(correct, costs)
        paths = [path_from_labels(correct, costs, bound=bound) for bound in ("exact", "iso-accuracy")]
        shares = np.array(found["overlap"]["wrong_given_wrong"], dtype=float)
        np.testing.assert_array_equal(shares, error_overlap(correct).wrong_given_wrong)
        pairs = [(pair["smaller"], pair["larger"]) for pair in found["overlap"]["neighbours"]]
        assert pairs == list(itertools.pairwise(names))
    else:
        span = alpha_range(costs, accuracies, 0.0)
        paths = [path_conservative(costs, accuracies)] if (np.diff(accuracies) >= 0).all() else []
        assert found["overlap"] is None
        assert {state["utility_exact"] for state in found["states"]} == {None}
    assert found["alpha_range"]["slope"] == pytest.approx(span.slope, abs=1e-12 * costs[-1])
    assert found["alpha_range"]["alpha_of_accuracy"] == span.alpha_of_accuracy
    assert found["alpha_range"]["alpha_of_cost"] == span.alpha_of_cost
    for listed, path in zip(found["growing"], paths, strict=True):
        assert [step["state"] for step in listed["steps"]] == [names[step.state] for step in path.steps]
        assert listed["enough"] == path.enough()


def test_published_numbers_have_the_range_of_the_least_alpha_that_was_asked_for():
    found = to_json(report_family(space([1, 2, 10], [0.5, 0.7, 0.9]), alphas=(0.6, 0.4)))["alpha_range"]
    assert (found["least"]["alpha"], found["one"]["alpha"]) == (0.4, 1.0)
    assert found["gain_low"] == found["one"]["gain"] < found["gain_high"] == found["least"]["gain"]


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


def test_a_selection_beyond_20_states_says_that_it_is_greedy_and_how_far_it_may_be_off(capsys):
    rng = np.random.default_rng(0)
    correct = rng.random((400, 1)) + 0.2 * rng.normal(size=(400, 22)) < np.linspace(0.4, 0.9, 22)
    costs = np.geomspace(1, 100, 22)
    report = report_family(space(costs), correct, replicates=None)
    found = to_json(report)["selection"]
    assert [entry["method"] for entry in found] == ["optimal", *["greedy"] * 19, "optimal"]
    limit = costs[-1] / iso_accuracy_bound(correct, costs).mean_cost  # no states gain more than this
    for entry in found[1:-1]:
        assert entry["loss_at_most"] == pytest.approx(max(0.0, 1 - entry["gain"] / limit), rel=1e-9)
    assert found[0]["loss_at_most"] == found[-1]["loss_at_most"] == 0
    print_report(report)
    text = capsys.readouterr().out
    assert "off by at most" in text
    assert "k = 3 to 21 were searched greedily: there may be better states" in text


def test_agents_of_a_large_folder_see_every_nth_sample(tmp_path, monkeypatch):
    folder = agents_folder(tmp_path, 601)
    whole = report_folder(folder, "demo")
    monkeypatch.setattr(report_module, "MOST_SEEN", 301)
    found = report_folder(folder, "demo")
    assert [entry.bound.gain for entry in found.bounds] == [entry.bound.gain for entry in whole.bounds]
    folds = folder.labels("demo", ["fold"])["fold"].to_numpy()[::2]
    judged = compare_agents(
        folder.correct("demo")[::2],
        found.space.costs,
        folder.confidence("demo")[::2],
        folder.outputs("demo", 0)[::2],
        folds=folds,
        rng=np.random.default_rng(SEED),
    )
    assert found.agents == tuple(judged)
    assert found.agents[0].judged_on == np.isin(folds, JUDGED_FOLDS).sum() < whole.agents[0].judged_on
