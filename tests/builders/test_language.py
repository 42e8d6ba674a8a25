from __future__ import annotations

import numpy as np
import pytest
import torch
from adaptlabels.builders.batching import by_token_budget
from adaptlabels.builders.benchmarks import find_benchmark, open_source
from adaptlabels.builders.items import ChoiceItem
from adaptlabels.builders.language import encode_pair, load_tokenizer
from adaptlabels.builders.plan import RUNNERS
from adaptlabels.builders.runner import AnswerSpace, LoadedState, RunSettings
from adaptlabels.builders.spaces import shipped_families
from adaptlabels.builders.training import make_tokenizer, trained_folder
from adaptlabels.builders.weights import Weights, weights_digest
from adaptlabels.labels import InputError, RunError
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoModelForCausalLM

RUNNER = RUNNERS["language"]


@pytest.fixture(scope="module", params=["neox-mini", "llama-mini"])
def state(request):
    family = shipped_families()[request.param]
    folder = trained_folder(family, family.states[0])
    weights = Weights("trained-here", None, None, folder, weights_digest(folder))
    return LoadedState(family, family.states[0], weights, RUNNER.cost(family.states[0], folder))


@pytest.fixture(scope="module")
def items():
    return list(open_source(find_benchmark("stories"), None, limit=24).items())


def score(state, items, **settings):
    with RUNNER.open([state], RunSettings(torch.device("cpu"), **settings), AnswerSpace(4)) as opened:
        return opened.score(items, [state.key], lambda steps, bound_by=None: None).scores[state.key]


def reference(state, items):
    """Sums of log-likelihoods, one sequence at a time, with the whole vocabulary at every position."""
    tokenizer = load_tokenizer(state)
    model = AutoModelForCausalLM.from_pretrained(state.weights.folder).eval()
    window = model.config.max_position_embeddings
    sums = []
    for item in items:
        for choice in item.choices:
            context, ending = encode_pair(tokenizer, item.context, f" {choice}")
            inputs = (context + ending)[-(window + 1) :][:-1]
            with torch.inference_mode():
                log_probabilities = model(torch.tensor([inputs])).logits[0].double().log_softmax(-1)
            wanted = ending[-len(inputs) :]
            rows = log_probabilities[-len(wanted) :]
            sums.append(rows[torch.arange(len(wanted)), torch.tensor(wanted)].sum().item())
    return np.array(sums).reshape(len(items), -1)


def test_log_likelihoods_are_those_of_single_sequences(state, items):
    found, expected = score(state, items), reference(state, items)
    np.testing.assert_allclose(found.scores, expected, rtol=1e-5)
    characters = np.array([[len(choice) for choice in item.choices] for item in items])
    assert found.prediction.tolist() == (expected / characters).argmax(1).tolist()


def test_sums_do_not_depend_on_batch_size_or_order(state, items):
    one, many = score(state, items, batch_size=1), score(state, items[::-1])
    np.testing.assert_allclose(one.scores, many.scores[::-1], rtol=1e-6)


def test_contexts_longer_than_the_window_are_cut_on_the_left(state):
    long = ChoiceItem("x", 0, "g", "word " * 400 + "end", ("a b c d.", "b.", "c.", "d d."), "here")
    short = ChoiceItem("y", 1, "g", "Moving house: Anna", ("a.", "b.", "c.", "d."), "here")
    np.testing.assert_allclose(score(state, [long, short]).scores, reference(state, [long, short]), rtol=1e-5)


def test_a_choice_longer_than_the_window_keeps_its_end(state):
    item = ChoiceItem("x", 0, "g", "Anna", ("z " * 300 + ".", "b.", "c.", "d."), "here")
    np.testing.assert_allclose(score(state, [item]).scores, reference(state, [item]), rtol=1e-5)


def test_cost_is_that_of_four_full_sequences(state, items):
    tokenizer = load_tokenizer(state)
    item = items[0]
    tokens = [
        len(tokenizer.encode(f"{item.context} {choice}", add_special_tokens=False)) - 1 for choice in item.choices
    ]
    assert score(state, [item]).gflops[0] == pytest.approx(float(state.cost.gflops(tokens).sum()), rel=1e-12)


def test_scores_that_are_not_finite_stop_the_run(state, items, monkeypatch):
    import adaptlabels.builders.language as language

    load = language._load

    def broken(*args):
        model = load(*args)
        next(iter(model.parameters())).data.fill_(float("nan"))
        return model

    monkeypatch.setattr(language, "_load", broken)
    with pytest.raises(RunError, match=r"log-likelihoods of .* are not finite"):
        score(state, items)


def test_spaces_at_the_end_of_a_context_belong_to_the_choice():
    tokenizer = make_tokenizer()
    assert encode_pair(tokenizer, "Anna takes ", "the lamp") == encode_pair(tokenizer, "Anna takes", " the lamp")
    context, choice = encode_pair(tokenizer, "Anna takes", " the lamp")
    assert tokenizer.decode(context + choice) == "Anna takes the lamp"
    assert tokenizer.decode(choice) == " the lamp"


def test_an_empty_context_is_the_begin_of_text():
    tokenizer = make_tokenizer()
    assert encode_pair(tokenizer, "", " the lamp")[0] == [tokenizer.bos_token_id]
    tokenizer.bos_token = tokenizer.eos_token = None
    with pytest.raises(InputError, match="empty context"):
        encode_pair(tokenizer, "", " the lamp")


@given(st.lists(st.integers(1, 50), max_size=40), st.integers(1, 200))
def test_batches_hold_every_sequence_once_longest_first_within_the_budget(lengths, budget):
    batches = list(by_token_budget(lengths, budget))
    flat = [i for batch in batches for i in batch]
    assert sorted(flat) == list(range(len(lengths)))
    assert [lengths[i] for i in flat] == sorted(lengths, reverse=True)
    assert all(len(batch) == 1 or len(batch) * lengths[batch[0]] <= budget for batch in batches)
