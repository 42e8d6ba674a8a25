"""What a build tells beside its labels: costs of the device, fast modes against the reference, what was left out."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import polars as pl
import pytest
import torch
import yaml
from adaptlabels.builders import BuildOptions, make_plan
from adaptlabels.builders.backbones.families import shipped_families
from adaptlabels.builders.backbones.weights import miniature_folder
from adaptlabels.builders.building.forecast import forecast
from adaptlabels.builders.building.run import run_build
from adaptlabels.builders.miniature.datasets import digits_folder
from adaptlabels.builders.progress import Silent
from adaptlabels.builders.sources.items import ImageItem
from adaptlabels.cards import write_card
from adaptlabels.labels import InputError, RunError, validate_folder, write_dataset
from datasets import load_dataset
from safetensors.torch import load_file, save_file

from ..builds import build, tables

STATES = ("vit-mini-12x1", "vit-mini-16x1")


def options(out, **changes):
    return BuildOptions(
        **{
            "dataset": "digits", "out": out, "families": ("vit-mini",), "states": STATES, "device": "cpu", "limit": 60,
            "shard_size": 25, **changes,
        }
    )  # fmt: skip


@pytest.fixture
def with_bad_files(tmp_path):
    """Digits in ImageNet's layout, two of them unreadable."""
    root = tmp_path / "images"
    files = sorted(digits_folder().glob("*/*.png"))[::30]
    for file in files:
        (root / file.parent.name).mkdir(parents=True, exist_ok=True)
        shutil.copy(file, root / file.parent.name)
    (root / "3" / "aaa-broken.png").write_bytes(b"no image")
    (root / "5" / "empty.png").write_bytes(b"")
    return root


def test_checkpoints_of_one_training_are_states_of_one_cost_in_the_tables_order(tmp_path):
    trained = shipped_families()["vit-mini"].states[2]
    tensors = load_file(miniature_folder("vit-mini", trained.name) / "model.safetensors")
    noise = torch.Generator().manual_seed(0)
    states = []
    for step, amount in ((900, 1.0), (1000, 0.0)):
        file = tmp_path / f"{step}.safetensors"
        save_file({k: v + amount * v.std() * torch.randn(v.shape, generator=noise) for k, v in tensors.items()}, file)
        table = {"architecture": trained.architecture, "config": trained.config, "source": f"local:{file}"}
        states.append({"name": f"step-{step}", **table})
    table = {"name": "steps", "runner": "vision", "dataset": "digits", "states": states}
    (tmp_path / "steps.yaml").write_text(yaml.safe_dump(table))
    chosen = {"families": ("steps",), "states": (), "families_file": tmp_path / "steps.yaml"}
    folder = build(options(tmp_path / "out", **chosen), card=write_card)
    assert validate_folder(folder) == []
    found = folder.family_states("steps")
    assert found["state"].to_list() == ["step-900", "step-1000"]
    assert found["gflops"].n_unique() == 1
    assert found["weights_sha256"].n_unique() == 2
    own = build(options(tmp_path / "own", states=(trained.name, STATES[0])))
    right, expected = folder.correct("steps"), own.correct("vit-mini")
    place = own.family_states("vit-mini")["state"].to_list().index(trained.name)
    assert right[:, 1].tolist() == expected[:, place].tolist()
    assert right[:, 0].sum() < right[:, 1].sum()


def test_unreadable_images_are_left_out_of_all_states_and_listed(tmp_path, with_bad_files, capsys):
    source = f"imagefolder:{with_bad_files}"
    with pytest.raises(
        InputError,
        match=r"aaa-broken\.png: cannot be decoded .*; fix it, or leave such images out with `skip_unreadable`",
    ):
        build(options(tmp_path / "out", source=source, limit=None))
    assert not (tmp_path / "out" / "states").exists()
    folder = build(options(tmp_path / "out", source=source, limit=None, skip_unreadable=True), card=write_card)
    assert "left out 2 sample(s), the first aaa-broken" in capsys.readouterr().err
    labels = folder.labels("vit-mini")
    n_files = len(list(with_bad_files.glob("*/*")))
    assert len(labels) == n_files - 2
    assert not labels["sample_id"].is_in(["aaa-broken", "empty"]).any()
    assert [name for name, _ in folder.info.skipped] == ["aaa-broken", "empty"]
    card = (folder.path / "README.md").read_text()
    assert "## Left out" in card
    assert "- aaa-broken: cannot be decoded as an image" in card
    assert str(tmp_path) not in card
    assert validate_folder(folder) == []
    for name in ("3/aaa-broken.png", "5/empty.png"):
        (with_bad_files / name).unlink()
    clean = build(options(tmp_path / "clean", source=source, limit=None))
    assert clean.labels("vit-mini").equals(labels)


def test_device_costs_are_measured_once_and_shown(tmp_path):
    folder = build(options(tmp_path / "out", measure=True, batch_size="8"), card=write_card)
    states = folder.states
    assert (states["latency_ms_p50"] > 0).all()
    assert (states["latency_ms_p50"] <= states["latency_ms_p95"]).all()
    assert (states["throughput"] > 0).all()
    assert states["energy_j"].null_count() == len(states)
    assert "latency p50, ms" in (folder.path / "README.md").read_text()
    again = build(options(tmp_path / "out", measure=True, batch_size="8"), card=write_card)
    assert again.states.equals(states)
    assert validate_folder(again) == []
    assert build(options(tmp_path / "plain")).states["throughput"].null_count() == len(states)


