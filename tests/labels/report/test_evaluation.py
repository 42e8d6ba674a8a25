"""`evaluate` on a dataset folder: what it reads, what it refuses, and on which samples its figures rest."""

from __future__ import annotations

import json
import math

import numpy as np
import polars as pl
import pytest
from adaptlabels.labels import InputError, TableError, evaluate
from adaptlabels.labels.folds import fold_of

from ..agents import reference
from ..inputs import agents_folder

STATES, COSTS = ["tiny", "base", "huge"], np.array([1.0, 3.0, 10.0])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return agents_folder(tmp_path_factory.mktemp("agents"))


@pytest.fixture(scope="module")
def judged(folder):
    """The labels of folds 5-9."""
    labels = folder.labels("demo")
    return labels.filter(pl.Series(fold_of(labels["sample_id"].to_list()) >= 5))


def chosen(judged, states=None):
    """Choices of an agent that goes by the first character of nothing: states in turn, unless they are given."""
    turn = [STATES[i % 3] for i in range(len(judged))] if states is None else states
    return pl.DataFrame({"sample_id": judged["sample_id"], "state": turn})


def given(evaluation):
    return evaluation.of_kind("given")


def quick(folder, table, **options):
    return evaluate(folder, table, **{"replicates": None, "built_in": False, **options})


def test_an_agent_is_judged_on_folds_5_to_9(folder, judged):
    found = evaluate(folder, chosen(judged), replicates=50)
    assert (found.folds, found.samples, found.samples_left_out) == ((5, 6, 7, 8, 9), len(judged), 0)
    (mine,) = given(found)
    correct = judged["correct"].to_list()
    states = [i % 3 for i in range(len(judged))]
    right, paid = [row[s] for row, s in zip(correct, states, strict=True)], [COSTS[s] for s in states]
    for name, value in reference.figures(correct, COSTS.tolist(), states, right, paid).items():
        assert getattr(mine, name) == pytest.approx(value, abs=1e-12), name
    kinds = [agent.kind for agent in found.agents]
    assert kinds == ["given", "single", "single", *["mixture"] * 2, *["cascade"] * 2, *["router"] * 2, "oracle"]
    for agent in found.agents:
        assert agent.intervals["accuracy"].low <= agent.accuracy <= agent.intervals["accuracy"].high


def test_json_has_what_the_design_says(folder, judged):
    found = json.loads(json.dumps(evaluate(folder, chosen(judged), replicates=20).to_json(), allow_nan=False))
    assert list(found)[:4] == ["family", "cost_metric", "folds", "samples"]
    assert (found["family"], found["cost_metric"], found["subset"]) == ("demo", "cost", False)
    mine = found["agents"][0]
    assert list(mine)[:12] == [
        "agent", "setting", "kind", "accuracy", "mean_cost", "gain", "accuracy_difference", "p_value",
        "share_of_saving", "agreement", "answers_lost", "cost_wasted",
    ]  # fmt: skip
    assert (mine["agent"], mine["setting"], mine["kind"]) == ("agent", None, "given")
    assert len(mine["intervals"]["accuracy"]) == 2
    assert [row["state"] for row in mine["spending"]] == STATES
    mixture = next(agent for agent in found["agents"] if agent["kind"] == "mixture")
    assert mixture["p_value"] is None
    assert [row["state"] for row in found["confidence"]] == STATES


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".jsonl"])
def test_all_three_formats_say_the_same(folder, judged, tmp_path, suffix):
    table = chosen(judged).with_columns(setting=pl.lit(0.5))
    path = tmp_path / f"mine{suffix}"
    {".csv": table.write_csv, ".parquet": table.write_parquet, ".jsonl": table.write_ndjson}[suffix](path)
    (mine,) = given(quick(folder, path))
    (same,) = given(quick(folder, table.with_columns(agent=pl.lit("mine"))))
    assert mine == same


