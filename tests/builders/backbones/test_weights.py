"""Weights from a Hub on loopback, from a folder, and what is refused."""

from __future__ import annotations

import json
import shutil

import pytest
from adaptlabels.builders.backbones.families import Backbone, Family, shipped_families
from adaptlabels.builders.backbones.weights import miniature_folder, resolve_weights, weights_digest
from adaptlabels.builders.progress import Silent
from adaptlabels.labels import DatasetFolder, InputError

from ... import program
from ...hub import Hub, online, running

TRAINED = {"vit": ("vit-mini", "digits", "vision"), "neox": ("neox-mini", "stories", "language")}


def family_file(path, kind, sources):
    _, dataset, runner = TRAINED[kind]
    states = "".join(
        f'[[states]]\nname = "s{i}"\narchitecture = "from-the-config"\nsource = "{source}"\n'
        for i, source in enumerate(sources)
    )
    path.write_text(f'name = "from-hub"\nrunner = "{runner}"\ndataset = "{dataset}"\n{states}')
    return path


@pytest.mark.parametrize("kind", ["vit", "neox"])
def test_weights_from_the_hub_give_the_labels_of_the_same_weights_on_disk(tmp_path, demo, kind):
    name, dataset, _ = TRAINED[kind]
    family = shipped_families()[name]
    folders = []
    for state in family.states[:2]:
        folders.append(tmp_path / state.name)
        shutil.copytree(miniature_folder(family.name, state.name), folders[-1])
    hub = Hub()
    for i, folder in enumerate(folders):
        hub.add(f"org/model-{i}", folder)
        (folder / "pytorch_model.bin").write_bytes(b"a pickle that nobody may fetch")
    file = family_file(tmp_path / "f.toml", kind, ["org/model-0", f"org/model-1@{hub.commit('org/model-1', 'main')}"])
    with running(hub):
        done = program.adaptlabels(
            "build", dataset, tmp_path / "out", "--families", file, "--family", "from-hub", "--limit", "60",
            "--device", "cpu", environment=online(hub, tmp_path / "hf"),
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert not any(".bin" in request for request in hub.requests)
    made, own = DatasetFolder(tmp_path / "out"), DatasetFolder(demo / dataset)
    states = made.family_states("from-hub")
    assert states["source"].to_list() == ["org/model-0", "org/model-1"]
    assert states["revision"].to_list() == [hub.commit(f"org/model-{i}", "main") for i in range(2)]
    assert states["weights"].unique().to_list() == ["pretrained"]
    assert states["weights_sha256"].to_list() == [weights_digest(folder) for folder in folders]
    assert made.correct("from-hub").tolist() == own.correct(name)[:60, :2].tolist()


def resolved(source):
    backbone = Backbone(name="a", architecture="x", source=source)
    family = Family(
        name="f", runner="vision", dataset="digits", states=(backbone, backbone.model_copy(update={"name": "b"}))
    )
    return resolve_weights(family, backbone, random=False, progress=Silent())


def test_a_local_folder_needs_a_config_and_safetensors(tmp_path):
    with pytest.raises(InputError, match=r"expected a folder with config\.json and model\.safetensors"):
        resolved(f"local:{tmp_path}")
    (tmp_path / "config.json").write_text(json.dumps({}))
    (tmp_path / "pytorch_model.bin").write_bytes(b"pickle")
    with pytest.raises(InputError, match="or one file of weights"):
        resolved(f"local:{tmp_path}")


def test_a_local_folder_has_no_revision(tmp_path):
    family = shipped_families()["vit-mini"]
    folder = miniature_folder(family.name, family.states[0].name)
    found = resolved(f"local:{folder}")
    assert (found.kind, found.source, found.revision, found.folder) == ("pretrained", None, None, folder)
    assert found.sha256 == weights_digest(folder)


@pytest.mark.parametrize("source", ["justname", "a/b/c", "/b", "a/"])
def test_names_that_are_no_hub_names_are_refused(source):
    with pytest.raises(InputError, match="not a Hub repository name; expected org/name"):
        resolved(source)
