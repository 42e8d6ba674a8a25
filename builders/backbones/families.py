"""State spaces as plain tables: which backbones make up a family, and where their weights come from.

A family is a TOML (or YAML) file; the ones that ship lie in `tables/`, and a user's own file has the same form:

    name = "my-resnets"
    runner = "vision"                    # or "language"
    dataset = "imagenet"                 # what `adaptlabels build` runs it on by default

    [[states]]
    name = "resnet-18"
    architecture = "resnet18"            # a timm name, or a transformers model type
    source = "timm/resnet18.a1_in1k"     # Hub id, or local:PATH; `@REVISION` may follow a Hub id

States need not be in order of cost: costs are counted, and the builder orders them.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ...labels.errors import InputError
from ...labels.tables.layout import check_family_name, check_path_name

if TYPE_CHECKING:
    from collections.abc import Sequence

ORDERED = (".pth", ".pt", ".bin")
"""Endings of files whose tensors have an order; safetensors sorts them."""
RunnerName = Literal["vision", "language"]
"""What runs a family or a benchmark."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Recipe(_Table):
    """How a miniature backbone is trained on the spot."""

    steps: Annotated[int, Field(gt=0)]
    """Optimiser steps."""
    learning_rate: Annotated[float, Field(gt=0)]
    """Peak of the one-cycle schedule."""
    batch_size: Annotated[int, Field(gt=0)]
    """Samples, or stories, per step."""
    seed: int = 0
    """Seed of initialisation and of the order of the data."""


class Backbone(_Table):
    """One state, as the table gives it."""

    name: str
    """Name of the state, unique in its family."""
    architecture: str
    """A timm model name, or a transformers model type: `gpt_neox`, or `clip` and `siglip` for images."""
    source: str | None = None
    """Hub id with optional `@revision`, or `local:` with a folder or a file of weights; None beside a recipe."""
    tensors: Literal["by-name", "in-order"] = "by-name"
    """How the tensors of a local file are known: by timm's names, or, if another library named them, by their order."""
    config: dict[str, Any] = Field(default_factory=dict)
    """Arguments of timm's `create_model`, or values of the transformers config."""
    exit: Annotated[int, Field(gt=0)] | None = None
    """Early exit: blocks of the network that run, before its own norm and head; None for all."""
    reference_accuracy: Annotated[float, Field(ge=0, le=1)] | None = None
    """Published accuracy on the family's dataset."""
    recipe: Recipe | None = None
    """How to train it; only where there is no source."""

    @model_validator(mode="after")
    def _source_or_recipe(self) -> Backbone:
        if (self.source is None) == (self.recipe is None):
            raise ValueError(f"state {self.name!r} needs either 'source' or 'recipe'")
        if self.tensors == "in-order" and not (self.source or "").endswith(ORDERED):
            raise ValueError(f"only files that torch.save wrote ({', '.join(ORDERED)}) keep their tensors in-order")
        return self


class Family(_Table):
    """A state space: backbones of one design."""

    name: str
    """Name of the family."""
    title: str = ""
    """Name for people."""
    runner: RunnerName
    """What runs it: `vision` for image classifiers and image-text models, `language` for causal language models."""
    dataset: str
    """Benchmark that the family was made for."""
    tokenizer: str | None = None
    """Language: Hub id, `local:FOLDER` or a `tokenizer.json`, where it is not beside the weights."""
    add_bos_token: bool | None = None
    """Language: whether texts begin with the begin-of-text token; where nothing is said, the tokenizer decides."""
    states: Annotated[tuple[Backbone, ...], Field(min_length=2)]
    """The backbones, in any order."""

    @model_validator(mode="after")
    def _names(self) -> Family:
        check_family_name(self.name)
        seen: set[str] = set()
        for state in self.states:
            check_path_name(state.name, "state")
            if state.name in seen:
                raise ValueError(f"state {state.name!r} is given twice")
            seen.add(state.name)
        return self

    def narrowed(self, names: Sequence[str]) -> Family:
        """The family with only some of its states.

        Raises:
            InputError: Fewer than two of the names are its states.
        """
        chosen = tuple(state for state in self.states if state.name in names)
        if len(chosen) < 2:
            raise InputError(
                f"`states`: name at least two states of family {self.name!r}, {len(chosen)} is not enough;"
                f" there are {', '.join(state.name for state in self.states)}"
            )
        return self.model_copy(update={"states": chosen})


