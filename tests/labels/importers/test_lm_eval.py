"""Logs of lm-evaluation-harness: what the program itself wrote for two miniatures (`data/make_lm_eval.py`), and changes to it."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import polars as pl
import pytest
from adaptlabels.labels import ImportOptions, InputError, TableError, label_results, read_results

MADE = Path(__file__).parent / "data" / "lm_eval"
SMALL, LARGE = "neox-mini-16x1", "neox-mini-64x2"


@pytest.fixture
def logs(tmp_path):
    """The logs of `tiny_choice` alone, to change."""
    for model in (SMALL, LARGE):
        (tmp_path / "logs" / model).mkdir(parents=True)
        (file,) = (MADE / "all" / model).glob("samples_tiny_choice_*")
        shutil.copy(file, tmp_path / "logs" / model)
    return tmp_path / "logs"


def change(logs, model, edit):
    (file,) = (logs / model).iterdir()
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    file.write_text("".join(json.dumps(line) + "\n" for line in edit(lines)))
    return file


def rows(results):
    return results.rows.sort("sample_id", "state")


def test_accuracies_are_those_that_the_program_reports():
    found = read_results(MADE / "all", options=ImportOptions(filter="none", task="tiny_choice", metric="acc"))
    for model in (SMALL, LARGE):
        (file,) = (MADE / "all" / model).glob("results_*")
        reported = json.loads(file.read_text())["results"]["tiny_choice"]["acc,none"]
        assert found.rows.filter(pl.col("state") == model)["correct"].mean() == reported
    assert found.has_answers
    assert found.states.sort("state")["parameters"].to_list() == [19696, 165632]


def test_several_tasks_and_filters_are_one_benchmark_with_categories():
    found = read_results(MADE / "all")
    assert set(found.rows["category"]) == {"tiny_choice", "tiny_words"}
    assert not found.has_answers
    assert "the filter 'flexible-extract' of 'strict-match', 'flexible-extract' was taken" in found.notes[0]
    strict = read_results(MADE / "all", options=ImportOptions(filter="strict-match", task="tiny_words"))
    assert found.rows.filter(pl.col("category") == "tiny_words")["correct"].sum() == 1
    assert strict.rows["correct"].sum() == 0
    with pytest.raises(InputError, match="no `filter` 'x'; there are 'strict-match'"):
        read_results(MADE / "all", options=ImportOptions(filter="x", task="tiny_words"))
    with pytest.raises(InputError, match="no logs of `task` 'x'; there are 'tiny_choice', 'tiny_words'"):
        read_results(MADE / "all", options=ImportOptions(task="x"))


def test_parameters_of_the_aggregated_results_are_costs():
    _, (tables,) = label_results(read_results(MADE / "all"), family="neox")
    assert set(tables.labels["oracle_cost"]) <= {19696.0, 165632.0}


def test_a_run_on_some_samples_is_joined_by_document_not_by_line(logs):
    (file,) = (MADE / "some" / SMALL).glob("samples_*")
    (partial,) = (logs / SMALL).iterdir()
    whole = rows(read_results(logs)).filter(pl.col("state") == SMALL)
    shutil.copy(file, partial)
    found = rows(read_results(logs)).filter(pl.col("state") == SMALL)
    assert found["sample_id"].to_list() == ["c1", "c3"]
    assert found["correct"].to_list() == whole.filter(pl.col("sample_id").is_in(["c1", "c3"]))["correct"].to_list()
    with pytest.raises(TableError, match="`missing` 'drop-samples' leaves out 3 of 5 samples"):
        label_results(read_results(logs), pl.DataFrame({"state": [SMALL, LARGE], "cost": [1, 2]}))


def test_numbers_that_name_other_documents_give_way_to_hashes(logs):
    """With `--samples 3,1` the program numbers its first document 3, though it is document 1."""

    def without_names(lines):
        return [{**line, "doc": {}} for line in lines]

    expected = rows(read_results(logs))["correct"].to_list()
    change(logs, LARGE, without_names)
    swapped = {0: 1, 1: 0}
    change(
        logs,
        SMALL,
        lambda lines: [{**x, "doc_id": swapped.get(x["doc_id"], x["doc_id"])} for x in without_names(lines)],
    )
    found = read_results(logs)
    assert "their hashes were taken" in " ".join(found.notes)
    assert sorted(rows(found)["correct"].to_list()) == sorted(expected)
    assert rows(found).group_by("sample_id").len()["len"].to_list() == [2] * 5


@pytest.mark.parametrize("kind", ["reversed", "json", "gz", "bom", "hashless", "list"])
def test_every_form_of_the_same_log_reads_the_same(logs, kind):
    expected = rows(read_results(logs))
    for model in (SMALL, LARGE):
        (file,) = (logs / model).iterdir()
        lines = [json.loads(line) for line in file.read_text().splitlines()]
        if kind == "reversed":
            change(logs, model, lambda lines: lines[::-1])
        elif kind == "json":
            file.with_suffix(".json").write_text(json.dumps(lines, indent=2))
            file.unlink()
        elif kind == "gz":
            file.with_suffix(".jsonl.gz").write_bytes(gzip.compress(file.read_bytes()))
            file.unlink()
        elif kind == "bom":
            file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))
        elif kind == "hashless":
            change(logs, model, lambda lines: [{k: v for k, v in x.items() if not k.endswith("_hash")} for x in lines])
        else:
            pairs = [{**x, "arguments": [list(a.values()) for a in x["arguments"].values()]} for x in lines]
            change(logs, model, lambda _, pairs=pairs: pairs)
    assert rows(read_results(logs)).equals(expected)


def test_the_newest_run_counts(logs):
    (file,) = (logs / SMALL).iterdir()
    shutil.copy(file, file.with_name("samples_tiny_choice_2020-01-01T00-00-00.000000.jsonl"))
    change_old = file.with_name("samples_tiny_choice_2020-01-01T00-00-00.000000.jsonl")
    change_old.write_text(change_old.read_text().replace('"acc_norm": 1.0', '"acc_norm": 0.0'))
    found = read_results(logs)
    assert found.notes[0].startswith(f"{SMALL}: of 2 runs of tiny_choice the newest was taken, 2026-")


def test_where_likelihoods_do_not_give_the_metric_the_metric_decides(logs):
    change(logs, SMALL, lambda lines: [{**line, "acc_norm": 1.0} for line in lines])
    found = read_results(logs)
    assert not found.has_answers
    assert found.rows.filter(pl.col("state") == SMALL)["correct"].all()
    assert "do not give the logged metric" in " ".join(found.notes)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda lines: [], "no samples"),
        (lambda lines: [{**lines[0], "acc_norm": 0.42}], "acc_norm is 0.42, so tiny_choice is not a matter of right and wrong"),
        (lambda lines: [{**lines[0], "filtered_resps": [["nan", "False"]] * 2}], "a log-likelihood is nan"),
        (lambda lines: [{**lines[0], "filtered_resps": [["-1", "False"]]}], "1 log-likelihoods for 2 choices"),
        (lambda lines: [{"doc_id": 0}], "it names no metric"),
        (lambda lines: [{"acc": 1}], "not a sample as lm-evaluation-harness logs it"),
        (lambda lines: [{**lines[0], "acc": None, "acc_norm": [1]}], r"acc_norm is \[1\]; choose a `metric`"),
    ],
)  # fmt: skip
def test_damaged_logs_are_named_with_their_line(logs, edit, message):
    file = change(logs, SMALL, edit)
    with pytest.raises(TableError, match=message) as caught:
        read_results(logs)
    assert str(file) in str(caught.value)


def test_unknown_models_are_named_with_what_there_is(logs):
    with pytest.raises(InputError, match=r"no state has the name or source 'neox-mini-16x1'; there are 'a'\. Write"):
        label_results(read_results(logs), pl.DataFrame({"state": ["a"], "cost": [1]}))
