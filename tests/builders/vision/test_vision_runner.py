from __future__ import annotations

import io
import shutil

import adaptlabels.builders.vision.classifiers as classifiers
import numpy as np
import pytest
import timm
import torch
from adaptlabels.builders.backbones.costs import shipped_cost
from adaptlabels.builders.backbones.families import shipped_families
from adaptlabels.builders.backbones.timm_models import load_model
from adaptlabels.builders.backbones.weights import Weights, miniature_folder, weights_digest
from adaptlabels.builders.building.plan import RUNNERS
from adaptlabels.builders.running.contract import LoadedState, RunSettings
from adaptlabels.builders.sources.benchmarks import AnswerSpace, find_benchmark
from adaptlabels.builders.sources.items import ImageItem
from adaptlabels.builders.sources.opening import open_source
from adaptlabels.labels import InputError, RunError
from PIL import Image
from safetensors.torch import load_file

RUNNER = RUNNERS["vision"]()


def loaded(family, index, *, random=False, **config):
    backbone = family.states[index]
    if config:
        backbone = backbone.model_copy(update={"config": backbone.config | config})
    folder = None if random else miniature_folder(family.name, backbone.name)
    digest = None if folder is None else weights_digest(folder)
    weights = Weights("random" if random else "trained-here", None, None, folder, digest)
    return LoadedState(family, backbone, weights, shipped_cost(family, backbone) or RUNNER.cost(backbone, folder))


@pytest.fixture(scope="module")
def items():
    return list(open_source(find_benchmark("digits"), None, limit=70).items())


@pytest.fixture(scope="module")
def states():
    family = shipped_families()["vit-mini"]
    return [loaded(family, 0), loaded(family, 2)]


def answers(states, items, subset=None, n_classes=10, **settings):
    space = AnswerSpace(n_classes, subset)
    with RUNNER.open(states, RunSettings(torch.device("cpu"), **settings), space) as opened:
        return opened.score(items, [state.key for state in states], lambda steps, bound_by=None: None)


def score(states, items, **settings):
    return {key.split("/")[1]: scores for key, scores in answers(states, items, **settings).scores.items()}


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
        largest = probabilities.topk(2).values
        np.testing.assert_allclose(own.confidence, largest[:, 0], atol=1e-5)
        np.testing.assert_allclose(own.margin, largest[:, 0] - largest[:, 1], atol=1e-5)
        np.testing.assert_allclose(own.entropy, torch.special.entr(probabilities).sum(1), atol=1e-4)
        top, classes = probabilities.log().topk(5)
        np.testing.assert_allclose(own.scores, top.numpy(), atol=1e-4)
        assert own.classes.tolist() == classes.tolist()
        assert set(own.gflops) == {state.cost.gflops}


def test_a_pickle_beside_the_safetensors_is_not_read(states, tmp_path):
    folder = tmp_path / "w"
    shutil.copytree(states[0].weights.folder, folder)
    (folder / "pytorch_model.bin").write_bytes(b"a pickle that nobody may read")
    assert load_model(states[0].backbone, folder).num_classes == 10


def test_answers_do_not_depend_on_the_batch_size(states, items):
    one, many = score(states, items, batch_size=1), score(states, items, batch_size=64)
    for name, scores in one.items():
        assert scores.prediction.tolist() == many[name].prediction.tolist()
        np.testing.assert_allclose(scores.scores, many[name].scores, atol=1e-4)


def test_a_batch_that_does_not_fit_is_split(states, items, monkeypatch):
    whole = score(states[:1], items)
    load = classifiers.load_model

    def small_memory(*args, **kwargs):
        model = load(*args, **kwargs)
        model.register_forward_pre_hook(refuse_large)
        return model

    def refuse_large(module, inputs):
        if len(inputs[0]) > 5:
            raise torch.OutOfMemoryError("too large")

    monkeypatch.setattr(classifiers, "load_model", small_memory)
    split = score(states[:1], items)
    name = states[0].backbone.name
    assert split[name].prediction.tolist() == whole[name].prediction.tolist()
    np.testing.assert_allclose(split[name].scores, whole[name].scores, atol=1e-4)


def test_random_weights_are_the_same_every_time(items):
    family = shipped_families()["convnext-mini"]
    state = loaded(family, 0, random=True)
    one, two = score([state], items), score([state], items)
    assert (one[state.backbone.name].scores == two[state.backbone.name].scores).all()


def test_a_model_with_another_number_of_classes_is_refused(states):
    RUNNER.check(states[0], AnswerSpace(10))
    with pytest.raises(InputError, match="predicts 10 classes, the dataset has 1000"):
        RUNNER.check(states[0], AnswerSpace(1000))


class Folder(torch.utils.data.Dataset):
    """Encoded images as timm's dataset gives them to its loader."""

    def __init__(self, items):
        self.items, self.transform, self.target_transform = items, None, None

    def __len__(self):
        return len(self.items)

    def __getitem__(self, place):
        return self.transform(Image.open(io.BytesIO(self.items[place].content)).convert("RGB")), 0


