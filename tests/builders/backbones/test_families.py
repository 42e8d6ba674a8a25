from __future__ import annotations

import pytest
import timm
from adaptlabels.builders.backbones.families import known_families, read_families, shipped_families
from adaptlabels.labels import InputError
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

IMAGE_TEXT = ("openclip", "siglip2")
GOOD = """
name = "mine"
runner = "vision"
dataset = "imagenet"
[[states]]
name = "a"
architecture = "resnet18"
source = "timm/resnet18.a1_in1k"
[[states]]
name = "b"
architecture = "resnet34"
source = "timm/resnet34.a1_in1k@main"
"""


def test_the_promised_families_ship():
    families = shipped_families()
    sizes = {name: len(family.states) for name, family in families.items()}
    assert sizes == {
        "convnext": 8, "convnext-mini": 6, "convnextv2": 8, "deit3": 8, "efficientnet": 8, "efficientnet-lite": 5,
        "efficientnetv2": 7, "eva02": 4, "gemma3": 2, "llama-mini": 4, "llama2": 3, "llama3": 4, "mobilenetv4": 5,
        "neox-mini": 4, "olmo2": 4, "openclip": 6, "pythia": 8, "pythia-deduped": 8, "qwen3": 5, "resnet": 5,
        "resnet-tv": 5, "siglip2": 10, "smollm2": 3, "swinv2": 6, "vit": 8, "vit-mini": 6,
    }  # fmt: skip
    assert all(s.source and s.source.startswith("timm/tf_efficientnet_b") for s in families["efficientnet"].states)
    assert all(s.source and "augreg" in s.source for s in families["vit"].states)


def test_every_image_model_is_one_of_timms_pretrained_and_of_its_repository():
    known = set(timm.list_pretrained())
    for family in shipped_families().values():
        if family.dataset == "imagenet" and family.name not in IMAGE_TEXT:
            for state in family.states:
                assert state.architecture in known
                assert state.source == timm.get_pretrained_cfg(state.architecture).hf_hub_id
                assert state.reference_accuracy is not None


def test_every_image_text_model_is_a_configuration_of_transformers():
    for name in IMAGE_TEXT:
        for state in shipped_families()[name].states:
            config = CONFIG_MAPPING[state.architecture]()
            assert all(hasattr(config, key) for key in state.config), state.name
            assert all(hasattr(config.vision_config, key) for key in state.config["vision_config"]), state.name


def test_every_language_model_is_a_configuration_of_transformers():
    for family in shipped_families().values():
        if family.dataset == "hellaswag":
            for state in family.states:
                config = CONFIG_MAPPING[state.architecture]()
                assert all(hasattr(config, name) or name == "rope_theta" for name in state.config), state.name


def test_a_users_file_adds_a_family(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(GOOD)
    assert set(known_families(path)) == {*shipped_families(), "mine"}
    assert known_families(path)["mine"].states[1].source == "timm/resnet34.a1_in1k@main"


def test_yaml_and_several_families_in_a_file(tmp_path):
    path = tmp_path / "mine.yaml"
    states = "[{name: a, architecture: x, source: o/a}, {name: b, architecture: y, source: o/b}]"
    path.write_text(
        f"families:\n- {{name: one, runner: vision, dataset: imagenet, states: {states}}}\n"
        f"- {{name: two, runner: language, dataset: hellaswag, states: {states}}}\n"
    )
    assert list(read_families(path)) == ["one", "two"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD.replace('runner = "vision"', 'runner = "audio"'), "runner: Input should be 'vision' or 'language'"),
        (GOOD.replace("[[states]]", 'colour = "red"\n[[states]]', 1), "colour: Extra inputs are not permitted"),
        (GOOD.replace('name = "b"', 'name = "a"'), "state 'a' is given twice"),
        (GOOD.split("[[states]]", maxsplit=1)[0], "states: Field required"),
        (GOOD[: GOOD.rindex("[[states]]")], "states: Tuple should have at least 2 items"),
        (GOOD.replace('source = "timm/resnet18.a1_in1k"', ""), "needs either 'source' or 'recipe'"),
        (GOOD.replace("mine", "vit"), "'vit' ships with adaptlabels"),
        (GOOD.replace("mine", "a b"), "letters, digits"),
        (GOOD.replace('name = "b"', 'name = "../../../x"'), "state '../../../x': expected letters, digits"),
        (GOOD.replace("mine", "states"), "may not be called states"),
        ("name = ", "Invalid value"),
    ],
)
def test_a_wrong_file_is_refused_with_the_key(tmp_path, text, message):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        known_families(path)
    assert message in str(caught.value)
    assert "mine.toml" in str(caught.value)


def test_files_of_another_kind_and_missing_ones_are_named(tmp_path):
    (tmp_path / "x.ini").write_text("a")
    with pytest.raises(InputError, match=r"expected a \.toml"):
        read_families(tmp_path / "x.ini")
    with pytest.raises(InputError, match="cannot be read"):
        read_families(tmp_path / "none.toml")
    (tmp_path / "list.yaml").write_text("- a")
    with pytest.raises(InputError, match="expected a table"):
        read_families(tmp_path / "list.yaml")


def test_narrowing_needs_two_states():
    family = shipped_families()["vit"]
    assert [s.name for s in family.narrowed(("vit-base-224", "vit-tiny-224")).states] == [
        "vit-tiny-224",
        "vit-base-224",
    ]
    with pytest.raises(InputError, match="name at least two states of family 'vit', 1 is not enough"):
        family.narrowed(("vit-tiny-224",))
