"""Large tables come in shards, and say the same as in one file."""

from __future__ import annotations

import shutil

import numpy as np
import polars as pl
import pytest
from adaptlabels.cards import write_card
from adaptlabels.cards.explorer.contents import gather
from adaptlabels.cards.release.viewer import check_viewer
from adaptlabels.labels import (
    DatasetFolder,
    label_predictions,
    label_results,
    read_results,
    report_folder,
    to_json,
    validate_folder,
    write_dataset,
)
from adaptlabels.labels.tables import shards
from adaptlabels.labels.tables.shards import Shard, SpilledShards, hold, in_shards, sample_numbers
from datasets import load_dataset
from hypothesis import given
from hypothesis import strategies as st

from ..inputs import prediction_rows, resealed, state_rows, write_inputs

SAMPLES, STATES = 240, 3
FIRST_SHARD = 100
"""Samples in it."""


def rows() -> pl.DataFrame:
    """Predictions in no order, whose first samples have no category."""
    found = prediction_rows(SAMPLES).sample(fraction=1.0, shuffle=True, seed=1)
    early = found["sample_id"].unique(maintain_order=True).head(FIRST_SHARD)
    return found.with_columns(category=pl.when(~pl.col("sample_id").is_in(early.implode())).then("category"))


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """The same labels in one shard and in three."""
    place = tmp_path_factory.mktemp("shards")
    inputs = write_inputs(place, rows(), state_rows())
    made = label_predictions(*inputs)
    one = write_dataset(place / "one" / "out", made.info, made.families, card=write_card)
    results = read_results(inputs[0])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shards, "SHARD_ROWS", FIRST_SHARD * STATES + 1)
        made = label_results(results, inputs[1])
    assert isinstance(made.families[0].shards, SpilledShards)
    return one, write_dataset(place / "three" / "out", made.info, made.families, card=write_card)


def test_shards_hold_every_state_of_their_samples(both):
    _, three = both
    names = [f"test-0000{number}-of-00003.parquet" for number in range(3)]
    for place in ("data", "predictions"):
        assert sorted(file.name for file in (three.path / place / "demo").iterdir()) == names
    sizes = []
    for shard in three.shards("demo"):
        samples = shard.predictions.group_by("sample_id").agg(pl.col("state").sort())
        assert samples["state"].to_list() == [[0, 1, 2]] * len(shard.labels)
        assert set(samples["sample_id"]) == set(shard.labels["sample_id"])
        sizes.append(len(shard.labels))
    assert sizes == [FIRST_SHARD, FIRST_SHARD, SAMPLES - 2 * FIRST_SHARD]


def test_shards_say_what_one_file_says(both):
    one, three = both
    assert three.labels("demo").equals(one.labels("demo"))
    key = ["sample_id", "state"]
    assert three.predictions("demo").sort(key).equals(one.predictions("demo").sort(key))
    assert three.states.equals(one.states)
    assert three.bounds.equals(one.bounds)
    for every in (1, 7):
        np.testing.assert_array_equal(three.outputs("demo", 1, every), one.outputs("demo", 1)[::every])
        np.testing.assert_array_equal(three.confidence("demo", every), one.confidence("demo")[::every])
    assert to_json(report_folder(three, "demo", by="category")) == to_json(report_folder(one, "demo", by="category"))


def test_a_column_that_one_shard_has_is_in_all(both):
    _, three = both
    first = pl.read_parquet(three.labels_path("demo"))
    assert first["category"].null_count() == len(first) == FIRST_SHARD
    assert three.labels("demo")["category"].null_count() == FIRST_SHARD


def test_shards_pass_every_check_and_load_as_one_config(both):
    _, three = both
    assert (validate_folder(three), check_viewer(three)) == ([], [])
    loaded = load_dataset(str(three.path), "demo", split="test")
    assert loaded["sample_id"][:] == three.labels("demo")["sample_id"].to_list()
    assert load_dataset(str(three.path), "demo-predictions", split="test").num_rows == SAMPLES * STATES


def test_the_explorer_shows_all_shards(both):
    one, three = (gather(folder) for folder in both)
    assert three.files == {"demo": "data/demo/test-*-of-*.parquet"}
    assert three.details.sample_ids == one.details.sample_ids
    assert three.details.confidence.tolist() == one.details.confidence.tolist()
    assert (three.patterns.tolist(), three.counts.tolist()) == (one.patterns.tolist(), one.counts.tolist())


def test_a_family_in_shards_stays_beside_a_new_one(both, tmp_path):
    one, three = both
    out = shutil.copytree(three.path, tmp_path / "out")
    made = label_predictions(*write_inputs(tmp_path, rows(), state_rows()), family="new", name="demo")
    folder = write_dataset(out, one.info, made.families)
    assert folder.families == ["demo", "new"]
    assert len(folder.tables["demo"].files) == 3
    assert folder.labels("demo").equals(three.labels("demo"))


@pytest.mark.parametrize(
    ("break_it", "message"),
    [
        (lambda p, d: p[1].unlink(), "data/demo/test-00001-of-00003.parquet: no such file"),
        (lambda p, d: d[2].unlink(), "predictions/demo/test-00000-of-00002.parquet: comes in 2 files, the labels in 3"),
        (lambda p, d: (shutil.copy(p[1], p[2]), shutil.copy(d[1], d[2])), "is in several files: sample"),
        (lambda p, d: (d[0].rename(d[0].with_name("x")), d[1].rename(d[0]), d[0].with_name("x").rename(d[1])),
         "data/demo/test-00000-of-00003.parquet: column 'sample_id': is missing, though predictions have it"),
        (lambda p, d: pl.read_parquet(p[1]).drop("category").write_parquet(p[1]), "its columns are not those of"),
    ],
)  # fmt: skip
def test_shards_that_do_not_belong_together_are_named(both, tmp_path, break_it, message):
    _, three = both
    out = DatasetFolder(shutil.copytree(three.path, tmp_path / "out"))
    labels, predictions = ([file.path for file in out.tables[table].files] for table in ("demo", "demo-predictions"))
    break_it(labels, predictions)
    if "00002" in message:
        predictions[0].rename(predictions[0].with_name("test-00000-of-00002.parquet"))
        predictions[1].rename(predictions[1].with_name("test-00001-of-00002.parquet"))
    problems = validate_folder(resealed(out))
    assert any(message in str(problem) for problem in problems), problems


def test_spilled_shards_go_when_nobody_needs_them():
    made = hold((Shard(rows(), rows()) for _ in range(2)), Shard)
    folder = made._folder.path
    assert [len(shard.labels) for shard in made] == [SAMPLES * STATES] * 2
    assert len(list(folder.iterdir())) == 4
    del made
    assert not folder.exists()


def test_predictions_that_fit_stay_as_they_are():
    found = list(in_shards(rows(), STATES))
    assert len(found) == 1
    assert found[0].equals(rows())


@st.composite
def sample_rows(draw):
    """Identifiers of rows, state by state, sample by sample, or in no order, and a number of states."""
    n_states = draw(st.integers(1, 4))
    names = draw(st.lists(st.sampled_from("abcdef"), unique=draw(st.booleans())))
    by_state = names * n_states
    by_sample = [name for name in names for _ in range(n_states)]
    return draw(st.sampled_from([by_state, by_sample]) | st.permutations(by_state)), n_states


@given(sample_rows())
def test_samples_are_numbered_as_they_first_appear_however_rows_lie(case):
    rows, n_states = case
    firsts = list(dict.fromkeys(rows))
    found = sample_numbers(pl.Series(rows, dtype=pl.String), n_states)
    assert found.to_list() == [firsts.index(name) for name in rows]
