"""Figures of agents against plain loops, and the relations that must hold between them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from adaptlabels.labels.agents.choices import Choices
from adaptlabels.labels.agents.curves import AreaScale, upper_hull
from adaptlabels.labels.agents.figures import FIGURES
from adaptlabels.labels.agents.judge import Judge
from adaptlabels.labels.agents.judged import JudgedSamples
from hypothesis import given
from hypothesis import strategies as st

from . import reference


def judge_of(correct, costs, replicates=None):
    names = tuple(f"s{i}" for i in range(np.shape(correct)[1]))
    return Judge.create(JudgedSamples.create(names, correct, costs), replicates, seed=0)


def choices(states=None, right=None, cost=None, setting=None, agent="mine"):
    n = len(next(values for values in (states, right) if values is not None))
    return Choices(agent, setting, np.arange(n), *(
        None if values is None else np.asarray(values) for values in (states, right, cost)
    ))  # fmt: skip


@st.composite
def labels(draw, max_samples=30):
    """Right and wrong (n_samples, n_states), costs of states or of each inference, ties included."""
    n, k = draw(st.integers(1, max_samples)), draw(st.integers(2, 5))
    correct = np.array(draw(st.lists(st.lists(st.booleans(), min_size=k, max_size=k), min_size=n, max_size=n)))
    cost = st.one_of(st.sampled_from([1.0, 2.0, 5.0]), st.floats(1e-2, 1e2))
    costs = np.sort(np.array(draw(st.lists(cost, min_size=k, max_size=k))))
    if draw(st.booleans()):
        factor = np.array(draw(st.lists(st.sampled_from([0.5, 1.0, 1.5, 3.0]), min_size=n * k, max_size=n * k)))
        costs = costs * factor.reshape(n, k)
        costs = costs[:, np.argsort(costs.mean(axis=0), kind="stable")]
    return correct, costs


@st.composite
def agents(draw):
    """Labels, and an agent on them: states alone, states with costs of its own, or answers of its own."""
    correct, costs = draw(labels())
    n, k = correct.shape
    states = np.array(draw(st.lists(st.integers(0, k - 1), min_size=n, max_size=n)), dtype=np.int8)
    own = draw(st.sampled_from(["states", "cost", "answers"]))
    paid = np.array(draw(st.lists(st.floats(1e-2, 2e2), min_size=n, max_size=n)))
    right = np.array(draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    entry = {
        "states": lambda: choices(states),
        "cost": lambda: choices(states, cost=paid),
        "answers": lambda: choices(None, right, paid),
    }[own]()
    return correct, costs, entry


@given(agents())
def test_every_figure_is_that_of_plain_loops(case):
    correct, costs, entry = case
    judge = judge_of(correct, costs)
    ((found,), _) = judge.given([entry])
    action = judge.act(entry)
    states = None if entry.states is None else entry.states.tolist()
    wanted = reference.figures(correct.tolist(), costs.tolist(), states, action.right.tolist(), action.cost.tolist())
    for name, value in wanted.items():
        assert getattr(found, name) == pytest.approx(value, rel=1e-12, abs=1e-12, nan_ok=True), name
    if entry.states is not None and entry.cost is None:
        spent = [[s.share, s.exact, s.overspent, s.underspent, s.unsolvable, s.cost_wasted] for s in found.spending]
        assert np.allclose(spent, reference.spending(correct.tolist(), costs.tolist(), states), rtol=1e-12, atol=1e-12)
        assert sum(s.share for s in found.spending) == pytest.approx(1)
        assert sum(s.cost_wasted for s in found.spending) == pytest.approx(found.cost_wasted)


@given(labels())
def test_the_oracles_own_choices_lose_and_waste_nothing(case):
    judge = judge_of(*case)
    oracle = judge.oracle()
    assert (oracle.agreement, oracle.answers_lost, oracle.cost_wasted) == (1, 0, 0)
    assert oracle.share_of_saving == pytest.approx(1) or math.isnan(oracle.share_of_saving)
    assert oracle.frontier_cost == pytest.approx(oracle.mean_cost)
    assert oracle.frontier_accuracy == pytest.approx(oracle.accuracy)


@given(labels())
def test_the_largest_state_saves_nothing(case):
    judge = judge_of(*case)
    largest = judge.singles()[-1]
    assert largest.share_of_saving == pytest.approx(0, abs=1e-12) or math.isnan(largest.share_of_saving)
    assert (largest.accuracy_difference, largest.p_value) == (0, 1)
    assert largest.gain == pytest.approx(1)


@given(agents(), st.floats(0, 100))
def test_adding_a_cost_never_raises_a_share(case, extra):
    correct, costs, entry = case
    judge = judge_of(correct, costs)
    dearer = replace(entry, cost=judge.act(entry).cost + extra)
    ((before, after), _) = judge.given([entry, replace(dearer, setting=1.0)])
    assert not after.share_of_saving > before.share_of_saving
    assert after.gain <= before.gain
    assert after.cost_wasted >= before.cost_wasted


def test_states_whose_mean_costs_differ_by_rounding_alone_are_in_order():
    costs = np.tile([1.0, 2.0, 2.0], (3, 1))
    costs[:, 2] *= 1 - 1e-15
    assert judge_of(np.eye(3, dtype=bool), costs).judged.mean_costs[2] < 2


@given(labels())
def test_a_mixtures_area_is_0_and_the_frontiers_is_1(case):
    judged = judge_of(*case).judged
    scale = AreaScale.of(judged)
    mixture = float(scale.normalise(*upper_hull(judged.mean_costs, judged.accuracies)))
    frontier = float(scale.normalise(judged.frontier.mean_cost, judged.frontier.accuracy))
    room = float(scale.frontier - scale.mixture)
    if math.isnan(mixture):
        assert room == pytest.approx(0, abs=1e-9 * float(scale.frontier))
    else:
        assert mixture * room == pytest.approx(0, abs=1e-9)
        assert frontier * room == pytest.approx(room, abs=1e-9)


@given(labels(), st.data())
def test_areas_are_those_of_plain_loops(case, data):
    judged = judge_of(*case).judged
    R, A = judged.mean_costs, judged.accuracies
    places = st.integers(0, 4 * 100).map(lambda i: R[0] + (R[-1] - R[0]) * i / 400)
    cost = sorted(data.draw(st.sets(places, min_size=1, max_size=6)))
    accuracy = data.draw(st.lists(st.floats(0, 1), min_size=len(cost), max_size=len(cost)))
    points = list(zip(cost, accuracy, strict=True))
    if cost[0] > R[0]:
        points.insert(0, (R[0], A[0]))
    if cost[-1] < R[-1]:
        points.append((R[-1], max(A[-1], accuracy[-1])))
    hull = list(zip(*upper_hull(R, A), strict=True))
    base, each = reference.prices(judged.correct.tolist(), reference.rows_of(judged.costs.tolist(), len(judged)))
    bought = {}
    for count, spent in enumerate(np.cumsum([base, *each])):
        bought[spent / len(judged)] = count / len(judged)
    low, high = float(R[0]), float(R[-1])
    mixture, top = reference.area(hull, low, high), reference.area(sorted(bought.items()), low, high)
    found = float(AreaScale.of(judged).normalise(np.array(cost), np.array(accuracy)))
    if not math.isnan(found):
        wanted = reference.area(points, low, high) - mixture
        assert found * (top - mixture) == pytest.approx(wanted, abs=1e-9 * (high - low))


def sure_labels(n=3000, seed=0):
    rng = np.random.default_rng(seed)
    hard = rng.random((n, 1))
    correct = hard + 0.1 * rng.normal(size=(n, 3)) < np.array([[0.5, 0.7, 0.9]])
    return correct, np.array([1.0, 4.0, 16.0]), hard[:, 0]


@pytest.mark.parametrize("own", [False, True], ids=["state costs", "sample costs"])
def test_intervals_are_those_of_resampled_rows(own):
    correct, R, hard = sure_labels()
    costs = R * np.random.default_rng(2).uniform(0.5, 1.5, (len(correct), 1)) if own else R
    judge = judge_of(correct, costs, replicates=400)
    entry = choices((hard > 0.4).astype(np.int8) + (hard > 0.6))
    ((found,), _) = judge.given([entry])
    assert set(found.intervals) == set(FIGURES)
    rng = np.random.default_rng(1)
    drawn = []
    for _ in range(200):
        rows = rng.integers(0, len(correct), len(correct))
        again = judge_of(correct[rows], costs[rows] if own else costs)
        drawn.append(again.given([choices(entry.states[rows])])[0][0])
    for name in FIGURES:
        values = [getattr(one, name) for one in drawn]
        low, high = found.intervals[name].low, found.intervals[name].high
        assert low <= getattr(found, name) <= high
        assert high - low == pytest.approx(3.92 * np.std(values), rel=0.25), name


def test_agents_share_replicates_so_that_differences_are_paired():
    correct, R, hard = sure_labels()
    judge = judge_of(correct, R, replicates=200)
    one, two = choices((hard > 0.5) * 2), choices((hard > 0.51) * 2, agent="other")
    (pair,) = judge.compare([one], [two])
    a, b = (judge.given([entry])[0][0] for entry in (one, two))
    assert pair.accuracy_difference == pytest.approx(a.accuracy - b.accuracy)
    assert pair.cost_difference == pytest.approx(a.mean_cost - b.mean_cost)
    alone = a.intervals["accuracy"]
    assert pair.accuracy_interval.high - pair.accuracy_interval.low < 0.3 * (alone.high - alone.low)
    right = [judge.act(entry).right.tolist() for entry in (one, two)]
    assert pair.p_value == pytest.approx(reference.mcnemar(*right))


def test_curves_have_their_area_with_interval():
    correct, R, hard = sure_labels()
    judge = judge_of(correct, R, replicates=100)
    dial = [choices(((hard > t) + (hard > t + 0.2)).astype(np.int8), setting=t) for t in (0.2, 0.4, 0.6)]
    _, (curve,) = judge.given(dial)
    assert (curve.agent, curve.settings) == ("mine", 3)
    assert 0 < curve.area_interval.low < curve.area < curve.area_interval.high < 1
    assert math.isnan(curve.apgr)  # three states
