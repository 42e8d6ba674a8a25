"""lm-evaluation-harness as the reference: tokens, log-likelihoods, decisions, and its logs as labels."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from adaptlabels.builders.backbones.families import shipped_families
from adaptlabels.builders.backbones.weights import miniature_folder
from adaptlabels.builders.language.models import load_model, load_tokenizer
from adaptlabels.builders.language.tokens import encode_items
from adaptlabels.builders.miniature.datasets import stories_file
from adaptlabels.builders.miniature.training import END_OF_TEXT, make_tokenizer
from adaptlabels.builders.sources.benchmarks import find_benchmark
from adaptlabels.builders.sources.choice_forms import FORMS
from adaptlabels.builders.sources.items import ChoiceItem
from adaptlabels.builders.sources.opening import open_source
from adaptlabels.labels import DatasetFolder, InputError, TableError, validate_folder
from adaptlabels.labels.importers.from_results import label_sample_logs
from adaptlabels.labels.importers.lm_eval import read_lm_eval
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import processors

from ... import program
from .reference import SETTINGS, random_state, score, trained

pytestmark = pytest.mark.filterwarnings("ignore")
with_logs = pytest.mark.xdist_group("harness-logs")


def harness(model, tokenizer, **options):
    from lm_eval.models.huggingface import HFLM

    return HFLM(pretrained=model, tokenizer=tokenizer, batch_size=8, **options)


def ask(lm, items):
    """Summed log-likelihoods as the harness computes them."""
    from lm_eval.api.instance import Instance

    requests = [
        Instance("loglikelihood", {}, (item.context, f" {choice}"), place)
        for item in items
        for place, choice in enumerate(item.choices)
    ]
    return np.array([found for found, _ in lm.loglikelihood(requests, disable_tqdm=True)]).reshape(len(items), -1)


def decisions_agree(found, expected, items, atol=0.0):
    np.testing.assert_allclose(found.scores, expected, rtol=1e-6, atol=atol)
    lengths = np.array([[float(len(choice)) for choice in item.choices] for item in items])
    assert found.prediction.tolist() == np.argmax(expected / lengths, axis=1).tolist()
    assert found.prediction_acc.tolist() == np.argmax(expected, axis=1).tolist()


@pytest.mark.parametrize("family", ["neox-mini", "llama-mini"])
@pytest.mark.parametrize("index", [0, 3])
def test_trained_miniatures_decide_as_in_the_harness(family, index):
    state = trained(family, index)
    items = list(open_source(find_benchmark("stories"), None, limit=100).items())
    lm = harness(load_model(state, SETTINGS), load_tokenizer(state))
    # Sums near 0 are differences of numbers near 10, which float32 holds to 1e-6.
    decisions_agree(score(state, items), ask(lm, items), items, atol=1e-5)


ROWS = {
    "winogrande": [
        {"sentence": sentence, "option1": "Anna", "option2": "Ben", "answer": str(1 + place % 2)}
        for place, sentence in enumerate(
            [
                "Ben gave the lamp to Anna because _ was leaving the house.",
                "_ takes the rope. Then she puts it on the shelf.",
                "Anna took the coin from Ben's bag, since _'s own was lost.",
                "The house was Ben's, so Anna asked; _  , who had the key, opened it.",
            ]
        )
    ],
    "super_glue/boolq": [
        {
            "idx": place,
            "passage": "Anna takes the lamp. Then she puts it down.",
            "question": question,
            "label": place % 2,
        }
        for place, question in enumerate(
            ["does anna take the lamp", "is it ben", "does she keep it", "is there a lamp"]
        )
    ],
}


@pytest.mark.parametrize("name", ROWS)
def test_tasks_of_other_forms_decide_as_the_harnesss_own(model, name, tmp_path):
    """Its requests and its metric, on a few rows: WinoGrande's choices are in the context, BoolQ's lengths do not count."""
    import lm_eval.tasks

    short = name.rpartition("/")[2]
    folder = shutil.copytree(Path(lm_eval.tasks.__path__[0]) / name, tmp_path / short)
    rows = tmp_path / "rows.jsonl"
    rows.write_text("\n".join(map(json.dumps, ROWS[name])))
    # Its own task, but for where the rows lie.
    local = f"dataset_path: json\ndataset_kwargs: {{data_files: {{train: {rows}, validation: {rows}}}}}"
    own = re.sub(r"^dataset_name: .*\n", "", (folder / "default.yaml").read_text(), flags=re.MULTILINE)
    (folder / "default.yaml").write_text(re.sub(r"^dataset_path: .*$", local, own, flags=re.MULTILINE))
    known = lm_eval.tasks.TaskManager(include_path=str(folder), include_defaults=False)
    task = known.load(short)["tasks"][short]
    state = trained("neox-mini")
    lm = harness(model, load_tokenizer(state))
    items = [FORMS[short](row, "here") for row in ROWS[name]]
    found = score(state, items)
    for place, (row, item) in enumerate(zip(ROWS[name], items, strict=True)):
        requests = task.construct_requests(row, task.fewshot_context(row, num_fewshot=0), metadata=("x", 0, 1))
        answers = lm.loglikelihood(requests, disable_tqdm=True)
        np.testing.assert_allclose(found.scores[place], [sums for sums, _ in answers], rtol=1e-6, atol=1e-5)
        assert task.process_results(row, answers)["acc"] == (found.prediction[place] == item.target)


SHAPES = {
    "gpt_neox": [
        {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2},
        {"hidden_size": 96, "intermediate_size": 384, "num_hidden_layers": 4, "num_attention_heads": 4},
    ],
    "llama": [
        {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2},
        {
            "hidden_size": 96, "intermediate_size": 256, "num_hidden_layers": 4, "num_attention_heads": 4,
            "num_key_value_heads": 2,
        },
    ],
}  # fmt: skip


@pytest.mark.parametrize(("architecture", "shape"), [(name, shape) for name in SHAPES for shape in (0, 1)])
def test_real_items_under_random_models_decide_as_in_the_harness(shared_data, tmp_path, architecture, shape):
    # The many items with a small vocabulary, whose softmax takes the harness a hundredth of the time.
    make_tokenizer().backend_tokenizer.save(str(tmp_path / "tokenizer.json"))
    file, vocabulary = (
        (tmp_path / "tokenizer.json", 512)
        if shape == 0
        else (shared_data / "pythia_tokenizer" / "tokenizer.json", 50304)
    )
    sizes = {"vocab_size": vocabulary, "max_position_embeddings": 1024}
    state = random_state(architecture, {**SHAPES[architecture][shape], **sizes}, file)
    source = open_source(find_benchmark("hellaswag"), f"jsonl:{shared_data / 'hellaswag' / 'hellaswag_val.jsonl.gz'}")
    count = 500 if shape == 0 else 40
    everything = list(source.items())
    items = [everything[place] for place in np.linspace(0, len(everything) - 1, count).astype(int)]
    tokenizer = load_tokenizer(state)
    tokenizer.eos_token = END_OF_TEXT
    decisions_agree(score(state, items), ask(harness(load_model(state, SETTINGS), tokenizer), items), items)


@pytest.fixture(scope="module")
def model():
    return load_model(trained("neox-mini"), SETTINGS)


def with_bos():
    """A tokenizer whose texts begin with the begin-of-text token, as Llama 2's."""
    tokenizer = make_tokenizer()
    tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{END_OF_TEXT} $A", special_tokens=[(END_OF_TEXT, tokenizer.bos_token_id)]
    )
    return tokenizer


