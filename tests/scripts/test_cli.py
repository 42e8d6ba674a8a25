"""The program as a person runs it: in a process of its own, judged by its output and exit status."""

from __future__ import annotations

import json
import subprocess
import sys

import polars as pl
import pytest
from adaptlabels.labels import DatasetFolder
from adaptlabels.scripts.cli import main

from ..labels.inputs import prediction_rows, state_rows, write_inputs
from ..program import adaptlabels


@pytest.fixture
def in_process(monkeypatch, capsys):
    """The same program in this process, which loads networks once for all tests."""

    def run(*arguments, cwd):
        monkeypatch.chdir(cwd)
        monkeypatch.setattr(sys, "argv", ["adaptlabels", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            main()
        printed = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, stopped.value.code or 0, printed.out, printed.err)

    return run


def refused(done, *words):
    """Exit status 2, nothing on standard output, one or two lines on standard error."""
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    lines = done.stderr.strip().splitlines()
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in " ".join(" ".join(lines).replace("│", " ").split()), done.stderr
    return lines


def test_label_says_which_costs_it_takes(tmp_path):
    predictions, states = write_inputs(tmp_path, states=state_rows().with_columns(parameters=pl.Series([1, 2, 3])))
    done = adaptlabels("label", predictions, tmp_path / "out", "--states", states)
    assert done.returncode == 0, done.stderr
    assert "The cost of a state is its 'cost'; known as well: parameters." in " ".join(done.stderr.split())


def test_help_names_every_command_and_loads_nothing_heavy():
    done = adaptlabels("--help")
    assert done.returncode == 0
    for command in (
        "demo",
        "families",
        "build",
        "label",
        "validate",
        "bounds",
        "evaluate",
        "explore",
        "card",
        "publish",
        "diff",
    ):
        assert command in done.stdout
    program = (
        "import sys, adaptlabels.scripts.cli; "
        "print([m for m in ('torch', 'polars', 'matplotlib', 'datasets', 'numpy', 'rich') if m in sys.modules])"
    )
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"


def test_families_lists_all_with_parameters_and_gflops():
    done = adaptlabels("families", "--json")
    assert done.returncode == 0, done.stderr
    families = {entry["family"]: entry for entry in json.loads(done.stdout)["families"]}
    assert families["llama2"]["states"][2]["parameters"] == 68_976_648_192
    assert families["vit"]["states"][0]["gflops"] == pytest.approx(2.507, abs=0.001)
    costs = [state["gflops"] for state in families["vit"]["states"]]
    assert costs == sorted(costs)
    table = adaptlabels("families")
    assert "pythia-12b" in table.stdout
    assert "meta-llama/Llama-2-70b-hf" in table.stdout


def test_families_that_ship_are_listed_without_any_neural_network_library():
    program = (
        "import sys; from adaptlabels.scripts.commands.families import run; run(None, (), as_json=True);"
        "print([m for m in ('torch', 'timm', 'transformers', 'polars') if m in sys.modules])"
    )
    listed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert listed.stdout.strip().endswith("[]")


def test_label_validate_bounds_and_card_in_a_row(tmp_path):
    predictions, states = write_inputs(tmp_path)
    out = tmp_path / "out"
    done = adaptlabels("label", predictions, out, "--states", states, "--name", "mine", "--split", "dev", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["families"][0]["samples"] == 60
    assert DatasetFolder(out).split == "dev"
    found = json.loads(adaptlabels("validate", out, "--json").stdout)
    assert found == {"folder": str(out), "ok": True, "problems": [], "notes": []}
    bounds = json.loads(adaptlabels("bounds", out, "--json", "--alpha", "0.5").stdout)["families"][0]
    assert [b["bound"] for b in bounds["bounds"]] == [
        "exact", "iso-accuracy", "conservative", "constant-alpha", "constant-alpha", "continuous",
    ]  # fmt: skip
    assert bounds["cost_metric"] == "cost"
    assert bounds["baseline"]["state"] == "huge"
    before = (out / "README.md").read_bytes()
    (out / "README.md").unlink()
    assert adaptlabels("card", out).returncode == 0
    assert (out / "README.md").read_bytes() == before


def test_labelling_again_says_what_changed(tmp_path, in_process):
    predictions, states = write_inputs(tmp_path)
    arguments = ("label", predictions, "out", "--states", states)
    assert "flipped" not in in_process(*arguments, cwd=tmp_path).stderr
    assert in_process(*arguments, cwd=tmp_path).stderr.endswith("nothing changed\n")
    rows = prediction_rows()
    rows.with_columns(prediction=pl.when(pl.col("sample_id") != "s001").then("prediction").otherwise(3)).write_csv(
        predictions
    )
    said = in_process(*arguments, cwd=tmp_path).stderr
    assert "demo: label of huge flipped on 1 sample(s) (s001: right → wrong)" in said


def test_validate_says_what_is_wrong_and_fails(tmp_path):
    predictions, states = write_inputs(tmp_path)
    assert adaptlabels("label", predictions, tmp_path / "out", "--states", states).returncode == 0
    folder = DatasetFolder(tmp_path / "out")
    folder.bounds_path.unlink()
    done = adaptlabels("validate", folder.path)
    assert done.returncode == 1
    assert "bounds/test.parquet: no such file" in done.stdout
    assert "1 check(s) failed" in done.stderr


def test_bounds_of_published_numbers(tmp_path):
    path = tmp_path / "efficientnet.csv"
    costs = [0.39, 0.70, 1.0, 1.8, 4.2, 9.9, 19, 37]
    top1 = [77.1, 79.1, 80.1, 81.6, 82.9, 83.6, 84.0, 84.3]
    rows = [f"b{i},{cost},{accuracy / 100:.3f}" for i, (cost, accuracy) in enumerate(zip(costs, top1, strict=True))]
    path.write_text("\n".join(["state,cost,accuracy", *rows]))
    done = adaptlabels("bounds", path, "--json")
    assert done.returncode == 0, done.stderr
    (family,) = json.loads(done.stdout)["families"]
    bounds = {entry["bound"]: entry for entry in family["bounds"]}
    assert (family["family"], family["samples"]) == ("efficientnet", None)
    assert set(bounds) == {"conservative", "constant-alpha", "continuous"}
    assert round(bounds["conservative"]["mean_cost"], 5) == 0.72382
    assert round(bounds["conservative"]["gain"], 3) == 51.118
    assert bounds["conservative"]["gain_low"] is None
    assert "51.12" in adaptlabels("bounds", path).stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["build", "cifar", "OUT"], "no dataset 'cifar'; there are imagenet, imagenet-real"),
        (["build", "digits", "OUT", "--family", "vitt"], "--family 'vitt': no such family"),
        (["build", "digits", "OUT", "--family", "pythia"], "family 'pythia' is run by 'language'"),
        (["build", "digits", "OUT", "--state", "vit-mini-9"], "--state 'vit-mini-9': no such state"),
        (["build", "digits", "OUT", "--state", "vit-mini-12x1"], "name at least two states"),
        (["build", "digits", "OUT", "--batch-size", "0"], "--batch-size '0'"),
        (["build", "digits", "OUT", "--batch-size", "many"], "--batch-size 'many'"),
        (["build", "digits", "OUT", "--limit", "0"], "at least one sample"),
        (["build", "digits", "OUT", "--limit", "x"], "Invalid value for '--limit'"),
        (["build", "digits", "OUT", "--dtype", "int8"], "Invalid value for '--dtype'"),
        (["build", "digits", "OUT", "--weights", "none"], "Invalid value for '--weights'"),
        (["build", "digits", "OUT", "--device", "abacus"], "--device 'abacus'"),
        (["build", "digits", "OUT", "--colour", "red"], "--colour"),
        (["build", "imagenet", "OUT", "--source", "imagefolder:none"], "imagefolder:none: no such folder"),
        (["build", "imagenet", "OUT", "--source", "tape:x"], "--source 'tape:x'"),
        (["build", "hellaswag", "OUT", "--source", "jsonl:none"], "jsonl:none: no such file"),
        (["build", "digits", "OUT", "--families", "none.toml"], "none.toml: cannot be read"),
        (["build", "digits"], "issing argument"),
        (["validate", "OUT"], "OUT: no such dataset folder"),
        (["card", "OUT"], "OUT: no such dataset folder"),
        (["bounds", "OUT"], "OUT: no such dataset folder"),
        (["families", "--family", "x"], "--family 'x': no such family"),
        (["label", "none.csv", "OUT", "--states", "none.csv"], "none.csv: no such file"),
    ],
)  # fmt: skip
def test_bad_input_is_one_clear_error_and_leaves_nothing(tmp_path, in_process, arguments, words):
    refused(in_process(*arguments, cwd=tmp_path), words)
    assert list(tmp_path.iterdir()) == []


