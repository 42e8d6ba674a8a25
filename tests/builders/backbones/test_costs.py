from __future__ import annotations

import pytest
import torch
from adaptlabels.builders.backbones import counting as measure
from adaptlabels.builders.backbones.costs import shipped_cost
from adaptlabels.builders.backbones.counting import count_cost, language_cost, state_cost, vision_cost
from adaptlabels.builders.backbones.families import shipped_families
from adaptlabels.builders.backbones.transformers_models import create_model

# Published: the models' cards, timm's results-imagenet.csv.
PARAMETERS = {
    "qwen3": [596049920, 1720574976, 4022468096, 8190735360, 14768307200],
    "llama3": [1235814400, 3212749824, 8030261248, 70553706496],
    "gemma3": [268098176, 999885952],
    "olmo2": [1484916736, 7298617344, 13716198400, 32234279936],
    "smollm2": [134515008, 361821120, 1711376384],
    "resnet": [11689512, 21797672, 25557032, 44549160, 60192808],
    "pythia": [70426624, 162322944, 405334016, 1011781632, 1414647808, 2775208960, 6857302016, 11846072320],
    "llama2": [6738415616, 13015864320, 68976648192],
    "vit": [5717416, 22050664, 5790376, 22196584, 86567656, 86859496, 304326632, 304715752],
    "efficientnet": [5288548, 7794184, 9109994, 12233232, 19341616, 30389784, 43040704, 66347960],
}

# OpenCLIP's docs/model_profile.csv: millions of parameters and GFLOPs; SigLIP's shapes are those of SigLIP 2.
IMAGE_SIDES = {
    "openclip": {
        "openclip-vit-b-32": (87.85, 8.82), "openclip-vit-b-16": (86.19, 35.13), "openclip-vit-l-14": (303.97, 162.03),
        "openclip-vit-h-14": (632.08, 334.59), "openclip-vit-g-14": (1012.65, 534.06),
        "openclip-vit-bigg-14": (1844.91, 967.5),
    },
    "siglip2": {
        "siglip2-base-p16-256": (92.93, 46.82), "siglip2-base-p16-384": (93.18, 112.13),
        "siglip2-large-p16-256": (315.96, 162.56), "siglip2-large-p16-384": (316.28, 383.85),
        "siglip2-so400m-p14-224": (427.68, 220.35), "siglip2-so400m-p14-384": (428.23, 670.35),
    },
}  # fmt: skip


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters_are_the_published_ones(name):
    family = shipped_families()[name]
    assert [shipped_cost(family, state).parameters for state in family.states] == PARAMETERS[name]


@pytest.mark.parametrize("name", IMAGE_SIDES)
def test_image_sides_cost_what_openclip_publishes(name):
    costs = {state.name: shipped_cost(shipped_families()[name], state) for state in shipped_families()[name].states}
    for state, (millions, gflops) in IMAGE_SIDES[name].items():
        assert (round(costs[state].parameters / 1e6, 2), round(costs[state].gflops, 2)) == (millions, gflops)


def test_all_states_that_ship_are_counted_before():
    for family in shipped_families().values():
        assert all(shipped_cost(family, state) for state in family.states), family.name


@pytest.mark.parametrize(
    "name", ["convnext", "efficientnet", "mobilenetv4", "openclip", "pythia", "siglip2", "swinv2", "vit-mini"]
)
def test_what_was_counted_before_is_what_is_counted_now(name):
    family = shipped_families()[name]
    state = family.states[0]
    before, now = shipped_cost(family, state), count_cost(family, state)
    assert before.parameters == now.parameters
    assert before.nominal_gflops() == pytest.approx(now.nominal_gflops(), rel=1e-9)
    assert before.input_sides == now.input_sides


def test_a_state_of_the_same_name_with_another_model_is_counted_itself():
    family = shipped_families()["vit-mini"]
    other = family.states[1].model_copy(update={"name": family.states[0].name})
    assert shipped_cost(family, other) is None
    assert state_cost(family, other).parameters == shipped_cost(family, family.states[1]).parameters


def test_vit_base_costs_what_its_matrix_products_cost():
    # 12 blocks of 4 d^2 + 8 d^2 multiply-adds per token and 2 n d per token for attention; patches and head.
    n, d = 197, 768
    multiply_adds = 12 * (12 * d * d * n + 2 * n * n * d) + 196 * d * (3 * 16 * 16) + d * 1000
    state = next(s for s in shipped_families()["vit"].states if s.name == "vit-base-224")
    assert vision_cost(state).gflops == pytest.approx(2 * multiply_adds / 1e9, rel=1e-12)


@pytest.mark.parametrize("family", ["pythia", "llama-mini", "neox-mini"])
@pytest.mark.parametrize("tokens", [7, 200])
def test_the_quadratic_holds_at_lengths_that_it_was_not_fitted_to(family, tokens):
    state = shipped_families()[family].states[0]
    with torch.device("meta"):
        model = create_model(state, None, attention="eager").eval()
    counted = measure._with_some_mask(model, tokens, state.name, measure._count) / 1e9
    assert float(language_cost(state).gflops(tokens)) == pytest.approx(counted, rel=1e-9)


def test_a_count_is_kept_and_a_broken_one_is_made_again(monkeypatch, tmp_path):
    monkeypatch.setenv("ADAPTLABELS_CACHE", str(tmp_path))
    state = shipped_families()["vit-mini"].states[0]
    first = vision_cost(state)
    (kept,) = (tmp_path / "costs").glob("*.json")
    content = kept.read_text()
    kept.write_text(content.replace(str(first.parameters), "5"))
    assert vision_cost(state).parameters == 5  # read, not counted
    kept.write_text("{")
    assert vision_cost(state) == first
    assert kept.read_text() == content
