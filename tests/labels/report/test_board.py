"""The board: rows that follow from stored choices, and nothing else."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from adaptlabels.labels import (
    DatasetFolder,
    InputError,
    TableError,
    evaluate,
    label_predictions,
    validate_folder,
    write_dataset,
)
from adaptlabels.labels.folds import fold_of
from adaptlabels.labels.report.board import FIGURES, add_agent, make_board, write_board
from adaptlabels.labels.report.leakage import fitted_to_the_judged
from adaptlabels.labels.tables.agent_schemas import CHOICES
from adaptlabels.labels.tables.checksums import write_checksums
from adaptlabels.labels.tables.layout import agents_path, choices_path
from adaptlabels.labels.tables.parquet import write_table
from adaptlabels.labels.tables.stored import StoredTable

from ..inputs import agents_folder, prediction_rows, write_inputs

STATES = ["tiny", "base", "huge"]


@pytest.fixture
def folder(tmp_path):
    return agents_folder(tmp_path)


def in_turn(folder, shift=0):
    """Choices that go through the states, for every sample."""
    ids = folder.labels("demo", ["sample_id"])["sample_id"]
    return pl.DataFrame({"sample_id": ids, "state": [STATES[(i + shift) % 3] for i in range(len(ids))]})


def board(folder):
    return DatasetFolder(folder.path).tables["agents"].frame()


def test_a_row_is_the_evaluation_of_the_stored_choices(folder):
    assert add_agent(folder, in_turn(folder), name="turns", url="https://example.org/turns") == ["turns"]
    (row,) = board(folder).rows(named=True)
    (mine,) = evaluate(folder, in_turn(folder), replicates=None, built_in=False).of_kind("given")
    assert {name: row[name] for name in FIGURES} == {name: getattr(mine, name) for name in FIGURES}
    assert (row["family"], row["agent"], row["url"]) == ("demo", "turns", "https://example.org/turns")
    assert make_board(folder).equals(board(folder))


def test_an_agent_with_a_dial_has_a_row_for_each_setting_in_order(folder):
    choices = pl.concat([in_turn(folder, shift).with_columns(setting=pl.lit(0.5 - shift)) for shift in range(2)])
    add_agent(folder, choices, name="dial")
    assert board(folder)["setting"].to_list() == [-0.5, 0.5]


def test_an_agent_of_its_own_answers_and_costs_is_stored_with_them(folder):
    ids = in_turn(folder)["sample_id"]
    own = pl.DataFrame({"sample_id": ids, "correct": [i % 4 > 0 for i in range(len(ids))], "cost": 2.5})
    add_agent(folder, own, name="exits")
    stored = pl.read_parquet(choices_path(folder.path, "demo", "exits"))
    assert stored.columns == ["agent", "cost_metric", "sample_id", "correct", "cost"]
    assert board(folder)["mean_cost"].to_list() == [2.5]


def test_an_agent_of_the_same_name_is_replaced_and_others_stay(folder):
    add_agent(folder, in_turn(folder), name="a")
    add_agent(folder, in_turn(folder, 1), name="b")
    before = board(folder)
    add_agent(folder, in_turn(folder, 2), name="a")
    after = board(folder)
    assert after["agent"].to_list() == ["a", "b"]
    assert after[1].equals(before[1])
    assert not after[0].equals(before[0])


def test_agents_of_one_file_are_added_together_under_their_own_names(folder):
    both = pl.concat([in_turn(folder, i).with_columns(agent=pl.lit(name)) for i, name in enumerate(("one", "two"))])
    assert add_agent(folder, both) == ["one", "two"]
    with pytest.raises(InputError, match="`name` is 'x', but choices holds the agents 'one', 'two'"):
        add_agent(folder, both, name="x")


@pytest.mark.parametrize("name", ["../up", "a/b", "", ".hidden", "a b"])
def test_names_that_are_no_file_names_are_refused_and_nothing_is_written(folder, name):
    with pytest.raises(InputError, match=r"^agent .*: expected letters, digits"):
        add_agent(folder, in_turn(folder).with_columns(agent=pl.lit(name)))
    assert not (folder.path / "choices").exists()
    assert not agents_path(folder.path, folder.split).exists()


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://a b", "https://a)![x](y", "example.org"])
def test_only_addresses_of_the_web_become_links(folder, url):
    with pytest.raises(InputError, match="expected an address that begins with https:// or http://"):
        add_agent(folder, in_turn(folder), name="turns", url=url)


def test_choices_by_a_cost_that_is_no_longer_known_are_named(folder):
    add_agent(folder, in_turn(folder), name="turns")
    file = choices_path(folder.path, "demo", "turns")
    table = StoredTable([file], CHOICES).frame().with_columns(cost_metric=pl.lit("energy_j"))
    write_table(file, table, CHOICES, {}, folder.info)
    with pytest.raises(TableError, match=r"turns.parquet: .*'energy_j' is not known .*remove the file"):
        make_board(folder)


def test_an_agent_that_lacks_a_judged_sample_is_refused(folder):
    ids = in_turn(folder)["sample_id"]
    judged = np.flatnonzero(fold_of(ids.to_list()) >= 5)
    with pytest.raises(TableError, match="does not choose for"):
        add_agent(folder, in_turn(folder).filter(pl.int_range(pl.len()) != int(judged[3])), name="gaps")


def test_a_board_that_its_choices_do_not_support_fails_the_checks(folder):
    add_agent(folder, in_turn(folder), name="turns")
    folder = DatasetFolder(folder.path)
    assert [problem for problem in validate_folder(folder) if problem.file != "README.md"] == []
    boasted = folder.tables["agents"].frame().with_columns(accuracy=pl.lit(0.99))
    write_board(folder.path, boasted, folder.info)
    write_checksums(folder.path)
    (found,) = (p for p in validate_folder(DatasetFolder(folder.path)) if p.file != "README.md")
    assert str(found).startswith("agents/test.parquet: column 'accuracy': demo, turns: 0.99 where its choices give 0.")
    choices_path(folder.path, "demo", "turns").unlink()
    write_checksums(folder.path)
    problems = [str(problem) for problem in validate_folder(DatasetFolder(folder.path))]
    assert "agents/test.parquet: column 'agent': agent 'turns' of family 'demo' has no choices" in problems


def test_the_board_stays_when_the_folder_is_written_again_and_follows_the_new_labels(folder, tmp_path):
    add_agent(folder, in_turn(folder), name="turns")
    before = board(folder)
    made = label_predictions(*write_inputs(tmp_path / "again", prediction_rows(600, seed=3)), name=folder.info.name)
    again = write_dataset(folder.path, made.info, made.families)
    (mine,) = evaluate(again, in_turn(again), replicates=None, built_in=False).of_kind("given")
    assert board(again)["accuracy"].to_list() == [mine.accuracy] != before["accuracy"].to_list()
    fewer = label_predictions(*write_inputs(tmp_path / "fewer", prediction_rows(300)), name=folder.info.name)
    with pytest.raises(TableError, match=r"turns.parquet: .*remove the file, or add the agent again"):
        write_dataset(folder.path, fewer.info, fewer.families)


def test_choices_learned_from_the_judged_samples_are_pointed_out(folder):
    labels = folder.labels("demo")
    ids, best = labels["sample_id"], labels["oracle_state"].to_list()
    judged = fold_of(ids.to_list()) >= 5
    honest = pl.DataFrame({"sample_id": ids, "state": [STATES[s] for s in best]})
    copied = [STATES[s if inside else (s + 1) % 3] for s, inside in zip(best, judged, strict=True)]
    add_agent(folder, honest, name="honest")
    add_agent(folder, honest.filter(pl.Series(judged)), name="judged-only")
    assert fitted_to_the_judged(folder, "demo") == []
    add_agent(folder, honest.with_columns(state=pl.Series(copied)), name="copied")
    (said,) = fitted_to_the_judged(folder, "demo")
    assert said.startswith("agent 'copied' agrees with the oracle on 100.0 % of folds 5-9, but on 0.0 % of folds 0-4")