TEXTS = st.text(alphabet=st.sampled_from("ab .,\nT é漢"), max_size=12)
BEGINNINGS = st.sampled_from(["", END_OF_TEXT])


@pytest.mark.parametrize(
    ("make", "add_bos_token"), [(make_tokenizer, None), (make_tokenizer, True), (with_bos, None), (with_bos, False)]
)
def test_tokens_are_the_harnesss_in_every_corner(model, make, add_bos_token):
    tokenizer = make()
    lm = harness(model, tokenizer, add_bos_token=add_bos_token)

    @given(BEGINNINGS, TEXTS, st.text(alphabet=st.sampled_from("ab .é"), min_size=1, max_size=6).filter(str.strip))
    @settings(max_examples=60)
    def agree(beginning, text, choice):
        context = beginning + text
        if context and not context.rstrip():
            return  # nothing but spaces: the harness has no tokens for it
        item = ChoiceItem("x", 0, "", context, (choice,), "here")
        ((found,),) = encode_items(tokenizer, [item], add_bos_token=add_bos_token)
        asked = []
        lm._loglikelihood_tokens = lambda requests, **_: asked.extend(requests)
        from lm_eval.api.instance import Instance

        lm.loglikelihood([Instance("loglikelihood", {}, (context, f" {choice}"), 0)], disable_tqdm=True)
        (_, before, after) = asked[0]
        assert found.tokens.tolist() == before + after
        assert found.n_scored == len(after)

    agree()


