from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from adaptlabels.labels import InputError, label_predictions

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
        assert label["solvable"] == any(right)
        assert label["oracle_state"] == (right.index(True) if any(right) else 0)
        assert label["oracle_cost"] == [1.0, 3.0, 10.0][label["oracle_state"]]
        assert label["group"] == own["group"][0]


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
    assert "cost" not in tables.states.columns
    assert tables.states["gflops"].to_list() == [1.0, 3.0, 10.0]
    assert tables.states["parameters"].to_list() == [5, 6, 7]


@pytest.mark.parametrize(
    ("predictions", "states", "message"),
    [
        (prediction_rows().drop("prediction"), state_rows(), "demo.csv: column 'prediction' is missing"),
        (prediction_rows().with_columns(x=1), state_rows(), "demo.csv: column 'x' is not one of"),
        (pl.concat([prediction_rows(), prediction_rows().head(1)]), state_rows(), "'tiny' come more than once"),
        (prediction_rows().slice(1), state_rows(), "state 'tiny' has no prediction for sample 's000'"),
        (prediction_rows(), state_rows().head(2), "states.csv: state 'huge' of"),
        (prediction_rows(), state_rows().drop("cost"), "states.csv: no cost column"),
        (
            prediction_rows(),
            state_rows().with_columns(cost=-pl.col("cost")),
            "'cost' of state 'tiny' is not a number above 0",
        ),
        (prediction_rows(), state_rows().with_columns(cost=pl.lit("much")), "holds 'much', which is no number"),
        (prediction_rows(), pl.concat([state_rows(), state_rows().head(1)]), "'tiny' of family 'demo' is given twice"),
        (prediction_rows(), state_rows().with_columns(colour=1), "column 'colour' is not one of"),
        (prediction_rows().head(0), state_rows(), "has no rows"),
        (prediction_rows().with_columns(prediction=pl.col("prediction") - 9), state_rows(), "classes count from 0"),
        (prediction_rows().with_columns(target=pl.col("target") + 0.5), state_rows(), "must be whole numbers"),
        (
            prediction_rows().with_columns(target=pl.when(pl.col("state") == "huge").then(0).otherwise("target")),
            state_rows(),
            "states disagree on the target of samples",
        ),
        (
            prediction_rows().with_columns(target=pl.when(pl.int_range(pl.len()) == 4).then(None).otherwise("target")),
            state_rows(),
            "column 'target' is empty in row 4",
        ),
        (prediction_rows().filter(pl.col("state") == "tiny"), state_rows().head(1), "at least two states"),
        (prediction_rows().with_columns(confidence=float("nan")), state_rows(), "column 'confidence' is nan in row 0"),
        (prediction_rows().with_columns(sample_id=pl.lit("")), state_rows(), "column 'sample_id' is empty in row 0"),
        (prediction_rows().with_columns(target=40_000), state_rows(), "classes go up to 32767"),
        (prediction_rows(), state_rows().with_columns(weights=pl.lit("foo")), "states.csv: column 'weights'"),
        (
            prediction_rows(),
            state_rows().with_columns(reference_accuracy=76.0),
            "states.csv: column 'reference_accuracy'",
        ),
        (prediction_rows().with_columns(confidence=1.7), state_rows(), "column 'confidence' is 1.7 in row 0"),
        (prediction_rows().with_columns(confidence=pl.lit("high")), state_rows(), "could not parse `high`"),
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
    with pytest.raises(InputError, match=r"expected a \.csv or \.parquet"):
        label_predictions(tmp_path / "notes.txt", states)
    (tmp_path / "bad.parquet").write_bytes(b"nothing")
    with pytest.raises(InputError, match="cannot be read"):
        label_predictions(tmp_path / "bad.parquet", states)
