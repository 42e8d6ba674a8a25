"""What the language tests share: states of small models, and log-likelihoods the long way round."""

from __future__ import annotations

import numpy as np
import torch
from adaptlabels.builders.backbones.families import Backbone, Family, shipped_families
from adaptlabels.builders.backbones.weights import Weights, miniature_folder, weights_digest
from adaptlabels.builders.building.forecast import RANDOM
from adaptlabels.builders.language.models import load_model, load_tokenizer, window_of
from adaptlabels.builders.language.runner import LanguageRunner
from adaptlabels.builders.language.tokens import encode_items
from adaptlabels.builders.running.contract import LoadedState, RunSettings
from adaptlabels.builders.sources.benchmarks import AnswerSpace

SETTINGS = RunSettings(torch.device("cpu"))


def trained(family_name, index=0):
    family = shipped_families()[family_name]
    folder = miniature_folder(family.name, family.states[index].name)
    weights = Weights("trained-here", None, None, folder, weights_digest(folder))
    return LoadedState(family, family.states[index], weights, LanguageRunner().cost(family.states[index], folder))


def random_state(architecture, config, tokenizer, **family):
    """A state with random weights; `tokenizer` is a file."""
    backbones = tuple(
        Backbone(name=name, architecture=architecture, source="none/none", config=config) for name in ("one", "two")
    )
    made = Family(
        name="test", runner="language", dataset="hellaswag", tokenizer=str(tokenizer), states=backbones, **family
    )
    return LoadedState(made, backbones[0], RANDOM, LanguageRunner().cost(backbones[0], None))


def score(state, items, runner=None, **settings):
    runner = runner or LanguageRunner()
    with runner.open([state], RunSettings(torch.device("cpu"), **settings), AnswerSpace(4)) as opened:
        return opened.score(items, [state.key], lambda steps, bound_by=None: None).scores[state.key]


def reference(state, items, dtype=torch.float64):
    """Sums of log-likelihoods, one sequence at a time, with the whole vocabulary at every position."""
    tokenizer = load_tokenizer(state)
    model = load_model(state, SETTINGS).to(dtype)
    window = window_of(model, tokenizer)
    sums = []
    for encoded in encode_items(tokenizer, items, add_bos_token=state.family.add_bos_token):
        sums.append([])
        for choice in encoded:
            cut = choice.within(window)
            tokens = torch.tensor(cut.tokens[None].astype(np.int64))
            with torch.inference_mode():
                found = model(input_ids=tokens[:, :-1], use_cache=False).logits[0].log_softmax(-1)
            wanted = tokens[0, -cut.n_scored :]
            rows = found[-cut.n_scored :]
            sums[-1].append(rows[torch.arange(cut.n_scored), wanted].sum().item())
    return sums
