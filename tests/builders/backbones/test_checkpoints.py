"""Files of weights as people have them: what is read, what is refused, and that nothing is loaded in part."""

from __future__ import annotations

import argparse

import pytest
import torch
from adaptlabels.builders.backbones.counting import state_cost
from adaptlabels.builders.backbones.families import Backbone, Family, shipped_families
from adaptlabels.builders.backbones.timm_models import create_model, data_config, load_model
from adaptlabels.builders.backbones.weights import miniature_folder, resolve_weights
from adaptlabels.builders.progress import Silent
from adaptlabels.labels import InputError
from safetensors.torch import load_file, save_file

VISION, LANGUAGE = (shipped_families()[name].states[0] for name in ("vit-mini", "neox-mini"))


def tensors_of(backbone, family):
    return load_file(miniature_folder(family, backbone.name) / "model.safetensors")


@pytest.fixture(scope="module")
def vision():
    return tensors_of(VISION, "vit-mini")


@pytest.fixture(scope="module")
def language():
    return tensors_of(LANGUAGE, "neox-mini")


def resolved(backbone, file, **update):
    backbone = backbone.model_copy(update={"recipe": None, "source": f"local:{file}", **update})
    runner, dataset = ("vision", "digits") if "vit" in backbone.name else ("language", "stories")
    states = (backbone, backbone.model_copy(update={"name": "b"}))
    family = Family(name="f", runner=runner, dataset=dataset, states=states)
    return resolve_weights(family, backbone, random=False, progress=Silent())


def saved(path, content):
    torch.save(content, path)
    return path


@pytest.mark.parametrize("ending", ["pth", "pt", "bin", "safetensors"])
def test_a_file_gives_the_model_and_the_preprocessing_of_the_folder(tmp_path, vision, ending):
    file = tmp_path / f"w.{ending}"
    save_file(vision, file) if ending == "safetensors" else torch.save(vision, file)
    found = resolved(VISION, file)
    assert (found.kind, found.source, found.revision) == ("pretrained", None, None)
    own, folder = miniature_folder("vit-mini", VISION.name), found.folder
    assert data_config(create_model(VISION, folder)) == data_config(create_model(VISION, own))
    loaded = load_model(VISION, folder).state_dict()
    assert loaded.keys() == vision.keys()
    assert all(torch.equal(loaded[name], vision[name]) for name in vision)


@pytest.mark.parametrize(
    "wrapped",
    [
        lambda tensors: {"state_dict": tensors, "epoch": 3, "args": argparse.Namespace(lr=0.1)},
        lambda tensors: {"model": {f"module.{name}": tensor for name, tensor in tensors.items()}},
        lambda tensors: {
            "model": {name: torch.zeros_like(tensor) for name, tensor in tensors.items()},
            "model_ema": {f"_orig_mod.{name}": tensor for name, tensor in tensors.items()},
        },
    ],
    ids=["training state", "wrapper", "averaged"],
)
def test_checkpoints_of_training_are_cleaned_as_timm_does_it(tmp_path, vision, wrapped):
    loaded = load_model(VISION, resolved(VISION, saved(tmp_path / "w.pth", wrapped(vision))).folder).state_dict()
    assert all(torch.equal(loaded[name], vision[name]) for name in vision)


def test_tensors_that_another_library_named_are_taken_in_their_order(tmp_path, vision):
    model = create_model(VISION, None)
    renamed = {f"_x{place}": vision[name] for place, name in enumerate(model.state_dict())}
    file = saved(tmp_path / "w.pth", renamed)
    loaded = load_model(VISION, resolved(VISION, file, tensors="in-order").folder).state_dict()
    assert all(torch.equal(loaded[name], vision[name]) for name in vision)
    with pytest.raises(InputError, match=r"missing: cls_token, .* more; unexpected: _x0, _x1, _x2 and \d+ more"):
        resolved(VISION, file)


def test_order_is_asked_only_of_files_that_have_one():
    with pytest.raises(ValueError, match=r"only files that torch\.save wrote \(\.pth, \.pt, \.bin\)"):
        Backbone(name="a", architecture="x", source="local:w.safetensors", tensors="in-order")


