"""Make `inspect/`: what Inspect itself writes for two mock models on five sums. Needs the extra `inspect`."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from inspect_ai import Task, eval  # noqa: A004 - Inspect's name
from inspect_ai.dataset import Sample
from inspect_ai.model import ModelOutput, ModelUsage, get_model
from inspect_ai.scorer import match

HERE = Path(__file__).parent / "inspect"
ANSWERS = {"small": ["2", "5", "6", "0", "0"], "large": ["2", "4", "6", "8", "0"]}


def answer(model: str, text: str) -> ModelOutput:
    found = ModelOutput.from_content(model, text)
    tokens = 2 if model == "small" else 20
    found.usage = ModelUsage(input_tokens=8, output_tokens=tokens, total_tokens=8 + tokens)
    return found


def main() -> None:
    os.chdir(tempfile.mkdtemp())  # outside a repository: logs name the one that they are made in
    shutil.rmtree(HERE, ignore_errors=True)
    samples = [Sample(id=f"sum-{n}", input=f"{n} + {n} =", target=str(2 * n)) for n in range(1, 6)]
    for name, answers in ANSWERS.items():
        model = get_model(f"mockllm/{name}", custom_outputs=[answer(name, text) for text in answers])
        task = Task(dataset=samples, scorer=match(numeric=True), name="sums")
        eval(task, model=model, log_dir=str(HERE), log_format="eval" if name == "small" else "json", display="none",
             max_samples=1)  # fmt: skip


if __name__ == "__main__":
    main()
