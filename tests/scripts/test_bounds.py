"""`adaptlabels bounds` with all of its options, on folders, tables and a Hub on loopback."""

from __future__ import annotations

import json

import pytest
from adaptlabels.labels import InputError
from adaptlabels.scripts.commands.bounds import command
from adaptlabels.scripts.commands.label import run
from PIL import Image

from ..hub import Hub, online, running
from ..labels.inputs import two_families, write_inputs
from ..program import adaptlabels

EFFICIENTNET = """state,cost,accuracy
b0,0.39,0.771
b1,0.70,0.791
b2,1.0,0.801
b3,1.8,0.816
b4,4.2,0.829
b5,9.9,0.836
b6,19,0.840
b7,37,0.843
"""


def families(*arguments, environment=None):
    done = adaptlabels("bounds", *arguments, "--json", environment=environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["families"]


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    path = tmp_path_factory.mktemp("published") / "efficientnet.csv"
    path.write_text(EFFICIENTNET)
    return path


def test_overhead_select_and_alpha(published):
    (found,) = families(published, "--overhead", "1", "0.5", "--select", "3", "--alpha", "0.5", "--alpha", "0.2")
    conservative = found["bounds"][0]
    assert conservative["overhead"]["mean_cost"] == pytest.approx(1.5 * conservative["mean_cost"] + 1)
    assert conservative["overhead"]["break_even_b0"] == pytest.approx(37 - 1.5 * conservative["mean_cost"])
    assert [s["states"] for s in found["selection"]] == [["b0", "b4", "b7"]]
    assert [b["alpha"] for b in found["bounds"] if b["bound"] == "constant-alpha"] == [1.0, 0.5, 0.2]
    text = adaptlabels("bounds", published, "--overhead", "1", "0.5")
    assert "break-even b0" in text.stdout
    assert "6 states keep 90% of the gain" in text.stdout


def test_pareto_leaves_dominated_states_out(tmp_path):
    path = tmp_path / "f.csv"
    path.write_text("state,cost,accuracy\na,1,0.5\nb,2,0.4\nc,3,0.8\nd,30,0.95\n")
    (found,) = families(path)
    assert any("accuracy falls at b" in warning for warning in found["warnings"])
    (found,) = families(path, "--pareto")
    assert [state["state"] for state in found["states"]] == ["a", "c", "d"]
    assert found["warnings"] == []


def test_a_form_that_does_not_hold_leaves_the_others(tmp_path):
    path = tmp_path / "f.csv"
    path.write_text("state,cost,accuracy\na,1,0.1\nb,100,0.9\nc,101,0\n")
    (found,) = families(path, "--overhead", "0", "0")
    first = found["bounds"][0]
    assert (first["gain"], first["overhead"]["gain"]) == (None, None)


def test_a_plot_that_cannot_be_written_is_named(published, tmp_path):
    (tmp_path / "d.png").mkdir()
    for target in (tmp_path / "d.png", published / "x.png"):
        done = adaptlabels("bounds", published, "--plot", target)
        assert done.returncode == 2
        assert "cannot be written" in done.stderr


def test_several_families_in_a_table(tmp_path):
    path = tmp_path / "f.csv"
    path.write_text("state,cost,accuracy,family\na,1,0.5,x\nb,2,0.7,x\na,1,0.5,y\nb,9,0.9,y\n")
    assert [found["family"] for found in families(path)] == ["x", "y"]
    assert [found["family"] for found in families(path, "--family", "y")] == ["y"]
    plot = tmp_path / "p.png"
    assert adaptlabels("bounds", path, "--plot", plot).returncode == 0
    assert sorted(file.name for file in tmp_path.glob("*.png")) == [
        "p-x-growing.png", "p-x-selection.png", "p-x.png", "p-y-growing.png", "p-y-selection.png", "p-y.png",
    ]  # fmt: skip


def test_a_folder_by_other_costs_and_without_intervals(demo):
    (found,) = families(
        demo / "digits", "--family", "vit-mini", "--cost", "parameters", "--bootstrap", "0", "--no-agents"
    )
    assert found["cost_metric"] == "parameters"
    assert found["baseline"]["cost"] == 204_234
    assert found["bounds"][0]["gain_low"] is None
    assert found["agents"] == []


def test_plots_come_as_png_svg_and_pdf(published, tmp_path):
    for suffix, begins in ((".png", b"\x89PNG"), (".svg", b"<?xml"), (".pdf", b"%PDF")):
        command(str(published), plot=tmp_path / f"c{suffix}")
        assert (tmp_path / f"c{suffix}").read_bytes().startswith(begins)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--family", "x"], "'x' is unknown; "),
        (["--cost", "gflops"], "has one cost; leave it out"),
        (["--select", "9"], "family 'efficientnet' has 8 states; choose 2 to 8"),
        (["--alpha", "2"], "2 is not between 0 and 1"),
        (["--overhead", "-1", "0"], "b0 is -1"),
        (["--plot", "x.bmp"], "x.bmp: expected a name that ends in .png, .svg, .pdf"),
        (["--bootstrap", "-1"], "Invalid value for '--bootstrap'"),
        (["--bootstrap", "x"], "Invalid value for '--bootstrap'"),
    ],
)
def test_wrong_options_are_refused(published, arguments, words):
    done = adaptlabels("bounds", published, *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert words in " ".join(done.stderr.replace("│", " ").split())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("state,cost\na,1\nb,2\n", "column 'accuracy' is missing"),
        ("state,cost,accuracy\na,1,0.5\n", "at least two states"),
        ("state,cost,accuracy\n", "has no rows"),
        (
            "state,cost,accuracy\na,1,50\nb,2,60\n",
            "line 2, line 3: expected a fraction from 0 to 1 (or say --percent), found",
        ),
        ("state,cost,accuracy\na,0,0.5\nb,2,0.6\n", "column 'cost', line 2: expected a number above 0"),
        ("state,cost,accuracy\na,x,0.5\nb,2,0.6\n", "line 2: column 'cost' holds 'x'; expected a number"),
        ("state,cost,accuracy\na,1,0.5\na,2,0.6\n", "state 'a' is given twice"),
    ],
)
def test_wrong_tables_are_refused(tmp_path, text, words):
    (tmp_path / "f.csv").write_text(text)
    done = adaptlabels("bounds", tmp_path / "f.csv")
    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 2


