from __future__ import annotations

import json
from random import Random

import pytest
from adaptlabels.builders import BuildOptions
from adaptlabels.builders.backbones.families import Family, shipped_families
from adaptlabels.builders.backbones.weights import MINIATURES, miniature_folder, weights_digest
from adaptlabels.builders.miniature import grammar
from adaptlabels.builders.miniature.training import RECORD, data_digests, make_tokenizer, train
from adaptlabels.labels import InputError

from ..builds import build

SHIPPED = [(family, state) for family in shipped_families().values() for state in family.states if state.recipe]


@pytest.mark.parametrize(("name", "index"), [("vit-mini", 0), ("neox-mini", 0)])
def test_training_twice_gives_the_same_weights(name, index, tmp_path):
    family = shipped_families()[name]
    quick = family.states[index].recipe.model_copy(update={"steps": 12})
    state = family.states[index].model_copy(update={"recipe": quick})
    for run in ("one", "two"):
        train(family, state, tmp_path / run)
    assert not [file for file in tmp_path.rglob("*") if file.suffix in (".bin", ".pt", ".pth")]
    assert weights_digest(tmp_path / "one") == weights_digest(tmp_path / "two")


def test_the_two_smallest_learn_what_the_shipped_ones_know(tmp_path):
    family = shipped_families()["vit-mini"]
    table = 'name = "own"\nrunner = "vision"\ndataset = "digits"\n'
    for state in family.states[:2]:
        train(family, state, tmp_path / state.name)
        table += f'[[states]]\nname = "{state.name}"\narchitecture = "x"\nsource = "local:{tmp_path / state.name}"\n'
    (tmp_path / "own.toml").write_text(table)
    options = BuildOptions(
        dataset="digits", out=tmp_path / "out", families=("own",), families_file=tmp_path / "own.toml", device="cpu"
    )
    accuracies = dict(build(options).states.select("state", "accuracy").rows())
    # Six seeds gave 66.6 to 72.9 % and 79.2 to 90.4 %; chance is 10 %.
    assert 0.55 < accuracies["vit-mini-12x1"] < 0.85
    assert 0.65 < accuracies["vit-mini-16x1"] < 0.98


def test_the_record_names_the_weights_that_ship_and_the_data_that_there_is():
    record = json.loads((MINIATURES / RECORD).read_text())
    assert record["data"] == data_digests()
    assert record["weights"] == {
        f"{family.name}/{state.name}": weights_digest(miniature_folder(family.name, state.name))
        for family, state in SHIPPED
    }
    assert len(record["weights"]) == 20


def test_only_safetensors_and_json_ship():
    assert {file.suffix for file in MINIATURES.rglob("*") if file.is_file()} == {".json", ".safetensors"}


def test_a_recipe_of_ones_own_is_told_to_name_its_weights():
    with pytest.raises(InputError, match="no weights of that name ship with adaptlabels; give its 'source'"):
        miniature_folder("vit-mini", "vit-mini-99x9")
    assert isinstance(shipped_families()["vit-mini"], Family)


def test_items_of_the_grammar_have_one_right_answer_that_the_story_decides():
    rng = Random(5)
    distances = set()
    for index in range(300):
        item = grammar.make_item(rng, index)
        right = item["endings"][int(item["label"])]
        thing = right.split()[2]
        assert len(set(item["endings"])) == 4
        sentences = item["ctx_a"].split(". ")
        people = grammar.WOMEN if item["ctx_b"].endswith("she") else grammar.MEN
        taker = [s for s in sentences if s.split()[0] in people and " the " in s][-1]
        assert taker.rstrip(".").endswith(thing)
        distances.add(len(sentences) - 1 - max(i for i, s in enumerate(sentences) if s == taker))
    assert len(distances) >= 4


def test_the_tokenizer_writes_any_text_and_is_the_one_that_ships():
    tokenizer = make_tokenizer()
    text = "Überall: 北京 \x07 naïve [title] — “x”\n"
    assert tokenizer.decode(tokenizer.encode(text, add_special_tokens=False)) == text
    assert len(tokenizer) <= 512
    shipped = json.loads((miniature_folder("neox-mini", "neox-mini-16x1") / "tokenizer.json").read_text())
    assert shipped["model"]["merges"] == json.loads(tokenizer.backend_tokenizer.to_str())["model"]["merges"]
