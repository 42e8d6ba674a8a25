from __future__ import annotations

import gc
import weakref

import adaptlabels.builders.language.passes as passes
import numpy as np
import pytest
import torch
from adaptlabels.builders.backbones.transformers_models import create_model
from adaptlabels.builders.language.models import load_model, window_of
from adaptlabels.builders.language.packing import PackedWeights
from adaptlabels.builders.language.runner import LanguageRunner
from adaptlabels.builders.miniature.training import make_tokenizer
from adaptlabels.builders.sources.benchmarks import AnswerSpace, find_benchmark
from adaptlabels.builders.sources.items import ChoiceItem
from adaptlabels.builders.sources.opening import open_source
from adaptlabels.labels import RunError

from .reference import SETTINGS, random_state, reference, score, trained


@pytest.fixture(scope="module", params=["neox-mini", "llama-mini"])
def state(request):
    return trained(request.param)


@pytest.fixture(scope="module")
def items():
    return list(open_source(find_benchmark("stories"), None, limit=24).items())


@pytest.fixture(scope="module")
def tokenizer_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    make_tokenizer().backend_tokenizer.save(str(path))
    return path


def item(context, *choices, place="here"):
    return ChoiceItem("x", 0, "g", context, choices, place)


def test_log_likelihoods_are_those_of_single_sequences(state, items):
    found, expected = score(state, items), np.array(reference(state, items))
    np.testing.assert_allclose(found.scores, expected, rtol=1e-6, atol=2e-6)
    characters = np.array([[len(choice) for choice in item.choices] for item in items])
    assert found.prediction.tolist() == (expected / characters).argmax(1).tolist()
    assert found.prediction_acc.tolist() == expected.argmax(1).tolist()


def test_sums_do_not_depend_on_batch_size_or_order(state, items):
    whole = np.array(score(state, items).scores)
    for other in (score(state, items, batch_size=1), score(state, items, batch_size=7)):
        np.testing.assert_allclose(other.scores, whole, rtol=1e-6, atol=2e-6)
    np.testing.assert_allclose(np.array(score(state, items[::-1]).scores)[::-1], whole, rtol=1e-6, atol=2e-6)


def test_contexts_longer_than_the_window_are_cut_on_the_left(state):
    long = item("word " * 400 + "end", "a b c d.", "b.", "c.", "d d.")
    short = item("Moving house: Anna", "a.", "b.", "c.", "d.")
    np.testing.assert_allclose(
        score(state, [long, short]).scores, reference(state, [long, short]), rtol=1e-6, atol=2e-6
    )


def test_a_choice_longer_than_the_window_keeps_its_end(state):
    one = item("Anna", "z " * 300 + ".", "b.", "c.", "d.")
    np.testing.assert_allclose(score(state, [one]).scores, reference(state, [one]), rtol=1e-6, atol=2e-6)


def test_equal_choices_and_choices_that_begin_another_are_scored_each(state):
    one = item("Anna takes the lamp. Then she", "puts the lamp", "puts the lamp", "puts the lamp on the shelf", "puts")
    np.testing.assert_allclose(score(state, [one]).scores, reference(state, [one]), rtol=1e-6, atol=2e-6)


def test_trees_are_used_only_after_a_tree_was_tried(state):
    """Choices that differ in their last tokens are one sequence: nothing is learnt of trees from them."""
    last = item("Anna takes the lamp. Then she puts the", "lamp", "rope", "coin", "drum")
    deep = item("Anna takes the lamp. Then she", "puts the lamp on the shelf.", "puts the rope on the table.")
    with LanguageRunner().open([state], SETTINGS, AnswerSpace(4)) as opened:

        def run(*items):
            return opened.score(items, [state.key], lambda steps, bound_by=None: None).scores[state.key].scores

        np.testing.assert_allclose(run(last), reference(state, [last]), rtol=1e-6, atol=2e-6)
        assert opened._trial.route.reach == 0
        for row, expected in zip(run(last, deep), reference(state, [last, deep]), strict=True):
            np.testing.assert_allclose(row, expected, rtol=1e-6, atol=2e-6)
        assert opened._trial.route.reach > 0


