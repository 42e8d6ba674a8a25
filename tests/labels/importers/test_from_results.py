from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from adaptlabels.labels import (
    DatasetFolder,
    ImportOptions,
    InputError,
    StateSpace,
    TableError,
    conservative_utility,
    evaluate,
    fold_of,
    label_predictions,
    report_family,
    validate_folder,
    write_dataset,
)
from adaptlabels.labels.agents.choices import Samples
from adaptlabels.labels.agents.matching import match_choices
from adaptlabels.labels.confidence import confidence_quality
from adaptlabels.labels.tables.shards import Shard

from ..inputs import prediction_rows, state_rows, write_inputs


def test_labels_follow_from_the_predictions(tmp_path):
    info, (tables,) = label_predictions(*write_inputs(tmp_path))
    assert (info.name, tables.family, info.class_names) == ("demo", "demo", ("0", "1", "2", "3"))
    rows = prediction_rows()
    for label in tables.labels.iter_rows(named=True):
        own = rows.filter(pl.col("sample_id") == label["sample_id"])
        right = (own["prediction"] == own["target"]).to_list()
        assert label["correct"] == right
        assert label["prediction"] == own["prediction"].to_list()
        assert label["confidence"] == pytest.approx(own["confidence"].to_list())
        assert label["n_correct"] == sum(right)
        assert label["pattern"] == "".join("1" if ok else "0" for ok in right)
        assert label["cheapest_right"] == (right.index(True) if any(right) else 3)
        assert label["fold"] == fold_of([label["sample_id"]])[0]
        assert label["solvable"] == any(right)
        assert label["oracle_state"] == (right.index(True) if any(right) else 0)
        assert label["oracle_cost"] == [1.0, 3.0, 10.0][label["oracle_state"]]
        assert label["category"] == own["category"][0]


@pytest.mark.parametrize("form", ["long", "wide"])
def test_samples_of_one_document_share_a_fold(tmp_path, form):
    rows = prediction_rows().with_columns(source_id="page " + pl.col("sample_id").str.slice(2, 1))
    rows = rows.with_columns(source_id=pl.when(pl.col("sample_id") != "s007").then("source_id"))
    if form == "wide":
        right = rows.with_columns(correct=pl.col("prediction") == pl.col("target"))
        rows = right.pivot("state", index=["sample_id", "source_id"], values="correct")
    predictions, states = write_inputs(tmp_path, rows)
    made = label_predictions(predictions, states)
    labels = made.families[0].labels
    expected = fold_of([source or sample for sample, source in labels.select("sample_id", "source_id").rows()])
    assert labels["fold"].to_list() == expected.tolist()
    assert labels.drop_nulls("source_id").group_by("source_id").agg(pl.col("fold").n_unique())["fold"].max() == 1
    folder = write_dataset(tmp_path / "out", made.info, made.families)
    assert [problem.file for problem in validate_folder(folder)] == ["README.md"]


def test_a_family_may_have_more_states_than_a_byte_counts(tmp_path):
    names = [f"m{i:03d}" for i in range(300)]
    rows = pl.DataFrame({"sample_id": ["a", "b"], **{name: [True, name == "m299"] for name in names}})
    made = label_predictions(*write_inputs(tmp_path, rows, pl.DataFrame({"state": names, "cost": range(1, 301)})))
    labels = made.families[0].labels
    assert labels["n_correct"].to_list() == [300, 1]
    assert labels["cheapest_right"].to_list() == [0, 299]
    assert labels["pattern"][1] == 299 * "0" + "1"
    report = report_family(StateSpace.create(names, range(1, 301), family="many"), labels["correct"].to_list())
    assert round(report.find("exact").bound.gain, 3) == round(300 / ((1 + 300) / 2), 3)
    assert (report.selection, report.growing, report.overlap) == ((), (), None)
    assert "300 states: up to 127 are compared with each other" in report.warnings[0]
    with pytest.raises(InputError, match="`select`: family 'many' has 300 states, and up to 127 are compared"):
        report.with_selection_of(3)
    unknown = pl.Series([None, None], dtype=pl.Int64)
    samples = Samples(labels["sample_id"], labels["sample_id"].head(0), tuple(names), np.arange(1.0, 301), unknown)
    choices = pl.DataFrame({"sample_id": ["a", "b"], "state": ["m000", "m299"]})
    (entry,) = match_choices(choices, samples, where="choices", agent="mine")
    assert entry.states.tolist() == [0, 299]


