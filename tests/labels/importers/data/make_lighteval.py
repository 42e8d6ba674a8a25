"""Make `lighteval/`: the details and results that lighteval itself writes for two miniatures on two tiny tasks.

Run where lighteval is installed, which the project does not need: `python tests/labels/importers/data/make_lighteval.py`.
The aggregated results are cut down to what is read, as they describe the machine that made them; details stay as they
were written.
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
KEPT_CONFIG = ("lighteval_sha", "model_name", "model_dtype", "model_size", "model_config")
KEPT_MODEL = ("model_name", "revision")
CHOICES = [
    ("Anna takes the lamp. She", ["puts it on the table.", "table on it the."], 0),
    ("Tom opens the door. He", ["the walks out.", "walks out."], 1),
    ("The cat sleeps. It", ["is tired.", "tired is."], 0),
    ("Ben drops the cup. It", ["breaks.", "sings a lamp."], 0),
    ("Eva reads a book. She", ["book a likes.", "likes it."], 1),
]
WORDS = [("Say a:", "a"), ("Say the:", "the"), ("Say it:", "it")]
TASKS = """\
from lighteval.metrics.metrics import Metrics
from lighteval.tasks.lighteval_task import LightevalTaskConfig
from lighteval.tasks.requests import Doc


def choice(line, task_name):
    return Doc(task_name=task_name, query=line["context"], choices=[" " + e for e in line["endings"]], gold_index=line["label"])


def word(line, task_name):
    return Doc(task_name=task_name, query=line["prompt"], choices=[line["word"]], gold_index=0)


def task(name, prompt, metric, size=None):
    return LightevalTaskConfig(
        name=name, prompt_function=prompt, hf_repo=f"data/{name}", hf_subset="default", metrics=[metric],
        hf_avail_splits=["test"], evaluation_splits=["test"], generation_size=size, stop_sequence=["."],
    )


TASKS_TABLE = [
    task("tiny_choice", choice, Metrics.loglikelihood_acc), task("tiny_words", word, Metrics.exact_match, 4),
]
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        choices = [{"context": context, "endings": endings, "label": label} for context, endings, label in CHOICES]
        words = [{"prompt": prompt, "word": word} for prompt, word in WORDS]
        for task, rows in (("tiny_choice", choices), ("tiny_words", words)):
            (root / "data" / task).mkdir(parents=True)
            (root / "data" / task / "test.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")
        (root / "tasks.py").write_text(TASKS)
        for model in MODELS:
            shutil.copytree(WEIGHTS / model, root / model)
            evaluate(root, model)
        keep(root / "out", HERE / "lighteval")


def evaluate(root: Path, model: str) -> None:
    command = [sys.executable, "-m", "lighteval", "accelerate", f"model_name={model},batch_size=1,dtype=float32"]
    command += ["tiny_choice|0,tiny_words|0", "--custom-tasks", "tasks.py", "--output-dir", "out", "--save-details"]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(root / "hf"), "CUDA_VISIBLE_DEVICES": ""}
    subprocess.run(command, cwd=root, env=environment, check=True)


def keep(made: Path, kept: Path) -> None:
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(made, kept)
    for file in kept.rglob("results_*.json"):
        found = json.loads(file.read_text())
        config = {name: found["config_general"].get(name) for name in KEPT_CONFIG}
        config["model_config"] = {name: (config["model_config"] or {}).get(name) for name in KEPT_MODEL}
        file.write_text(json.dumps({"config_general": config, "results": found["results"]}, indent=1) + "\n")


if __name__ == "__main__":
    main()
