"""Texts of multiple-choice rows against the templates of lm-evaluation-harness's own tasks."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from adaptlabels.builders.sources.choice_forms import boolq_item, mmlu_item, openbookqa_item
from adaptlabels.labels import InputError

MMLU = {
    "question": " Which of these is prime?\n",
    "subject": "abstract_algebra",
    "choices": ["4", "6", "7", "8"],
    "answer": 2,
}
OPEN = {
    "id": "7-980",
    "question_stem": "The sun is responsible for",
    "choices": {"text": ["puppies learning new tricks", "plants sprouting"], "label": ["A", "B"]},
    "answerKey": "B ",
}


BOOLQ = {"idx": 7, "passage": "Persian is spoken in Iran.", "question": "is persian spoken in iran", "label": 1}


def tasks():
    import lm_eval.tasks

    return Path(lm_eval.tasks.__path__[0])


@pytest.mark.filterwarnings("ignore")
def test_mmlu_reads_as_in_the_harnesss_task():
    from lm_eval.utils import apply_template

    template = yaml.safe_load((tasks() / "mmlu" / "default" / "_default_template_yaml").read_text())
    task = yaml.safe_load((tasks() / "mmlu" / "default" / "mmlu_abstract_algebra.yaml").read_text())
    item = mmlu_item(MMLU, "here")
    assert item.context == task["description"] + apply_template(template["doc_to_text"], MMLU)
    assert list(item.choices) == template["doc_to_choice"]
    assert (item.target, item.category) == (2, "abstract algebra")
    assert [metric["metric"] for metric in template["metric_list"]] == [item.decided_by]


@pytest.mark.filterwarnings("ignore")
def test_openbookqa_reads_as_in_the_harnesss_task():
    from lm_eval.utils import apply_template

    task = yaml.safe_load((tasks() / "openbookqa" / "openbookqa.yaml").read_text())
    item = openbookqa_item(OPEN, "here")
    assert item.context == OPEN[task["doc_to_text"]]
    assert str(list(item.choices)) == apply_template(task["doc_to_choice"], OPEN)
    assert item.target == 1


@pytest.mark.filterwarnings("ignore")
def test_boolq_reads_as_in_the_harnesss_task():
    from lm_eval.utils import apply_template

    task = yaml.safe_load((tasks() / "super_glue" / "boolq" / "default.yaml").read_text())
    item = boolq_item(BOOLQ, "here")
    assert item.context == apply_template(task["doc_to_text"], BOOLQ)
    assert list(item.choices) == task["doc_to_choice"]
    assert (item.sample_id, item.target, item.decided_by) == ("7", 1, task["metric_list"][0]["metric"])


def test_rows_that_break_their_form_are_named():
    with pytest.raises(InputError, match="here: column 'answer' holds 7"):
        mmlu_item({**MMLU, "answer": 7}, "here")
    with pytest.raises(InputError, match="answerKey 'Z' is not one of 'A', 'B'"):
        openbookqa_item({**OPEN, "answerKey": "Z"}, "here")
