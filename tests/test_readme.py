"""The README's Python runs as written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_python_of_the_readme_runs(block, demo, monkeypatch, tmp_path, capsys):
    (tmp_path / "adaptlabels-demo").symlink_to(demo)
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "README.md", "exec"), {})
    assert capsys.readouterr().out


def test_family_file_of_the_readme_is_a_family(tmp_path):
    from adaptlabels.builders.backbones.families import read_families

    (block,) = re.findall(r"```toml\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "f.toml").write_text(block)
    assert [state.name for state in read_families(tmp_path / "f.toml")["my-resnets"].states] == [
        "resnet-18",
        "resnet-50",
    ]
