"""Image-text models: labels of small random CLIP and SigLIP models are transformers' own zero-shot answers."""

from __future__ import annotations

import io
import json

import numpy as np
import polars as pl
import pytest
import torch
from adaptlabels.builders import build
from adaptlabels.builders.backbones.converting import checkpoint_folder
from adaptlabels.builders.backbones.counting import vision_cost
from adaptlabels.builders.backbones.families import Backbone, Family
from adaptlabels.builders.backbones.image_text_models import create_model
from adaptlabels.builders.backbones.timm_models import data_config
from adaptlabels.builders.backbones.weights import Weights, weights_digest
from adaptlabels.builders.building.forecast import RANDOM
from adaptlabels.builders.building.plan import RUNNERS
from adaptlabels.builders.running.contract import LoadedState, RunSettings
from adaptlabels.builders.sources.benchmarks import AnswerSpace, benchmarks, find_benchmark
from adaptlabels.builders.sources.opening import open_source
from adaptlabels.builders.vision.pixels import PixelMaker, PixelSetting
from adaptlabels.labels import InputError, validate_folder
from PIL import Image
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import (
    AutoModel,
    BertConfig,
    CLIPConfig,
    CLIPImageProcessorPil,
    PreTrainedTokenizerFast,
    SiglipConfig,
    SiglipImageProcessorPil,
)

DIGITS = find_benchmark("digits")
RUNNER = RUNNERS["vision"]()
SIDE = {"clip": 12, "siglip": 16}
"""Sides of the models' images: other than the digits' 8, so that images are resized."""
WORDS = ["[PAD]", "[UNK]", "<s>", "</s>", "a", "photo", "of", "the", "number", ":", '"', ".", "drawing", *"0123456789"]
DEPTH, WIDTH, INNER, PATCH = 2, 16, 24, 4


def save_tokenizer(folder, window):
    own = Tokenizer(models.WordLevel({word: index for index, word in enumerate(WORDS)}, unk_token="[UNK]"))
    own.pre_tokenizer = pre_tokenizers.Whitespace()
    own.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", WORDS.index("<s>")), ("</s>", WORDS.index("</s>"))]
    )
    found = PreTrainedTokenizerFast(
        tokenizer_object=own, pad_token="[PAD]", unk_token="[UNK]", bos_token="<s>", eos_token="</s>",
        model_max_length=window,
    )  # fmt: skip
    found.save_pretrained(folder)


def save_model(kind, folder, seed=0):
    """A random model with everything beside it that a checkpoint has."""
    body = {"num_hidden_layers": DEPTH, "num_attention_heads": 2, "hidden_size": WIDTH, "intermediate_size": INNER}
    ends = {"bos_token_id": WORDS.index("<s>"), "eos_token_id": WORDS.index("</s>"), "pad_token_id": 0}
    text = body | ends | {"vocab_size": len(WORDS), "max_position_embeddings": 20}
    vision = body | {"image_size": SIDE[kind], "patch_size": PATCH}
    torch.manual_seed(seed)
    if kind == "clip":
        config = CLIPConfig(text_config=text, vision_config=vision, projection_dim=10)
        processor = CLIPImageProcessorPil(size={"shortest_edge": SIDE[kind]}, crop_size=SIDE[kind])
    else:
        config = SiglipConfig(text_config=text, vision_config=vision)
        processor = SiglipImageProcessorPil(size={"height": SIDE[kind], "width": SIDE[kind]}, resample=2)
    model = AutoModel.from_config(config)
    for parameter in model.parameters():  # as initialised, all images look alike
        parameter.data += 0.2 * torch.randn_like(parameter)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    save_tokenizer(folder, 20)
    return folder


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return {kind: save_model(kind, tmp_path_factory.mktemp(kind)) for kind in SIDE}


def processor_of(kind, folder):
    return (CLIPImageProcessorPil if kind == "clip" else SiglipImageProcessorPil).from_pretrained(folder)


def probabilities(kind, folder, images, texts):
    """transformers' own zero-shot answers: softmax of `logits_per_image`, for each class one text."""
    model = AutoModel.from_pretrained(folder).eval()
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
    padding = {"padding": "max_length", "max_length": 20} if kind == "siglip" else {"padding": True}
    tokens = tokenizer(texts, return_tensors="pt", **padding)
    pixels = processor_of(kind, folder)(images, return_tensors="pt")
    with torch.inference_mode():
        found = model(**pixels, input_ids=tokens.input_ids, attention_mask=tokens.attention_mask)
    return found.logits_per_image.softmax(1)


def state_of(kind, folder, **changes):
    backbone = Backbone(name=kind, architecture=kind, source=f"local:{folder}", **changes)
    family = Family(
        name="own", runner="vision", dataset="digits", states=(backbone, backbone.model_copy(update={"name": "b"}))
    )
    weights = Weights("pretrained", None, None, folder, weights_digest(folder))
    return LoadedState(family, backbone, weights, RUNNER.cost(backbone, folder))


