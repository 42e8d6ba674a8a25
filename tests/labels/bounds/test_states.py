from __future__ import annotations

import pytest
from adaptlabels.labels import InputError, StateSpace


def test_states_are_put_in_ascending_order_of_cost():
    space = StateSpace.create(["big", "small"], [10, 1], [0.9, 0.5])
    assert space.names == ("small", "big")
    assert space.costs.tolist() == [1, 10]
    assert space.accuracies is not None
    assert space.accuracies.tolist() == [0.5, 0.9]


def test_a_name_given_twice_is_named():
    with pytest.raises(InputError, match="'a' is given twice"):
        StateSpace.create(["a", "a"], [1, 2])


def test_an_unknown_state_is_refused_with_the_known_ones():
    space = StateSpace.create(["a", "b"], [1, 2])
    assert space.index("b") == 1
    with pytest.raises(InputError, match="no state 'c'; there are a, b"):
        space.index("c")


def test_a_bad_number_names_family_and_state():
    with pytest.raises(InputError, match="resnet: `costs`: state 'b' has -2"):
        StateSpace.create(["a", "b"], [1, -2], family="resnet")
    with pytest.raises(InputError, match="percent"):
        StateSpace.create(["a", "b"], [1, 2], [71.0, 80.0])


def test_dominated_states_are_those_that_a_cheaper_one_matches():
    space = StateSpace.create(["a", "b", "c", "d"], [1, 2, 3, 4], [0.5, 0.5, 0.8, 0.7])
    assert [space.names[i] for i in space.dominated()] == ["b", "d"]
    assert space.take([0, 2]).names == ("a", "c")
    twins = StateSpace.create(["a", "b", "c"], [1, 2, 2], [0.5, 0.6, 0.7])
    assert [twins.names[i] for i in twins.dominated()] == ["b"]
