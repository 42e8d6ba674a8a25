"""timm's published tables: small ones of the same columns, with the quirks that the real ones have."""

from __future__ import annotations

import json

import numpy as np
import pytest
from adaptlabels.labels import InputError, TableError, conservative_bound, continuous_bound
from adaptlabels.labels.importers.timm_results import is_timm_results, read_timm_results
from adaptlabels.scripts.commands.bounds import command

RESULTS = """model,top1,top1_err,top5,top5_err,param_count,img_size,crop_pct,interpolation
giant.a_in1k,88.000,12.000,98.000,2.000,"1,014.45",224,1.000,bicubic
base.a_in1k,84.500,15.500,97.000,3.000,88.00,288,1.000,bicubic
base.a_in1k,84.000,16.000,97.000,3.000,88.00,224,1.000,bicubic
base.b_in1k,83.000,17.000,96.000,4.000,88.00,224,0.950,bicubic
lost.a_in1k,82.000,18.000,96.000,4.000,50.00,256,1.000,bicubic
tiny.a_in1k,70.000,30.000,90.000,10.000,5.00,224,0.875,bicubic
wide.a_in1k,69.000,31.000,89.000,11.000,7.00,224,0.875,bicubic
"""
BENCHMARK = """model,infer_img_size,infer_samples_per_sec,infer_step_time,infer_batch_size,param_count,infer_gmacs,infer_macts
tiny,224,9000.0,100.0,1024,5.00,0.5,2.0
wide,224,8000.0,110.0,1024,7.00,0.7,2.0
base,224,800.0,1000.0,1024,88.00,15.0,20.0
base,288,500.0,2000.0,1024,88.00,25.0,33.0
lost,224,900.0,900.0,1024,50.00,9.0,20.0
giant,224,80.0,9000.0,1024,1014.45,250.0,120.0
"""


@pytest.fixture
def results(tmp_path):
    (tmp_path / "results-imagenet.csv").write_text(RESULTS)
    return tmp_path / "results-imagenet.csv"


@pytest.fixture
def benchmark(tmp_path):
    (tmp_path / "benchmark.csv").write_text(BENCHMARK)
    return tmp_path / "benchmark.csv"


def test_models_meet_their_architecture_at_their_input_size(results, benchmark):
    space, notes = read_timm_results(results, benchmark).space, read_timm_results(results, benchmark).notes
    assert dict(zip(space.names, space.costs.tolist(), strict=True)) == {
        "tiny.a_in1k": 1.0,
        "wide.a_in1k": 1.4,
        "base.a_in1k@224": 30.0,
        "base.b_in1k": 30.0,
        "base.a_in1k@288": 50.0,
        "giant.a_in1k": 500.0,
    }
    assert space.accuracies[space.index("base.a_in1k@288")] == pytest.approx(0.845)
    assert (space.family, space.cost_metric) == ("results-imagenet", "gflops")
    assert notes == ("Left out models without gflops at their input size: 'lost.a_in1k'.",)


def test_without_a_benchmark_the_cost_is_the_parameters_with_thousands_set_apart(results):
    space = read_timm_results(results).space
    assert space.cost_metric == "parameters"
    assert space.costs.max() == pytest.approx(1_014.45e6)
    assert len(space) == 7


def test_accuracy_cost_and_names_can_be_chosen(results, benchmark):
    found = read_timm_results(results, benchmark, accuracy="top5", cost="infer_macts", pattern=r"\.a_in1k").space
    assert "base.b_in1k" not in found.names
    assert found.accuracies[found.index("giant.a_in1k")] == pytest.approx(0.98)
    assert (found.costs.max(), found.cost_metric) == (120.0, "infer_macts")


def test_a_model_and_size_that_come_again_count_once_by_the_better_figure(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text(RESULTS + "tiny.a_in1k,71.000,29.000,90.000,10.000,5.00,224,0.875,bicubic\n")
    found = read_timm_results(path)
    assert found.space.accuracies[found.space.index("tiny.a_in1k")] == pytest.approx(0.71)
    assert found.notes == ("Left out 1 rows of a model and input size that come again.",)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"accuracy": "real"}, TableError, "'real' is missing"),
        ({"cost": "infer_gmacs"}, InputError, "`costs`: .* has no column 'infer_gmacs'"),
        ({"pattern": "["}, InputError, r"`filter` '\[' is no regular expression"),
        ({"pattern": "zebra"}, InputError, "`filter` 'zebra': no name in column 'model'"),
        ({"pattern": "giant"}, InputError, "1 of 1 models have a cost"),
    ],
)
def test_what_the_tables_lack_is_named(results, options, error, message):
    with pytest.raises(error, match=message):
        read_timm_results(results, **options)


def test_a_number_that_is_none_names_the_line(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text(RESULTS.replace("88.000,12.000", "eighty,12.000"))
    with pytest.raises(TableError, match=r"line 2: column 'top1' holds 'eighty'; expected a number"):
        read_timm_results(path)


def test_timms_tables_are_told_from_others(results, benchmark):
    assert is_timm_results(results)
    assert not is_timm_results(benchmark)


def test_the_envelope_is_that_of_the_pareto_states(results, benchmark, capsys):
    command(str(results), costs=benchmark, json=True)
    printed = capsys.readouterr()
    (found,) = json.loads(printed.out)["families"]
    R, A = np.array([1.0, 30, 50, 500]), np.array([0.7, 0.84, 0.845, 0.88])
    assert [state["state"] for state in found["states"]] == [
        "tiny.a_in1k", "base.a_in1k@224", "base.a_in1k@288", "giant.a_in1k",
    ]  # fmt: skip
    gains = {entry["bound"]: entry["gain"] for entry in found["bounds"]}
    assert gains["conservative"] == pytest.approx(conservative_bound(R, A).gain, rel=1e-9)
    assert gains["continuous"] == pytest.approx(continuous_bound(R, A).gain, rel=1e-9)
    assert [entry["k"] for entry in found["selection"]] == [2, 3, 4]
    assert "4 Pareto states of 6 models" in printed.err
    assert "'lost.a_in1k'" in printed.err


def test_other_tables_work_by_naming_their_columns(tmp_path, capsys):
    path = tmp_path / "leaderboard.csv"
    path.write_text("model,params,acc_norm,rank\na-1b,1.2,40.0,3\nb-7b,7,60.0,2\nc-70b,70,80.0,1\n")
    command(str(path), columns="state=model,cost=params", accuracy="acc_norm", percent=True, filter="[ac]-", json=True)
    (found,) = json.loads(capsys.readouterr().out)["families"]
    states = [(state["state"], state["cost"], state["accuracy"]) for state in found["states"]]
    assert states == [("a-1b", 1.2, 0.4), ("c-70b", 70.0, 0.8)]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"columns": "state=model"}, "`columns` and `percent` are for other tables"),
        ({"form": "xml"}, "`form` is 'xml'; tables of published numbers are auto, table, timm"),
        ({"form": "table", "cost": "top1"}, "`cost`: a table of published numbers has one cost"),
    ],
)
def test_options_of_the_other_form_are_refused(results, options, words):
    with pytest.raises(InputError) as raised:
        command(str(results), **{"form": "timm", **options})
    assert words in str(raised.value)


def test_options_of_tables_are_refused_for_folders(tmp_path):
    with pytest.raises(InputError, match="`filter` is for tables of published numbers"):
        command(str(tmp_path), filter="x")