def test_states_run_are_all_paid_for(folder, judged, tmp_path):
    run = ["tiny" if i % 2 else "tiny|huge" for i in range(len(judged))]
    table = chosen(judged, [names.split("|")[-1] for names in run]).with_columns(states_run=pl.Series(run))
    (text,) = given(quick(folder, table))
    (lists,) = given(quick(folder, table.with_columns(pl.col("states_run").str.split("|"))))
    assert text == lists
    paid = [1.0 if i % 2 else 11.0 for i in range(len(judged))]
    assert text.mean_cost == pytest.approx(np.mean(paid))
    (own,) = given(quick(folder, chosen(judged, table["state"]).with_columns(cost=pl.Series(paid))))
    (over,) = given(quick(folder, chosen(judged, table["state"]).with_columns(overhead=pl.lit(0.5))))
    assert own == text
    assert over.mean_cost == pytest.approx(0.5 + np.mean([1.0 if i % 2 else 10.0 for i in range(len(judged))]))


def test_answers_of_its_own_need_no_states(folder, judged):
    right = pl.Series([i % 4 > 0 for i in range(len(judged))])
    table = pl.DataFrame({"sample_id": judged["sample_id"], "correct": right, "cost": [2.0] * len(judged)})
    (mine,) = given(quick(folder, table))
    assert mine.accuracy == right.mean()
    assert math.isnan(mine.agreement)
    assert mine.spending == ()
    answers = judged["target"].to_list()
    answers = [a if ok else (a + 1) % 4 for a, ok in zip(answers, right, strict=True)]
    by_answer = table.drop("correct").with_columns(prediction=pl.Series(answers))
    (same,) = given(quick(folder, by_answer))
    assert same.accuracy == mine.accuracy
    (text,) = given(quick(folder, by_answer.with_columns(pl.col("prediction").cast(pl.String))))
    assert text.accuracy == mine.accuracy


def test_scores_and_prices_make_a_curve(folder, judged):
    rng = np.random.default_rng(0)
    scores = pl.DataFrame({"sample_id": judged["sample_id"]} | {s: rng.random(len(judged)) for s in STATES})
    found = quick(folder, scores, utilities=True, prices=[0.0, 0.05, 10.0])
    assert [agent.setting for agent in given(found)] == [0.0, 0.05, 10.0]
    values = scores.select(STATES).to_numpy()
    for agent in given(found):
        states = np.argmax(values - agent.setting * COSTS, axis=1)
        assert agent.mean_cost == pytest.approx(COSTS[states].mean())
    assert given(found)[-1].mean_cost == 1
    (curve,) = found.curves
    assert (curve.settings, curve.area < 1) == (3, True)
    assert quick(folder, scores, utilities=True).agents[0].setting is None


def test_several_agents_may_stand_in_one_table_in_any_order(folder, judged):
    tables = [
        chosen(judged).with_columns(agent=pl.lit(name), setting=pl.lit(setting))
        for name, setting in [("a", 1.0), ("b", 1.0), ("a", 2.0)]
    ]
    found = quick(folder, pl.concat(tables).sample(fraction=1, shuffle=True, seed=1))
    assert sorted((agent.agent, agent.setting) for agent in given(found)) == [("a", 1), ("a", 2), ("b", 1)]
    assert [(curve.agent, curve.settings) for curve in found.curves] == [("a", 2)]
    assert len({agent.accuracy for agent in given(found)}) == 1


def test_groups_are_judged_apart_and_add_up(folder, judged):
    found = quick(folder, chosen(judged), by="category")
    assert [group.group for group in found.groups] == ["g0", "g1", "g2"]
    assert sum(group.samples for group in found.groups) == len(judged)
    mine = [group.agents[0] for group in found.groups]
    total = sum(group.samples * agent.accuracy for group, agent in zip(found.groups, mine, strict=True))
    assert total / len(judged) == pytest.approx(given(found)[0].accuracy)
    with pytest.raises(InputError, match="`by`: the labels have no column 'colour' to group by; there are category"):
        quick(folder, chosen(judged), by="colour")


def test_against_compares_pairs(folder, judged):
    found = quick(folder, chosen(judged), against=chosen(judged, ["huge"] * len(judged)))
    (pair,) = found.comparisons
    (mine,) = given(found)
    assert (pair.against, pair.accuracy_interval) == ("agent", None)
    assert (pair.accuracy_difference, pair.p_value) == (
        pytest.approx(mine.accuracy_difference),
        pytest.approx(mine.p_value),
    )


