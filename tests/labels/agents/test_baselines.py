from __future__ import annotations

import numpy as np
import pytest
from adaptlabels.labels import InputError, compare_agents
from adaptlabels.labels.agents.dials import cascade_dial, mixing_dial, router_dial

COSTS = np.array([1.0, 5.0, 25.0])


def samples(n=4000, seed=0, informed=True):
    """Samples of differing difficulty; confidence falls with difficulty where it is informed."""
    rng = np.random.default_rng(seed)
    hard = rng.random((n, 1))
    correct = hard < np.array([[0.5, 0.75, 0.95]])
    confidence = (
        np.clip(1 - hard + 0.02 * rng.normal(size=correct.shape), 0, 1) if informed else rng.random(correct.shape)
    )
    return correct, confidence


def results(correct, confidence, **changes):
    found = compare_agents(correct, COSTS, confidence, **{"rng": np.random.default_rng(1), **changes})
    return {(result.agent, result.allowed_loss): result for result in found}


def test_informed_agents_save_most_of_what_the_oracle_saves():
    found = results(*samples())
    assert found["cascade", 0.01].share_of_saving > 0.6
    assert found["router", 0.01].share_of_saving > 0.6
    assert found["cascade", 0.01].share_of_saving > found["mixing", 0.01].share_of_saving + 0.3
    for result in found.values():
        assert result.share_of_saving <= 1 + 1e-9
        assert result.accuracy >= 0.95 - 0.01 - result.allowed_loss - 0.02


def test_what_is_lost_on_the_judged_samples_is_said():
    for result in results(*samples()).values():
        assert result.loss == pytest.approx(0.95 - result.accuracy, abs=0.02)
        assert result.accuracy_interval.low <= result.accuracy <= result.accuracy_interval.high


def test_uninformed_agents_save_nothing_at_equal_accuracy():
    found = results(*samples(informed=False))
    for agent in ("mixing", "cascade", "router"):
        assert abs(found[agent, 0.0].share_of_saving) < 0.1


def test_mixing_is_the_convex_hull_of_the_static_states():
    correct, confidence = samples()
    found = results(correct, confidence)["mixing", 0.01]
    # From 75 % at cost 5 to 95 % at cost 25, one point of accuracy is worth a cost of 1.
    assert found.mean_cost == pytest.approx(24, abs=0.2)
    assert found.accuracy == pytest.approx(0.94, abs=0.02)


def test_share_of_saving_is_measured_at_the_agents_own_accuracy():
    correct, confidence = samples()
    found = results(correct, confidence)["cascade", 0.01]
    # Clairvoyant: half the samples at cost 1, a quarter at 5, the rest of the answers at 25, wrong ones at 1.
    least = 1 + 4 * 0.25 + 24 * (found.accuracy - 0.75)
    assert found.share_of_saving == pytest.approx((25 - found.mean_cost) / (25 - least), abs=0.02)


def test_the_same_seed_gives_the_same_results():
    assert results(*samples(n=300)) == results(*samples(n=300))


def test_a_state_that_is_always_right_needs_no_model():
    correct, confidence = samples(n=200)
    correct[:, :] = True
    found = results(correct, confidence)
    assert found["router", 0.0].accuracy == 1
    assert found["router", 0.0].mean_cost == 1


def test_a_share_of_no_saving_is_undefined():
    correct = np.zeros((300, 2), dtype=bool)
    found = compare_agents(correct, [5.0, 5.0], np.full((300, 2), 0.5), rng=np.random.default_rng(0))
    assert all(np.isnan(result.share_of_saving) for result in found)


@pytest.mark.parametrize(
    ("correct", "confidence", "message"),
    [
        (samples(400)[0], samples(400)[1][:, :2], "expected shape"),
        (samples(400)[0], np.full((400, 3), np.nan), "not known for every sample"),
        (samples(199)[0], samples(199)[1], "199 samples are too few"),
    ],
)
def test_what_agents_cannot_work_with_is_refused(correct, confidence, message):
    with pytest.raises(InputError, match=message):
        results(correct, confidence)


def test_agents_learn_from_folds_0_to_4_alone():
    correct, confidence = samples(n=1000)
    folds = np.arange(1000) % 10
    whole = results(correct, confidence, folds=folds)
    assert {(r.learned_from, r.judged_on) for r in whole.values()} == {(500, 500)}
    # Without a judged sample that is wrong, all that was learned stays the same.
    changed = correct.copy()
    changed[folds >= 5] = True
    for key, result in results(changed, confidence, folds=folds).items():
        assert result.accuracy == 1
        assert result.mean_cost == pytest.approx(whole[key].mean_cost)


def test_no_more_than_50_000_samples_are_learned_from():
    correct, confidence = samples(n=110_000)
    found = results(correct, confidence, folds=np.arange(110_000) % 10, replicates=None)
    assert {(r.learned_from, r.judged_on) for r in found.values()} == {(50_000, 55_000)}
    assert found["cascade", 0.01].share_of_saving > 0.6


def test_folds_without_samples_to_judge_on_are_refused():
    for fold in (0, 9):
        with pytest.raises(InputError, match=r"`folds`: agents need samples to learn from"):
            results(*samples(n=300), folds=np.full(300, fold))


@pytest.mark.parametrize("dial", ["mixing", "cascade", "router"])
def test_a_dials_means_are_those_of_what_it_does(dial):
    correct, sure = samples(n=400)
    folds = np.arange(400) % 5
    made = {
        "mixing": lambda: mixing_dial(correct.mean(axis=0), COSTS),
        "cascade": lambda: cascade_dial(correct, sure, COSTS),
        "router": lambda: router_dial(correct, np.zeros((400, 1)), folds, COSTS),
    }[dial]()
    places = range(0, len(made.accuracy), 7)
    for place, branches in zip(places, made.act(list(places), sure, np.zeros((400, 1))), strict=True):
        assert sum(branch.probability for branch in branches) == pytest.approx(1)
        accuracy = sum(b.probability * correct[np.arange(400), b.states].mean() for b in branches)
        if dial != "router":  # its own chances come from cross-validation
            assert made.accuracy[place] == pytest.approx(accuracy, abs=1e-12)
            assert made.mean_cost[place] == pytest.approx(sum(b.probability * b.paid.mean() for b in branches))


def test_agents_intervals_resample_whole_clusters():
    rng = np.random.default_rng(0)
    hard = np.repeat(rng.random(100), 10)[:, None]  # ten questions about one passage, equally hard
    correct = hard < np.array([[0.5, 0.9]])
    confidence = np.clip(1.2 - hard + 0 * correct, 0, 1)
    folds = np.repeat(np.arange(100) % 10, 10)

    def width(clusters):
        results = compare_agents(
            correct, [1.0, 10.0], confidence, folds=folds, rng=np.random.default_rng(0), clusters=clusters
        )
        return results[-1].accuracy_interval.high - results[-1].accuracy_interval.low

    assert width(np.arange(1000)) == width(None)
    assert width(np.repeat(np.arange(100), 10)) > 2 * width(None)
