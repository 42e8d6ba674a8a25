from __future__ import annotations

import re
import shlex
from pathlib import Path

import polars as pl
import pytest
import yaml
from adaptlabels.cards.card import write_card
from adaptlabels.cards.markdown import escape, markdown_table
from adaptlabels.cards.sections import column_table, states_table
from adaptlabels.labels import DatasetFolder
from adaptlabels.labels.tables.schemas import LABELS
from adaptlabels.scripts.cli import main
from adaptlabels.scripts.commands.label import run
from datasets import ClassLabel, get_dataset_config_names, load_dataset
from PIL import Image

from ..labels.inputs import prediction_rows, state_rows, write_inputs


@pytest.mark.parametrize("name", ["digits", "stories"])
def test_every_config_loads_with_class_labels_and_the_right_rows(demo, name, tmp_path):
    folder = DatasetFolder(demo / name)
    configs = get_dataset_config_names(str(folder.path))
    families = folder.families
    others = ["states", "bounds"] + ["classes"] * (name == "digits")
    assert sorted(configs) == sorted([*families, *(f"{f}-predictions" for f in families), *others])
    for config in configs:
        rows = load_dataset(str(folder.path), config, split="test", cache_dir=str(tmp_path))
        if config in families:
            assert rows.num_rows == len(folder.labels(config))
            assert isinstance(rows.features["target"], ClassLabel)
            states = folder.family_states(config)["state"].to_list()
            assert rows.features["oracle_state"].names == states
            assert rows.features["cheapest_right"].names == [*states, "none"]
            assert rows.features["n_correct"].names == [str(count) for count in range(len(states) + 1)]
            assert rows[0]["sample_id"] == folder.labels(config)["sample_id"][0]
            assert rows[0]["correct"] == folder.labels(config)["correct"][0].to_list()
        if config.endswith("-predictions"):
            assert isinstance(rows.features["state"], ClassLabel)
            assert rows.features["prediction"].dtype == "int16"
        if config == "classes":
            assert rows.to_list()[3] == {"index": 3, "id": "3", "name": "3"}


def test_the_card_says_which_samples_and_states_were_left_out(tmp_path):
    rows = prediction_rows().filter((pl.col("sample_id") != "s007") | (pl.col("state") != "tiny"))
    predictions, states = write_inputs(tmp_path, rows)
    for missing, words in (
        ("drop-samples", "- 1 of 60 samples were left out, as some state did not answer them."),
        ("drop-states", "- 1 of 3 states were left out, as they did not answer every sample: 'tiny'."),
    ):
        run(predictions, tmp_path / missing, states, missing=missing, as_json=True)
        assert f"{words}\n" in (tmp_path / missing / "README.md").read_text()


def test_names_of_any_length_and_script_are_drawn_without_a_warning(tmp_path, recwarn):
    names = {"tiny": "org/模型 7b:v1", "huge": 300 * "x"}
    rows, states = (frame.with_columns(pl.col("state").replace(names)) for frame in (prediction_rows(), state_rows()))
    predictions, known = write_inputs(tmp_path, rows, states)
    run(predictions, tmp_path / "out", known, as_json=True)
    assert [str(warning.message) for warning in recwarn if issubclass(warning.category, UserWarning)] == []


def test_streaming_loads_the_same_rows(demo):
    rows = load_dataset(str(demo / "digits"), "vit-mini", split="test", streaming=True)
    assert next(iter(rows))["sample_id"] == DatasetFolder(demo / "digits").labels("vit-mini")["sample_id"][0]


def test_the_lines_of_the_card_run(demo, monkeypatch, capsys):
    text = (demo / "stories" / "README.md").read_text()
    load, join = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    monkeypatch.chdir(demo)
    exec(compile(load, "card", "exec"), {})
    assert "test-0 [" in capsys.readouterr().out
    exec(compile(join, "card", "exec"), {})
    assert "'choices'" in capsys.readouterr().out


@pytest.fixture(params=["digits", "stories", "label"])
def folder(request, demo, labelled):
    """A folder of a `demo`, or of `label`."""
    return DatasetFolder(labelled / "out" if request.param == "label" else demo / request.param)


def check_queries(folder):
    """Run the queries of a card where its files are, and compare what they find with the tables."""
    duckdb = pytest.importorskip("duckdb")
    (block,) = re.findall(r"```sql\n(.*?)```", (folder.path / "README.md").read_text(), re.DOTALL)
    small_wrong, patterns, lost, oracle, sure = (
        duckdb.sql(query).pl() for query in block.split(";\n") if query.strip()
    )
    family = folder.families[0]
    correct, labels = folder.correct(family), folder.labels(family)
    assert len(small_wrong) == (~correct[:, 0] & correct[:, -1]).sum()
    assert patterns["samples"].sum() == len(correct)
    taken = dict(enumerate(folder.family_states(family)["state"]))
    counts = labels["oracle_state"].replace_strict(taken, return_dtype=pl.String).value_counts()
    assert dict(oracle.rows()) == dict(counts.rows())
    assert len(lost) == (correct.any(axis=1) & ~correct[:, -1]).sum()
    assert sure["confidence"].is_sorted(descending=True)
    assert set(sure["state"]) <= set(taken.values())


