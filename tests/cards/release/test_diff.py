from __future__ import annotations

import shutil
from dataclasses import replace

import polars as pl
import pytest
from adaptlabels.cards.card import write_card
from adaptlabels.cards.release.diff import diff_folders
from adaptlabels.cards.release.versions import Version
from adaptlabels.labels import DatasetFolder, InputError, add_agent, label_predictions, write_dataset
from adaptlabels.labels.tables import shards
from hypothesis import given
from hypothesis import strategies as st

from ...labels.inputs import prediction_rows, state_rows, write_inputs


def made(place, rows=None, states=None, name="x", licence=None, card=None):
    found = label_predictions(*write_inputs(place, rows, states), name=name)
    return write_dataset(place / "out", replace(found.info, licence=licence), found.families, card=card)


@pytest.fixture(scope="module")
def old(tmp_path_factory):
    return made(tmp_path_factory.mktemp("old"), card=write_card)


ROWS = prediction_rows()
FIRST = pl.col("sample_id") == "s000"


def test_the_same_folder_has_not_changed(old, tmp_path):
    found = diff_folders(old, made(tmp_path, card=write_card))
    assert (found.level, found.lines()) == ("none", [])


def test_a_flipped_label_is_a_major_change_with_the_sample_named(old, tmp_path):
    tiny = (pl.col("state") == "tiny") & FIRST
    wrong = (pl.col("prediction") == pl.col("target")).cast(
        pl.Int64
    )  # what is right becomes wrong, and what is wrong right
    rows = ROWS.with_columns(prediction=pl.when(tiny).then((pl.col("target") + wrong) % 4).otherwise("prediction"))
    found = diff_folders(old, made(tmp_path, rows))
    assert found.level == "major"
    (family,) = found.families
    (flips,) = family.labels
    assert (flips.what, flips.count) == ("tiny", 1)
    assert flips.examples[0] in ("s000: wrong → right", "s000: right → wrong")
    assert family.oracle is not None
    assert any("accuracy of tiny" in line for line in found.lines())
    assert any("gain" in line for line in found.lines())


def test_another_wrong_answer_changes_an_answer_and_no_label(old, tmp_path):
    wrong = ROWS.filter((pl.col("prediction") != pl.col("target")) & (pl.col("state") == "tiny")).row(0, named=True)
    here = (pl.col("sample_id") == wrong["sample_id"]) & (pl.col("state") == "tiny")
    other = ({0, 1, 2, 3} - {wrong["prediction"], wrong["target"]}).pop()
    rows = ROWS.with_columns(prediction=pl.when(here).then(other).otherwise("prediction"))
    found = diff_folders(old, made(tmp_path, rows))
    assert found.level == "major"
    assert (found.families[0].labels, found.families[0].oracle) == ((), None)
    assert any(f"{wrong['prediction']} → {other}" in line for line in found.lines())


def test_a_state_more_is_a_minor_change_even_where_the_oracle_takes_it(old, tmp_path):
    more = ROWS.filter(pl.col("state") == "tiny").with_columns(state=pl.lit("new"), prediction=pl.col("target"))
    states = pl.concat([state_rows(), pl.DataFrame({"state": ["new"], "cost": [2.0]})])
    found = diff_folders(old, made(tmp_path, pl.concat([ROWS, more]), states))
    assert found.level == "minor"
    assert found.families[0].states_added == ("new",)
    assert found.families[0].oracle is not None
    back = diff_folders(DatasetFolder(tmp_path / "out"), old)
    assert back.level == "major"
    assert back.families[0].states_removed == ("new",)


def test_samples_that_come_are_minor_and_samples_that_go_are_major(old, tmp_path):
    fewer = made(tmp_path / "a", ROWS.filter(~pl.col("sample_id").is_in(["s000", "s001", "s002", "s003"])))
    gone = diff_folders(old, fewer)
    assert (gone.level, gone.families[0].samples_removed) == ("major", ("s000", "s001", "s002", "s003"))
    assert "demo: 4 sample(s) removed (s000, s001, s002 …)" in gone.lines()
    assert diff_folders(fewer, old).level == "minor"


def test_a_target_that_changed_is_major(old, tmp_path):
    rows = ROWS.with_columns(target=pl.when(FIRST).then((pl.col("target") + 1) % 4).otherwise("target"))
    found = diff_folders(old, made(tmp_path, rows))
    assert found.level == "major"
    assert found.families[0].targets.count == 1