def test_a_file_that_is_called_as_a_table_makes_a_family_of_another_name(tmp_path):
    predictions, states = write_inputs(tmp_path)
    made = label_predictions(predictions.rename(tmp_path / "all.csv"), states)
    assert made.families[0].family == "all-results"
    assert "The family is called 'all-results', after the file; `family` gives it another name." in made.info.notes


def test_a_state_called_none_is_refused(tmp_path):
    rows, states = (
        frame.with_columns(pl.col("state").replace("tiny", "none")) for frame in (prediction_rows(), state_rows())
    )
    with pytest.raises(InputError, match="state 'none': in the labels this name says that no state is right"):
        label_predictions(*write_inputs(tmp_path, rows, states))


def test_rows_in_any_order_give_the_same_labels(tmp_path):
    _, (one,) = label_predictions(*write_inputs(tmp_path / "a"))
    shuffled = prediction_rows().sample(fraction=1, shuffle=True, seed=3)
    _, (two,) = label_predictions(*write_inputs(tmp_path / "b", shuffled, state_rows().reverse()))
    assert one.labels.sort("sample_id").equals(two.labels.sort("sample_id"))
    assert one.states.equals(two.states)


def test_class_names_are_coded_in_alphabetical_order(tmp_path):
    names = np.array(["cat", "dog", "ant", "emu"])
    rows = prediction_rows().with_columns(
        pl.Series("target", names[prediction_rows()["target"].to_numpy()]),
        pl.Series("prediction", names[prediction_rows()["prediction"].to_numpy()]),
    )
    info, (tables,) = label_predictions(*write_inputs(tmp_path, rows))
    assert info.class_names == ("ant", "cat", "dog", "emu")
    _, (plain,) = label_predictions(*write_inputs(tmp_path / "plain"))
    assert tables.labels["correct"].equals(plain.labels["correct"])


def test_families_come_from_the_states_table_and_parquet_is_read(tmp_path):
    rows = pl.concat([prediction_rows(), prediction_rows(seed=1).with_columns(state="x-" + pl.col("state"))])
    states = pl.concat(
        [
            state_rows().with_columns(family=pl.lit("plain")),
            state_rows().with_columns(state="x-" + pl.col("state"), family=pl.lit("crossed")),
        ]
    )
    rows.write_parquet(tmp_path / "p.parquet")
    states.write_parquet(tmp_path / "s.parquet")
    _, tables = label_predictions(tmp_path / "p.parquet", tmp_path / "s.parquet")
    assert [found.family for found in tables] == ["plain", "crossed"]


def test_identifiers_that_look_like_numbers_stay_text(tmp_path):
    ids = ["007", "7", "1.0", "1e0", "01"]
    rows = prediction_rows(n_samples=5)
    rows = rows.with_columns(sample_id=pl.col("sample_id").replace_strict(rows["sample_id"].unique().sort(), ids))
    _, (tables,) = label_predictions(*write_inputs(tmp_path, rows))
    assert sorted(tables.labels["sample_id"]) == sorted(ids)


def test_confidences_may_begin_with_whole_numbers(tmp_path):
    rows = prediction_rows(n_samples=200)
    rows = rows.with_columns(confidence=pl.when(pl.int_range(pl.len()) < 450).then(1).otherwise(0.5))
    path, states = write_inputs(tmp_path, rows)
    path.write_text(path.read_text().replace(",1.0,", ",1,"))
    _, (tables,) = label_predictions(path, states)
    assert tables.labels["confidence"][-1].to_list() == [0.5, 0.5, 0.5]


def test_any_cost_metric_alone_is_enough(tmp_path):
    _, (tables,) = label_predictions(*write_inputs(tmp_path, states=state_rows().rename({"cost": "latency_ms_p50"})))
    assert tables.labels["oracle_cost"].max() == 10.0


def test_metrics_of_states_serve_as_cost_below_their_own_names(tmp_path):
    states = state_rows().rename({"cost": "gflops"}).with_columns(parameters=pl.Series([5, 6, 7]))
    _, (tables,) = label_predictions(*write_inputs(tmp_path, states=states))
    assert tables.states["cost"].null_count() == 3
    assert tables.states["gflops"].to_list() == [1.0, 3.0, 10.0]
    assert tables.states["parameters"].to_list() == [5, 6, 7]


