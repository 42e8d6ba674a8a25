"""What is in the repository's folders is in an installed package."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SETUPTOOLS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
NOT_INSTALLED = ("bench", "__pycache__")
FILES = [
    file
    for folder in SETUPTOOLS["package-dir"].values()
    for file in (ROOT / folder).rglob("*")
    if file.is_file() and not set(NOT_INSTALLED) & set(file.parts)
]


def folder_of(package: str) -> Path:
    return ROOT.joinpath(*package.split(".")[1:])


def test_every_folder_with_code_is_a_listed_package():
    with_code = {
        ".".join(("adaptlabels", *file.relative_to(ROOT).parent.parts)) for file in FILES if file.suffix == ".py"
    }
    assert sorted(with_code) == sorted(SETUPTOOLS["packages"])


def test_every_other_file_is_listed_as_a_packages_data():
    data = {
        file
        for package, patterns in SETUPTOOLS["package-data"].items()
        for pattern in patterns
        for file in folder_of(package).glob(pattern)
    }
    assert [str(file.relative_to(ROOT)) for file in FILES if file.suffix != ".py" and file not in data] == []


def test_every_pattern_of_data_finds_a_file():
    patterns = [(package, pattern) for package, found in SETUPTOOLS["package-data"].items() for pattern in found]
    assert [entry for entry in patterns if not list(folder_of(entry[0]).glob(entry[1]))] == []