def test_families_that_come_and_go(old, tmp_path):
    new = made(tmp_path, ROWS.with_columns(family=pl.lit("demo")), state_rows().with_columns(family=pl.lit("demo")))
    both_states = pl.concat([state_rows().with_columns(family=pl.lit(name)) for name in ("demo", "twin")])
    both = made(
        tmp_path / "b", pl.concat([ROWS.with_columns(family=pl.lit(name)) for name in ("demo", "twin")]), both_states
    )
    assert diff_folders(new, both).level == "minor"
    assert diff_folders(new, both).families_added == ("twin",)
    assert diff_folders(both, new).level == "major"


def test_other_values_and_other_cards_are_told_apart(old, tmp_path):
    rows = ROWS.with_columns(confidence=pl.col("confidence") / 2)
    found = diff_folders(old, made(tmp_path / "a", rows))
    assert found.level == "minor"
    assert "labels.confidence" in found.families[0].values_changed
    card = diff_folders(old, made(tmp_path / "b", licence="mit", card=write_card))
    assert (card.level, card.lines()) == ("patch", ["only the card changed"])


def test_a_new_agent_on_the_board_is_minor(old, tmp_path):
    new = made(tmp_path)
    ids = new.labels("demo", ["sample_id"])["sample_id"]
    add_agent(new, pl.DataFrame({"sample_id": ids, "state": "base"}), name="always-base")
    write_card(DatasetFolder(new.path))
    one = DatasetFolder(new.path)
    found = diff_folders(old, one)
    assert (found.level, found.lines()) == ("minor", ["agent demo/always-base added"])
    assert diff_folders(one, old).lines() == ["agent demo/always-base removed"]
    other = DatasetFolder(shutil.copytree(new.path, tmp_path / "other"))
    add_agent(other, pl.DataFrame({"sample_id": ids, "state": "tiny"}), name="always-base")
    assert diff_folders(one, DatasetFolder(other.path)).agents_changed == ("demo/always-base",)


def test_other_costs_change_the_state(old, tmp_path):
    states = state_rows().with_columns(cost=pl.Series([1.0, 3.0, 20.0]), parameters=pl.Series([1, 2, 3]))
    found = diff_folders(old, made(tmp_path, states=states))
    assert found.families[0].states_changed["tiny"] == ("parameters",)
    assert found.level == "minor"


def several(rows):
    """Rows with three flipped samples, some new ones, and some that are gone."""
    flipped = pl.col("sample_id").is_in(["s003", "s055", "s021"]) & (pl.col("state") == "small")
    prediction = pl.when(flipped).then((pl.col("prediction") + 1) % 4).otherwise("prediction")
    return rows.with_columns(prediction).filter(pl.col("sample_id") != "s001")


@pytest.mark.parametrize(
    "change",
    [several, lambda rows: rows, lambda rows: rows.with_columns(pl.col("confidence") * 0.999)],
)
def test_large_tables_are_compared_in_portions(old, tmp_path, change, monkeypatch):
    new = made(tmp_path, change(ROWS))
    whole = diff_folders(old, new)
    monkeypatch.setattr(shards, "SHARD_ROWS", 50)
    assert diff_folders(old, new) == whole


def test_different_benchmarks_are_not_compared(old, tmp_path):
    with pytest.raises(InputError, match="cannot be compared"):
        diff_folders(old, made(tmp_path, name="y"))


@given(st.tuples(*[st.integers(0, 99)] * 3), st.tuples(*[st.integers(0, 99)] * 3))
def test_versions_compare_as_their_numbers(one, two):
    first, second = Version(*one), Version(*two)
    assert (first < second) == (one < two)
    assert Version.parse(str(first)) == Version.of_tag(first.tag) == first
    assert first < first.bump("patch") < first.bump("minor") < first.bump("major")
    assert first.bump("none") == first


@pytest.mark.parametrize("text", ["", "1", "1.2", "v1.2.x", "1.2.3-rc1", "1.2.3.4", "-1.0.0"])
def test_other_forms_of_version_are_refused(text):
    with pytest.raises(InputError, match="expected auto or three numbers"):
        Version.parse(text)
    assert Version.of_tag(text) is None
