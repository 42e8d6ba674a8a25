"""The example of docs/agents.md runs, and the page defines every figure."""

from __future__ import annotations

import re
import shutil
from dataclasses import fields
from pathlib import Path

from adaptlabels.labels.agents.curves import CurveFigures
from adaptlabels.labels.agents.figures import FIGURES, StateSpending
from adaptlabels.labels.folds import _KEY

TEXT = (Path(__file__).resolve().parents[3] / "docs" / "agents.md").read_text(encoding="utf-8")


def test_the_example_runs(demo, monkeypatch, tmp_path, capsys):
    (block,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    shutil.copytree(demo / "digits", tmp_path / "adaptlabels-demo" / "digits")  # the example adds an agent
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "docs/agents.md", "exec"), {})
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 7
    assert lines[-1].startswith("area under the cascade's curve ")


def test_every_figure_is_defined():
    figures = {*FIGURES, "p_value", *(field.name for field in fields(StateSpending))} - {"state", "share"}
    assert [name for name in sorted(figures) if f"`{name}`" not in TEXT] == []
    named = TEXT.lower()
    curves = {f.name.partition("_")[0] for f in fields(CurveFigures)} - {"agent", "settings"}
    assert [name for name in sorted(curves) if f"**{name}" not in named] == []
    assert f'key "{_KEY.decode()}"' in TEXT
