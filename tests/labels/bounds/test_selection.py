from __future__ import annotations

import itertools

import pytest
from adaptlabels.labels import (
    InputError,
    conservative_bound,
    exact_bound,
    iso_accuracy_bound,
    select_conservative,
    select_from_labels,
    smallest_sufficient,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from .reference import label_sets, published


@given(published())
def test_dynamic_programming_finds_what_enumeration_finds(numbers):
    costs, accuracies = numbers
    last = len(costs) - 1
    for selection in select_conservative(costs, accuracies):
        best = max(
            conservative_bound(costs[[*chosen, last]], accuracies[[*chosen, last]]).gain
            for chosen in itertools.combinations(range(last), selection.k - 1)
        )
        assert selection.gain == pytest.approx(best, rel=1e-9)
        assert conservative_bound(
            costs[list(selection.indices)], accuracies[list(selection.indices)]
        ).gain == pytest.approx(best, rel=1e-9)


@given(published())
def test_every_k_keeps_the_largest_state_and_all_states_keep_the_whole_gain(numbers):
    found = select_conservative(*numbers)
    assert [selection.k for selection in found] == list(range(2, len(numbers[0]) + 1))
    assert all(selection.indices[-1] == len(numbers[0]) - 1 for selection in found)
    assert found[-1].share_of_full_gain == pytest.approx(1)


@given(label_sets(max_samples=30, max_states=5), st.sampled_from(["exact", "iso-accuracy"]))
@settings(max_examples=60)
def test_selection_from_labels_is_the_best_subset_by_its_own_bound(labels, bound):
    correct, costs = labels
    measure = exact_bound if bound == "exact" else iso_accuracy_bound
    last = len(costs) - 1
    full = measure(correct, costs).gain
    for selection in select_from_labels(correct, costs, bound=bound):
        best = max(
            measure(correct[:, [*chosen, last]], costs[[*chosen, last]]).gain
            for chosen in itertools.combinations(range(last), selection.k - 1)
        )
        own = measure(correct[:, list(selection.indices)], costs[list(selection.indices)])
        assert selection.gain == pytest.approx(best, rel=1e-9)
        assert selection.mean_cost == pytest.approx(own.mean_cost, rel=1e-9)
        assert selection.share_of_full_gain == pytest.approx(best / full, rel=1e-9)
        assert selection.method == "optimal"
        assert selection.greedy_loss is not None
        assert 0 <= selection.greedy_loss < 1


@given(label_sets(max_samples=30, max_states=5), st.sampled_from(["exact", "iso-accuracy"]))
@settings(max_examples=60)
def test_greedy_selection_is_said_to_be_greedy_and_loses_what_it_says(labels, bound):
    correct, costs = labels
    greedy = select_from_labels(correct, costs, bound=bound, most_states=0)
    for quick, best in zip(greedy, select_from_labels(correct, costs, bound=bound), strict=True):
        assert quick.method == ("greedy" if 2 < quick.k < len(costs) else "optimal")
        assert quick.gain == pytest.approx(best.gain * (1 - best.greedy_loss), rel=1e-9)
        assert 1 - quick.gain / best.gain <= quick.loss_at_most + 1e-9
        assert best.loss_at_most == 0
        if quick.method == "optimal":
            assert quick.loss_at_most == 0


@given(label_sets(max_samples=30, max_states=5))
@settings(max_examples=40)
def test_iso_accuracy_gain_never_falls_when_a_state_is_added(labels):
    gains = [selection.gain for selection in select_from_labels(*labels, bound="iso-accuracy")]
    assert all(later >= earlier * (1 - 1e-9) for earlier, later in itertools.pairwise(gains))


def test_the_fewest_states_that_keep_enough():
    R = [0.39, 0.70, 1.0, 1.8, 4.2, 9.9, 19, 37]
    A = [0.771, 0.791, 0.801, 0.816, 0.829, 0.836, 0.840, 0.843]
    assert smallest_sufficient(select_conservative(R, A)).k == 6
    assert smallest_sufficient(select_conservative(R, A), 0.5).k == 3
    with pytest.raises(InputError, match=r"keeps 1\.5"):
        smallest_sufficient(select_conservative(R, A), 1.5)


def test_descending_accuracies_are_refused_under_equation_9():
    with pytest.raises(InputError, match="leave dominated states out"):
        select_conservative([1, 2, 3], [0.5, 0.4, 0.8])
