"""Early exits: one run of a network answers for all of them, as networks that are cut there would."""

from __future__ import annotations

import json

import numpy as np
import pytest
import timm
import torch
import yaml
from adaptlabels.builders import build, find_benchmark, open_source
from adaptlabels.builders.backbones.counting import language_cost, vision_cost
from adaptlabels.builders.backbones.families import Backbone, Family, shipped_families
from adaptlabels.builders.backbones.timm_models import save_model
from adaptlabels.builders.backbones.weights import miniature_folder
from adaptlabels.builders.building.forecast import RANDOM
from adaptlabels.builders.building.plan import RUNNERS
from adaptlabels.builders.running.contract import LoadedState, RunSettings, networks
from adaptlabels.builders.sources.benchmarks import AnswerSpace
from adaptlabels.cards import write_card
from adaptlabels.labels import InputError, validate_folder
from safetensors.torch import load_file
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

SETTINGS = RunSettings(torch.device("cpu"))
SMALL = {"vocab_size": 512, "hidden_size": 32, "num_hidden_layers": 4, "num_attention_heads": 2}
SMALL |= {"intermediate_size": 64, "max_position_embeddings": 96, "bos_token_id": 0, "eos_token_id": 0}
KV = {"num_key_value_heads": 2, "pad_token_id": 0}
VIT = {"num_classes": 10, "img_size": 8, "patch_size": 4, "embed_dim": 16, "depth": 4, "num_heads": 2}
VIT |= {"pretrained_cfg_overlay": {"input_size": [3, 8, 8], "crop_pct": 1.0}}
LANGUAGE = {
    "gpt_neox": SMALL,
    "llama": SMALL | KV,
    "mistral": SMALL | KV | {"sliding_window": 8},
    "gpt2": {"vocab_size": 512, "n_embd": 32, "n_layer": 4, "n_head": 2, "n_positions": 96},
    # More than a head lies between hidden states and logits: nothing can be shared.
    "gemma2": SMALL | KV | {"head_dim": 16, "final_logit_softcapping": 0.5, "sliding_window": 8},
}
VISION = {
    "vit_tiny_patch16_224": VIT,
    "eva02_tiny_patch14_224": VIT,
    # Blocks of its own lie between the row of blocks and the head: nothing can be shared.
    "xcit_nano_12_p16_224": {
        **VIT,
        "img_size": 32,
        "patch_size": 16,
        "pretrained_cfg_overlay": {"input_size": [3, 32, 32], "crop_pct": 1.0},
    },
}


def cut_language(source, folder, depth):
    """A model of fewer layers, as transformers makes it of a whole one's weights."""
    config = AutoConfig.from_pretrained(source)
    config.num_hidden_layers = depth
    AutoModelForCausalLM.from_pretrained(source, config=config, dtype="auto").save_pretrained(folder)
    AutoTokenizer.from_pretrained(source).save_pretrained(folder)


def cut_vision(source, folder, depth):
    """The same of timm."""
    about = json.loads((source / "config.json").read_text())
    config = about["model_args"] | {"depth": depth}
    backbone = Backbone(name="cut", architecture=about["architecture"], source="a/b", config=config)
    overlay = {"pretrained_cfg_overlay": {"input_size": about["pretrained_cfg"]["input_size"], "crop_pct": 1.0}}
    model = timm.create_model(backbone.architecture, **config, **overlay)
    model.load_state_dict(load_file(source / "model.safetensors"), strict=False)
    save_model(model, backbone, folder)


CASES = [
    ("stories", "neox-mini", "neox-mini-64x2", cut_language, [1, 2]),
    ("digits", "vit-mini", "vit-mini-64x4", cut_vision, [1, 3, None]),
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("dataset", "family", "name", "cut", "exits"), CASES, ids=["language", "vision"])
def test_labels_and_costs_are_those_of_a_network_that_is_cut_there(tmp_path, dataset, family, name, cut, exits):
    whole, runner = miniature_folder(family, name), shipped_families()[family].runner
    depth = next(s for s in shipped_families()[family].states if s.name == name).config
    depth = depth.get("depth") or depth["num_hidden_layers"]
    tables = {"exits": [], "cut": []}
    for exit_ in exits:
        (tmp_path / str(exit_)).mkdir()
        cut(whole, tmp_path / str(exit_), exit_ or depth)
        state = {"name": f"exit-{exit_ or depth}", "architecture": "from-the-config"}
        given = {} if exit_ is None else {"exit": exit_}
        tables["exits"].append({**state, "source": f"local:{whole}", **given})
        tables["cut"].append({**state, "source": f"local:{tmp_path / str(exit_)}"})
    families = [{"name": n, "runner": runner, "dataset": dataset, "states": s} for n, s in tables.items()]
    (tmp_path / "f.yaml").write_text(yaml.safe_dump({"families": families}))
    chosen = {"families": ["exits", "cut"], "families_file": tmp_path / "f.yaml", "limit": 100}
    folder = build(dataset, tmp_path / "out", device="cpu", card=write_card, **chosen)
    states = {n: folder.family_states(n) for n in tables}
    for column in ("state", "parameters", "gflops"):
        assert states["exits"][column].to_list() == states["cut"][column].to_list()
    assert states["exits"]["weights_sha256"].n_unique() == 1
    assert states["exits"]["exit"].to_list() == exits
    assert states["cut"]["exit"].null_count() == len(exits)
    assert validate_folder(folder) == []
    rows = {n: folder.predictions(n) for n in tables}
    assert rows["exits"]["prediction"].to_list() == rows["cut"]["prediction"].to_list()
    np.testing.assert_allclose(rows["exits"]["confidence"], rows["cut"]["confidence"], rtol=1e-4)