def test_the_code_of_the_card_loads_the_labels(folder, monkeypatch, capsys):
    load, *_ = re.findall(r"```python\n(.*?)```", (folder.path / "README.md").read_text(), re.DOTALL)
    monkeypatch.chdir(folder.path.parent)
    capsys.readouterr()
    exec(compile(load, "card", "exec"), {})
    assert capsys.readouterr().out.startswith(folder.labels(folder.families[0])["sample_id"][0])


def test_the_queries_of_the_card_run_and_find_what_they_say(folder, monkeypatch):
    monkeypatch.chdir(folder.path)
    check_queries(folder)


def test_small_costs_are_said_to_be_rounded_by_the_viewer(tmp_path):
    from adaptlabels.cards.sections import cost_unit
    from adaptlabels.labels import label_predictions

    def said(factor):
        made = label_predictions(*write_inputs(tmp_path, states=state_rows().with_columns(pl.col("cost") * factor)))
        return "five decimals" in cost_unit(made.families[0].states)

    assert [said(1), said(1e-6)] == [False, True]


def test_the_yaml_declares_every_file_that_is_there(demo):
    text = (demo / "digits" / "README.md").read_text()
    declared = yaml.safe_load(text.split("---")[1])
    files = {entry["path"] for config in declared["configs"] for entry in config["data_files"]}
    there = {str(file.relative_to(demo / "digits")) for file in (demo / "digits").glob("*/**/*.parquet")}
    assert files == {file for file in there if not file.startswith(".")}
    assert [c["config_name"] for c in declared["configs"] if c.get("default")] == ["vit-mini"]
    assert declared["license"] == "cc-by-4.0"


def test_plots_are_images_and_the_card_shows_them(demo):
    for file in (demo / "digits" / "assets").glob("*.png"):
        with Image.open(file) as image:
            assert min(image.size) > 300
        assert f"](assets/{file.name})" in (demo / "digits" / "README.md").read_text()


def test_the_card_is_the_same_every_time(demo):
    folder = DatasetFolder(demo / "digits")
    before = {file: file.read_bytes() for file in (demo / "digits" / "assets").iterdir()}
    text = (demo / "digits" / "README.md").read_text()
    write_card(folder)
    assert (demo / "digits" / "README.md").read_text() == text
    assert {file: file.read_bytes() for file in before} == before


def test_names_from_data_stay_text(tmp_path):
    evil = "a|b`<img src=x>[c](d)"
    rows = prediction_rows().with_columns(state=prediction_rows()["state"].replace("tiny", evil))
    states = state_rows().with_columns(state=state_rows()["state"].replace("tiny", evil))
    predictions, costs = write_inputs(tmp_path, rows, states)
    run(predictions, tmp_path / "out", costs, form="table", families=None, name="<script>", split="test", as_json=True)
    body = (tmp_path / "out" / "README.md").read_text().split("---", 2)[2]
    assert "<img" not in body
    assert "<script>" not in body
    assert escape(evil) in body


def test_column_tables_come_from_the_schema():
    text = column_table("labels", list(LABELS.columns))
    assert text.count("\n") == len(LABELS.columns) + 1
    assert "| `oracle_state` | class label |" in text


def test_states_without_gflops_show_their_cost(tmp_path):
    predictions, costs = write_inputs(tmp_path)
    run(predictions, tmp_path / "out", costs, form="table", families=None, name=None, split="test", as_json=True)
    text = states_table(DatasetFolder(tmp_path / "out").states)
    assert text.splitlines()[0].startswith("| state | cost | accuracy |")
    assert "\n| huge | 10 |" in text


def test_the_card_leads_with_the_finding(demo):
    from adaptlabels.labels import report_folder

    folder = DatasetFolder(demo / "digits")
    body = (folder.path / "README.md").read_text().split("\n# ", 1)[1]
    bound = report_folder(folder, "vit-mini").find("exact")
    said = body.index(f"an ideal agent needs {bound.bound.gain:.3g}x less compute than vit-mini-64x4 (95 %:")
    assert said < body.index("![") < body.index("## What the numbers are not") < body.index("## Load")
    assert "is right on 99.9 % instead of 99.2 %" in body
    assert "Source: samples that ship with adaptlabels." in body
    assert "Some networks are miniatures that were trained on the spot" in body
    assert "dR/dalpha" not in body
    assert "huggingface.co/datasets" not in body  # it is not published


