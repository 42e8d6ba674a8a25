"""Make `lm_eval/`: what lm-evaluation-harness itself writes for two miniatures on two tiny tasks.

Run with the test extra installed: `python tests/labels/importers/data/make_lm_eval.py`. The aggregated results are cut
down to what is read, as they describe the machine that made them; sample logs stay as they were written.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
WEIGHTS = HERE.parents[3] / "builders/miniature/weights/neox-mini"
MODELS = ("neox-mini-16x1", "neox-mini-64x2")
KEPT = ("results", "model_name", "model_name_sanitized", "date")
KEPT_CONFIG = ("model", "model_args", "model_num_parameters", "model_dtype", "model_revision", "model_sha")
CHOICES = [
    ("Anna takes the lamp. She", ["puts it on the table.", "table on it the."], 0),
    ("Tom opens the door. He", ["the walks out.", "walks out."], 1),
    ("The cat sleeps. It", ["is tired.", "tired is."], 0),
    ("Ben drops the cup. It", ["breaks.", "sings a lamp."], 0),
    ("Eva reads a book. She", ["book a likes.", "likes it."], 1),
]
WORDS = [("Say a:", "a"), ("Say the:", "the"), ("Say it:", "it"), ("Say lamp:", "lamp"), ("Say she:", "she")]
CHOICE_TASK = """\
task: tiny_choice
dataset_path: json
dataset_kwargs: {data_files: {test: choices.jsonl}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{context}}"
doc_to_target: label
doc_to_choice: "{{endings}}"
metric_list: [{metric: acc}, {metric: acc_norm}]
"""
WORD_TASK = """\
task: tiny_words
dataset_path: json
dataset_kwargs: {data_files: {test: words.jsonl}}
test_split: test
output_type: generate_until
doc_to_text: "{{prompt}}"
doc_to_target: "{{word}}"
generation_kwargs: {until: ["."], do_sample: false, max_gen_toks: 4}
filter_list:
  - {name: strict-match, filter: [{function: regex, regex_pattern: "^(\\\\w+)$"}, {function: take_first}]}
  - {name: flexible-extract, filter: [{function: regex, regex_pattern: "(\\\\w+)"}, {function: take_first}]}
metric_list: [{metric: exact_match, ignore_case: true}]
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        lines = [
            json.dumps({"id": f"c{n}", "context": c, "endings": e, "label": t}) for n, (c, e, t) in enumerate(CHOICES)
        ]
        (root / "choices.jsonl").write_text("\n".join(lines) + "\n")
        (root / "words.jsonl").write_text("\n".join(json.dumps({"prompt": p, "word": w}) for p, w in WORDS) + "\n")
        (root / "tasks").mkdir()
        (root / "tasks/tiny_choice.yaml").write_text(CHOICE_TASK)
        (root / "tasks/tiny_words.yaml").write_text(WORD_TASK)
        for model in MODELS:
            shutil.copytree(WEIGHTS / model, root / model)
            evaluate(root, model, "all", "tiny_choice,tiny_words")
        evaluate(root, MODELS[0], "some", "tiny_choice", "--samples", '{"tiny_choice": [3, 1]}')
        for kind in ("all", "some"):
            keep(root / kind, HERE / "lm_eval" / kind)


def evaluate(root: Path, model: str, out: str, tasks: str, *more: str) -> None:
    command = [
        sys.executable,
        "-m",
        "lm_eval",
        "--model",
        "hf",
        "--model_args",
        f"pretrained={model}",
        "--tasks",
        tasks,
    ]
    command += ["--include_path", "tasks", "--log_samples", "--output_path", out, "--device", "cpu", *more]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(root / "hf")}
    subprocess.run(command, cwd=root, env=environment, check=True)


def keep(made: Path, kept: Path) -> None:
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(made, kept)
    for file in kept.rglob("results_*.json"):
        found = json.loads(file.read_text())
        config = {name: found["config"].get(name) for name in KEPT_CONFIG}
        short = {name: found[name] for name in KEPT if name in found}
        file.write_text(json.dumps({**short, "config": config}, indent=1) + "\n")


if __name__ == "__main__":
    main()
