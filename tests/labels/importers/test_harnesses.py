"""Logs of harnesses. `data/lighteval` and `data/helm` are what the programs wrote; OpenCompass's are made by its source."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import polars as pl
import pytest
from adaptlabels.labels import ImportOptions, InputError, TableError, label_results, read_results
from adaptlabels.labels.importers.formats import recognise

DATA = Path(__file__).parent / "data"
KEYS = ["category", "sample_id", "state"]
SMALL, LARGE = "neox-mini-16x1", "neox-mini-64x2"


def right_of(results, state, category):
    """Samples that a state has right in a task."""
    rows = results.rows.filter(pl.col("correct"), pl.col("state") == state, pl.col("category") == category)
    return rows["sample_id"].str.split("-").list.last().sort().to_list()


def test_lightevals_own_details_are_read_with_tokens_as_costs():
    found = read_results(DATA / "lighteval")
    assert recognise(DATA / "lighteval").name == "lighteval"
    assert (found.cost_unit, found.state_names) == ("tokens", [SMALL, LARGE])
    assert right_of(found, SMALL, "tiny_choice|0") == ["0", "1", "2", "4"]
    assert right_of(found, LARGE, "tiny_choice|0") == ["0", "1", "4"]
    assert right_of(found, SMALL, "tiny_words|0") == right_of(found, LARGE, "tiny_words|0") == []
    # Sample 3 has 13 tokens of prompt and choices of 6 and 5, the second padded by one; word 2 has 5 and 2.
    cost = found.rows.filter(pl.col("sample_id") == "tiny_choice|0-3")["cost"]
    assert cost.to_list() == [24.0, 24.0]
    word = found.rows.filter(pl.col("sample_id") == "tiny_words|0-2", pl.col("state") == SMALL)
    assert word["cost"].item() == 7.0
    only = read_results(DATA / "lighteval", options=ImportOptions(task="tiny_choice|0"))
    assert len(only.rows) == 10
    with pytest.raises(InputError, match=r"no metric 'f1' \(`metric`\); there are '(acc|em)'"):
        read_results(DATA / "lighteval", options=ImportOptions(metric="f1"))


def test_of_several_lighteval_runs_the_newest_counts(tmp_path):
    made = next((DATA / "lighteval" / "details" / SMALL).rglob("details_tiny_words*"))
    later = tmp_path / "details" / "org" / SMALL / "2027-01-01T00-00-00.5"
    later.mkdir(parents=True)
    earlier = later.with_name(made.parent.name)
    shutil.copytree(made.parent, earlier)
    right = pl.read_parquet(made).with_columns(metric=pl.struct(em=pl.lit(0.4), f1=pl.lit(1)))
    right.write_parquet(later / "details_tiny_words|0_2027-01-01T00-00-00.5.parquet")
    found = read_results(tmp_path, options=ImportOptions(task="tiny_words|0"))
    assert found.rows["correct"].all()
    assert found.state_names == [f"org/{SMALL}"]
    assert found.states is not None
    assert found.states["source"].to_list() == [f"org/{SMALL}"]
    assert f"Of several runs of 'org/{SMALL}' the newest was taken." in found.notes
    assert "Of the metrics 'em', 'f1', 'f1' says who is right." in found.notes
    with pytest.raises(TableError, match="metric 'em' holds scores"):
        read_results(tmp_path, options=ImportOptions(metric="em", task="tiny_words|0"))
    right.drop("metric").write_parquet(later / "details_tiny_words|0_2027-01-01T00-00-00.5.parquet")
    with pytest.raises(TableError, match="expected the columns 'doc', 'metric', 'model_response'"):
        read_results(tmp_path)


def test_helms_own_run_folders_are_read_with_tokens_as_costs():
    found = read_results(DATA / "helm")
    assert recognise(DATA / "helm").name == "helm"
    assert (found.cost_unit, found.state_names) == ("tokens", ["mock/large", "mock/small"])
    for category in ("simple_mcqa", "simple_classification"):
        asked = json.loads((DATA / "helm" / f"{category}:model=mock_small" / "scenario_state.json").read_text())
        even = sorted(
            state["instance"]["id"]
            for state in asked["request_states"]
            if state["result"]["completions"][0]["text"] in ("A", "Even")
            and any(
                "correct" in reference["tags"]
                for reference in state["instance"]["references"]
                if reference["output"]["text"] == "Even"
            )
        )
        assert right_of(found, "mock/small", category) == even
        assert len(right_of(found, "mock/large", category)) == 5
    stats = json.loads((DATA / "helm/simple_mcqa:model=mock_small/per_instance_stats.json").read_text())[0]
    tokens = {stat["name"]["name"]: stat["sum"] for stat in stats["stats"]}
    row = found.rows.filter(
        pl.col("sample_id").str.ends_with(stats["instance_id"]), pl.col("category") == "simple_mcqa"
    ).filter(pl.col("state") == "mock/small")
    assert row["cost"].item() == tokens["num_prompt_tokens"] + tokens["num_output_tokens"]
    seconds = read_results(DATA / "helm", options=ImportOptions(cost_unit="seconds"))
    assert seconds.rows["cost"].max() < 1.0
    _, (tables,) = label_results(found, family="mock")
    assert len(tables.labels) == 10
    with pytest.raises(InputError, match="no statistic 'x' \\(`metric`\\); there are 'num_references'"):
        read_results(DATA / "helm", options=ImportOptions(metric="x"))
    with pytest.raises(InputError, match="`cost_unit` 'usd': the format has tokens, seconds"):
        read_results(DATA / "helm", options=ImportOptions(cost_unit="usd"))


def test_perturbed_instances_and_runs_without_a_model_are_told(tmp_path):
    run = tmp_path / "suite" / "simple_mcqa:model=mock_small"
    shutil.copytree(DATA / "helm" / run.name, run)
    file = run / "per_instance_stats.json"
    stats = json.loads(file.read_text())
    file.write_text(json.dumps([*stats, {**stats[0], "perturbation": {"name": "typos"}}]))
    (run / "run_spec.json").unlink()
    found = read_results(tmp_path)
    assert (found.name, found.state_names, len(found.rows)) == ("simple_mcqa", ["mock/small"], len(stats))
    assert any("left out 1 of 6 rows" in note for note in found.notes)
    shutil.copytree(run, tmp_path / "other" / run.name)
    with pytest.raises(TableError, match="mock/small ran 'simple_mcqa' twice"):
        read_results(tmp_path)
    shutil.rmtree(tmp_path / "other")
    (run / "scenario_state.json").unlink()
    with pytest.raises(TableError, match=r"neither run_spec\.json nor scenario_state\.json there names the model"):
        read_results(tmp_path)


def write_compass(root, model, dataset, predictions, details=None):
    for folder, found in (("predictions", predictions), ("results", {"accuracy": 50.0, "details": details})):
        (root / folder / model).mkdir(parents=True, exist_ok=True)
        if found.get("details", True) is not None:
            (root / folder / model / f"{dataset}.json").write_text(json.dumps(found))


def test_opencompass_is_read_from_details_and_from_the_labels_that_it_chose(tmp_path):
    for time, flip in (("20260101_000000", True), ("20260102_000000", False)):
        run = tmp_path / time
        for model, right in (("small", [True, False]), ("large", [True, True])):
            kept = [ok != flip for ok in right]
            generated = {
                str(n): {"origin_prompt": "?", "prediction": "x", "gold": "y", "res_length": 3, "all_input_length": 7}
                for n in range(2)
            }
            told = {"type": "GEN", **{str(n): {"predictions": "x", "correct": ok} for n, ok in enumerate(kept)}}
            write_compass(run, model, "gsm8k", generated, told)
            chosen = {
                str(n): {
                    "label: A": {"PPL": 1.0},
                    "label: B": {"PPL": 2.0},
                    "prediction": "A",
                    "gold": "A" if ok else "B",
                }
                for n, ok in enumerate(kept)
            }
            write_compass(run, model, "hellaswag", chosen)
    found = read_results(tmp_path)
    assert recognise(tmp_path).name == "opencompass"
    for category in ("gsm8k", "hellaswag"):
        assert right_of(found, "small", category) == ["0"]
        assert right_of(found, "large", category) == ["0", "1"]
    assert found.rows.group_by("category").agg(pl.col("cost").max()).sort("category")["cost"].to_list() == [10.0, None]
    assert "Of several runs of 'large', 'small' the newest was taken." in found.notes
    (run / "results" / "large" / "gsm8k.json").write_text('{"accuracy": 100}')
    with pytest.raises(TableError, match="run the evaluation with --dump-eval-details"):
        read_results(tmp_path)
    (run / "results" / "large" / "gsm8k.json").write_text('{"details": [{"score": 1}, {"score": 0}]}')
    with pytest.raises(InputError, match="details without 'correct'; name the key with `metric`: 'score'"):
        read_results(tmp_path, options=ImportOptions(task="gsm8k"))