@cache
def shipped_families() -> dict[str, Family]:
    """The families that come with the package, by name."""
    found = {}
    for file in sorted(resources.files(__package__).joinpath("tables").iterdir(), key=lambda f: f.name):
        family = _parse(tomllib.loads(file.read_text(encoding="utf-8")), file.name)
        found[family.name] = family
    return found


def read_families(path: Path) -> dict[str, Family]:
    """Families from a user's file: one family, or several under `families`.

    Raises:
        InputError: The file is missing, is neither TOML nor YAML, or breaks the form; names the key.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"`families_file` {path}: cannot be read ({error})") from error
    try:
        if path.suffix == ".toml":
            content = tomllib.loads(text)
        elif path.suffix in (".yaml", ".yml"):
            content = yaml.safe_load(text)
        else:
            raise InputError(f"`families_file` {path}: expected a .toml, .yaml or .yml file")
    except (tomllib.TOMLDecodeError, yaml.YAMLError) as error:
        raise InputError(f"`families_file` {path}: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise InputError(f"`families_file` {path}: expected a table with the keys of a family")
    tables = content.get("families", [content])
    if not isinstance(tables, list):
        raise InputError(f"`families_file` {path}: 'families' must be a list of tables")
    found: dict[str, Family] = {}
    for table in tables:
        family = _parse(table, f"`families_file` {path}")
        if family.name in found:
            raise InputError(f"`families_file` {path}: family {family.name!r} is given twice")
        found[family.name] = family
    return found


def known_families(extra: Path | None = None) -> dict[str, Family]:
    """Shipped families, and those of a user's file; a name given by both is an error.

    Raises:
        InputError: As `read_families`, or a shipped name is taken again.
    """
    own = read_families(extra) if extra else {}
    taken = sorted(set(own) & set(shipped_families()))
    if taken:
        raise InputError(f"`families_file` {extra}: {taken[0]!r} ships with adaptlabels; choose another name")
    return {**shipped_families(), **own}


def find_families(names: Sequence[str], extra: Path | None = None) -> tuple[Family, ...]:
    """Families by their names, each once.

    Args:
        names: Names of families.
        extra: A user's file with more families than ship.

    Raises:
        InputError: As `known_families`, or a name is unknown.
    """
    known = known_families(extra)
    for name in names:
        if name not in known:
            raise InputError(f"`families` {name!r}: no such family; there are {', '.join(known)}")
    return tuple(known[name] for name in dict.fromkeys(names))


def _key(table: object, keys: tuple[int | str, ...]) -> str:
    """The key that an error is about; a state by its name, or by its number from 1."""
    if len(keys) > 1 and keys[0] == "states" and isinstance(keys[1], int) and isinstance(table, dict):
        state = table["states"][keys[1]]
        name = state.get("name") if isinstance(state, dict) else None
        return ".".join([f"state {name!r}" if name else f"state {keys[1] + 1}", *map(str, keys[2:])])
    return ".".join(map(str, keys))


def _parse(table: object, where: str) -> Family:
    try:
        return Family.model_validate(table)
    except ValidationError as error:
        first = error.errors()[0]
        key = _key(table, first["loc"])
        message = str(first["msg"]).removeprefix("Value error, ")
        raise InputError(f"{where}: {key + ': ' if key else ''}{message}") from error
    except InputError as error:
        raise InputError(f"{where}: {error}") from error