def photographs(count):
    rng = np.random.default_rng(5)
    for number in range(count):
        small = rng.integers(0, 256, (9, 12, 3), dtype=np.uint8)
        size = [(500, 375), (300, 410), (640, 250)][number % 3]
        content = io.BytesIO()
        Image.fromarray(small).resize(size, Image.Resampling.BICUBIC).save(content, "JPEG", quality=90)
        yield ImageItem(str(number), 0, "g", content.getvalue(), f"image {number}")


@pytest.mark.parametrize(
    ("family", "index"), [(name, i) for name in ("efficientnet", "vit") for i in range(8)], ids=str
)
def test_logits_of_timm_states_are_those_of_timms_own_loader(family, index):
    """Two blocks of each ViT, as what may differ lies before them."""
    state = loaded(shipped_families()[family], index, random=True, **({"depth": 2} if family == "vit" else {}))
    items = list(photographs(2 if state.cost.gflops < 50 else 1))  # the largest take seconds an image
    settings = RunSettings(torch.device("cpu"), batch_size=len(items))
    with RUNNER.open([state], settings, AnswerSpace(1000)) as opened:
        own = opened.score(items, [state.key], lambda steps, bound_by=None: None).scores[state.key]
        model = opened._models[state.key].model  # made once: the largest take seconds to initialise
    loader = timm.data.create_loader(
        Folder(items), batch_size=len(items), is_training=False, num_workers=0, persistent_workers=False, device=torch.device("cpu"),
        **timm.data.resolve_data_config({}, model=model),
    )  # fmt: skip
    ((pixels, _),) = list(loader)
    with torch.inference_mode():
        expected = model(pixels).log_softmax(1).topk(5)
    assert np.array_equal(own.scores, expected.values.numpy())
    assert np.array_equal(own.classes, expected.indices.numpy())


def test_unreadable_images_stop_the_run_or_are_left_out_of_all_states(states, items):
    bad = [items[0], ImageItem("bad", 1, "1", b"x", "bad file"), *items[1:40]]
    with pytest.raises(InputError, match=r"bad file: cannot be decoded .* `skip_unreadable`"):
        answers(states, bad)
    found = answers(states, bad, skip_unreadable=True, batch_size=7)
    assert list(found.problems) == [1]
    assert "bad file" not in found.problems[1]
    for state in states:
        expected = score([state], items[:40])[state.backbone.name]
        assert found.scores[state.key].prediction.tolist() == expected.prediction.tolist()
    nothing = answers(states, bad[1:2], skip_unreadable=True)
    assert [len(scores.prediction) for scores in nothing.scores.values()] == [0, 0]


def test_only_classes_of_a_subset_are_answered(states, items):
    whole, part = score(states, items), score(states, items, subset=(7, 2, 5))
    for name, scores in part.items():
        inside = np.isin(whole[name].prediction, (7, 2, 5))
        assert inside.any()
        answers_in_all = np.array((7, 2, 5))[scores.prediction]
        assert answers_in_all[inside].tolist() == whole[name].prediction[inside].tolist()
        assert scores.scores.shape == (len(items), 3)


@pytest.mark.parametrize("mode", [{"dtype": "bfloat16"}, {"channels_last": True}])
def test_fast_modes_answer_nearly_the_same(states, items, mode):
    slow, fast = score(states, items), score(states, items, **mode)
    for name in slow:
        assert (slow[name].prediction == fast[name].prediction).mean() > 0.95
        assert np.isfinite(fast[name].scores).all()


def test_outputs_that_are_not_finite_stop_the_run(states, items, monkeypatch):
    load = classifiers.load_model

    def broken(*args, **kwargs):
        model = load(*args, **kwargs)
        next(iter(model.parameters())).data.fill_(float("nan"))
        return model

    monkeypatch.setattr(classifiers, "load_model", broken)
    with pytest.raises(RunError, match=r"outputs for .* are not all finite"):
        score(states[:1], items)


def test_passes_hold_what_fits(states):
    settings = RunSettings(torch.device("cpu"))
    vit = shipped_families()["vit"]
    many = [loaded(vit, index, random=True) for index in range(len(vit.states))]
    assert [len(group) for group in RUNNER.group(many, settings, 2**60)] == [8]
    groups = RUNNER.group(many, settings, 4 * 2**30)
    assert 1 < len(groups) < 8
    assert sum(len(group) for group in groups) == 8
    for group in groups:
        assert len(group) == 1 or RUNNER.needs(group, settings) <= 4 * 2**30
    assert [len(group) for group in RUNNER.group(many, settings, 0)] == [1] * 8


def test_device_costs_of_a_state(states):
    settings = RunSettings(torch.device("cpu"), batch_size=4)
    with RUNNER.open(states[:1], settings, AnswerSpace(10)) as opened:
        costs = opened.measure(states[0].key)
    assert 0 < costs.latency_ms_p50 <= costs.latency_ms_p95
    assert costs.throughput > 0
    assert costs.energy_j is None
    assert costs.peak_memory_bytes is None
