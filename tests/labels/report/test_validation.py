from __future__ import annotations

import shutil

import polars as pl
import pyarrow.parquet
import pytest
from adaptlabels.cards.card import write_card
from adaptlabels.labels import (
    ChecksError,
    DatasetFolder,
    InputError,
    Results,
    TableError,
    label_predictions,
    label_results,
    validate_folder,
    write_dataset,
)
from adaptlabels.labels.tables.checking import check_table
from adaptlabels.labels.tables.parquet import write_table
from adaptlabels.labels.tables.schemas import CLASSES, LABELS, STATES
from adaptlabels.labels.tables.types import class_label_names
from adaptlabels.scripts.commands.label import run

from ..inputs import prediction_rows, resealed, state_rows, write_inputs


@pytest.fixture
def folder(labelled, tmp_path):
    """A copy that a test may damage."""
    return DatasetFolder(shutil.copytree(labelled / "out", tmp_path / "out"))


def rewrite(folder, table, change):
    """Change one table, keeping its schema."""
    stored = folder.tables[{"labels": "demo", "predictions": "demo-predictions"}.get(table, table)]
    frame = stored.frame()
    names = class_label_names(folder.states["state"].to_list(), folder.info.class_names)
    changed = change(frame).select(frame.columns).cast(frame.schema)
    write_table(stored.path, changed, stored.schema, names, folder.info)
    return resealed(folder)  # these tests are about what the tables say


def test_a_folder_as_it_was_written_passes(folder):
    assert validate_folder(folder) == []


FIRST = pl.int_range(pl.len()) == 0


@pytest.mark.parametrize(
    ("table", "change", "file", "column", "message"),
    [
        ("predictions", lambda t: t.with_columns(correct=pl.col("correct") ^ FIRST), "predictions/", "correct", "prediction == target: sample 's000'"),
        ("labels", lambda t: t.with_columns(oracle_state=2), "data/", "oracle_state", "does not follow"),
        ("labels", lambda t: t.with_columns(oracle_cost=7.0), "data/", "oracle_cost", "does not follow"),
        ("labels", lambda t: t.with_columns(solvable=True, n_correct=3), "data/", "n_correct", "does not follow"),
        ("labels", lambda t: t.with_columns(fold=(pl.col("fold") + 1) % 10), "data/", "fold", "does not follow from predictions and states: sample 's000'"),
        ("labels", lambda t: t.with_columns(fold=10), "data/", None, "column 'fold', rows 0, 1, 2 (60 in all)"),
        ("labels", lambda t: t.with_columns(pattern=pl.col("pattern").str.reverse()), "data/", "pattern", "does not follow"),
        ("labels", lambda t: t.with_columns(cheapest_right=pl.col("oracle_state")), "data/", "cheapest_right", "does not follow"),
        ("labels", lambda t: t.with_columns(correct=pl.col("correct").list.reverse()), "data/", "correct", "does not follow"),
        ("labels", lambda t: t.with_columns(prediction=pl.col("prediction").list.head(2)), "data/", "prediction", "does not follow"),
        ("labels", lambda t: t.slice(2), "data/", "sample_id", "is missing, though predictions have it: sample 's000', 's001'"),
        ("labels", lambda t: pl.concat([t, t.head(1).with_columns(sample_id=pl.lit("new"))]), "data/", "sample_id", "has no predictions: sample 'new'"),
        ("labels", lambda t: pl.concat([t, t.head(1)]), "data/", None, "'sample_id', rows 0, 60"),
        ("labels", lambda t: t.with_columns(target=-1), "data/", None, "column 'target', rows 0, 1, 2 (60 in all)"),
        ("predictions", lambda t: t.slice(1), "predictions/", None, "state 'tiny' has no prediction for sample 's000'"),
        ("predictions", lambda t: t.with_columns(confidence=2.0), "predictions/", None, "column 'confidence'"),
        ("predictions", lambda t: t.with_columns(state=9), "predictions/", None, "a state that the states table lacks"),
        ("states", lambda t: t.with_columns(utility=pl.col("utility") + 0.1), "states/", "utility", "does not follow from the labels: state 'tiny'"),
        ("states", lambda t: t.with_columns(accuracy=0.5), "states/", "accuracy", "does not follow from the labels: state 'tiny'"),
        ("states", lambda t: t.with_columns(cost=pl.col("cost").reverse()), "states/", "cost", "do not ascend by cost"),
        ("states", lambda t: t.with_columns(index=pl.col("index") + 1), "states/", "index", "0, 1, 2"),
        ("states", lambda t: t.with_columns(weights=pl.lit("stolen")), "states/", None, "column 'weights'"),
        ("states", lambda t: t.with_columns(family=pl.lit("other")), "states/", "family", "data/demo exists"),
        ("bounds", lambda t: t.with_columns(gain=pl.col("gain") * 2), "bounds/", "gain", "where the labels give"),
        ("bounds", lambda t: t.slice(1), "bounds/", "bound", "lacks the bound 'exact'"),
        ("bounds", lambda t: t.with_columns(gain_low=9.0, gain_high=1.0), "bounds/", "gain_low", "above gain_high"),
        ("bounds", lambda t: t.with_columns(alpha=0.123), "bounds/", "alpha", "where the labels give"),
        ("bounds", lambda t: pl.concat([t, t.with_columns(family=pl.lit("ghost"))]), "bounds/", "family", "'ghost' has bounds but no states"),
        ("bounds", lambda t: pl.concat([t, t]), "bounds/", "bound", "more than once"),
        ("predictions", lambda t: t.with_columns(family=pl.lit("zzz")), "predictions/", "family", "is not 'demo'"),
        ("predictions", lambda t: t.with_columns(entropy=float("nan")), "predictions/", None, "column 'entropy', row 0"),
        ("states", lambda t: t.with_columns(latency_ms_p50=float("nan")), "states/", None, "column 'latency_ms_p50'"),
    ],
)  # fmt: skip
def test_each_kind_of_damage_is_found_and_named(folder, table, change, file, column, message):
    problems = validate_folder(rewrite(folder, table, change))
    found = [p for p in problems if p.file.startswith(file) and p.column == column and message in p.message]
    assert found, [str(problem) for problem in problems]


