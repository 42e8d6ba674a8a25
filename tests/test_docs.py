"""Docstring examples run, and every folder offers what its `__all__` lists."""

from __future__ import annotations

import doctest
import importlib
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
