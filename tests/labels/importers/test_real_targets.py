from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from adaptlabels.labels import (
    ImportOptions,
    TableError,
    label_predictions,
    read_results,
    validate_folder,
    write_dataset,
)
from adaptlabels.labels.importers.imagenet_tv import imagenet_tv

PREDICTED = {"resnet18": (3, 4, 7, 1), "resnet50": (3, 5, 7, 2)}
SEEN = {"0.JPEG": [3], "1.JPEG": [4, 5], "2.JPEG": [], "3.JPEG": [9, 2]}


def write_runs(folder):
    folder.mkdir()
    for name, classes in PREDICTED.items():
        rows = [f"val/{n}.JPEG,{c}" for n, c in enumerate(classes)]
        (folder / f"{name}.csv").write_text("\n".join(["file_name,predicted_class", *rows]) + "\n")
    return folder


def test_any_of_several_right_classes_is_right_and_an_image_without_one_is_left_out(tmp_path):
    runs = write_runs(tmp_path / "runs")
    (tmp_path / "real.json").write_text(json.dumps(SEEN))
    (tmp_path / "states.csv").write_text("state,cost\nresnet18,1\nresnet50,2\n")
    options = ImportOptions(targets=tmp_path / "real.json")
    made = label_predictions(runs, tmp_path / "states.csv", options=options)
    labels = made.families[0].labels.sort("sample_id")
    assert labels["sample_id"].to_list() == ["0", "1", "3"]
    assert labels["correct"].to_list() == [[True, True], [True, True], [False, True]]
    assert labels["targets"].to_list() == [[3], [4, 5], [9, 2]]
    assert labels["target"].to_list() == [3, 4, 9]
    assert "1 of 4 samples were left out, as they have no right class in real.json." in made.info.notes
    folder = write_dataset(tmp_path / "out", made.info, made.families)
    assert [problem.file for problem in validate_folder(folder)] == ["README.md"]


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        ({"0.JPEG": [3]}, r"no classes for image '1' \(3 such images\)"),
        ({**SEEN, "1.JPEG": 4}, "'1.JPEG' has 4; expected a list of classes"),
        ({**SEEN, "1.JPEG": ["cat"]}, r"'1.JPEG' has \['cat'\]; expected a list of classes"),
        ({**SEEN, "a/1.png": [4]}, "image '1' comes more than once"),
        ({name: [] for name in SEEN}, "no image has a right class"),
        ("ours", "expected lists of classes by file name, or a list of them"),
    ],
)
def test_targets_that_are_no_lists_of_classes_are_told(tmp_path, seen, words):
    (tmp_path / "real.json").write_text(json.dumps(seen))
    with pytest.raises(TableError, match=words):
        read_results(write_runs(tmp_path / "runs"), options=ImportOptions(targets=tmp_path / "real.json"))


def test_the_packaged_answers_take_the_list_that_the_repository_publishes(tmp_path, monkeypatch):
    plain = imagenet_tv().rows.sort("sample_id", "state")
    own = plain.unique("sample_id", keep="first", maintain_order=True)["target"].to_list()
    seen = [[], [own[1], 5], [(own[2] + 1) % 1000], *([target] for target in own[3:])]
    (tmp_path / "real.json").write_text(json.dumps(seen))
    monkeypatch.chdir(tmp_path)
    found = read_results(Path("imagenet-tv"), options=ImportOptions(targets=tmp_path / "real.json"))
    rows = found.rows.sort("sample_id", "state")
    assert rows["sample_id"].n_unique() == 49_999
    assert "1 of 50000 samples were left out, as they have no right class in real.json." in found.notes
    rest = [each.filter(pl.col("sample_id") > "ILSVRC2012_val_00000003") for each in (rows, plain)]
    assert rest[0]["correct"].equals(rest[1]["correct"])
    names = [f"ILSVRC2012_val_0000000{number}" for number in (2, 3)]
    second, third = (rows.filter(pl.col("sample_id") == name) for name in names)
    assert set(second["target"]) == {own[1]}
    assert second["correct"].to_list() == second["prediction"].is_in([own[1], 5]).to_list()
    assert set(third["target"]) == {seen[2][0]}
    assert third["correct"].to_list() == (third["prediction"] == seen[2][0]).to_list()
