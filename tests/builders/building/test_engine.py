from __future__ import annotations

import multiprocessing
import random
import signal
import time
from pathlib import Path

import polars as pl
import pytest
from adaptlabels.builders import BuildOptions
from adaptlabels.builders.running.devices import choose_device
from adaptlabels.cards import write_card
from adaptlabels.labels import DatasetFolder, InputError

from ... import program
from ..builds import build, problems, tables


def options(out: Path, dataset: str = "digits", family: str = "vit-mini", **changes):
    return BuildOptions(
        **{"dataset": dataset, "out": out, "families": (family,), "device": "cpu", "shard_size": 150, **changes}
    )


def build_and_be_killed(chosen: BuildOptions, moments: list[float]) -> None:
    """Begin a build again and again and kill it, after so many seconds each time; prints how often it was killed."""
    import timm
    import transformers

    assert timm
    assert transformers.AutoModelForCausalLM
    # Forks of a process that has loaded everything and run nothing: what is killed is the build, not its imports.
    forks = multiprocessing.get_context("fork")
    killed = 0
    for moment in moments:
        process = forks.Process(target=build, args=(chosen,))
        process.start()
        process.join(moment)
        process.kill()
        process.join()
        killed += process.exitcode == -signal.SIGKILL
    print(killed)


@pytest.mark.parametrize(("dataset", "family"), [("digits", "vit-mini"), ("stories", "neox-mini")])
def test_a_build_killed_at_ten_random_moments_ends_in_the_same_bytes(tmp_path, dataset, family):
    small = {"limit": 150, "shard_size": 50}
    build(options(tmp_path / "first", dataset, family, **small))  # loads and compiles what the timed one need not
    started = time.monotonic()
    build(options(tmp_path / "whole", dataset, family, **small))
    duration = time.monotonic() - started
    broken = options(tmp_path / "broken", dataset, family, **small)
    rng = random.Random(7)
    done = program.in_fork(build_and_be_killed, (broken, [rng.uniform(0.05, 1.1 * duration) for _ in range(10)]))
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 1
    build(broken)
    assert tables(tmp_path / "broken") == tables(tmp_path / "whole")
    assert problems(DatasetFolder(tmp_path / "broken")) == []
    assert not list((tmp_path / "broken").rglob("*.tmp"))


def test_a_damaged_part_is_made_again(tmp_path):
    build(options(tmp_path / "out", limit=300))
    before = tables(tmp_path / "out")
    part = sorted((tmp_path / "out" / ".adaptlabels" / "parts").rglob("*.parquet"))[3]
    content = part.read_bytes()
    part.write_bytes(content[:100] + b"x" + content[101:])
    build(options(tmp_path / "out", limit=300))
    assert part.read_bytes() == content
    assert tables(tmp_path / "out") == before


def test_parts_of_other_settings_are_not_used(tmp_path):
    build(options(tmp_path / "out", limit=200))
    parts = tmp_path / "out" / ".adaptlabels" / "parts"
    marks = {file: file.read_text() for file in parts.rglob("*.json")}
    build(options(tmp_path / "out", limit=200, dtype="bfloat16"))
    assert all(file.read_text() != mark for file, mark in marks.items())
    assert DatasetFolder(tmp_path / "out").states["dtype"].unique().to_list() == ["bfloat16"]


def test_another_preprocessing_of_the_same_weights_is_not_the_same_part(tmp_path, demo):
    import json
    import shutil

    from adaptlabels.builders.backbones.families import shipped_families
    from adaptlabels.builders.backbones.weights import miniature_folder

    assert demo.is_dir()
    family = shipped_families()["vit-mini"]
    file = tmp_path / "f.toml"
    text = 'name = "own"\nrunner = "vision"\ndataset = "digits"\n'
    for place, state in enumerate(family.states[:2]):
        shutil.copytree(miniature_folder(family.name, state.name), tmp_path / f"w{place}")
        text += f'[[states]]\nname = "s{place}"\narchitecture = "x"\nsource = "local:{tmp_path / f"w{place}"}"\n'
    file.write_text(text)
    first = build(options(tmp_path / "out", family="own", families_file=file, limit=60)).predictions("own")
    for place in range(2):
        path = tmp_path / f"w{place}" / "config.json"
        config = json.loads(path.read_text())
        config["pretrained_cfg"]["mean"] = [0.9, 0.1, 0.1]
        path.write_text(json.dumps(config))
    again = build(options(tmp_path / "out", family="own", families_file=file, limit=60)).predictions("own")
    fresh = build(options(tmp_path / "fresh", family="own", families_file=file, limit=60)).predictions("own")
    assert not again.equals(first)
    assert again.equals(fresh)