def test_a_fast_mode_is_compared_with_the_reference_on_request(tmp_path):
    folder = build(
        options(tmp_path / "out", dtype="bfloat16", channels_last=True, compare_reference=30), card=write_card
    )
    for row in folder.states.iter_rows(named=True):
        assert row["dtype"] == "bfloat16"
        environment = json.loads(row["environment"])
        assert environment["fast_modes"] == ["channels-last"]
        counts = environment["compared_with_float32"]
        assert counts["samples"] == 30
        assert 0 <= counts["labels_changed"] <= counts["answers_changed"] <= 30
    card = (folder.path / "README.md").read_text()
    assert "Compared with float32 on some of the samples" in card
    assert "of 30" in card
    reference = build(options(tmp_path / "reference", compare_reference=30))  # nothing to compare with itself
    assert all("compared" not in text for text in reference.states["environment"])


def test_answers_that_a_narrow_precision_changes_are_counted(tmp_path):
    plan = make_plan(options(tmp_path / "out", dtype="bfloat16", random=True, limit=None, compare_reference=899))
    (narrow,) = run_build(plan, tmp_path / "narrow", Silent()).families
    wide_plan = replace(plan, settings=plan.settings.reference())
    (wide,) = run_build(wide_plan, tmp_path / "wide", Silent()).families
    both = narrow.predictions.join(wide.predictions, on=["sample_id", "state"], suffix="_wide")
    for row in narrow.states.iter_rows(named=True):
        of_state = both.filter(pl.col("state") == row["index"])
        counts = json.loads(row["environment"])["compared_with_float32"]
        assert counts["samples"] == 899
        assert counts["answers_changed"] == (of_state["prediction"] != of_state["prediction_wide"]).sum()
        assert counts["labels_changed"] == (of_state["correct"] != of_state["correct_wide"]).sum()


def test_a_forecast_says_passes_memory_and_time_and_writes_nothing(tmp_path):
    found = forecast(make_plan(options(tmp_path / "out", random=True)))
    assert [sorted(one.states) for one in found.passes] == [[f"vit-mini/{name}" for name in STATES]]
    assert found.samples == 60
    (one,) = found.passes
    assert 0 < one.memory_bytes < 2**30
    assert (one.workers, one.cpus, one.gpus) == (1, 0, 0)
    assert found.units == 3
    assert found.seconds == one.seconds > 0
    assert found.data_seconds > 0
    assert set(found.gflops_per_second) == {"vit-mini"}
    assert not (tmp_path / "out").exists()


def test_a_forecast_of_stories_needs_no_training(tmp_path, monkeypatch):
    monkeypatch.setenv("ADAPTLABELS_CACHE", str(tmp_path / "cache"))
    found = forecast(make_plan(BuildOptions(dataset="stories", out=tmp_path / "out", device="cpu", limit=20)))
    assert len(found.passes) == 8
    assert not (tmp_path / "cache" / "weights").exists()


def test_parts_may_lie_in_a_folder_of_their_own(tmp_path):
    build(options(tmp_path / "out", store=tmp_path / "parts"))
    assert list((tmp_path / "parts").rglob("*.parquet"))
    assert not (tmp_path / "out" / ".adaptlabels").exists()
    again = build(options(tmp_path / "again", store=tmp_path / "parts"))
    assert tables(again.path) == tables(tmp_path / "out")


class Wandering:
    """A source that gives other items when it is read again."""

    name, revision = "wandering", None

    def __init__(self):
        self.readings = 0
        self.files = sorted(digits_folder().glob("*/*.png"))[:4]

    def __len__(self):
        return len(self.files)

    def items(self):
        self.readings += 1
        for file in self.files:
            content = file.read_bytes() + bytes(self.readings)
            yield ImageItem(file.stem, int(file.parent.name), file.parent.name, content, str(file))


def test_a_source_that_changes_between_passes_stops_the_build(tmp_path, monkeypatch):
    import adaptlabels.builders.building.engine as engines

    plan = replace(make_plan(options(tmp_path / "out", random=True)), source=Wandering())
    monkeypatch.setattr(engines, "available_bytes", lambda device: 1)  # one state in each pass
    with pytest.raises(RunError, match="other items when it was read again"):
        run_build(plan, tmp_path / "work", Silent())


class Several:
    """What ReaL gives: samples with several right answers, and one with none, which is left out; three of a document."""

    name, revision = "several", None

    def __len__(self):
        return 30

    def items(self):
        for place, file in enumerate(sorted(digits_folder().glob("*/*.png"))[::29][:30]):
            target = int(file.parent.name)
            also = tuple(n for n in range(10) if n != target) if place < 10 else ()
            content = file.read_bytes()
            yield ImageItem(
                file.stem, None if place == 29 else target, "g", content, str(file), also_right=also,
                source_id=f"page {place // 3}",
            )  # fmt: skip


def test_every_right_answer_counts_and_a_sample_without_one_is_left_out(tmp_path):
    plan = replace(make_plan(options(tmp_path / "out")), source=Several())
    (family,) = run_build(plan, tmp_path / "work", Silent()).families
    assert len(family.labels) == 29
    ordered = family.labels.sort("sample_id")
    first = sorted(file.stem for file in sorted(digits_folder().glob("*/*.png"))[::29][:10])
    several = ordered.filter(pl.col("sample_id").is_in(first))
    assert several["correct"].list.all().all()
    assert several["targets"].list.len().unique().to_list() == [10]
    assert family.labels.group_by("source_id").agg(pl.col("fold").n_unique())["fold"].to_list() == [1] * 10
    folder = write_dataset(tmp_path / "out", plan.benchmark.info(plan.source), [family], card=write_card)
    assert validate_folder(folder) == []
    assert load_dataset(str(folder.path), "vit-mini", split="test")["targets"][0] == ordered["targets"][0].to_list()
