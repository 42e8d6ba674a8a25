from __future__ import annotations

import io

import numpy as np
import pytest
import timm
import torch
from adaptlabels.builders.benchmarks import find_benchmark, open_source
from adaptlabels.builders.engine import RUNNERS
from adaptlabels.builders.items import ImageItem
from adaptlabels.builders.runner import LoadedState, RunSettings
from adaptlabels.builders.spaces import shipped_families
from adaptlabels.builders.training import trained_folder
from adaptlabels.builders.vision import decode
from adaptlabels.builders.weights import Weights, weights_digest
from adaptlabels.labels import InputError
from PIL import Image
from safetensors.torch import load_file

RUNNER = RUNNERS["vision"]


def loaded(family, index, *, random=False):
    backbone = family.states[index]
    folder = None if random else trained_folder(family, backbone)
    digest = None if folder is None else weights_digest(folder)
    weights = Weights("random" if random else "trained-here", None, None, folder, digest)
    return LoadedState(family, backbone, weights, RUNNER.cost(backbone, folder))


@pytest.fixture(scope="module")
def items():
    return list(open_source(find_benchmark("digits"), None, limit=70).items())


@pytest.fixture(scope="module")
def states():
    family = shipped_families()["vit-mini"]
    return [loaded(family, 0), loaded(family, 2)]


def score(states, items, **settings):
    with RUNNER.open(states, RunSettings(torch.device("cpu"), **settings)) as opened:
        return opened.score(items, [state.backbone.name for state in states], lambda n: None)


def test_answers_are_those_of_timms_own_transform_and_model(states, items):
    found = score(states, items)
    for state in states:
        model = timm.create_model(f"local-dir:{state.weights.folder}", pretrained=False).eval()
        model.load_state_dict(load_file(state.weights.folder / "model.safetensors"))
        transform = timm.data.create_transform(**timm.data.resolve_data_config({}, model=model))
        pixels = torch.stack([transform(Image.open(io.BytesIO(i.content)).convert("RGB")) for i in items])
        with torch.inference_mode():
            probabilities = model(pixels).softmax(1)
        own = found[state.backbone.name]
        assert own.prediction.tolist() == probabilities.argmax(1).tolist()
        np.testing.assert_allclose(own.probabilities, probabilities.numpy(), atol=1e-5)
        top, classes = probabilities.log().topk(5)
        np.testing.assert_allclose(own.scores, top.numpy(), atol=1e-4)
        assert own.classes.tolist() == classes.tolist()
        assert set(own.gflops) == {state.cost.gflops}


def test_a_pickle_beside_the_safetensors_is_not_read(states, tmp_path):
    import shutil

    from adaptlabels.builders.vision import create_model

    folder = tmp_path / "w"
    shutil.copytree(states[0].weights.folder, folder)
    (folder / "pytorch_model.bin").write_bytes(b"a pickle that nobody may read")
    assert create_model(states[0].backbone, folder, load=True).num_classes == 10


def test_answers_do_not_depend_on_the_batch_size(states, items):
    one, many = score(states, items, batch_size=1), score(states, items, batch_size=64)
    for name, scores in one.items():
        assert scores.prediction.tolist() == many[name].prediction.tolist()
        np.testing.assert_allclose(scores.probabilities, many[name].probabilities, atol=1e-5)


def test_a_batch_that_does_not_fit_is_split(states, items, monkeypatch):
    import adaptlabels.builders.vision as vision

    whole = score(states[:1], items)
    create = vision.create_model

    def small_memory(*args, **kwargs):
        model = create(*args, **kwargs)
        model.register_forward_pre_hook(refuse_large)
        return model

    def refuse_large(module, inputs):
        if len(inputs[0]) > 5:
            raise torch.OutOfMemoryError("too large")

    monkeypatch.setattr(vision, "create_model", small_memory)
    split = score(states[:1], items)
    name = states[0].backbone.name
    assert split[name].prediction.tolist() == whole[name].prediction.tolist()


def test_random_weights_are_the_same_every_time(items):
    family = shipped_families()["convnext-mini"]
    state = loaded(family, 0, random=True)
    one, two = score([state], items), score([state], items)
    assert (one[state.backbone.name].probabilities == two[state.backbone.name].probabilities).all()


def test_a_model_with_another_number_of_classes_is_refused(states):
    RUNNER.check(states[0], 10)
    with pytest.raises(InputError, match="predicts 10 classes, the dataset has 1000"):
        RUNNER.check(states[0], 1000)


def encoded(size=(16, 16), mode="RGB", kind="JPEG"):
    content = io.BytesIO()
    Image.new(mode, size).save(content, kind)
    return content.getvalue()


@pytest.mark.parametrize("content", [b"", b"no image at all", encoded()[:-200], encoded((64, 64))[:300]])
def test_what_is_no_image_is_named(content):
    with pytest.raises(InputError, match="some/file: cannot be decoded as an image"):
        decode(ImageItem("x", 0, "g", content, "some/file"))


def test_a_decompression_bomb_is_named(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(InputError, match="DecompressionBomb"):
        decode(ImageItem("x", 0, "g", encoded((20, 20)), "some/file"))


@pytest.mark.parametrize(("mode", "kind"), [("L", "JPEG"), ("CMYK", "JPEG"), ("RGBA", "PNG"), ("P", "GIF")])
def test_other_modes_become_rgb(mode, kind):
    assert decode(ImageItem("x", 0, "g", encoded(mode=mode, kind=kind), "f")).mode == "RGB"