def test_numbers_that_are_written_as_text_are_numbers(tmp_path):
    rows = prediction_rows()
    lines = (json.dumps({**row, "confidence": f" {row['confidence']}"}) for row in rows.iter_rows(named=True))
    (tmp_path / "demo.jsonl").write_text("\n".join(lines))
    (made,) = label_predictions(tmp_path / "demo.jsonl", state_rows()).families
    (expected,) = label_predictions(*write_inputs(tmp_path, rows)).families
    assert made.labels.equals(expected.labels)


@pytest.mark.parametrize(
    ("predictions", "states", "message"),
    [
        (prediction_rows().drop("prediction"), state_rows(), "demo.csv: column 'prediction' is missing"),
        (pl.concat([prediction_rows(), prediction_rows().head(1)]), state_rows(), "'tiny' come more than once"),
        (prediction_rows().slice(1), state_rows(), "state 'tiny' has no answer for sample 's000'"),
        (prediction_rows(), state_rows().head(2), "states.csv: no state has the name or source 'huge'"),
        (prediction_rows(), state_rows().drop("cost"), "states.csv: no costs"),
        (
            prediction_rows(),
            state_rows().with_columns(cost=-pl.col("cost")),
            "column 'cost', state 'tiny', state 'base', state 'huge': expected a number above 0",
        ),
        (prediction_rows(), state_rows().with_columns(cost=pl.lit("much")), "holds 'much'; expected a number"),
        (prediction_rows(), pl.concat([state_rows(), state_rows().head(1)]), "'tiny' of family 'demo' is given twice"),
        (prediction_rows().head(0), state_rows(), "has no rows"),
        (
            prediction_rows().with_columns(target=pl.when(pl.col("state") == "huge").then(0).otherwise("target")),
            state_rows(),
            "states disagree on the target of sample 's001'",
        ),
        (
            prediction_rows().with_columns(target=pl.when(pl.int_range(pl.len()) == 4).then(None).otherwise("target")),
            state_rows(),
            "line 6: column 'target' is empty",
        ),
        (prediction_rows().filter(pl.col("state") == "tiny"), state_rows().head(1), "at least two states"),
        (prediction_rows().with_columns(sample_id=pl.lit("")), state_rows(), "line 2: column 'sample_id' is empty"),
        (prediction_rows(), state_rows().with_columns(weights=pl.lit("foo")), "states.csv: column 'weights'"),
        (
            prediction_rows(),
            state_rows().with_columns(reference_accuracy=76.0),
            "states.csv: column 'reference_accuracy'",
        ),
        (
            prediction_rows().with_columns(confidence=1.7),
            state_rows(),
            "column 'confidence', sample 's000' of 'tiny'",
        ),
        (
            prediction_rows().with_columns(confidence=pl.lit("high")),
            state_rows(),
            "line 2: column 'confidence' holds 'high'",
        ),
    ],
)
def test_bad_tables_are_refused_by_name(tmp_path, predictions, states, message):
    with pytest.raises(InputError) as caught:
        label_predictions(*write_inputs(tmp_path, predictions, states))
    assert message in str(caught.value)


def test_a_split_that_datasets_would_not_take_is_refused(tmp_path):
    with pytest.raises(InputError, match="`split` is 'val 1'"):
        label_predictions(*write_inputs(tmp_path), split="val 1")


def test_files_that_cannot_be_read_are_named(tmp_path):
    _, states = write_inputs(tmp_path)
    with pytest.raises(InputError, match="no such file"):
        label_predictions(tmp_path / "none.csv", states)
    with pytest.raises(InputError, match="no such file or folder"):
        label_predictions(tmp_path / "notes.txt", states)
    (tmp_path / "bad.parquet").write_bytes(b"nothing")
    with pytest.raises(InputError, match="cannot be read"):
        label_predictions(tmp_path / "bad.parquet", states)


def label(tmp_path, predictions, states=None, **options):
    (tmp_path / "p.csv").write_text(predictions)
    if states is not None:
        (tmp_path / "s.csv").write_text(states)
    info, tables = label_predictions(tmp_path / "p.csv", states and tmp_path / "s.csv", **options)
    return info, tables[0]


RIGHT = "sample_id,state,correct\n1,a,1\n1,b,1\n2,a,0\n2,b,1\n"
COSTS = "sample_id,state,correct,cost\n1,a,1,0.5\n1,b,1,4\n2,a,0,1.5\n2,b,1,12\n"


