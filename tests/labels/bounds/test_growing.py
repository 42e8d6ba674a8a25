from __future__ import annotations

import itertools

import numpy as np
import pytest
from adaptlabels.labels import InputError, conservative_bound, exact_bound, iso_accuracy_bound
from adaptlabels.labels.bounds.growing import path_conservative, path_from_labels
from hypothesis import given, settings
from hypothesis import strategies as st

from .reference import label_sets, published


def gain_of(measure, numbers, costs, chosen):
    """A subset's gain by the public function; the largest state alone saves nothing."""
    if len(chosen) == 1:
        return 1.0
    inside = sorted(chosen)
    if numbers.ndim == 1:
        return measure(costs[inside], numbers[inside]).gain
    return measure(numbers[:, inside], costs[inside]).gain


def check_greedy(path, measure, numbers, costs):
    """Each step has the best gain among all that could have joined, and the path ends with all states."""
    n_states = len(costs)
    states = [step.state for step in path.steps]
    assert states[0] == n_states - 1
    assert sorted(states) == list(range(n_states))
    full = gain_of(measure, numbers, costs, states)
    for k, step in enumerate(path.steps, 1):
        before = states[: k - 1]
        options = set(range(n_states)) - set(before) if before else {n_states - 1}
        best = max(gain_of(measure, numbers, costs, [*before, option]) for option in options)
        assert step.gain == pytest.approx(best, rel=1e-9)
        assert step.gain == pytest.approx(gain_of(measure, numbers, costs, states[:k]), rel=1e-9)
        assert step.mean_cost == pytest.approx(costs[-1] / best, rel=1e-9)
        assert step.share_of_full_gain == pytest.approx(best / full, rel=1e-9)
    enough = path.enough(0.9)
    assert path.steps[enough - 1].share_of_full_gain >= 0.9 - 1e-9
    assert all(step.share_of_full_gain < 0.9 + 1e-9 for step in path.steps[: enough - 1])


@given(label_sets(), st.sampled_from(["exact", "iso-accuracy"]))
@settings(max_examples=60)
def test_each_state_that_joins_saves_most_on_the_labels(labels, bound):
    correct, costs = labels
    measure = exact_bound if bound == "exact" else iso_accuracy_bound
    check_greedy(path_from_labels(correct, costs, bound=bound), measure, correct, costs)


@given(published())
@settings(max_examples=60)
def test_each_state_that_joins_saves_most_under_equation_9(numbers):
    costs, accuracies = numbers
    check_greedy(path_conservative(costs, accuracies), conservative_bound, accuracies, costs)


@given(label_sets())
@settings(max_examples=40)
def test_the_iso_accuracy_gain_never_falls_along_the_path(labels):
    gains = [step.gain for step in path_from_labels(*labels, bound="iso-accuracy").steps]
    assert all(later >= earlier * (1 - 1e-9) for earlier, later in itertools.pairwise(gains))


def test_a_hundred_and_twenty_seven_states_grow_to_all_of_them():
    rng = np.random.default_rng(0)
    correct = rng.random((500, 1)) + 0.2 * rng.normal(size=(500, 127)) < np.linspace(0.4, 0.9, 127)
    costs = np.geomspace(1, 100, 127)
    path = path_from_labels(correct, costs)
    assert len(path.steps) == 127
    assert path.steps[-1].gain == pytest.approx(exact_bound(correct, costs).gain, rel=1e-12)


def test_accuracies_that_fall_are_refused_under_equation_9():
    with pytest.raises(InputError, match="leave dominated states out"):
        path_conservative([1, 2, 3], [0.5, 0.4, 0.8])