def test_a_larger_limit_uses_the_parts_that_are_there(tmp_path):
    build(options(tmp_path / "out", limit=150))
    parts = tmp_path / "out" / ".adaptlabels" / "parts"
    times = {file: file.stat().st_mtime_ns for file in parts.rglob("*") if file.is_file()}
    build(options(tmp_path / "out", limit=300))
    assert all(file.stat().st_mtime_ns == stamp for file, stamp in times.items())
    assert len(DatasetFolder(tmp_path / "out").labels("vit-mini")) == 300


def test_a_second_family_joins_the_first_only_on_the_same_samples(tmp_path):
    first = build(options(tmp_path / "out", limit=100))
    labels = first.labels("vit-mini")
    assert first.info.command.endswith("--family vit-mini --limit 100")
    build(options(tmp_path / "out", family="convnext-mini", limit=100))
    folder = DatasetFolder(tmp_path / "out")
    assert folder.families == ["vit-mini", "convnext-mini"]
    assert problems(folder) == []
    assert folder.labels("vit-mini").equals(labels)
    assert folder.info.command is None  # no single command makes both
    before = tables(tmp_path / "out")
    with pytest.raises(InputError, match="'vit-mini' has 100 other samples or other targets"):
        build(options(tmp_path / "out", family="convnext-mini", limit=120))
    assert tables(tmp_path / "out") == before


def test_random_weights_are_marked_and_need_no_training(tmp_path, monkeypatch):
    monkeypatch.setenv("ADAPTLABELS_CACHE", str(tmp_path / "cache"))
    folder = build(
        options(tmp_path / "out", limit=20, random=True, states=("vit-mini-12x1", "vit-mini-16x1")), card=write_card
    )
    assert folder.states["weights"].to_list() == ["random", "random"]
    assert folder.states["weights_sha256"].to_list() == [None, None]
    assert not (tmp_path / "cache" / "weights").exists()
    assert "initialised at random" in (tmp_path / "out" / "README.md").read_text()


def test_states_are_what_was_run(demo):
    states = DatasetFolder(demo / "digits").family_states("vit-mini")
    assert states["gflops"].is_sorted()
    assert states["gflops"][-1] / states["gflops"][0] >= 50
    assert states["accuracy"].is_sorted()
    assert states["accuracy"][0] < 0.8
    assert states["accuracy"][-1] > 0.97
    assert states["weights"].unique().to_list() == ["trained-here"]
    assert states["weights_sha256"].str.len_chars().unique().to_list() == [64]
    assert states["input_size"].unique().to_list() == ["8x8"]


@pytest.mark.parametrize("family", ["neox-mini", "llama-mini"])
def test_story_models_go_from_chance_to_well_above(demo, family):
    states = DatasetFolder(demo / "stories").family_states(family)
    assert len(states) >= 4
    assert abs(states["accuracy"][0] - 0.25) < 0.06
    assert states["accuracy"][-1] > 0.6


def test_predictions_hold_what_the_scores_say(demo):
    rows = DatasetFolder(demo / "stories").predictions("neox-mini")
    assert rows["scores"].list.len().unique().to_list() == [4]
    assert rows["classes"].null_count() == len(rows)
    assert (rows["margin"] <= rows["confidence"]).all()
    images = DatasetFolder(demo / "digits").predictions("vit-mini")
    assert (images["classes"].list.first() == images["prediction"]).all()
    first = images.select(pl.col("scores").list.first().exp() - pl.col("confidence")).to_series()
    assert first.abs().max() < 1e-5


def test_real_images_and_real_items_build(tmp_path, shared_data):
    images = options(
        tmp_path / "imagenet", "imagenet", "vit", source=f"imagefolder:{shared_data / 'imagenet_sample' / 'val'}",
        states=("vit-tiny-224", "vit-small-224"), random=True, limit=12,
    )  # fmt: skip
    items = options(
        tmp_path / "hellaswag", "hellaswag", "neox-mini", limit=60,
        source=f"jsonl:{shared_data / 'hellaswag' / 'hellaswag_val.jsonl.gz'}",
    )  # fmt: skip
    for chosen in (images, items):
        folder = build(chosen)
        assert problems(folder) == []
        assert len(folder.labels(chosen.families[0])) == chosen.limit


@pytest.mark.parametrize("name", ["gpu", "cuda:99", "mps", "tpu:0"])
def test_devices_that_are_not_there_are_refused(name):
    with pytest.raises(InputError, match="`device`"):
        choose_device(name)