def test_right_and_wrong_are_enough_and_pass_every_check(tmp_path):
    from adaptlabels.scripts.commands.label import run

    (tmp_path / "p.csv").write_text(COSTS)
    run(tmp_path / "p.csv", tmp_path / "out", None, reading=ImportOptions(cost_unit="usd"), as_json=True)
    folder = DatasetFolder(tmp_path / "out")
    assert validate_folder(folder) == []
    assert "target" not in folder.labels("p").columns
    assert folder.states["cost_unit"].to_list() == ["usd", "usd"]
    assert folder.states["cost"].to_list() == [1.0, 8.0]
    (tmp_path / "choices.csv").write_text("sample_id,state\n1,a\n2,b\n")
    found = evaluate(folder, tmp_path / "choices.csv", folds=None, built_in=False, replicates=None)
    assert [figures.accuracy for figures in found.agents if figures.kind == "given"] == [1.0]
    assert folder.sample_costs("p").tolist() == [[0.5, 4.0], [1.5, 12.0]]


def test_costs_that_were_not_logged_are_never_free(tmp_path):
    info, tables = label(tmp_path, COSTS.replace("1,a,1,0.5", "1,a,1,0").replace("2,b,1,12", "2,b,1,"))
    assert tables.states["cost"].to_list() == [1.5, 4.0]
    assert tables.predictions["cost"].to_list() == [1.5, 4.0, 1.5, 4.0]
    assert "State 'a': of 2 costs 1 are 0 and 0 are missing" in " ".join(info.notes)
    with pytest.raises(TableError, match="no answer of state 'a' has a cost above 0"):
        label(tmp_path, COSTS.replace("0.5", "0").replace("1.5", ""))


def test_a_cost_of_zero_in_the_states_is_refused_with_a_hint(tmp_path):
    with pytest.raises(TableError, match=r"a number above 0 \(a cost of 0 is most often one that was not logged\)"):
        label(tmp_path, RIGHT, "state,cost\na,0\nb,5\n")


@pytest.mark.parametrize("order", ["state,cost\na,5\nb,5\nc,5\n", "state,cost\nc,5\nb,5\na,5\n"])
def test_equal_costs_are_ordered_by_accuracy_then_name(tmp_path, order):
    rows = RIGHT + "1,c,1\n2,c,0\n"
    assert label(tmp_path, rows, order)[1].states["state"].to_list() == ["a", "c", "b"]


def test_the_cost_metric_is_named_or_chosen(tmp_path):
    states = "state,gflops,cost\na,9,1\nb,2,5\n"
    info, tables = label(tmp_path, RIGHT, states)
    assert tables.states["state"].to_list() == ["b", "a"]
    assert "The cost of a state is its 'gflops'; known as well: cost." in info.notes
    info, tables = label(tmp_path, RIGHT, states, cost="cost")
    assert tables.states["state"].to_list() == ["a", "b"]
    assert "gflops" not in tables.states.columns or tables.states["gflops"].null_count() == 2
    with pytest.raises(InputError, match="`cost` 'energy_j' is not known for every state"):
        label(tmp_path, RIGHT, states, cost="energy_j")


def test_missing_cells_are_refused_with_the_price_of_each_choice(tmp_path):
    rows = RIGHT + "1,c,1\n"
    states = "state,cost\na,1\nb,2\nc,3\n"
    with pytest.raises(
        TableError, match=r"state 'c' has no answer for sample '2' .*leaves out 1 of 2 samples, 'drop-states' 1 of 3"
    ):
        label(tmp_path, rows, states)
    info, tables = label(tmp_path, rows, states, missing="drop-samples")
    assert tables.labels["sample_id"].to_list() == ["1"]
    assert "1 of 2 samples were left out, as some state did not answer them." in info.notes
    info, tables = label(tmp_path, rows, states, missing="drop-states")
    assert tables.states["state"].to_list() == ["a", "b"]
    assert "1 of 3 states were left out, as they did not answer every sample: 'c'." in info.notes


