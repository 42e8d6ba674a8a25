"""What `adaptlabels.builders` offers: a complete list, documented, and there without neural-network libraries."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys

import adaptlabels.builders as door
import pytest
from adaptlabels.cards.card import write_card
from adaptlabels.labels import DatasetFolder, InputError, validate_folder

ABSENT = ("torch", "torchvision", "timm", "transformers", "ray")
WITHOUT = """
import sys
from importlib.machinery import PathFinder
class Finder(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in {absent!r} else super().find_spec(name, path, target)
sys.meta_path[sys.meta_path.index(PathFinder)] = Finder
"""


def run(code, absent=ABSENT):
    """A program in a process where some packages are not installed."""
    program = WITHOUT.format(absent=absent) + code
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)


def test_the_list_is_sorted_complete_and_documented():
    assert door.__all__ == sorted(door.__all__)
    assert dir(door) == door.__all__
    tree = ast.parse(inspect.getsource(door))
    for_types = {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert for_types - {"annotations", "import_module", "TYPE_CHECKING"} == set(door.__all__)
    for name in door.__all__:
        offered = getattr(door, name)
        assert offered.__name__ == name
        assert not inspect.ismodule(offered)
        assert "\n" in offered.__doc__ or offered.__doc__.endswith("."), name
        assert not offered.__doc__.startswith(f"{name}("), f"{name} has only the docstring that dataclass makes"
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = door.nothing


def test_sub_packages_offer_nothing_by_themselves():
    for name in ("backbones", "building", "cluster", "language", "miniature", "running", "sources", "vision"):
        (docstring,) = ast.parse(inspect.getsource(__import__(f"adaptlabels.builders.{name}", fromlist=["x"]))).body
        assert isinstance(docstring, ast.Expr)


def test_sources_and_families_need_no_neural_network_library(demo):
    code = (
        "from adaptlabels.builders import find_benchmark, join_source, known_families, open_source\n"
        f"rows = join_source({str(demo / 'digits')!r}, 'vit-mini')\n"
        "print(len(open_source(find_benchmark('stories'), None)), next(iter(rows))['sample_id'], len(known_families()))"
    )
    done = run(code)
    assert done.returncode == 0, done.stderr
    first = DatasetFolder(demo / "digits").labels("vit-mini")["sample_id"][0]
    assert done.stdout.split() == ["1000", first, str(len(door.known_families()))]


def test_imagenets_names_need_timm_but_not_torch(tmp_path):
    code = (
        "from adaptlabels.builders import find_benchmark\n"
        "print(find_benchmark('imagenet').class_names[0], len(find_benchmark('imagenet-r').class_names), sep='; ')"
    )
    done = run(code, ("torch", "torchvision"))
    assert done.stdout == "tench; 200\n", done.stderr
    done = run(code)
    assert "InputError: ImageNet's class names come with timm, which is not installed: pip install timm" in done.stderr


def test_importing_the_door_loads_nothing():
    code = "import sys, adaptlabels.builders; print([m for m in ('polars', 'pydantic', 'torch') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_build_in_python_makes_the_tables_and_with_a_card_the_whole_folder(tmp_path):
    options = {"families": ["vit-mini"], "states": ["vit-mini-12x1", "vit-mini-16x1"], "limit": 30, "device": "cpu"}
    tables = door.build("digits", str(tmp_path / "tables"), **options)
    assert len(tables.labels("vit-mini")) == 30
    assert not (tables.path / "README.md").exists()
    whole = door.build("digits", tmp_path / "whole", card=write_card, **options)
    assert validate_folder(whole) == []
    assert whole.labels("vit-mini").equals(tables.labels("vit-mini"))
    with pytest.raises(TypeError, match="colour"):
        door.build("digits", tmp_path / "out", colour="red")
    with pytest.raises(InputError, match="`families` 'vitt': no such family; there are convnext-mini"):
        door.build("digits", tmp_path / "out", families=["vitt"])
    assert not (tmp_path / "out").exists()