def test_a_build_gives_transformers_own_zero_shot_answers(folders, tmp_path):
    states = [{"name": kind, "architecture": kind, "source": f"local:{folder}"} for kind, folder in folders.items()]
    table = {"name": "own", "runner": "vision", "dataset": "digits", "states": states}
    (tmp_path / "own.yaml").write_text(json.dumps(table))
    limit = 60
    made = build("digits", tmp_path / "out", families=["own"], families_file=tmp_path / "own.yaml", limit=limit)
    assert [problem.file for problem in validate_folder(made)] == ["README.md"]  # no card was asked for
    rows, order = made.predictions("own"), made.family_states("own")
    assert order["input_size"].to_list() == ["12x12", "16x16"]
    assert all("transformers" in json.loads(text) for text in order["environment"])
    items = {item.sample_id: item for item in open_source(DIGITS, None, limit=limit).items()}
    for index, (kind, source) in enumerate(folders.items()):
        own = rows.filter(pl.col("state") == index)
        images = [Image.open(io.BytesIO(items[name].content)).convert("RGB") for name in own["sample_id"]]
        expected = probabilities(kind, source, images, [f'a photo of the number: "{digit}".' for digit in range(10)])
        assert len(set(own["prediction"])) > 1
        assert own["prediction"].to_list() == expected.argmax(1).tolist()
        np.testing.assert_allclose(own["confidence"], expected.max(1).values, atol=1e-5)
        top = expected.log().topk(5)
        assert own["classes"].to_list() == top.indices.tolist()
        np.testing.assert_allclose(np.stack(own["scores"]), top.values, atol=1e-4)


@pytest.mark.parametrize("kind", SIDE)
def test_a_class_of_several_texts_is_the_mean_of_their_embeddings(folders, kind):
    items = list(open_source(DIGITS, None, limit=8).items())
    prompts = ("a photo of the {}.", "a drawing of the number {}.")
    answers = AnswerSpace(10, texts=tuple(tuple(prompt.format(d) for prompt in prompts) for d in range(10)))
    state = state_of(kind, folders[kind])
    with RUNNER.open([state], RunSettings(torch.device("cpu")), answers) as opened:
        found = opened.score(items, [state.key], lambda steps, bound_by=None: None).scores[state.key]
    model = AutoModel.from_pretrained(folders[kind]).eval()
    images = [Image.open(io.BytesIO(item.content)).convert("RGB") for item in items]
    with torch.inference_mode():
        seen = model.get_image_features(**processor_of(kind, folders[kind])(images, return_tensors="pt")).pooler_output
        tokenizer = PreTrainedTokenizerFast.from_pretrained(folders[kind])
        classes = []
        for texts in answers.texts:
            padding = {"padding": "max_length", "max_length": 20} if kind == "siglip" else {"padding": True}
            tokens = tokenizer(list(texts), return_tensors="pt", **padding)
            some = model.get_text_features(tokens.input_ids, tokens.attention_mask).pooler_output
            mean = (some / some.norm(dim=1, keepdim=True)).mean(0)
            classes.append(mean / mean.norm())
        logits = model.logit_scale.exp() * (seen / seen.norm(dim=1, keepdim=True)) @ torch.stack(classes).T
    np.testing.assert_allclose(found.confidence, logits.softmax(1).max(1).values, atol=1e-5)


@pytest.mark.parametrize("kind", SIDE)
@pytest.mark.parametrize("size", [(8, 8), (31, 47), (50, 29), (40, 41), (19, 90)])
def test_pixels_are_those_of_transformers_on_pillow(folders, kind, size):
    image = np.random.default_rng(1).integers(0, 256, (*size, 3), dtype=np.uint8)
    with torch.device("meta"):
        config = data_config(create_model(Backbone(name="a", architecture=kind, source="a/b"), folders[kind]))
    setting = PixelSetting.of(config)
    found = np.empty((3, setting.height, setting.width), dtype=np.uint8)
    PixelMaker().make(image, {setting: found})
    processor = processor_of(kind, folders[kind])
    raw = processor(Image.fromarray(image), do_rescale=False, do_normalize=False, return_tensors="np")
    assert np.array_equal(found, raw["pixel_values"][0])
    normalised = (found / 255 - np.reshape(config["mean"], (3, 1, 1))) / np.reshape(config["std"], (3, 1, 1))
    expected = processor(Image.fromarray(image), return_tensors="np")["pixel_values"][0]
    np.testing.assert_allclose(normalised, expected, atol=1e-6)


