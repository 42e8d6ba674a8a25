from __future__ import annotations

import json
import shutil

import polars as pl
import pyarrow.parquet
import pytest
import yaml
from adaptlabels.cards.release.viewer import LARGEST_GROUP_BYTES, SMALLEST_GROUP_BYTES, check_viewer
from adaptlabels.labels import DatasetFolder
from adaptlabels.labels.tables.info import DatasetInfo
from adaptlabels.labels.tables.parquet import CHUNKING, CHUNKING_KEY, write_table
from adaptlabels.labels.tables.schemas import PREDICTIONS
from adaptlabels.labels.tables.types import polars_schema

from ...labels.inputs import resealed


@pytest.fixture
def folder(labelled, tmp_path):
    """A copy that a test may damage."""
    return DatasetFolder(shutil.copytree(labelled / "out", tmp_path / "out"))


@pytest.mark.parametrize("name", ["digits", "stories"])
def test_what_we_write_is_what_the_viewer_takes(demo, name):
    assert check_viewer(DatasetFolder(demo / name)) == []


def test_row_groups_of_large_tables_are_of_moderate_size(tmp_path):
    rows = 400_000
    schema = polars_schema(PREDICTIONS, optional=("target", "prediction"))
    frame = pl.DataFrame(
        {
            "sample_id": [f"sample-{n:08d}" for n in range(rows)], "family": ["f"] * rows, "state": [0] * rows,
            "target": [1] * rows, "prediction": [1] * rows, "correct": [True] * rows, "confidence": [0.5] * rows,
            "margin": [0.5] * rows, "entropy": [0.5] * rows, "scores": [[0.1, 0.2, 0.3, 0.4, n / rows] for n in range(rows)],
            "classes": [[1, 2, 3, 4, 5]] * rows,
        },
        schema=schema,
    )  # fmt: skip
    info = DatasetInfo("x", "x", "test", "other", ("a", "b"), "y")
    write_table(tmp_path / "x.parquet", frame, PREDICTIONS, {}, info)
    metadata = pyarrow.parquet.read_metadata(tmp_path / "x.parquet")
    sizes = [metadata.row_group(n).total_byte_size for n in range(metadata.num_row_groups)]
    assert len(sizes) > 3
    assert max(sizes) <= LARGEST_GROUP_BYTES
    assert min(sizes[:-1]) >= SMALLEST_GROUP_BYTES / 4


def rewritten(folder, path, **options):
    table = pyarrow.parquet.read_table(path)
    pyarrow.parquet.write_table(table, path, **{"write_page_index": True, **options})
    return [str(problem) for problem in check_viewer(resealed(folder))]


def test_files_that_the_viewer_would_not_take_are_named(folder):
    path = folder.labels_path("demo")
    assert check_viewer(folder) == []
    assert any("has no page index" in problem for problem in rewritten(folder, path, write_page_index=False))
    assert any("row group 0 has" in problem for problem in rewritten(folder, path, row_group_size=7))
    table = pyarrow.parquet.read_table(path)
    pyarrow.parquet.write_table(table.slice(1), path, write_page_index=True)
    assert any("counts [60] rows, the table has 59" in str(problem) for problem in check_viewer(resealed(folder)))
    wider = table.set_column(table.schema.get_field_index("n_correct"), "n_correct", table["n_correct"].cast("int32"))
    pyarrow.parquet.write_table(wider.replace_schema_metadata(table.schema.metadata), path, write_page_index=True)
    assert any(
        "not of the types that its features declare" in str(problem) for problem in check_viewer(resealed(folder))
    )


def test_a_card_with_other_features_or_none_is_named(folder):
    readme = folder.path / "README.md"
    text = readme.read_text()
    readme.write_text(text.replace("dtype: int8", "dtype: int32", 1))
    assert any("its features are not those of the card's YAML" in str(problem) for problem in check_viewer(folder))
    readme.write_text("# nothing")
    assert "its YAML declares no configs" in str(check_viewer(folder)[0])


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("- n<1K", "- 1K<n<10K", "its size category is ['1K<n<10K'], not ['n<1K']"),
        ("  default: true\n", "", "its first family is not the default config"),
    ],
)
def test_a_card_with_another_size_or_default_is_named(folder, old, new, words):
    readme = folder.path / "README.md"
    text = readme.read_text()
    assert old in text
    readme.write_text(text.replace(old, new, 1))
    assert any(words in str(problem) for problem in check_viewer(folder))


def test_a_table_that_the_card_leaves_out_is_named(folder):
    readme = folder.path / "README.md"
    head, front, body = readme.read_text().split("---", 2)
    declared = yaml.safe_load(front)
    declared["configs"] = [config for config in declared["configs"] if config["config_name"] != "bounds"]
    readme.write_text(f"{head}---\n{yaml.safe_dump(declared)}---{body}")
    (problem,) = check_viewer(folder)
    assert (problem.file, problem.message[:19]) == ("bounds/test.parquet", "is no config of the")


def test_columns_that_the_viewer_cannot_filter_by_are_named(folder):
    path = folder.labels_path("demo")
    table = pyarrow.parquet.read_table(path)
    metadata = dict(table.schema.metadata)
    inside = json.loads(metadata[b"huggingface"])
    inside["info"]["features"]["n_correct"] = {"dtype": "int8", "_type": "Value"}
    inside["info"]["features"]["cheapest_right"]["names"].pop()
    metadata[b"huggingface"] = json.dumps(inside).encode()
    del metadata[CHUNKING_KEY.encode()]
    pyarrow.parquet.write_table(table.replace_schema_metadata(metadata), path, write_page_index=True)
    found = [str(problem) for problem in check_viewer(resealed(folder))]
    for words in (
        "column 'n_correct': is no class label of 0, 1, 2, 3; write",
        "column 'cheapest_right': is no class label of tiny, base, huge, none; write",
        "its pages do not end where its content does",
    ):
        assert any(words in problem for problem in found), found


def test_a_column_without_a_value_is_named(folder):
    path = folder.labels_path("demo")
    table = pyarrow.parquet.read_table(path)
    nothing = pyarrow.array([[None]] * len(table), pyarrow.list_(pyarrow.float64()))
    empty = table.set_column(table.schema.get_field_index("confidence"), "confidence", nothing)
    pyarrow.parquet.write_table(empty.replace_schema_metadata(table.schema.metadata), path, write_page_index=True)
    (problem,) = check_viewer(resealed(folder))
    assert (problem.column, problem.message[:26]) == ("confidence", "has no value in any row; w")


def test_lists_of_float32_are_named_as_a_time_series(folder):
    readme = folder.path / "README.md"
    text = readme.read_text()
    assert "  - name: confidence\n    list: float64\n" in text
    readme.write_text(
        text.replace("  - name: confidence\n    list: float64\n", "  - name: confidence\n    list: float32\n")
    )
    assert "takes for a time series" in str(check_viewer(folder)[-1])


def test_pages_end_where_those_of_datasets_do(folder):
    from datasets import config

    assert CHUNKING == config.DEFAULT_CDC_OPTIONS
    kept = folder.tables["demo"].files[0].footer.text(CHUNKING_KEY)
    assert json.loads(kept) == CHUNKING
