"""The run for a GPU goes to its end on any machine, so that no minute of a GPU is lost on typing errors."""

from __future__ import annotations

import json
import sys

import pytest


@pytest.mark.filterwarnings("ignore")
def test_the_gpu_run_in_small_writes_its_whole_table(tmp_path, monkeypatch):
    gpu = pytest.importorskip("adaptlabels.scripts.bench.gpu", reason="benchmarks come with a clone only")
    monkeypatch.setattr(sys, "argv", ["gpu.py", "--tiny", "--device", "cpu", "--out", str(tmp_path)])
    gpu.main()
    found = json.loads((tmp_path / "gpu.json").read_text())
    assert [row[0] for row in found["rows"]].count("changed answers") == 7
    assert {row[0] for row in found["rows"]} == {
        "changed answers", "a pass against timm one by one", "HellaSwag-like items", "what --measure states",
    }  # fmt: skip
    assert "0 of 16" in next(row[2] for row in found["rows"] if "vision miniatures, float32" in row[1])
    table = (tmp_path / "gpu.md").read_text()
    assert "- torch: " in table
    assert "--tiny" in table