def test_tables_of_states_are_narrow_right_aligned_and_lead_to_the_weights():
    columns = {"state": "b0", "source": "org/b0", "revision": "a" * 40, "parameters": 5_288_548, "gflops": 2e-4}
    figures = {"accuracy": 0.7, "reference_accuracy": 0.77, "alpha": 1.0, "oracle_share": 0.5}
    head, line, row = states_table(pl.DataFrame({**columns, **figures}), comparable=False).splitlines()
    assert head == "| state | parameters | MFLOPs | accuracy | published, not comparable | alpha | oracle takes |"
    assert line == "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    assert row.startswith(f"| [b0](https://huggingface.co/org/b0/tree/{'a' * 40}) | 5.29 M | 0.2 | 70.0 % | 77.0 % |")


def test_the_command_of_the_card_makes_the_same_labels(tmp_path, monkeypatch):
    from adaptlabels.builders import backbones, build

    rooms = Path(backbones.__file__).parent
    table = (rooms / "tables" / "vit-mini.toml").read_text().replace('name = "vit-mini"', 'name = "mine"', 1)
    weights = rooms.parent / "miniature" / "weights" / "vit-mini"
    own = re.sub(r'(name = "(vit-mini-.*)"\n.*\n)recipe = .*', rf'\1source = "local:{weights}/\2"', table)
    (tmp_path / "mine.toml").write_text(own)
    monkeypatch.chdir(tmp_path)
    first = build(
        "digits", "out", families=["mine"], families_file=Path("mine.toml"), limit=12,
        states=["vit-mini-12x1", "vit-mini-16x1"],
        source="embedded", card=write_card,
    )  # fmt: skip
    (command,) = re.findall(r"^    (adaptlabels build .*)$", (first.path / "README.md").read_text(), re.MULTILINE)
    for option in ("--source embedded", "--families mine.toml", "--family mine", "--state vit-mini-12x1", "--limit 12"):
        assert option in command
    monkeypatch.setattr("sys.argv", shlex.split(command))
    with pytest.raises(SystemExit) as stopped:
        main()
    assert not stopped.value.code
    assert DatasetFolder("labels").labels("mine").equals(first.labels("mine"))
    monkeypatch.chdir("out")
    check_queries(DatasetFolder(tmp_path / "out"))
    monkeypatch.chdir(tmp_path)
    assert DatasetFolder("labels").info == first.info


def test_a_part_of_a_split_is_not_compared_with_published_accuracies(tmp_path, capsys):
    from dataclasses import replace

    from adaptlabels.labels import label_predictions, write_dataset
    from adaptlabels.scripts.commands.validate import run as validate

    states = state_rows().with_columns(accuracy=pl.Series([0.5, 0.7, 0.9]))
    made = label_predictions(*write_inputs(tmp_path, states=states.rename({"accuracy": "reference_accuracy"})))
    folder = write_dataset(tmp_path / "out", replace(made.info, full_size=50_000), made.families, card=write_card)
    said = "60 of 50,000 samples: accuracies are not comparable with the published ones"
    text = (folder.path / "README.md").read_text()
    assert f"- {said}." in text
    assert "| published, not comparable |" in text
    capsys.readouterr()
    validate(str(folder.path), as_json=False)
    assert f"note: {said}" in capsys.readouterr().out


def test_licences_and_tags_are_those_that_the_hub_knows(demo, tmp_path):
    from dataclasses import replace

    from adaptlabels.cards.header import card_data
    from adaptlabels.labels import label_predictions, write_dataset

    made = label_predictions(*write_inputs(tmp_path))
    info = replace(made.info, licence="other", homepage="https://example.org/terms")
    data = card_data(write_dataset(tmp_path / "out", info, made.families)).to_dict()
    assert (data["license"], data["license_name"], data["license_link"]) == (
        "other", "demo-terms", "https://example.org/terms",
    )  # fmt: skip
    assert data["annotations_creators"] == ["machine-generated"]
    assert {"benchmark", "model-routing"} <= set(data["tags"])


def test_agents_on_the_board_are_linked():
    from adaptlabels.cards.sections import board_table

    columns = ("family", "agent", "setting", "accuracy", "mean_cost", "gain", "share_of_saving", "agreement", "url")
    row = ("f", "a*b", None, 0.5, 1.0, 2.0, -0.1, 0.5, "https://example.org")
    text = board_table(pl.DataFrame([row], schema=columns, orient="row"))
    assert "| [a&#42;b](https://example.org) |" in text
    assert "| -10.0 % |" in text


def test_numbers_and_gaps_in_tables():
    assert markdown_table(["a", "b", "c"], [[1234, 0.123456, None]]).splitlines()[-1] == "| 1,234 | 0.1235 | – |"
