"""Make `helm/`: the run folders that HELM itself writes for two mock models on two of its own small scenarios.

Run where crfm-helm is installed, which the project does not need: `python tests/labels/importers/data/make_helm.py`.
What is read of a run folder is kept as it was written.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
KEPT = ("per_instance_stats.json", "run_spec.json", "scenario_state.json")
MODELS = ("small", "large")
SCENARIOS = ("simple_mcqa", "simple_classification")
CLIENTS = """\
import re

from helm.clients.simple_client import SimpleClient


class Large(SimpleClient):
    def invoke_model(self, raw_request):
        number = int(re.findall(r"\\d+", raw_request["prompt"])[-1])
        even = number % 2 == 0
        letter = "letter" in raw_request["prompt"]
        answer = ("A" if even else "B") if letter else ("Even" if even else "Odd")
        return {"completions": [answer]}


class Small(SimpleClient):
    def invoke_model(self, raw_request):
        return {"completions": ["A" if "letter" in raw_request["prompt"] else "Even"]}
"""
DEPLOYMENT = """\
  - name: mock/{name}
    model_name: mock/{name}
    tokenizer_name: simple/tokenizer1
    max_sequence_length: 2048
    client_spec: {{class_name: clients.{kind}}}
"""
METADATA = """\
  - name: mock/{name}
    display_name: Mock {name}
    description: A mock model.
    creator_organization_name: Mock
    access: open
    release_date: 2026-01-01
    tags: [TEXT_MODEL_TAG, FULL_FUNCTIONALITY_TEXT_MODEL_TAG]
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        (root / "clients.py").write_text(CLIENTS)
        (root / "prod_env").mkdir()
        deployments = "".join(DEPLOYMENT.format(name=model, kind=model.title()) for model in MODELS)
        (root / "prod_env/model_deployments.yaml").write_text(f"model_deployments:\n{deployments}")
        metadata = "".join(METADATA.format(name=model) for model in MODELS)
        (root / "prod_env/model_metadata.yaml").write_text(f"models:\n{metadata}")
        entries = [f"{scenario}:model=mock/{model}" for scenario in SCENARIOS for model in MODELS]
        command = [sys.executable, "-m", "helm.benchmark.run", "--run-entries", *entries]
        command += ["--suite", "tiny", "--max-eval-instances", "5", "--local-path", "prod_env"]
        subprocess.run(command, cwd=root, env={**os.environ, "PYTHONPATH": str(root)}, check=True)
        shutil.rmtree(HERE / "helm", ignore_errors=True)
        for run in sorted((root / "benchmark_output/runs/tiny").glob("*model=*")):
            kept = HERE / "helm" / run.name
            kept.mkdir(parents=True)
            for file in KEPT:
                shutil.copy(run / file, kept / file)


if __name__ == "__main__":
    main()