def test_a_context_of_spaces_is_an_empty_one():
    tokenizer = make_tokenizer()
    ((spaces,), (empty,)) = encode_items(
        tokenizer, [ChoiceItem("x", 0, "", " ", ("a",), "p"), ChoiceItem("y", 0, "", "", (" a",), "p")]
    )
    assert spaces.tokens.tolist() == empty.tokens.tolist()
    assert spaces.tokens[0] == tokenizer.bos_token_id


def test_an_empty_context_without_a_token_for_it_is_named():
    tokenizer = make_tokenizer()
    tokenizer.bos_token = tokenizer.eos_token = None
    with pytest.raises(InputError, match="file line 3: the context is empty, and the tokenizer has no"):
        encode_items(tokenizer, [ChoiceItem("x", 0, "", "", ("a",), "file line 3")])


def test_long_contexts_are_cut_as_in_the_harness(model):
    state = trained("neox-mini")
    choices = ("a lamp.", "it.", "Then she", "x")
    items = [ChoiceItem(str(n), 0, "", "Anna takes the lamp. " * n, choices, "p") for n in (5, 60, 90)]
    decisions_agree(score(state, items), ask(harness(model, load_tokenizer(state)), items), items, atol=1e-5)


def run_harness(*commands):
    """The harness's program, once for each command line, in a process that loads it once."""
    import lm_eval.tasks
    from lm_eval.__main__ import cli_evaluate

    # Each command would read the 14,000 files of the tasks that ship with it; ours is of none of them.
    lm_eval.tasks.TaskManager = partial(lm_eval.tasks.TaskManager, include_defaults=False)
    for command in commands:
        sys.argv = ["lm_eval", *command]
        cli_evaluate()


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    """Sample logs that the harness's own program writes for two states of `neox-mini`."""
    root = tmp_path_factory.mktemp("harness")
    import lm_eval.tasks

    original = Path(lm_eval.tasks.__path__[0]) / "hellaswag"
    (root / "tasks").mkdir()
    shutil.copy(original / "utils.py", root / "tasks")
    text = (original / "hellaswag.yaml").read_text().replace("!function", "!function ")
    (root / "tasks" / "base.yaml").write_text(text.replace("task: hellaswag", "task: base"))
    (root / "tasks" / "stories.yaml").write_text(
        "task: stories\ninclude: base.yaml\ndataset_path: json\ndataset_kwargs:\n  data_files:\n"
        f"    test: {stories_file()}\ntraining_split: null\nvalidation_split: null\ntest_split: test\n"
    )
    family = shipped_families()["neox-mini"]
    commands = []
    for index in (0, 3):
        place = root / f"state-{index}"
        shutil.copytree(miniature_folder(family.name, family.states[index].name), place)
        commands.append([
            "--model", "hf", "--model_args", f"pretrained={place}", "--tasks", "stories", "--include_path", str(root / "tasks"),
            "--log_samples", "--output_path", str(root / "out"), "--batch_size", "8", "--limit", "60", "--device", "cpu",
        ])  # fmt: skip
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(root / "hf")}
    done = program.in_fork(run_harness, tuple(commands), environment=environment)
    assert done.returncode == 0, done.stderr
    (root / "states.csv").write_text("state,gflops\nstate-0,1.0\nstate-3,8.0\n")
    return root