def test_a_pareto_space_of_one_state_is_refused(tmp_path):
    (tmp_path / "f.csv").write_text("state,cost,accuracy\na,1,0.9\nb,2,0.6\n")
    done = adaptlabels("bounds", tmp_path / "f.csv", "--pareto")
    assert done.returncode == 2
    assert "'a' dominates all other states" in done.stderr


def test_a_hub_dataset_reads_like_a_folder(tmp_path):
    predictions, states = write_inputs(tmp_path)
    assert adaptlabels("label", predictions, tmp_path / "out", "--states", states).returncode == 0
    hub = Hub()
    hub.add("org/labels", tmp_path / "out", "v1.2.0")
    hub.gated.add("org/secret")
    with running(hub):
        environment = online(hub, tmp_path / "hf")
        local = families(tmp_path / "out")
        assert families("hub:org/labels@v1.2.0", environment=environment) == local
        assert families("hub:org/labels", environment=environment) == local
        assert "all checks passed" in adaptlabels("validate", "hub:org/labels@v1.2.0", environment=environment).stdout
        for name, words in (
            ("hub:org/labels@v9.9.9", "org/labels has no such revision"),
            ("hub:org/none", "org/none is not on the Hub"),
            ("hub:org/secret", "org/secret is gated: accept its licence"),
            ("hub:labels", "is not a Hub repository name"),
        ):
            done = adaptlabels("bounds", name, environment=environment)
            assert (done.returncode, words in done.stderr) == (2, True), done.stderr
    done = adaptlabels("bounds", "hub:org/other", environment=environment)
    assert done.returncode == 1
    assert "cannot be fetched from the Hub" in done.stderr


def test_bounds_by_each_samples_own_costs(demo):
    (mean,) = families(demo / "stories", "--family", "neox-mini")
    (own,) = families(demo / "stories", "--family", "neox-mini", "--sample-costs")
    assert (mean["sample_costs"], own["sample_costs"]) == (False, True)
    assert own["baseline"]["cost"] == mean["baseline"]["cost"]
    for one, two in zip(own["bounds"][:2], mean["bounds"][:2], strict=True):
        assert one["accuracy"] == two["accuracy"]
        assert one["gain"] != two["gain"]
        assert one["gain"] == pytest.approx(two["gain"], rel=0.1)
        assert one["gain_low"] < one["gain"] < one["gain_high"]
    assert own["bounds"][2:] == mean["bounds"][2:]
    done = adaptlabels("bounds", demo / "digits", "--sample-costs")
    assert (done.returncode, "samples have no 'gflops' of their own" in done.stderr) == (2, True), done.stderr
    done = adaptlabels("bounds", demo / "stories", "--sample-costs", "--cost", "parameters")
    assert (done.returncode, "no 'parameters'" in done.stderr) == (2, True), done.stderr


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """A dataset folder of two families."""
    return str(two_families(tmp_path_factory.mktemp("two")).path)