def test_items_may_have_different_numbers_of_choices(state):
    several = [
        item("Anna takes", "the lamp.", "a rope.", "it."),
        item("", "the lamp.", "a rope."),
        item("Then she", "a", "b", "c", "d", "e"),
    ]
    found, expected = score(state, several), reference(state, several)
    assert [len(row) for row in found.scores] == [3, 2, 5]
    for row, wanted in zip(found.scores, expected, strict=True):
        np.testing.assert_allclose(row, wanted, rtol=1e-6, atol=2e-6)
    assert (found.confidence <= 1).all()
    assert np.isfinite(found.entropy).all()


def test_costs_are_those_of_full_sequences_and_of_what_was_run(state, items):
    encoded = LanguageRunner().encode(state, items[:1])[0]
    found = score(state, items[:1])
    tokens = [len(choice.tokens) - 1 for choice in encoded]
    assert found.gflops[0] == pytest.approx(float(state.cost.gflops(tokens).sum()), rel=1e-12)
    # The stories' choices differ in one word: a context, four branches.
    nodes = {tuple(choice.tokens[: place + 1]) for choice in encoded for place in range(len(choice.tokens) - 1)}
    predicting = {
        tuple(choice.tokens[:place])
        for choice in encoded
        for place in range(len(choice.tokens) - choice.n_scored, len(choice.tokens))
    }
    body = float(state.cost.gflops(len(nodes))) - state.cost.head_gflops * len(nodes)
    assert found.gflops_run[0] == pytest.approx(body + state.cost.head_gflops * len(predicting), rel=1e-9)
    assert found.gflops_run[0] < found.gflops[0] / 2


def test_a_batch_that_does_not_fit_is_split_and_a_sequence_that_does_not_is_told(state, items, monkeypatch):
    whole = score(state, items)
    load = passes.load_model
    most = [200]
    seen = []

    def small_memory(*args):
        model = load(*args)
        model.base_model.register_forward_pre_hook(refuse_large, with_kwargs=True)
        return model

    def refuse_large(module, args, kwargs):
        seen.append((kwargs["input_ids"] if "input_ids" in kwargs else args[0]).numel())
        if seen[-1] > most[0]:
            raise torch.OutOfMemoryError("too large")

    monkeypatch.setattr(passes, "load_model", small_memory)
    np.testing.assert_allclose(score(state, items).scores, whole.scores, rtol=1e-6, atol=2e-6)
    assert max(seen) > 200
    most[0] = 20
    with pytest.raises(RunError, match="one item does not fit into memory"):
        score(state, items)


def test_scores_that_are_not_finite_stop_the_run_and_name_the_item(state, items, monkeypatch):
    load = passes.load_model

    def broken(*args):
        model = load(*args)
        next(iter(model.parameters())).data.fill_(float("nan"))
        return model

    monkeypatch.setattr(passes, "load_model", broken)
    with pytest.raises(RunError, match=r"log-likelihoods of .*jsonl line 1 are not finite; the precision float32"):
        score(state, items)


def test_nothing_is_left_of_a_model_when_its_pass_is_over(state, items):
    runner = LanguageRunner()
    with runner.open([state], SETTINGS, AnswerSpace(4)) as opened:
        opened.score(items, [state.key], lambda steps, bound_by=None: None)
        model = weakref.ref(opened._allowed.model.whole)
        assert model() is not None
    gc.collect()
    assert model() is None


def test_states_of_one_tokenizer_tokenise_once(items):
    runner = LanguageRunner()
    one, two = trained("neox-mini", 0), trained("neox-mini", 1)
    assert runner.encode(one, items) is runner.encode(two, items)
    assert runner.encode(one, items[:3]) is not runner.encode(one, items)


def test_tokens_beyond_what_is_kept_are_forgotten(items, monkeypatch):
    monkeypatch.setattr("adaptlabels.builders.language.runner.KEPT_TOKENS", 1)
    runner, state = LanguageRunner(), trained("neox-mini")
    first = runner.encode(state, items[:2])
    assert runner.encode(state, items[:2]) is first
    runner.encode(state, items[2:4])
    assert runner.encode(state, items[:2]) is not first


def test_device_costs_of_a_state(state):
    with LanguageRunner().open([state], SETTINGS, AnswerSpace(4)) as opened:
        costs = opened.measure(state.key)
    assert 0 < costs.latency_ms_p50 <= costs.latency_ms_p95
    assert costs.throughput > 0
    assert costs.energy_j is None


