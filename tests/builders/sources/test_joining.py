from __future__ import annotations

import io

import pytest
from adaptlabels.builders import BuildOptions
from adaptlabels.builders.miniature.datasets import digits_folder
from adaptlabels.builders.sources.joining import join_source
from adaptlabels.labels import DatasetFolder, InputError
from PIL import Image

from ..builds import build


def test_labels_come_with_the_images_that_they_are_of(demo):
    rows = join_source(str(demo / "digits"), "vit-mini")
    labels = {row["sample_id"]: row for row in DatasetFolder(demo / "digits").labels("vit-mini").iter_rows(named=True)}
    found = list(rows)
    assert [row["sample_id"] for row in found] == list(labels)
    for row in found[:5]:
        assert row["correct"] == labels[row["sample_id"]]["correct"]
        original = next(digits_folder().glob(f"*/{row['sample_id']}.png"))
        with Image.open(io.BytesIO(original.read_bytes())) as image:
            assert row["image"].tobytes() == image.tobytes()
    assert rows.features["target"].int2str(found[0]["target"]) == str(found[0]["target"])


def test_labels_come_with_the_texts_that_they_are_of(demo):
    row = next(iter(join_source(str(demo / "stories"), "neox-mini")))
    assert row["context"].endswith(("Then he", "Then she"))
    assert len(row["choices"]) == 4
    assert row["sample_id"] == DatasetFolder(demo / "stories").labels("neox-mini")["sample_id"][0]


def test_samples_without_a_label_are_left_out_and_local_sources_must_be_named(tmp_path):
    source = f"imagefolder:{digits_folder()}"
    build(
        BuildOptions(
            dataset="digits", out=tmp_path / "out", families=("vit-mini",), source=source, limit=7, device="cpu",
            random=True, states=("vit-mini-12x1", "vit-mini-16x1"),
        )
    )  # fmt: skip
    assert len(list(join_source(str(tmp_path / "out"), "vit-mini", source))) == 7
    with pytest.raises(InputError, match=r"made from a local source \(imagefolder\); give it as `source`"):
        join_source(str(tmp_path / "out"), "vit-mini")
    with pytest.raises(InputError, match="no family 'x'"):
        join_source(str(tmp_path / "out"), "x")
