"""Tables that are read in pieces give the labels of tables that are read whole."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from adaptlabels.labels import DatasetFolder, InputError, TableError, label_predictions, validate_folder, write_dataset
from adaptlabels.labels.importers import files
from adaptlabels.labels.importers.import_options import ImportOptions
from adaptlabels.labels.tables import shards
from polars.testing import assert_frame_equal

from ..inputs import prediction_rows, state_rows

CLASSES = ("cat", "dog", "emu", "owl")
SAMPLES = 200


@pytest.fixture
def small_pieces(monkeypatch):
    """Tables of some hundred cells are large, as are CSV files of over 500 bytes, and come in pieces of 300 cells."""

    def change():
        monkeypatch.setattr(shards, "SHARD_ROWS", 150)
        monkeypatch.setattr(files, "LARGE_CELLS", 450)
        monkeypatch.setattr(files, "PIECE_CELLS", 300)
        monkeypatch.setattr(files, "LARGE_BYTES", 500)

    return change


def answers() -> pl.DataFrame:
    """Named classes, some answers and confidences missing, and a column that nobody knows."""
    rows = prediction_rows(SAMPLES).sample(fraction=1.0, shuffle=True, seed=3).with_row_index("n")
    named = (pl.col(name).replace_strict(dict(enumerate(CLASSES))) for name in ("target", "prediction"))
    return (
        rows.with_columns(
            *named,
            confidence=pl.when(pl.col("n") % 50 == 7).then(float("nan")).otherwise("confidence"),
            source_id=pl.format("page {}", pl.col("sample_id").str.slice(1).cast(pl.Int64) // 3),
            extra=pl.col("n"),
        )
        .with_columns(prediction=pl.when(pl.col("n") % 40 != 3).then("prediction"))
        .drop("n")
    )


def by_score() -> pl.DataFrame:
    """Scores, each state's costs, two tasks that count their samples from 0, and two families."""
    rows = prediction_rows(SAMPLES).with_row_index("n")
    half = pl.col("sample_id").str.slice(1).cast(pl.Int64)
    return rows.select(
        sample_id=pl.format("{}", half % (SAMPLES // 2)),
        state="state",
        score=pl.col("confidence"),
        cost=1.0 + pl.col("n") % 7,
        category=pl.when(half < SAMPLES // 2).then(pl.lit("first")).otherwise(pl.lit("second")),
    )


def gaps() -> pl.DataFrame:
    """Right and wrong alone; one state lacks some samples."""
    rows = prediction_rows(SAMPLES).select("sample_id", "state", correct=pl.col("target") == pl.col("prediction"))
    return rows.filter((pl.col("state") != "base") | ~pl.col("sample_id").str.ends_with("7"))


def written(rows: pl.DataFrame, folder: Path, suffix: str) -> Path:
    """A file of rows."""
    path = folder / f"results{suffix}"
    rows.write_parquet(path) if suffix == ".parquet" else rows.write_csv(path)
    return path


@pytest.mark.parametrize(
    ("rows", "options", "arguments"),
    [
        (answers(), ImportOptions(), {}),
        (by_score(), ImportOptions(threshold=0.4, cost_unit="usd"), {"states": None}),
        (by_score(), ImportOptions(threshold=0.4, task="first"), {"states": None}),
        (gaps(), ImportOptions(), {"missing": "drop-samples"}),
        (gaps(), ImportOptions(), {"missing": "drop-states"}),
        (
            pl.concat([gaps().filter(pl.col("state") != "base").with_columns(family=pl.lit(name)) for name in "ab"]),
            ImportOptions(),
            {},
        ),
    ],
    ids=["classes", "scores and costs", "one task", "drop-samples", "drop-states", "families"],
)
@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_tables_in_pieces_give_the_same_labels(tmp_path, small_pieces, rows, options, arguments, suffix):
    path = written(rows, tmp_path, suffix)
    arguments = {"states": state_rows(), "options": options, "name": "demo", **arguments}
    assert_pieces_say_the_same(path, tmp_path / "out", small_pieces, arguments)


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
@pytest.mark.parametrize("answered", [True, False])
def test_wide_tables_in_pieces_give_the_same_labels(tmp_path, small_pieces, answered, suffix):
    rows = prediction_rows(SAMPLES).with_columns(right=(pl.col("prediction") == pl.col("target")).cast(pl.Int8))
    about = ["sample_id", "category", *(["target"] if answered else [])]
    named = rows.with_columns(pl.col("target", "prediction").replace_strict(dict(enumerate(CLASSES))))
    cells = named.pivot("state", index=about, values="prediction" if answered else "right")
    sure = rows.pivot("state", index="sample_id", values="confidence")
    sure = sure.rename({name: f"{name}|confidence" for name in sure.columns[1:]})
    wide = cells.join(sure, on="sample_id", maintain_order="left")
    wide = wide.with_columns(base=pl.when(pl.int_range(pl.len()) % 50 != 9).then("base"))
    arguments = {"states": state_rows(), "name": "demo", "missing": "drop-samples"}
    arguments["options"] = ImportOptions(state_names=("tiny", "base", "huge") if answered else ())
    path = written(wide, tmp_path, suffix)
    assert_pieces_say_the_same(path, tmp_path / "out", small_pieces, arguments)


def assert_pieces_say_the_same(path, out, small_pieces, arguments):
    whole = label_predictions(path, **arguments)
    small_pieces()
    parted = label_predictions(path, **arguments)
    assert parted.info == whole.info
    for one, other in zip(whole.families, parted.families, strict=True):
        assert len(other.shards) > 1
        assert_frame_equal(other.labels.sort("sample_id"), one.labels.sort("sample_id"))
        key = ["sample_id", "state"]
        assert_frame_equal(other.predictions.sort(key), one.predictions.sort(key))
        assert_frame_equal(other.states, one.states)
    folder = write_dataset(out, parted.info, parted.families)
    assert len(folder.tables[folder.families[0]].files) == len(parted.families[0].shards)
    assert [p for p in validate_folder(DatasetFolder(folder.path)) if p.file != "README.md"] == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.with_columns(target=pl.when(pl.col("row") != 407).then("target")),
         r"results.parquet row 407 \(counted from 0\): column 'target' is empty"),
        (lambda t: t.with_columns(state=pl.when(pl.col("row") != 300).then("state")),
         r"results.parquet row 300 \(counted from 0\): column 'state' is empty"),
        (lambda t: pl.concat([t, t[12:13]]), "come more than once"),
        (lambda t: t.with_columns(target=(pl.col("target") + (pl.col("row") == 99)) % 4), "states disagree on the target"),
        (lambda t: t.filter(pl.col("row") != 5), "state 'huge' has no answer for sample 's001' \\(1 in all\\)"),
        (lambda t: t.with_columns(confidence=pl.col("confidence") * 100), "a probability from 0 to 1"),
    ],
)  # fmt: skip
def test_faults_of_large_tables_are_named(tmp_path, small_pieces, change, message):
    path = tmp_path / "results.parquet"
    change(prediction_rows(SAMPLES).with_row_index("row")).write_parquet(path)
    small_pieces()
    with pytest.raises(TableError, match=message):
        label_predictions(path, state_rows())


