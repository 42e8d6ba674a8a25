from __future__ import annotations

import numpy as np
import pytest
from adaptlabels.labels import InputError, StateSpace, exact_bound, frontier, iso_accuracy_bound, oracle
from adaptlabels.labels.bounds.pools import LabelledSpace, pool_families, pool_spaces
from hypothesis import given
from hypothesis import strategies as st

from .reference import brute_force, label_sets, published


def family(name, correct, costs, samples=None, metric="gflops"):
    states = [f"s{i}" for i in range(len(costs))]
    ids = [f"x{i}" for i in range(len(correct))] if samples is None else samples
    return LabelledSpace(StateSpace.create(states, costs, family=name, cost_metric=metric), correct, ids)


def in_pool_order(correct, costs):
    """Columns by cost, then accuracy, then place, as names of a test's families sort by place."""
    order = sorted(range(len(costs)), key=lambda i: (costs[i], correct[:, i].mean(), i))
    return correct[:, order], costs[order]


@given(label_sets())
def test_a_pool_of_one_family_is_the_family(labels):
    correct, costs = labels
    pool = pool_families([family("a", correct, costs)])
    assert pool.space.family == "a"
    assert pool.left_out == {}
    assert sorted(pool.space.names) == [f"a:s{i}" for i in range(len(costs))]
    assert exact_bound(pool.correct, pool.space.costs).mean_cost == pytest.approx(
        exact_bound(correct, costs).mean_cost, rel=1e-12
    )
    if len(set(costs)) == len(costs):
        assert (pool.correct == correct).all()
        np.testing.assert_array_equal(oracle(pool.correct, costs).alpha, oracle(correct, costs).alpha)


@given(label_sets(max_states=4), label_sets(max_states=4), st.randoms())
def test_the_pool_has_all_columns_of_the_common_samples_in_order_of_cost(one, two, random):
    n_samples = min(len(one[0]), len(two[0]))
    ids = [f"x{i}" for i in range(len(two[0]))]
    shuffled = list(range(len(ids)))
    random.shuffle(shuffled)
    pool = pool_families([family("a", *one), family("b", two[0][shuffled], two[1], [ids[i] for i in shuffled])])
    both = np.concatenate([one[0][:n_samples], two[0][:n_samples]], axis=1)
    correct, costs = in_pool_order(both, np.concatenate([one[1], two[1]]))
    assert pool.sample_ids == tuple(ids[:n_samples])
    assert (pool.correct == correct).all()
    assert pool.space.costs.tolist() == costs.tolist()
    np.testing.assert_allclose(pool.space.accuracies, correct.mean(axis=0))
    cost, accuracy = brute_force(correct, costs)
    found = exact_bound(pool.correct, pool.space.costs)
    assert (found.mean_cost, found.accuracy) == pytest.approx((cost, accuracy), rel=1e-12)
    # The frontier of the pool is nowhere above that of a family on the same samples.
    for labels in (one, two):
        alone = frontier(labels[0][:n_samples], labels[1])
        for reached in np.linspace(0, alone.accuracy[-1], 5):
            assert frontier(pool.correct, costs).cost_at(reached) <= max(alone.cost_at(reached), costs[0]) * (1 + 1e-9)


def test_samples_that_only_some_families_have_are_named():
    correct = np.array([[True, True], [False, True], [False, False]])
    pool = pool_families([family("a", correct, [1, 2]), family("b", correct[:2], [1, 3], ["x2", "y"])])
    assert pool.sample_ids == ("x2",)
    assert pool.left_out == {"a": ("x0", "x1"), "b": ("y",)}


def test_states_of_equal_cost_are_ordered_by_accuracy_then_name():
    correct = np.array([[True, True], [False, True]])
    pool = pool_families([family("b", correct, [1, 1]), family("a", correct, [1, 1])])
    assert pool.space.names == ("a:s0", "b:s0", "a:s1", "b:s1")
    assert pool.members[0] == ("a", "s0")


def test_a_dear_and_poor_state_of_another_family_can_be_left_out():
    good = np.array([[True, True], [False, True], [False, True]])
    pool = pool_families([family("a", good, [1, 5]), family("b", ~good, [2, 9])])
    kept = pool.without_dominated()
    assert kept.space.names == ("a:s0", "b:s0", "a:s1")
    assert kept.correct.shape == (3, 3)
    assert kept.members == (("a", "s0"), ("b", "s0"), ("a", "s1"))
    assert iso_accuracy_bound(kept.correct, kept.space.costs).accuracy == 1


@pytest.mark.parametrize(
    ("families", "message"),
    [
        ([], "is empty"),
        ([family("a", [[True, False]], [1, 2]), family("a", [[True, False]], [1, 2])], "'a' is given twice"),
        ([family("a", [[True, False]], [1, 2]), family("b", [[1, 0]], [1, 2], metric="joules")], "a gflops, b joules"),
        ([family("a", [[True, False]], [1, 2], ["x", "y"])], "2 samples and 2 states are named"),
        ([family("a", [[True, False]] * 2, [1, 2], ["x", "x"])], "sample 'x' is there twice"),
        ([family("a", [[True, False]], [1, 2], ["x"]), family("b", [[True, False]], [1, 2], ["y"])], "a: x, …; b: y"),
    ],
)
def test_families_that_cannot_be_pooled_are_refused(families, message):
    with pytest.raises(InputError) as caught:
        pool_families(families)
    assert message in str(caught.value)


@given(st.lists(published(max_states=4), min_size=1, max_size=3))
def test_a_pool_of_published_numbers_is_the_space_of_all_of_their_states(numbers):
    spaces = [
        StateSpace.create([f"s{i}" for i in range(len(R))], R, A, family=f"f{f}") for f, (R, A) in enumerate(numbers)
    ]
    pool = pool_spaces(spaces)
    rows = sorted(
        (cost, accuracy, space.family, name)
        for space in spaces
        for cost, accuracy, name in zip(space.costs, space.accuracies, space.names, strict=True)
    )
    assert list(zip(pool.costs, pool.accuracies, pool.names, strict=True)) == [
        (cost, accuracy, f"{family}:{name}") for cost, accuracy, family, name in rows
    ]


def test_published_numbers_without_accuracies_make_no_pool():
    with pytest.raises(InputError, match="f: accuracies are needed"):
        pool_spaces([StateSpace.create(["a", "b"], [1, 2], family="f")])