def test_the_image_side_costs_what_its_matrix_products_cost(folders):
    d, inner = WIDTH, INNER
    for kind, folder in folders.items():
        patches = (SIDE[kind] // PATCH) ** 2
        n = patches + (kind == "clip")  # CLIP has a class token, SigLIP a probe that looks at all patches
        multiply_adds = patches * d * 3 * PATCH**2 + DEPTH * (n * (4 * d * d + 2 * d * inner) + 2 * n * n * d)
        multiply_adds += d * 10 if kind == "clip" else (2 * n + 2) * d * d + 2 * n * d + 2 * d * inner
        cost = vision_cost(Backbone(name="a", architecture=kind, source="a/b"), folder)
        assert cost.gflops == pytest.approx(2 * multiply_adds / 1e9, rel=1e-12)
        whole = AutoModel.from_pretrained(folder)
        parts = [whole.vision_model, *([whole.visual_projection] if kind == "clip" else [])]
        assert cost.parameters == sum(p.numel() for part in parts for p in part.parameters())


def test_random_weights_need_no_texts(folders):
    config = json.loads((folders["clip"] / "config.json").read_text())
    table = {name: config[name] for name in ("vision_config", "text_config", "projection_dim")}
    backbone = Backbone(name="a", architecture="clip", source="a/b", config=table)
    state = state_of("clip", folders["clip"])
    state = LoadedState(state.family, backbone, RANDOM, RUNNER.cost(backbone, None))
    items = list(open_source(DIGITS, None, limit=4).items())
    with RUNNER.open([state], RunSettings(torch.device("cpu"), dtype="bfloat16"), DIGITS.answers) as opened:
        found = opened.score(items, [state.key], lambda steps, bound_by=None: None).scores[state.key]
    assert len(found.prediction) == 4


def test_answers_depend_on_texts_tokenizer_and_preprocessing(folders, tmp_path):
    folder = save_model("clip", tmp_path)
    state = state_of("clip", folder)
    first = RUNNER.identity(state, DIGITS.answers)
    assert RUNNER.identity(state, AnswerSpace(10, texts=(("x",),) * 10)) != first
    for name in ("tokenizer.json", "preprocessor_config.json"):
        content = (folder / name).read_text()
        (folder / name).write_text(content + " ")
        assert RUNNER.identity(state, DIGITS.answers) != first
        (folder / name).write_text(content)
    assert RUNNER.identity(state, DIGITS.answers) == first


def test_a_benchmark_without_words_for_its_classes_is_refused(folders):
    with pytest.raises(InputError, match="state 'clip': an image-text model needs words for each class"):
        RUNNER.check(state_of("clip", folders["clip"]), AnswerSpace(10))


def test_every_image_benchmark_has_words_for_its_classes():
    images = [one for one in benchmarks().values() if one.task == "image-classification"]
    for benchmark in images:
        assert benchmark.prompts
        assert all(prompt.count("{}") == 1 for prompt in benchmark.prompts)
        assert len(benchmark.answers.texts) == benchmark.answers.n_classes
    assert find_benchmark("imagenet-a").answers.texts[0][1] == "a bad photo of the tench."


def broken(folder, name, change=None):
    if change is None:
        (folder / name).unlink()
    else:
        (folder / name).write_text(json.dumps(change(json.loads((folder / name).read_text()))))


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("config.json", lambda _: BertConfig().to_dict(), "'bert' is no image-text model that can be run; expected clip or"),
        ("config.json", lambda c: c | {"model_type": "siglip2"}, "'siglip2' is no image-text model"),
        ("tokenizer.json", None, "no tokenizer.json or spiece.model in"),
        ("tokenizer.json", lambda _: {}, "cannot read tokenizer.json or spiece.model in"),
        ("preprocessor_config.json", None, "no preprocessor_config.json or processor_config.json in"),
        ("preprocessor_config.json", lambda c: c | {"resample": 1}, "must resize to the model's 12 pixels by bilinear or"),
        ("preprocessor_config.json", lambda c: c | {"do_center_crop": False}, "crop the centre or nothing"),
        ("preprocessor_config.json", lambda c: c | {"crop_size": {"height": 9, "width": 9}}, "it does otherwise"),
    ],
)  # fmt: skip
def test_a_checkpoint_that_cannot_be_run_is_named_in_a_line(tmp_path, name, change, message):
    folder = save_model("clip", tmp_path / "m")
    state = state_of("clip", folder)
    broken(folder, name, change)
    with pytest.raises(InputError, match=f"state 'clip': .*{message}") as caught:
        RUNNER.check(state, DIGITS.answers)
    assert "\n" not in str(caught.value)


def test_a_single_file_and_early_exits_are_refused(folders):
    file = folders["clip"] / "model.safetensors"
    with pytest.raises(InputError, match="needs its tokenizer and image processor beside its weights"):
        checkpoint_folder("vision", Backbone(name="a", architecture="clip", source=f"local:{file}"), file)
    with pytest.raises(InputError, match="'clip' has no early exits"):
        create_model(Backbone(name="a", architecture="clip", source="a/b", exit=1), folders["clip"])