def test_a_fault_of_a_large_csv_file_is_named_by_its_line(tmp_path, small_pieces):
    rows = prediction_rows(SAMPLES).with_row_index("row")
    path = written(rows.with_columns(target=pl.when(pl.col("row") != 407).then("target")), tmp_path, ".csv")
    small_pieces()
    with pytest.raises(TableError, match=r"results.csv line 409: column 'target' is empty"):
        label_predictions(path, state_rows())
    path.write_bytes(b"sample_id,state,correct\n" + b'"\xff,' * 300)
    with pytest.raises(InputError, match=r"results.csv: cannot be read"):
        label_predictions(path, state_rows(), form="table")


def test_parts_without_an_answer_are_passed_over(tmp_path, small_pieces):
    rows = prediction_rows(SAMPLES).select("sample_id", "state", correct=pl.col("prediction") == pl.col("target"))
    answered = pl.col("sample_id").is_in(["s000", "s001", "s002"])
    path = written(rows.with_columns(correct=pl.when(answered).then("correct")), tmp_path, ".parquet")
    small_pieces()
    _, (tables,) = label_predictions(path, state_rows())
    assert sorted(tables.labels["sample_id"]) == ["s000", "s001", "s002"]


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_a_sample_of_two_rows_of_a_large_wide_table_is_named(tmp_path, small_pieces, suffix):
    samples = [f"s{x}" for x in range(SAMPLES - 1)]
    wide = pl.DataFrame({"sample_id": [*samples, "s3"], "tiny": [1] * (SAMPLES - 1) + [None], "base": [1] * SAMPLES})
    path = written(wide.with_columns(base=pl.when(pl.col("sample_id") != "s3").then("base")), tmp_path, suffix)
    small_pieces()
    with pytest.raises(TableError, match=r"(line 201|row 199 .*): sample 's3' comes more than once"):
        label_predictions(path, state_rows())


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_columns_of_large_tables_get_other_names(tmp_path, small_pieces, suffix):
    rows = prediction_rows(SAMPLES).rename({"sample_id": "doc", "state": "model"}).with_columns(state=pl.lit("x"))
    path = written(rows, tmp_path, suffix)
    small_pieces()
    columns = {"doc": "sample_id", "model": "state"}
    _, (tables,) = label_predictions(path, state_rows(), options=ImportOptions(columns=columns), form="table")
    assert tables.states["state"].to_list() == ["tiny", "base", "huge"]
    with pytest.raises(TableError, match="no column 'nobody' to rename"):
        label_predictions(path, state_rows(), options=ImportOptions(columns={"nobody": "state"}), form="table")


def test_empty_rows_of_large_tables_are_passed_over(tmp_path, small_pieces):
    rows = prediction_rows(SAMPLES)
    gap = rows.clear(n=150)
    path = tmp_path / "results.parquet"
    pl.concat([rows[:100], gap, rows[100:]]).write_parquet(path)
    small_pieces()
    _, (tables,) = label_predictions(path, state_rows())
    assert len(tables.labels) == SAMPLES
    pl.concat([gap, gap]).write_parquet(path)
    with pytest.raises(TableError, match="the table has no rows"):
        label_predictions(path, state_rows(), form="table")
