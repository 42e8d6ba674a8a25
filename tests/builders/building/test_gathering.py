"""Families of many samples are gathered in shards, and say what they say when they are gathered whole."""

from __future__ import annotations

import random
import shutil
from dataclasses import replace

import pytest
from adaptlabels.builders import BuildOptions, make_plan
from adaptlabels.builders.building.run import run_build
from adaptlabels.builders.miniature.datasets import digits_folder
from adaptlabels.builders.progress import Silent
from adaptlabels.builders.sources.items import Held
from adaptlabels.labels import RunError, write_dataset
from adaptlabels.labels.tables import shards

from ..builds import build, problems

STATES = ("vit-mini-12x1", "vit-mini-16x1")
FIRST_SHARD = 12
"""Samples in it."""


def options(out, **changes):
    return BuildOptions(dataset="digits", out=out, families=("vit-mini",), states=STATES, device="cpu", **changes)


@pytest.fixture
def images(tmp_path):
    """Digits in ImageNet's layout, one of them unreadable."""
    root = tmp_path / "images"
    for file in sorted(digits_folder().glob("*/*.png"))[::30]:
        (root / file.parent.name).mkdir(parents=True, exist_ok=True)
        shutil.copy(file, root / file.parent.name)
    (root / "3" / "aaa-broken.png").write_bytes(b"no image")
    return root


def assert_same(parted, whole):
    assert len(parted.tables["vit-mini"].files) > 2
    assert problems(parted) == problems(whole) == []
    assert parted.labels("vit-mini").equals(whole.labels("vit-mini"))
    key = ["sample_id", "state"]
    assert parted.predictions("vit-mini").sort(key).equals(whole.predictions("vit-mini").sort(key))
    assert parted.states.equals(whole.states)


def test_shards_say_what_a_whole_table_says(tmp_path, images, monkeypatch):
    chosen = {"source": f"imagefolder:{images}", "skip_unreadable": True, "store": tmp_path / "parts", "shard_size": 10}
    whole = build(options(tmp_path / "whole", **chosen))
    monkeypatch.setattr(shards, "SHARD_ROWS", len(STATES) * FIRST_SHARD)
    parted = build(options(tmp_path / "parted", **chosen))
    assert_same(parted, whole)
    assert parted.info.skipped == whole.info.skipped
    assert [name for name, _ in parted.info.skipped] == ["aaa-broken"]


def test_a_source_in_another_order_gives_the_same_shards(tmp_path, images, monkeypatch):
    monkeypatch.setattr(shards, "SHARD_ROWS", len(STATES) * FIRST_SHARD)
    (images / "3" / "aaa-broken.png").unlink()
    plan = make_plan(options(tmp_path / "out", source=f"imagefolder:{images}", shard_size=10))
    items = list(plan.source.items())
    shuffled = replace(plan, source=Held("shuffled", None, tuple(random.Random(0).sample(items, len(items)))))
    info = plan.benchmark.info(plan.source)
    made = []
    for name, one in (("ordered", plan), ("shuffled", shuffled)):
        families = run_build(one, tmp_path / name, Silent()).families
        made.append(write_dataset(tmp_path / f"{name}-out", info, families))
    assert_same(*made)


def test_a_part_that_is_gone_is_told(tmp_path, monkeypatch):
    from adaptlabels.builders.building import run

    def losing(plan, states, catalogue, store, observed, engine):
        next((tmp_path / "work" / "parts").rglob(f"{STATES[1]}/*.json")).unlink()
        return make_tables(plan, states, catalogue, store, observed, engine)

    make_tables = run.make_tables
    monkeypatch.setattr(run, "make_tables", losing)
    with pytest.raises(RunError, match=rf"state '{STATES[1]}' lacks 1 of 3 parts, .*; run the same command again"):
        run_build(make_plan(options(tmp_path / "out", limit=60, shard_size=25)), tmp_path / "work", Silent())