def test_an_output_that_holds_something_else_is_refused(tmp_path, demo, in_process):
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "todo.txt").write_text("x")
    refused(in_process("build", "digits", tmp_path / "notes", "--limit", 5, cwd=tmp_path), "holds something else")
    assert [file.name for file in (tmp_path / "notes").iterdir()] == ["todo.txt"]
    refused(in_process("build", "digits", "notes/todo.txt", cwd=tmp_path), "is a file")
    refused(in_process("build", "stories", demo / "digits", cwd=tmp_path), "holds digits (test), not stories (test)")


def test_an_image_that_is_no_image_stops_the_build_by_name(tmp_path, in_process):
    (tmp_path / "digits" / "3").mkdir(parents=True)
    (tmp_path / "digits" / "3" / "a.png").write_bytes(b"no image")
    done = in_process(
        "build", "digits", tmp_path / "out", "--source", f"imagefolder:{tmp_path / 'digits'}", "--family", "vit-mini",
        "--weights", "random", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 2
    assert "a.png: cannot be decoded as an image" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out" / "states").exists()


def test_a_predictions_table_that_lacks_a_sample_leaves_nothing(tmp_path):
    predictions, states = write_inputs(tmp_path, prediction_rows().slice(1))
    done = adaptlabels("label", predictions, tmp_path / "out", "--states", states)
    refused(
        done,
        "state 'tiny' has no answer for sample 's000' (1 in all); --missing 'drop-samples' leaves out 1 of 60 samples,"
        " 'drop-states' 1 of 3 states",
    )
    assert not (tmp_path / "out").exists()


def test_places_that_cannot_hold_a_folder_are_refused(tmp_path, in_process):
    predictions, states = write_inputs(tmp_path)
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    for out in (predictions / "x", predictions / "x" / "y", tmp_path / "dangling"):
        done = in_process("label", predictions, out, "--states", states, cwd=tmp_path)
        refused(done, "is a file; choose another folder")
    before = sorted(file.name for file in tmp_path.iterdir())
    done = adaptlabels("label", predictions, tmp_path / "o", "--states", states, "--split", "../../x")
    refused(done, "'../../x'")
    assert sorted(file.name for file in tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ('architecture = "resnett50"\nsource = "o/a"', "timm cannot make 'resnett50'"),
        ('architecture = "hf-hub:o/a"\nsource = "o/a"', "is not a timm model name"),
        ('architecture = "resnet18"\nsource = "local:/nonexistent"', "expected a folder with config.json"),
        ('arch = "resnet18"\nsource = "o/a"', "state 'a'.architecture: Field required"),
    ],
)
def test_families_of_a_users_file_that_cannot_be_made_are_named(tmp_path, in_process, state, words):
    good = '[[states]]\nname = "b"\narchitecture = "resnet18"\nsource = "o/b"\n'
    text = f'name = "mine"\nrunner = "vision"\ndataset = "imagenet"\n[[states]]\nname = "a"\n{state}\n{good}'
    (tmp_path / "f.toml").write_text(text)
    refused(in_process("families", "--families", "f.toml", "--family", "mine", cwd=tmp_path), words)


def test_the_version_is_the_packages(capsys):
    from importlib.metadata import version

    assert adaptlabels("--version").stdout.strip() == version("adaptlabels")


def test_debug_shows_the_traceback(tmp_path):
    done = adaptlabels("--debug", "validate", tmp_path)
    assert done.returncode == 1
    assert "Traceback" in done.stderr


def test_a_states_column_that_holds_no_number_is_named(tmp_path, in_process):
    predictions, states = write_inputs(tmp_path)
    states.write_text("state,cost,reference_accuracy\ntiny,1,84.3%\nbase,3,0.9\nhuge,10,0.9\n")
    done = in_process("label", predictions, "out", "--states", states, cwd=tmp_path)
    refused(done, "column 'reference_accuracy' holds '84.3%'; expected Float64")
    assert not (tmp_path / "out").exists()


def test_names_with_dashes_validate(tmp_path):
    predictions, states = write_inputs(tmp_path)
    done = adaptlabels("label", predictions, tmp_path / "out", "--states", states, "--name", "run---2")
    assert done.returncode == 0, done.stderr
    done = adaptlabels("validate", tmp_path / "out")
    assert (done.returncode, "all checks passed" in done.stdout) == (0, True), done.stdout
