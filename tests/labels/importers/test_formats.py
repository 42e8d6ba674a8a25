"""Formats of other programs. Made by the program itself: `data/inspect`. From documented schemas: the others."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import polars as pl
import pytest
from adaptlabels.labels import DatasetFolder, ImportOptions, InputError, TableError, label_results, read_results
from adaptlabels.labels.importers.exporting import export_family
from adaptlabels.labels.importers.formats import FORMATS, recognise
from adaptlabels.scripts.commands.label import run

DATA = Path(__file__).parent / "data"
KEYS = ["sample_id", "state"]


def test_inspects_own_logs_are_read_with_tokens_as_costs():
    pytest.importorskip("inspect_ai")
    found = read_results(DATA / "inspect")
    rows = found.rows.sort(KEYS)
    assert recognise(DATA / "inspect").name == "inspect"
    assert rows.filter(pl.col("state") == "mockllm/small")["correct"].to_list() == [True, False, True, False, False]
    assert rows.filter(pl.col("state") == "mockllm/large")["correct"].to_list() == [True, True, True, True, False]
    assert set(rows["cost"]) == {10.0, 28.0}
    assert (found.cost_unit, found.name) == ("tokens", "sums")
    _, (tables,) = label_results(found)
    assert tables.states["state"].to_list() == ["mockllm/small", "mockllm/large"]
    with pytest.raises(InputError, match="no scorer 'x'"):
        read_results(DATA / "inspect", options=ImportOptions(metric="x"))


def test_routerbench_tables_have_categories_and_usd(tmp_path):
    (tmp_path / "rb.csv").write_text(
        "sample_id,prompt,eval_name,org/a,org/a|model_response,org/a|total_cost,b,b|model_response,b|total_cost\n"
        "x.1,p,mmlu,1.0,r,0.0001,1.0,r,0.004\nx.2,p,arc,0.0,r,0.0003,1.0,r,0.002\n"
    )
    found = read_results(tmp_path / "rb.csv")
    assert recognise(tmp_path / "rb.csv").name == "routerbench"
    assert found.state_names == ["org/a", "b"]
    assert (found.cost_unit, set(found.rows["category"])) == ("usd", {"mmlu", "arc"})
    (tmp_path / "rb.csv").write_text((tmp_path / "rb.csv").read_text().replace("1.0,r,0.002", "0.3,r,0.002"))
    with pytest.raises(TableError, match="`threshold`"):
        read_results(tmp_path / "rb.csv")


def test_routellms_responses_are_numbered_by_row(tmp_path):
    (tmp_path / "mmlu").mkdir()
    for name in ("mmlu_anatomy", "mmlu_law"):
        (tmp_path / "mmlu" / f"{name}.csv").write_text('prompt,mixtral,gpt-4\n"A,\nB",True,True\nC,False,True\n')
    found = read_results(tmp_path / "mmlu")
    assert recognise(tmp_path / "mmlu").name == "routellm"
    assert found.rows["sample_id"].unique().sort().to_list() == [
        "mmlu_anatomy-0", "mmlu_anatomy-1", "mmlu_law-0", "mmlu_law-1",
    ]  # fmt: skip
    assert len(read_results(tmp_path / "mmlu" / "mmlu_law.csv").rows) == 4


def test_llm_router_bench_is_read_from_its_folders(tmp_path):
    for dataset in ("aime", "gpqa"):
        for model, scores in (("small", [1.0, 0.0]), ("large", [1.0, 1.0])):
            file = tmp_path / "bench" / dataset / "test" / model / "20250101.json"
            file.parent.mkdir(parents=True)
            record = {"prompt_tokens": 10, "completion_tokens": 5, "cost": 0.001 * len(model)}
            records = [{"index": n, "score": score, **record} for n, score in enumerate(scores)]
            file.write_text(json.dumps({"performance": 1, "records": records}))
    found = read_results(tmp_path / "bench")
    assert recognise(tmp_path / "bench").name == "llmrouterbench"
    assert (len(found.rows), found.cost_unit, set(found.rows["category"])) == (8, "usd", {"aime", "gpqa"})
    assert set(read_results(tmp_path / "bench", options=ImportOptions(cost_unit="tokens")).rows["cost"]) == {15.0}


def test_files_of_image_classifiers_are_joined_with_targets(tmp_path):
    (tmp_path / "runs").mkdir()
    for name, classes in (("resnet18", (3, 4)), ("resnet50", (3, 5))):
        rows = [f"val/{n}.JPEG,{c},0.5" for n, c in enumerate(classes)]
        (tmp_path / "runs" / f"{name}.csv").write_text(
            "\n".join(["file_name,predicted_class,predicted_probability", *rows])
        )
    (tmp_path / "t.csv").write_text("sample_id,target\n0,3\n1,5\n")
    found = read_results(tmp_path / "runs", options=ImportOptions(targets=tmp_path / "t.csv"))
    assert found.rows.sort(KEYS)["correct"].to_list() == [True, True, False, True]
    assert found.task == "image-classification"
    with pytest.raises(InputError, match="give a table of sample_id,target with `targets`"):
        read_results(tmp_path / "runs")
    (tmp_path / "t.csv").write_text("sample_id,target\n0,3\n")
    with pytest.raises(TableError, match=r"no target for image '1' \(1 such images\)"):
        read_results(tmp_path / "runs", options=ImportOptions(targets=tmp_path / "t.csv"))


@pytest.mark.parametrize("form", ["every-eval-ever", "csv-wide"])
def test_what_is_exported_comes_back_with_the_same_labels(tmp_path, form):
    (tmp_path / "p.csv").write_text(
        "sample_id,state,correct,cost,category\n1,a,1,5,t\n1,b,1,40,t\n2,a,0,15,u\n2,b,1,120,u\n"
    )
    run(tmp_path / "p.csv", tmp_path / "out", reading=ImportOptions(cost_unit="tokens"), as_json=True)
    folder = DatasetFolder(tmp_path / "out")
    file = export_family(folder, "p", form, tmp_path / "exported")
    again = read_results(file, options=ImportOptions(cost_unit="tokens"))
    _, (tables,) = label_results(again, family="p")
    columns = ["sample_id", "correct", "oracle_state", "oracle_cost"]
    assert tables.labels.select(columns).equals(folder.labels("p").select(columns))


def test_every_format_is_listed_once_and_has_its_functions():
    assert len({each.name for each in FORMATS}) == len(FORMATS)
    for each in FORMATS:
        if each.needs is None or find_spec(each.needs) is not None:
            assert callable(each.reader())
        else:
            with pytest.raises(InputError, match=f"format {each.name} requires {each.needs}: pip install"):
                each.reader()


def test_what_is_of_no_format_is_told_what_there_is(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"no known format; there are lm-eval \(logs of lm-evaluation-harness\)"):
        recognise(tmp_path / "empty")
    with pytest.raises(InputError, match="`form` 'x' is not one of auto, lm-eval"):
        read_results(tmp_path / "empty", "x")