SMALL = {"vocab_size": 512, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
ARCHITECTURES = {
    # Takes trees: rotary, learned and grouped positions.
    "gpt_neox": ({**SMALL, "intermediate_size": 64, "max_position_embeddings": 96}, True),
    "llama": ({**SMALL, "intermediate_size": 64, "max_position_embeddings": 96, "num_key_value_heads": 1}, True),
    "gpt2": ({"vocab_size": 512, "n_embd": 32, "n_layer": 2, "n_head": 2, "n_positions": 96}, True),
    "qwen2": ({**SMALL, "intermediate_size": 64, "max_position_embeddings": 96, "num_key_value_heads": 2}, True),
    "opt": ({**SMALL, "ffn_dim": 64, "max_position_embeddings": 96, "word_embed_proj_dim": 32}, None),
    # A window shorter than the sequences, attention with biases of its own, a recurrent model.
    "mistral": (
        {**SMALL, "intermediate_size": 64, "max_position_embeddings": 96, "num_key_value_heads": 2, "sliding_window": 8},
        False,
    ),
    "bloom": ({"vocab_size": 512, "hidden_size": 32, "n_layer": 2, "n_head": 2}, False),
    "gpt_neo": (
        {
            "vocab_size": 512, "hidden_size": 32, "num_layers": 2, "num_heads": 2, "window_size": 8,
            "attention_types": [[["global", "local"], 1]], "max_position_embeddings": 96,
        },
        False,
    ),
    "mamba": ({"vocab_size": 512, "hidden_size": 32, "num_hidden_layers": 2, "state_size": 4}, False),
    # Heads that are not all that lies between hidden states and logits.
    "cohere": (
        {**SMALL, "intermediate_size": 64, "max_position_embeddings": 96, "num_key_value_heads": 2, "logit_scale": 0.5},
        None,
    ),
    "gemma2": (
        {
            **SMALL, "intermediate_size": 64, "max_position_embeddings": 96, "num_key_value_heads": 2, "head_dim": 16,
            "final_logit_softcapping": 0.5, "sliding_window": 8,
        },
        False,
    ),
}  # fmt: skip


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.filterwarnings("ignore")
def test_every_architecture_is_scored_rightly_by_whichever_route(architecture, tokenizer_file, items):
    config, takes_trees = ARCHITECTURES[architecture]
    ids = {"bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 0}
    state = random_state(architecture, {**config, **ids}, tokenizer_file)
    runner = LanguageRunner()
    with runner.open([state], SETTINGS, AnswerSpace(4)) as opened:
        # Weights large enough for every token to matter.
        model = opened._allowed.model.whole
        for name, parameter in model.named_parameters():
            if parameter.dim() > 1 and "embed" not in name:
                parameter.data.mul_(4)
        opened._allowed.model.packed = PackedWeights(model)
        found = opened.score(items[:6], [state.key], lambda steps, bound_by=None: None).scores[state.key]
        expected = plain_sums(model, runner, state, items[:6])
        np.testing.assert_allclose(found.scores, expected, rtol=2e-5)
        if takes_trees is not None:
            assert (opened._trial.route.reach > 0) == takes_trees


def plain_sums(model, runner, state, items):
    """Sums by the model's own forward over single sequences, in double precision."""
    wide, window = model.double(), window_of(model, runner.tokenizer(state).own)
    sums = []
    for encoded in runner.encode(state, items):
        for choice in (c.within(window) for c in encoded):
            tokens = torch.tensor(choice.tokens[None].astype(np.int64))
            with torch.inference_mode():
                rows = wide(input_ids=tokens[:, :-1], use_cache=False).logits[0].log_softmax(-1)[-choice.n_scored :]
            sums.append(rows[torch.arange(choice.n_scored), tokens[0, -choice.n_scored :]].sum().item())
    return np.array(sums).reshape(len(items), -1)


def test_random_weights_are_the_same_every_time(tokenizer_file, items):
    state = random_state("llama", {**ARCHITECTURES["llama"][0]}, tokenizer_file)
    one, two = score(state, items[:4]), score(state, items[:4])
    assert np.array_equal(one.scores, two.scores)
    assert load_model(state, SETTINGS).dtype == torch.float32
    assert create_model(state.backbone, None).config.vocab_size == 512


def test_reduced_precision_answers_nearly_the_same(state, items):
    slow, fast = score(state, items), score(state, items, dtype="bfloat16")
    assert (slow.prediction == fast.prediction).mean() > 0.8
    np.testing.assert_allclose(fast.scores, slow.scores, rtol=0.05)