def random_exits(runner, architecture, config, depths, **family):
    states = tuple(
        Backbone(name=f"exit-{depth}", architecture=architecture, source="none/none", config=config, exit=depth)
        for depth in depths
    )
    made = Family(name="test", runner=runner, dataset="any", states=states, **family)
    own = RUNNERS[runner]()
    return own, [LoadedState(made, state, RANDOM, own.cost(state, None)) for state in states]


def answers(runner, states, items, classes):
    with runner.open(states, SETTINGS, AnswerSpace(classes)) as opened:
        keys = [state.key for state in states]
        return opened.score(items, keys, lambda steps, bound_by=None: None).scores


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("architecture", LANGUAGE)
def test_exits_of_every_architecture_together_are_those_one_by_one_in_language(architecture):
    tokenizer = miniature_folder("neox-mini", "neox-mini-64x2") / "tokenizer.json"
    runner, states = random_exits(
        "language", architecture, LANGUAGE[architecture], (1, 2, 4), tokenizer=str(tokenizer), add_bos_token=False
    )
    items = list(open_source(find_benchmark("stories"), None, limit=6).items())
    assert runner.group(states, SETTINGS, 1 << 40) == [tuple(states)]
    together = answers(runner, states, items, 4)
    for state in states:
        alone = answers(runner, [state], items, 4)[state.key]
        np.testing.assert_allclose(together[state.key].scores, alone.scores, rtol=1e-5)
        assert together[state.key].gflops.tolist() == alone.gflops.tolist()
    assert not np.allclose(together[states[0].key].scores, together[states[1].key].scores, rtol=1e-4)


@pytest.mark.parametrize("architecture", VISION)
def test_exits_of_every_architecture_together_are_those_one_by_one_in_vision(architecture):
    runner, states = random_exits("vision", architecture, VISION[architecture], (1, 2, 4))
    items = list(open_source(find_benchmark("digits"), None, limit=40).items())
    assert runner.group(states, SETTINGS, 1 << 40) == [tuple(states)]
    with runner.open(states, SETTINGS, AnswerSpace(10)) as opened:
        keys = [state.key for state in states]
        together = opened.score(items, keys, lambda steps, bound_by=None: None).scores
        assert opened._models[keys[0]]._shares == (not architecture.startswith("xcit"))
    for state in states:
        alone = answers(runner, [state], items, 10)[state.key]
        np.testing.assert_allclose(together[state.key].scores, alone.scores, rtol=1e-6)
    assert (together[keys[0]].scores != together[keys[1]].scores).any()


def test_a_block_runs_once_for_all_exits(monkeypatch):
    runner, states = random_exits("vision", "vit_tiny_patch16_224", VIT, (1, 2, 4))
    items = list(open_source(find_benchmark("digits"), None, limit=32).items())
    with runner.open(states, SETTINGS, AnswerSpace(10)) as opened:
        keys = [state.key for state in states]
        model = opened._models[keys[0]].model
        opened.score(items, keys, lambda steps, bound_by=None: None)
        runs = []
        for block in model.blocks:
            block.register_forward_hook(lambda block, *_: runs.append(block))
        opened.score(items, keys, lambda steps, bound_by=None: None)
        assert runs == list(model.blocks)
        assert [opened.measure(key).throughput > 0 for key in keys] == [True] * 3
        assert len(model.blocks) == 4


def test_compiled_exits_and_networks_without_exits_are_passes_of_their_own():
    _, states = random_exits("vision", "vit_tiny_patch16_224", VIT, (1, 2))
    assert networks(states, RunSettings(torch.device("cpu"), compiled=True)) == [(state,) for state in states]
    same = [
        LoadedState(state.family, state.backbone.model_copy(update={"exit": None}), RANDOM, state.cost)
        for state in states
    ]
    assert networks(same, SETTINGS) == [(state,) for state in same]


@pytest.mark.parametrize(
    ("runner", "architecture", "config", "message"),
    [
        ("vision", "vit_tiny_patch16_224", VIT, "`exit` is 9, but its network has 4 blocks"),
        ("vision", "resnet18", {}, "'resnet18' has no early exits .* leave out `exit`"),
        ("vision", "efficientnet_b0", {}, "'efficientnet_b0' has no early exits"),
        ("vision", "convnext_atto", {}, "'convnext_atto' has no early exits"),
        ("vision", "swin_tiny_patch4_window7_224", {}, "has no early exits"),
        ("language", "llama", SMALL, "`exit` is 9, but its network has 4 blocks"),
        (
            "language",
            "opt",
            {"vocab_size": 512, "hidden_size": 32, "num_attention_heads": 2, "word_embed_proj_dim": 32},
            "has no early exits",
        ),
    ],
)
def test_exits_that_a_network_does_not_have_are_named(runner, architecture, config, message):
    backbone = Backbone(name="s", architecture=architecture, source="a/b", config=config, exit=9)
    with pytest.raises(InputError, match=f"state 's': .*{message}"):
        {"vision": vision_cost, "language": language_cost}[runner](backbone)
    with pytest.raises(ValueError, match="greater than 0"):
        Backbone(name="s", architecture=architecture, source="a/b", exit=0)