@pytest.mark.parametrize(
    "file",
    ["data/demo/test-00000-of-00001.parquet", "predictions/demo/test-00000-of-00001.parquet", "bounds/test.parquet"],
)
def test_a_missing_or_broken_file_is_named(folder, file):
    (folder.path / file).write_bytes(b"PAR1 no more")
    assert [p.file for p in validate_folder(resealed(folder))] == [file]
    (folder.path / file).unlink()
    problems = validate_folder(resealed(folder))
    assert [(p.file, "no such file" in p.message) for p in problems] == [(file, True)]


def test_class_names_of_the_files_must_be_the_states_and_classes(folder):
    names = class_label_names(["huge", "base", "tiny"], folder.info.class_names)
    write_table(folder.labels_path("demo"), folder.labels("demo"), LABELS, names, folder.info)
    problems = validate_folder(resealed(folder))
    assert {p.column for p in problems if "other class names" in p.message} == {"cheapest_right", "oracle_state"}


def test_a_missing_card_is_named(folder):
    (folder.path / "README.md").unlink()
    assert [p.file for p in validate_folder(resealed(folder))] == ["README.md"]


def test_families_must_agree_on_the_targets(tmp_path):
    rows = prediction_rows()
    other = rows.with_columns(target=(pl.col("target") + 1) % 4)
    rows.write_csv(tmp_path / "one.csv")
    other.write_csv(tmp_path / "two.csv")
    state_rows().write_csv(tmp_path / "states.csv")
    run(
        tmp_path / "one.csv",
        tmp_path / "out",
        tmp_path / "states.csv",
        form="table",
        families=None,
        name="x",
        split="test",
        as_json=True,
    )
    with pytest.raises(InputError, match="other samples or other targets"):
        run(
            tmp_path / "two.csv",
            tmp_path / "out",
            tmp_path / "states.csv",
            form="table",
            families=None,
            name="x",
            split="test",
            as_json=True,
        )


