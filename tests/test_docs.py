"""Docstring examples run, and every folder offers what its `__all__` lists."""

from __future__ import annotations

import doctest
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MODULES = [
    ".".join(("adaptlabels", *file.relative_to(ROOT).with_suffix("").parts))
    for folder in ("labels", "builders", "cards", "scripts")
    for file in sorted((ROOT / folder).rglob("*.py"))
    if "bench" not in file.parts and file.name != "__init__.py"
]


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples_give_what_they_show(name: str) -> None:
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != "ray":
            raise
        pytest.skip("needs Ray")
    failed, _ = doctest.testmod(module)
    assert failed == 0


def test_labels_offers_every_name_of_all() -> None:
    labels = importlib.import_module("adaptlabels.labels")
    assert [name for name in labels.__all__ if not hasattr(labels, name)] == []
    assert labels.__all__ == sorted(labels.__all__)
    assert dir(labels) == labels.__all__


def test_the_page_of_the_command_line_is_the_programs() -> None:
    """`make docs` writes it."""
    program = [sys.executable, "-m", "typer", "adaptlabels.scripts.cli", "utils", "docs"]
    program += ["--name", "adaptlabels", "--title", "Command line"]
    shown = subprocess.run(program, capture_output=True, text=True, check=True)
    assert (ROOT / "docs" / "cli.md").read_text(encoding="utf-8").strip() == shown.stdout.strip()