def test_a_subset_is_judged_only_when_allowed_and_said(folder, judged):
    table = chosen(judged).head(len(judged) - 7)
    with pytest.raises(TableError, match=r"agent 'agent' does not choose for samples .* \(7 in all\); .* `subset`"):
        quick(folder, table)
    found = quick(folder, table, subset=True)
    assert (found.samples, found.samples_left_out) == (len(judged) - 7, 7)
    assert found.to_json()["subset"] is True
    assert "judged on a subset: 7 of" in found.warnings[0]
    assert given(found)[0].accuracy == pytest.approx(
        np.mean([row[i % 3] for i, row in enumerate(judged["correct"].to_list()[:-7])])
    )


def test_all_folds_can_be_judged_but_not_beside_agents_that_learned_from_them(folder, judged):
    every = folder.labels("demo")
    found = evaluate(folder, chosen(every), folds=None, replicates=None)
    assert (found.samples, found.folds) == (600, tuple(range(10)))
    assert found.of_kind("router") == []
    assert any("learn from folds 0-4" in warning for warning in found.warnings)
    # Choices for other folds do not matter.
    assert given(quick(folder, chosen(judged)))[0].mean_cost == pytest.approx(14 / 3, abs=0.1)
    with pytest.raises(InputError, match="`folds`: expected numbers from 0 to 9"):
        quick(folder, chosen(every), folds=[10])


def with_column(table, **columns):
    return table.with_columns(**{name: pl.lit(value) for name, value in columns.items()})


FAULTS = [
    (lambda t: t.drop("sample_id"), "column 'sample_id' is missing; it has state"),
    (lambda t: t.drop("state"), "column 'state' is missing"),
    (lambda t: t.clear(), "the table has no rows"),
    (lambda t: with_column(t, state="vast"), r"1 unknown state\(s\), first 'vast'; the states are tiny, base, huge"),
    (lambda t: pl.concat([t, t.head(1)]), "chooses more than once for sample"),
    (lambda t: with_column(t, sample_id="nobody"), "the labels have no sample 'nobody'"),
    (lambda t: with_column(t, cost=0.0), "column 'cost' holds 0.0 for sample .* expected a number above 0"),
    (lambda t: with_column(t, cost=None), "column 'cost' holds None for sample"),
    (lambda t: with_column(t, cost="3"), "column 'cost' must hold numbers"),
    (lambda t: with_column(t, overhead=-1.0), "column 'overhead' holds -1.0 .* expected a number from 0"),
    (lambda t: with_column(t, states_run="tiny"), "'states_run' lacks 'state' for samples"),
    (lambda t: with_column(t, states_run=None), "column 'states_run' is empty for samples"),
    (lambda t: with_column(t, states_run="tiny|vast"), "column 'states_run' has 1 unknown state"),
    (lambda t: with_column(t, states_run="tiny", cost=1.0), "'cost' and 'states_run' both say what was paid"),
    (lambda t: with_column(t, correct=0.5), "column 'correct' must hold true or false"),
    (lambda t: with_column(t, correct=True, prediction=1), "'correct' and 'prediction' both say what is right"),
    (lambda t: with_column(t, agent=None), "column 'agent' may not be empty in any row"),
]


@pytest.mark.parametrize(("fault", "message"), FAULTS, ids=range(len(FAULTS)))
def test_each_fault_of_a_table_has_its_error(folder, judged, fault, message):
    with pytest.raises(TableError, match=message):
        quick(folder, fault(chosen(judged)), family="demo")


def test_files_that_cannot_be_read_are_named(folder, tmp_path):
    for name, message in [("none.csv", "no such file"), ("choices.txt", "expected a file that ends in")]:
        with pytest.raises(InputError, match=message):
            quick(folder, tmp_path / name)
    (tmp_path / "bad.parquet").write_bytes(b"no parquet")
    with pytest.raises(InputError, match=r"bad\.parquet: cannot be read"):
        quick(folder, tmp_path / "bad.parquet")


def test_identifiers_of_a_csv_stay_text(folder, judged, tmp_path):
    (tmp_path / "c.csv").write_text("sample_id,state\n007,tiny\n")
    with pytest.raises(TableError, match="the labels have no sample '007'"):
        quick(folder, tmp_path / "c.csv")