def test_families_must_agree_on_the_folds(tmp_path):
    rows = prediction_rows(n_samples=6)
    one = rows.with_columns(family=pl.lit("one"), source_id=pl.lit("page 1"))
    two = rows.with_columns(family=pl.lit("two"), source_id=pl.lit(None, dtype=pl.String))
    made = label_predictions(*write_inputs(tmp_path, pl.concat([one, two])))
    with pytest.raises(ChecksError, match=r"data/two/.* column 'fold': differs from that of family 'one'"):
        write_dataset(tmp_path / "out", made.info, made.families)


def test_published_accuracy_is_compared_on_the_whole_split_only(folder):
    from dataclasses import replace

    info = replace(folder.info, full_size=60, reference_tolerance=0.003)
    states = folder.states.with_columns(weights=pl.lit("pretrained"), reference_accuracy=pl.col("accuracy") - 0.01)
    write_table(folder.states_path, states, STATES, {}, info)
    problems = validate_folder(resealed(folder))
    assert [p.column for p in problems] == ["accuracy"] * 3
    assert "look at preprocessing, weights and precision" in problems[0].message
    write_table(folder.states_path, states, STATES, {}, replace(info, accuracy_note="another crop"))
    assert validate_folder(resealed(folder)) == []
    write_card(resealed(folder))
    assert "Accuracies differ from the published ones: another crop" in (folder.path / "README.md").read_text()
    write_table(folder.states_path, states, STATES, {}, replace(info, full_size=10_000))
    assert validate_folder(resealed(folder)) == []


def test_no_folder_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="not a dataset folder"):
        DatasetFolder(tmp_path)


def test_a_family_that_is_not_there_is_named(folder):
    with pytest.raises(InputError, match="no family 'x'; there are demo"):
        folder.labels("x")
    with pytest.raises(InputError, match="'energy_j' is not known for every state"):
        folder.state_space("demo", "energy_j")
    with pytest.raises(InputError, match="cost metric 'colour' is not one of"):
        folder.state_space("demo", "colour")


def test_a_file_without_our_metadata_is_refused(folder):
    path = folder.states_path
    pyarrow.parquet.write_table(pyarrow.parquet.read_table(path).replace_schema_metadata({}), path)
    with pytest.raises(TableError, match="not written by adaptlabels"):
        _ = resealed(folder).info


def test_check_table_names_missing_and_unknown_columns():
    with pytest.raises(TableError, match="t: column 'fold', 'pattern', 'cheapest_right', 'correct'"):
        check_table(pl.DataFrame({"sample_id": ["a"]}), LABELS, "t")


def test_image_datasets_say_what_their_classes_are_called(tmp_path):
    rows = prediction_rows().with_columns(correct=pl.col("prediction") == pl.col("target"))
    results = Results.create(
        "pets", rows, "a test", where="t", task="image-classification",
        class_names=("cat", "dog", "emu", "owl"), class_ids=("n1", "n2", "n3", "n4"),
    )  # fmt: skip
    made = label_results(results, state_rows(), family="demo")
    folder = write_dataset(tmp_path / "out", made.info, made.families, card=write_card)
    assert validate_folder(folder) == []
    classes = folder.tables["classes"].frame()
    assert classes.row(1) == (1, "n2", "dog")
    assert folder.tables["demo"].files[0].footer.class_names["target"] == ["cat", "dog", "emu", "owl"]
    write_table(folder.classes_path, classes.with_columns(name=pl.col("name").reverse()), CLASSES, {}, folder.info)
    (problem,) = validate_folder(resealed(folder))
    assert str(problem) == "classes/test.parquet: its classes are not those of the other tables"
    folder.classes_path.unlink()
    assert "no such file" in str(validate_folder(resealed(folder))[0])
