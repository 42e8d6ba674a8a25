"""`adaptlabels evaluate` as a person runs it."""

from __future__ import annotations

import json
import subprocess
import sys

import polars as pl
import pytest
from adaptlabels.labels import evaluate
from adaptlabels.labels.folds import fold_of
from adaptlabels.scripts.cli import main
from PIL import Image

from ..labels.inputs import STATES, agents_folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return agents_folder(tmp_path_factory.mktemp("evaluate"))


@pytest.fixture(scope="module")
def choices(folder, tmp_path_factory):
    """A dial of two settings, for the judged samples alone."""
    ids = folder.labels("demo")["sample_id"]
    judged = ids.filter(pl.Series(fold_of(ids.to_list()) >= 5))
    tables = [
        pl.DataFrame({"sample_id": judged, "state": [STATES[(i + s) % 3] for i in range(len(judged))]}).with_columns(
            agent=pl.lit("turns"), setting=pl.lit(float(s))
        )
        for s in (0, 1)
    ]
    path = tmp_path_factory.mktemp("choices") / "turns.csv"
    pl.concat(tables).write_csv(path)
    return path


@pytest.fixture
def adaptlabels(monkeypatch, capsys):
    """The program without the seconds that a new process takes to load its libraries."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["adaptlabels", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            main()
        printed = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, stopped.value.code or 0, printed.out, printed.err)

    return run


def test_json_is_what_python_says(adaptlabels, folder, choices):
    done = adaptlabels("evaluate", folder.path, choices, "--json", "--bootstrap", "50")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == json.loads(json.dumps(evaluate(folder, choices, replicates=50).to_json()))


def test_the_table_says_on_which_samples_it_rests(adaptlabels, folder, choices):
    done = adaptlabels("evaluate", folder.path, choices, "--by", "category", "--against", choices, "--bootstrap", "20")
    assert done.returncode == 0, done.stderr
    n = len(pl.read_csv(choices)) // 2
    for words in (
        f"demo: judged on {n} samples of folds 5, 6, 7, 8, 9",
        "over all settings",
        "paired differences",
        "quality of confidence",
        "accuracy at equal cost; cost at equal accuracy",
        "g1: ",
        "router",
        "oracle",
    ):
        assert words in done.stdout, done.stdout


def test_options_reach_the_library(adaptlabels, folder, choices, tmp_path):
    few = tmp_path / "few.csv"
    pl.read_csv(choices).filter(pl.col("setting") == 0).head(40).write_csv(few)
    done = adaptlabels("evaluate", folder.path, few)
    assert (done.returncode, done.stdout) == (2, "")
    assert "judge on fewer with --subset" in done.stderr
    done = adaptlabels("evaluate", folder.path, few, "--subset", "--json", "--no-agents", "--bootstrap", "0")
    found = json.loads(done.stdout)
    assert (found["samples"], found["subset"]) == (40, True)
    assert {agent["kind"] for agent in found["agents"]} == {"given", "single", "oracle"}
    text = adaptlabels("evaluate", folder.path, few, "--subset", "--no-agents", "--bootstrap", "0").stdout
    assert "(a subset: " in text
    assert "where turns over- and underspends" in text
    done = adaptlabels("evaluate", folder.path, few, "--subset", "--folds", "5,7-9", "--json", "--no-agents")
    assert json.loads(done.stdout)["folds"] == [5, 7, 8, 9]


def test_scores_with_prices(adaptlabels, folder, tmp_path):
    ids = folder.labels("demo")["sample_id"]
    scores = pl.DataFrame({"sample_id": ids, "tiny": 0.5, "base": 0.6, "huge": 0.8})
    scores.write_parquet(tmp_path / "scores.parquet")
    done = adaptlabels(
        "evaluate", folder.path, tmp_path / "scores.parquet", "--utilities", "--price", "0", "--price", "0.1",
        "--folds", "all", "--json",
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert [(agent["setting"], agent["mean_cost"]) for agent in found["agents"][:2]] == [(0, 10), (0.1, 1)]
    assert found["folds"] == list(range(10))


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_plots_are_written_and_the_same_each_time(adaptlabels, folder, choices, tmp_path, suffix):
    paths = [tmp_path / f"{name}{suffix}" for name in "ab"]
    for path in paths:
        done = adaptlabels("evaluate", folder.path, choices, "--plot", path, "--bootstrap", "0")
        assert done.returncode == 0, done.stderr
        assert f"plot: {path}" in " ".join(done.stderr.split()).replace(" /", "/").replace("plot:/", "plot: /")
    assert paths[0].read_bytes() == paths[1].read_bytes()
    if suffix == ".png":
        with Image.open(paths[0]) as image:
            assert image.size[0] > 800


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--folds", "x"), "--folds is 'x': expected folds such as 5-9 or 5,7, or all"),
        (("--folds", "8-12"), "--folds: expected numbers from 0 to 9"),
        (("--plot", "x.bmp"), "--plot is x.bmp: expected a name that ends in"),
        (("--by", "colour"), "--by: the labels have no column 'colour'"),
        (("--family", "other"), "no family 'other'"),
        (("--cost", "gold"), "cost metric 'gold'"),
        (("--utilities",), "leave column 'setting' out: with --utilities the settings are --price"),
    ],
)
def test_wrong_options_are_named_in_one_line(adaptlabels, folder, choices, arguments, words):
    done = adaptlabels("evaluate", folder.path, choices, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
