"""The README and the guide run as written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from adaptlabels.builders.backbones.families import read_families
from adaptlabels.builders.backbones.weights import MINIATURES

from . import program
from .hub import Hub, online, running

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
GUIDE = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
MOST_WORDS = 1000
TOKEN = "hf_secretsecretsecret"
STATES = ("vit-mini-12x1", "vit-mini-16x1")


def blocks(text, language):
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


LOAD, *EXAMPLES = blocks(README, "python")


@pytest.mark.parametrize("block", [LOAD, *blocks(GUIDE, "python")])
def test_python_on_the_demo_runs(block, demo, imagenet, monkeypatch, tmp_path, capsys):
    (tmp_path / "adaptlabels-demo").mkdir()
    for folder in (imagenet, demo / "digits", demo / "stories"):
        (tmp_path / "adaptlabels-demo" / folder.name).symlink_to(folder)
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "example", "exec"), {})
    assert capsys.readouterr().out


@pytest.mark.parametrize("block", EXAMPLES)
def test_a_build_becomes_a_published_version_in_ten_lines(block, tmp_path):
    hub = Hub()
    hub.tokens = {TOKEN: True}
    for state in STATES:
        hub.add(f"org/{state}", MINIATURES / "vit-mini" / state)
    (tmp_path / "my-vits.toml").write_text(family_on_the_hub())
    with running(hub):
        done = program.python(block, online(hub, tmp_path / "home", TOKEN), tmp_path)
    assert done.returncode == 0, done.stderr
    assert "published 1.0.0" in done.stdout
    assert len([line for line in block.splitlines() if line]) <= 10
    assert set(hub.repositories["org/labels-digits"].tags) == {"v1.0.0"}


def family_on_the_hub():
    """Two of the miniature ViTs as a user's own family, with weights of the Hub."""
    known = (ROOT / "builders" / "backbones" / "tables" / "vit-mini.toml").read_text(encoding="utf-8")
    _, *states = known.split("[[states]]")
    own = ['name = "my-vits"\nrunner = "vision"\ndataset = "digits"\n']
    own += [
        re.sub(r"recipe = .*", f'source = "org/{name}"', state)
        for state in states
        for name in STATES
        if f'"{name}"' in state
    ]
    return "[[states]]".join(own)


def test_the_family_files_of_the_guide_are_families(tmp_path):
    whole, clips, exits = blocks(GUIDE, "toml")
    (tmp_path / "f.toml").write_text(whole)
    states = read_families(tmp_path / "f.toml")["my-resnets"].states
    assert [state.name for state in states] == ["resnet-18", "resnet-50"]
    head, _ = whole.split("[[states]]", maxsplit=1)
    (tmp_path / "f.toml").write_text(head + exits)
    assert [state.exit for state in read_families(tmp_path / "f.toml")["my-resnets"].states] == [8, None]
    (tmp_path / "f.toml").write_text(clips)
    assert [state.architecture for state in read_families(tmp_path / "f.toml")["my-clips"].states] == ["clip", "clip"]


def test_the_readme_is_short_and_shows_what_the_demo_prints(demo, imagenet, capsys):
    from adaptlabels.labels import DatasetFolder
    from adaptlabels.scripts.printing.folders import print_summaries

    assert len(README.split()) < MOST_WORDS
    print_summaries([DatasetFolder(imagenet), DatasetFolder(demo / "digits"), DatasetFolder(demo / "stories")])
    shown = README.split("<!-- output of `adaptlabels demo` -->\n", maxsplit=1)[1].split("\n\n", maxsplit=1)[0]
    printed = capsys.readouterr().out.strip().splitlines()
    for one, other in zip(shown.splitlines(), printed, strict=False):
        assert re.sub(r"[\d.,]+", "#", one).split() == re.sub(r"[\d.,]+", "#", other).split()
        # Processors round differently, and a sample or two may then be answered otherwise.
        assert numbers(one) == pytest.approx(numbers(other), rel=0.05)


def numbers(line):
    return [float(number) for number in re.findall(r"\d+(?:\.\d+)?", line.replace(",", ""))]