def in_process(capsys, where, **options):
    """The families that the command prints as JSON, without a process of its own."""
    command(str(where), json=True, **options)
    return json.loads(capsys.readouterr().out)["families"]


def test_a_pool_follows_its_families_and_select_is_of_the_pool(two, capsys):
    found = in_process(capsys, two, pool=True, replicates=20)
    assert [family["family"] for family in found] == ["small", "large", "small+large"]
    pool = found[-1]
    assert [state["state"] for state in pool["states"]] == ["small:tiny", "large:middle", "small:base", "large:giant"]
    assert pool["left_out"] == {}
    assert pool["samples"] == 80
    assert pool["bounds"][0]["gain_low"] <= pool["bounds"][0]["gain"] <= pool["bounds"][0]["gain_high"]
    selected = in_process(capsys, two, pool=True, replicates=0, select=3)
    assert [[entry["k"] for entry in family["selection"]] for family in selected] == [[2], [2], [3]]
    (first, *_), (again, *_) = found, in_process(capsys, two, replicates=20)
    assert first == again


def test_published_families_are_pooled_too(tmp_path, capsys):
    path = tmp_path / "f.csv"
    path.write_text("state,cost,accuracy,family\na,1,0.5,x\nb,4,0.7,x\na,2,0.6,y\nb,9,0.9,y\n")
    pool = in_process(capsys, path, pool=True)[-1]
    assert [state["state"] for state in pool["states"]] == ["x:a", "y:a", "x:b", "y:b"]
    assert pool["bounds"][0]["mean_cost"] == pytest.approx(1 * 0.6 + 2 * 0.1 + 4 * 0.1 + 9 * 0.2)


def test_parts_and_clusters_are_named_in_json_and_shown_as_text(two, capsys):
    (found, _) = in_process(capsys, two, by="target", cluster="target", replicates=20)
    assert (found["by"], found["cluster"]) == ("target", "target")
    assert sorted(part["value"] for part in found["parts"]) == ["0", "1", "2", "3"]
    assert {part["exact_gain_low"] for part in found["parts"]} == {None}  # each part is a cluster
    command(two, by="target", cluster="target", pool=True, replicates=20)
    text = capsys.readouterr().out
    for words in (
        "small, 80 samples, intervals by target",
        "by target, the least adaptive first",
        "one state per target has ",
        "which states err together",
        "what to add to base, by exact gain: tiny ",
        "small+large, 80 samples",
    ):
        assert words in text


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"pool": True, "families": ["small"]}, "'small' is the only family that is taken; a pool needs two"),
        ({"pool": True, "sample_costs": True}, "`sample_costs`: a pool takes the states' mean costs"),
        ({"by": "x"}, "`by`: the labels of family 'small' have no column 'x'"),
    ],
)
def test_wrong_pools_and_columns_are_refused(two, options, words):
    with pytest.raises(InputError) as raised:
        command(two, **options)
    assert words in str(raised.value)


@pytest.mark.parametrize("option", ["by", "cluster"])
def test_published_numbers_have_no_parts(published, option):
    with pytest.raises(InputError, match=f"`{option}`: a table of published numbers has no samples"):
        command(str(published), **{option: "category"})


def test_every_idea_of_labels_has_an_image_of_its_own(two, tmp_path):
    command(two, families=["small"], replicates=0, plot=tmp_path / "p.png")
    ideas = ["-alpha", "-growing", "-overlap", "-selection", "-shares", ""]
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(f"p{idea}.png" for idea in ideas)
    written = [Image.open(file) for file in tmp_path.iterdir()]
    assert {image.size[0] for image in written} == {1460}
    assert all(len(image.convert("L").getcolors(256)) > 10 for image in written)


def test_a_folder_with_a_stored_pool_pools_its_other_families(tmp_path, capsys):
    folder = two_families(tmp_path)
    out = tmp_path / "pooled"
    run(tmp_path / "demo.csv", out, tmp_path / "states.csv", pool=True, as_json=True)
    capsys.readouterr()
    assert (out / "assets" / "small+large-overlap.png").exists()
    stored = in_process(capsys, out, replicates=0, agents=False)[-1]
    pooled = in_process(capsys, out, replicates=0, agents=False, pool=True)
    assert [family["family"] for family in pooled] == ["small", "large", "small+large"]
    assert pooled[-1] == stored == in_process(capsys, folder.path, replicates=0, agents=False, pool=True)[-1]
