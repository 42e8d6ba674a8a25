from __future__ import annotations

from random import Random

import pytest
from adaptlabels.builders.backbones.families import shipped_families
from adaptlabels.builders.backbones.weights import weights_digest
from adaptlabels.builders.miniature import grammar
from adaptlabels.builders.miniature.training import make_tokenizer, trained_folder


@pytest.mark.parametrize(("name", "index"), [("vit-mini", 0), ("neox-mini", 0)])
def test_training_twice_gives_the_same_weights(name, index, monkeypatch, tmp_path):
    family = shipped_families()[name]
    quick = family.states[index].recipe.model_copy(update={"steps": 12})
    state = family.states[index].model_copy(update={"recipe": quick})
    digests = []
    for run in ("one", "two"):
        monkeypatch.setenv("ADAPTLABELS_CACHE", str(tmp_path / run))
        folder = trained_folder(family, state)
        assert not list(folder.rglob("*.bin"))
        assert not list(folder.rglob("*.pt*"))
        digests.append(weights_digest(folder))
        assert trained_folder(family, state) == folder
    assert digests[0] == digests[1]


def test_another_recipe_is_another_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("ADAPTLABELS_CACHE", str(tmp_path))
    family = shipped_families()["vit-mini"]
    folders = set()
    for steps in (3, 4):
        quick = family.states[0].recipe.model_copy(update={"steps": steps})
        folders.add(trained_folder(family, family.states[0].model_copy(update={"recipe": quick})))
    assert len(folders) == 2


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


def test_the_tokenizer_writes_any_text():
    tokenizer = make_tokenizer()
    text = "Überall: 北京 \x07 naïve [title] — “x”\n"
    assert tokenizer.decode(tokenizer.encode(text, add_special_tokens=False)) == text
    assert len(tokenizer) <= 512