@with_logs
def test_the_harnesss_own_logs_become_the_labels_of_our_own_run(logs, tmp_path, demo):
    done = program.adaptlabels(
        "label", logs / "out", tmp_path / "out", "--format", "lm-eval", "--states", logs / "states.csv",
        "--name", "stories", "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    folder = DatasetFolder(tmp_path / "out")
    assert validate_folder(folder) == []
    assert folder.families == ["stories"]
    assert json.loads(done.stdout)["families"][0]["samples"] == 60
    own = DatasetFolder(demo / "stories")
    labels, expected = folder.labels("stories"), own.labels("neox-mini").head(60)
    assert labels["sample_id"].to_list() == expected["sample_id"].to_list()
    assert labels["category"].to_list() == expected["category"].to_list()
    assert labels["split_type"].to_list() == expected["split_type"].to_list()
    assert labels["target"].to_list() == expected["target"].to_list()
    for place, index in ((0, 0), (1, 3)):
        assert labels["correct"].list.get(place).to_list() == expected["correct"].list.get(index).to_list()
        assert labels["prediction"].list.get(place).to_list() == expected["prediction"].list.get(index).to_list()
        found = labels["confidence"].list.get(place).to_numpy()
        np.testing.assert_allclose(found, expected["confidence"].list.get(index).to_numpy(), rtol=1e-4)
    rows = folder.predictions("stories")
    assert "prediction_acc" in rows.columns


@with_logs
def test_logs_of_models_with_shipped_names_need_no_states(logs, tmp_path, capsys):
    from adaptlabels.scripts.commands.label import run

    for index, name in ((0, "EleutherAI__pythia-70m"), (3, "EleutherAI__pythia-410m")):
        (source,) = (logs / "out").glob(f"*state-{index}")
        shutil.copytree(source, tmp_path / "logs" / name)
    run(tmp_path / "logs", tmp_path / "out", None, form="lm-eval", families=None, name=None, split="test", as_json=True)
    folder = DatasetFolder(tmp_path / "out")
    assert folder.families == ["pythia"]
    states = folder.family_states("pythia")
    assert states["state"].to_list() == ["pythia-70m", "pythia-410m"]
    assert states["parameters"].to_list() == [70426624, 405334016]


@with_logs
def test_logs_that_cannot_be_used_are_named(logs, tmp_path):
    states = logs / "states.csv"
    (one,) = (logs / "out").glob("*state-0/samples_*.jsonl")
    with pytest.raises(InputError, match=r"no samples_<task>_<date>\.jsonl"):
        label_sample_logs(tmp_path, states)
    place = tmp_path / "state-0"
    place.mkdir()
    copy = place / one.name

    def refused(text, error, message):
        copy.write_text(text)
        with pytest.raises(error, match=message):
            label_sample_logs(tmp_path, states)

    lines = one.read_text().splitlines()
    sample = json.loads(lines[0])
    refused("", TableError, "no samples")
    refused("{}", TableError, "line 1: not a sample as lm-evaluation-harness logs it")
    refused(json.dumps({**sample, "filtered_resps": [["nan", "False"]] * 4}), TableError, "a log-likelihood is nan")
    refused(json.dumps({**sample, "filtered_resps": [["-1", "False"]]}), TableError, "1 log-likelihoods for 4 choices")
    refused(
        json.dumps({k: v for k, v in sample.items() if k != "doc_id"} | {"doc": {}}), TableError, "KeyError: 'doc_id'"
    )
    plain = [[sample["arguments"][f"gen_args_{n}"][f"arg_{m}"] for m in range(2)] for n in range(4)]
    without = {**sample, "doc": {k: v for k, v in sample["doc"].items() if k != "split_type"}}
    rows = [{**without, "doc_id": n, "doc": {**without["doc"], "ind": n}, "arguments": plain} for n in range(150)]
    rows.append({**sample, "doc": {**sample["doc"], "ind": 150}})
    copy.write_text("\n".join(map(json.dumps, rows)))
    found = read_lm_eval(copy).rows
    assert len(found) == 151
    assert found["split_type"].null_count() == 150
    shutil.copy(one, copy)
    place.rename(tmp_path / "unknown-model")
    with pytest.raises(InputError, match=r"states\.csv: no state has the name or source 'unknown-model'"):
        label_sample_logs(tmp_path, states)
