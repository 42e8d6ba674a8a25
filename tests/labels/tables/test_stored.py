"""How often tables are opened, and what is read of them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from adaptlabels.labels import DatasetFolder, TableError
from adaptlabels.labels.tables.stored import StoredTable
from adaptlabels.labels.tables.types import polars_schema

from ...hub import Hub, online, running
from ..inputs import prediction_rows, state_rows

ROOT = Path(__file__).resolve().parents[3]
TOKEN = "hf_secretsecretsecret"
FAMILIES = ("one", "two")
pytestmark = pytest.mark.xdist_group("openings")
READING = ("labels/tables/stored_file.py",)  # from the file that `open_table` opened


@pytest.fixture(scope="module")
def openings(tmp_path_factory):
    """Openings of each table by each command, on two families that are large enough for real agents."""
    place = tmp_path_factory.mktemp("openings")
    rows, states = prediction_rows(n_samples=240), state_rows()
    pl.concat([rows.with_columns(family=pl.lit(name)) for name in FAMILIES]).write_csv(place / "demo.csv")
    known = states.with_columns(
        weights=pl.lit("pretrained"), source="org/" + pl.col("state"), revision=pl.lit("a" * 40)
    )
    pl.concat([known.with_columns(family=pl.lit(name)) for name in FAMILIES]).write_csv(place / "states.csv")
    hub = Hub()
    hub.tokens = {TOKEN: True}
    commands = (
        "label demo.csv out --states states.csv --licence mit", "validate out", "bounds out", "card out",
        "publish out org/labels --dry-run",
    )  # fmt: skip
    with running(hub):
        done = subprocess.run(
            [sys.executable, str(Path(__file__).with_name("count_openings.py")), *commands],
            capture_output=True,
            text=True,
            check=False,
            cwd=place,
            env=online(hub, place / "home", TOKEN),
        )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), DatasetFolder(place / "out")


@pytest.mark.parametrize("command", ["label", "validate", "bounds", "card", "publish"])
def test_a_command_opens_each_table_at_most_twice(openings, command):
    opened = openings[0][command]
    assert any(table.startswith("data/") for table in opened)
    assert {table: count for table, count in opened.items() if count > 2} == {}


def test_tables_are_opened_for_reading_in_one_place():
    reading = re.compile(
        r"\b(read_parquet|scan_parquet|ParquetFile|ParquetDataset|read_schema|parquet\.read_(?!metadata\(pyarrow\.BufferReader)\w+)\("
    )
    elsewhere = {
        path.relative_to(ROOT).as_posix(): reading.findall(text)
        for folder in ("labels", "cards", "scripts/commands")
        for path in (ROOT / folder).rglob("*.py")
        if path.relative_to(ROOT).as_posix() not in READING
        and "importers" not in path.parts  # they read what users bring
        and reading.search(text := path.read_text(encoding="utf-8"))
    }
    assert elsewhere == {}


def test_columns_are_read_when_they_are_needed_and_checked_alone(openings):
    folder = openings[1]
    labels = folder.tables["one"]
    whole = pl.read_parquet(labels.path)
    assert folder.labels("one", ["correct", "sample_id"]).equals(whole.select("correct", "sample_id"))
    assert set(labels._columns) == {"correct", "sample_id"}
    assert folder.labels("one", whole.columns).equals(whole)
    assert labels.rows == len(whole)
    assert labels.columns == whole.columns


def test_columns_that_hold_nothing_are_left_out_and_read_as_nulls(openings):
    folder = openings[1]
    for table in folder.tables.values():
        stored, read = pl.read_parquet(table.path), table.frame()
        assert stored.columns == [name for name in read.columns if name in stored.columns]
        assert all(stored[name].null_count() < len(stored) for name in stored.columns)
        absent = set(read.columns) - set(stored.columns)
        assert all(table.schema.columns[name].nullable and read[name].null_count() == len(read) for name in absent)
        assert {name: read.schema[name] for name in absent} == {
            name: polars_schema(table.schema)[name] for name in absent
        }
    assert "input_size" not in folder.tables["states"].columns
    rows = folder.tables["one-predictions"].rows_where(pl.col("state") == 0, ["sample_id", "margin", "state"])
    assert (rows.columns, rows["margin"].null_count()) == (["sample_id", "margin", "state"], len(rows))
    assert folder.labels("one", ["source_id"])["source_id"].null_count() == 240


def test_predictions_are_read_by_row_group_and_not_held(openings):
    table = openings[1].tables["two-predictions"]
    found = table.rows_where(pl.col("state") == 1, ["sample_id", "state", "correct"])
    whole = pl.read_parquet(table.path).filter(pl.col("state") == 1)
    assert found.equals(whole.select("sample_id", "state", "correct"))
    assert table.rows_where(pl.col("state") == 9, ["sample_id", "state"]).is_empty()
    assert len(table.frame(["state"])) == 3 * len(whole)
    assert table._columns == {}


def test_a_wrong_value_is_found_when_its_column_is_read(openings, tmp_path):
    labels = openings[1].tables["one"]
    pl.read_parquet(labels.path).with_columns(n_correct=pl.lit(-1, dtype=pl.Int64)).write_parquet(
        tmp_path / "x.parquet"
    )
    damaged = StoredTable([tmp_path / "x.parquet"], labels.schema)
    assert len(damaged.frame(["sample_id"])) == 240
    for _ in range(2):
        with pytest.raises(TableError, match=r"x.parquet: column 'n_correct', rows 0, 1, 2 \(240 in all\)"):
            damaged.frame()


def test_columns_out_of_order_are_named(openings, tmp_path):
    labels = openings[1].tables["one"]
    frame = pl.read_parquet(labels.path)
    frame.select(reversed(frame.columns)).write_parquet(tmp_path / "x.parquet")
    with pytest.raises(TableError, match=r"x.parquet: its columns are oracle_cost, "):
        _ = StoredTable([tmp_path / "x.parquet"], labels.schema).columns