def test_what_does_not_fit_is_named_and_nothing_is_loaded(tmp_path, vision):
    names = list(vision)
    wrong = {name: vision[name] for name in names[4:]} | {"teacher.weight": torch.ones(2)}
    wrong[names[5]] = torch.ones(7, 7)
    with pytest.raises(InputError) as caught:
        resolved(VISION, saved(tmp_path / "w.pth", wrong))
    message = str(caught.value)
    assert f"missing: {', '.join(sorted(names[:4])[:3])} and 1 more" in message or "and 1 more" in message
    assert "unexpected: teacher.weight; misshapen: " in message
    assert f"{names[5]} (7x7 instead of " in message
    with pytest.raises(InputError, match=r"misshapen: head\.weight \(12x12 instead of 10x12\)"):
        resolved(VISION, saved(tmp_path / "v.pth", {**vision, "head.weight": torch.ones(12, 12)}))


class Tool:
    """A class that a checkpoint may hold."""


@pytest.mark.parametrize("zipped", [True, False])
def test_a_checkpoint_with_a_pickle_inside_is_refused_with_the_reason(tmp_path, vision, zipped):
    file = tmp_path / "w.pth"
    torch.save({"state_dict": vision, "tool": Tool()}, file, _use_new_zipfile_serialization=zipped)
    with pytest.raises(InputError, match=r"holds .*Tool beside tensors, a Python object that could run any code"):
        resolved(VISION, file)


def test_files_that_are_no_checkpoints_are_refused(tmp_path, vision):
    (tmp_path / "text.pth").write_text("hello")
    (tmp_path / "text.safetensors").write_text("hello")
    for name in ("text.pth", "text.safetensors"):
        with pytest.raises(InputError, match="cannot be read as a checkpoint"):
            resolved(VISION, tmp_path / name)
    with pytest.raises(InputError, match=r"expected tensors by name, 'epoch' is none"):
        resolved(VISION, saved(tmp_path / "mixed.pth", {**vision, "epoch": 3}))
    with pytest.raises(InputError, match="does not exist"):
        resolved(VISION, tmp_path / "none.pth")
    with pytest.raises(InputError, match="or one file of weights"):
        resolved(VISION, tmp_path / "text.onnx")


@pytest.mark.parametrize("ending", ["bin", "safetensors"])
def test_a_language_model_comes_from_a_file_and_its_table(tmp_path, language, ending):
    from adaptlabels.builders.backbones.transformers_models import create_model as create

    file = tmp_path / f"w.{ending}"
    save_file(language, file) if ending == "safetensors" else torch.save(language, file)
    folder = resolved(LANGUAGE, file).folder
    kept = load_file(folder / "model.safetensors")
    assert kept.keys() == language.keys()
    assert all(torch.equal(kept[name], language[name]) for name in language)
    own = create(LANGUAGE, miniature_folder("neox-mini", LANGUAGE.name)).config
    assert create(LANGUAGE, folder).config.hidden_size == own.hidden_size


def test_a_language_models_misfits_are_named(tmp_path, language):
    name = next(name for name in language if name.endswith("dense.weight"))
    wrong = {**language, name: torch.ones(3, 3), "teacher.weight": torch.ones(2)}
    wrong.pop("gpt_neox.embed_in.weight")
    with pytest.raises(InputError) as caught:
        resolved(LANGUAGE, saved(tmp_path / "w.bin", wrong))
    assert "missing: gpt_neox.embed_in.weight; unexpected: teacher.weight; misshapen: " in str(caught.value)
    assert f"{name} (3x3 instead of 16x16)" in str(caught.value)


def test_costs_of_a_file_are_those_of_the_table(tmp_path):
    state = VISION.model_copy(update={"recipe": None, "source": f"local:{tmp_path / 'none-yet.pth'}"})
    assert state_cost(shipped_families()["vit-mini"], state) == state_cost(shipped_families()["vit-mini"], VISION)


def test_weights_of_a_gguf_file_are_for_language_models(tmp_path):
    (tmp_path / "w.gguf").write_bytes(b"GGUF")
    with pytest.raises(InputError, match="is a language model"):
        resolved(VISION, tmp_path / "w.gguf")
    with pytest.raises(InputError, match="transformers cannot read it"):
        resolved(LANGUAGE, tmp_path / "w.gguf")
