"""Docstring examples run, and every folder offers what its `__all__` lists."""

from __future__ import annotations

import ast
import doctest
import importlib
import inspect
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


@pytest.mark.parametrize("folder", ["builders", "cards", "labels"])
def test_every_door_is_complete_and_documented(folder: str) -> None:
    door = importlib.import_module(f"adaptlabels.{folder}")
    assert door.__all__ == sorted(door.__all__) == dir(door)
    undocumented = [name for name in door.__all__ if not inspect.getdoc(getattr(door, name))]
    assert undocumented == []
    with pytest.raises(AttributeError):
        _ = door.nothing_of_this_name


@pytest.mark.parametrize("folder", ["builders", "cards", "labels"])
def test_a_door_shows_type_checkers_the_names_that_it_offers(folder: str) -> None:
    tree = ast.parse((ROOT / folder / "__init__.py").read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    shown = {alias.asname or alias.name for line in block.body for alias in line.names}
    assert shown == set(importlib.import_module(f"adaptlabels.{folder}").__all__)


def test_the_page_of_the_command_line_is_the_programs() -> None:
    """`make docs` writes it."""
    program = [sys.executable, "-m", "typer", "adaptlabels.scripts.cli", "utils", "docs"]
    program += ["--name", "adaptlabels", "--title", "Command line"]
    shown = subprocess.run(program, capture_output=True, text=True, check=True)
    assert (ROOT / "docs" / "cli.md").read_text(encoding="utf-8").strip() == shown.stdout.strip()