def test_families_are_named_by_file_option_or_column(tmp_path):
    (tmp_path / "my models (v2).csv").write_text(RIGHT)
    (tmp_path / "s.csv").write_text("state,cost\na,1\nb,2\nc,3\n")
    info, (tables,) = label_predictions(tmp_path / "my models (v2).csv", tmp_path / "s.csv")
    assert tables.family == "my-models-v2"
    assert "The family is called 'my-models-v2', after the file; `family` gives it another name." in info.notes
    assert "Left out states without answers: 'c'." in info.notes
    assert label(tmp_path, RIGHT, "state,cost\na,1\nb,2\n", family="mine")[1].family == "mine"
    columns = "sample_id,state,correct,family\n1,a,1,x\n1,b,1,x\n1,a,1,y\n1,b,0,y\n"
    _, tables = label(tmp_path, columns, "state,cost\na,1\nb,2\n", family="y")
    assert (tables.family, tables.labels["correct"].to_list()) == ("y", [[True, False]])
    with pytest.raises(InputError, match="`family` 'z': there is no such family; there are 'x', 'y'"):
        label(tmp_path, columns, "state,cost\na,1\nb,2\n", family="z")


def test_tasks_are_categories_or_one_is_taken(tmp_path):
    rows = "sample_id,state,correct,task\n0,a,1,t\n0,b,1,t\n0,a,0,u\n0,b,1,u\n"
    _, tables = label(tmp_path, rows, "state,cost\na,1\nb,2\n")
    assert tables.labels["sample_id"].to_list() == ["t-0", "u-0"]
    assert tables.labels["category"].to_list() == ["t", "u"]
    _, tables = label(tmp_path, rows, "state,cost\na,1\nb,2\n", options=ImportOptions(task="u"))
    assert tables.labels["correct"].to_list() == [[False, True]]
    with pytest.raises(TableError, match="no task 'v'; there are t, u"):
        label(tmp_path, rows, "state,cost\na,1\nb,2\n", options=ImportOptions(task="v"))


def test_unanswered_samples_are_a_class_of_their_own(tmp_path):
    rows = "sample_id,state,target,prediction\n1,a,0,0\n1,b,0,-1\n2,a,1,\n2,b,1,1\n"
    info, tables = label(tmp_path, rows, "state,cost\na,1\nb,2\n")
    assert info.class_names == ("0", "1", "(no answer)")
    assert tables.labels["prediction"].to_list() == [[0, 2], [2, 1]]
    assert tables.labels["correct"].to_list() == [[True, False], [False, True]]


def test_states_have_their_utility_by_equation_10(tmp_path):
    _, (tables,) = label_predictions(*write_inputs(tmp_path))
    states = tables.states
    expected = conservative_utility(states["cost"], states["accuracy"]).utility
    np.testing.assert_allclose(states["utility"], expected, atol=1e-12)
    assert states.columns.index("utility") == states.columns.index("oracle_share") + 1


def test_states_say_what_their_confidence_is_worth(tmp_path):
    _, (tables,) = label_predictions(*write_inputs(tmp_path))
    correct, sure = (np.array(tables.labels[name].to_list()) for name in ("correct", "confidence"))
    found = confidence_quality(correct, sure, tables.states["state"])
    assert tables.states.select("auroc", "ece", "aurc").rows() == [(one.auroc, one.ece, one.aurc) for one in found]


def test_states_of_which_an_answer_has_no_confidence_say_nothing_of_its_worth(tmp_path):
    rows = prediction_rows().with_row_index()
    rows = rows.with_columns(confidence=pl.when(pl.col("index") > 0).then("confidence")).drop("index")
    _, (tables,) = label_predictions(*write_inputs(tmp_path, rows))
    known = tables.states.select(pl.col("auroc", "ece", "aurc").is_not_null().sum()).row(0)
    assert known == (2, 2, 2)


def test_a_family_whose_states_have_no_utility_yet_stays_beside_new_ones(tmp_path):
    info, (tables,) = label_predictions(*write_inputs(tmp_path), family="new")
    old = replace(
        tables,
        states=tables.states.with_columns(family=pl.lit("old")).drop("utility", "auroc", "ece", "aurc"),
        shards=[Shard(tables.labels, tables.predictions.with_columns(family=pl.lit("old")))],
    )
    folder = write_dataset(tmp_path / "out", info, [old])
    assert folder.states["utility"].null_count() == 3
    folder = write_dataset(tmp_path / "out", info, [tables])
    assert folder.states.group_by("family", maintain_order=True).agg(pl.col("utility").null_count())[
        "utility"
    ].to_list() == [3, 0]
