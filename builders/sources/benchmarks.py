"""The benchmarks that labels are made for, as a plain table: `benchmarks.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict

from ...labels.errors import InputError
from ...labels.tables.info import DatasetInfo
from ..backbones.families import RunnerName
from .imagenet import CLASSES, class_names, synsets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .items import Item, Source

N_DIGITS = 10
EMBEDDED = "embedded"
"""Source of the miniatures: made on the spot, in the user's cache."""


@dataclass(frozen=True)
class AnswerSpace:
    """What may be answered."""

    n_classes: int
    """Classes or choices that a model's output has."""
    subset: tuple[int, ...] | None = None
    """Of these only some count, in this order; None for all. ImageNet-A and -R have 200 of ImageNet's classes."""
    texts: tuple[tuple[str, ...], ...] = ()
    """For each of the classes, texts that describe an image of it, as many for each; empty where nobody wrote any."""


class Benchmark(BaseModel):
    """One dataset that states are run over."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    """Short name."""
    title: str
    """Name for people."""
    task: Literal["image-classification", "multiple-choice"]
    """Kind of task, as the Hub names it."""
    runner: RunnerName
    """What runs over it."""
    split: str
    """Split that is labelled."""
    default_source: str | None = None
    """Source where the user names none; None where there is no such source on the Hub."""
    families: tuple[str, ...]
    """Families where the user names none."""
    homepage: str
    """Its page."""
    licence: str | None
    """Identifier of its licence, as the Hub writes it."""
    citation: str
    """BibTeX."""
    full_size: int | None = None
    """Samples of the whole split."""
    reference_tolerance: float
    """Most that an accuracy may differ from its published value."""

    synsets: str | None = None
    """timm's list of its classes, for those that are ImageNet's or some of them."""
    prompts: tuple[str, ...] = ()
    """Images: texts that describe an image of a class, whose name goes where each has `{}`; for image-text models."""
    numbered_folders: bool = False
    """Whether the folders of its classes are their numbers, not their synsets."""
    ids_with_class: bool = False
    """Whether a file's name is unique in its class only."""
    reassessed: bool = False
    """Whether ReaL labels replace ImageNet's."""
    form: str = "hellaswag"
    """Multiple choice: form of its rows, a key of `FORMS`."""
    n_choices: int = 4
    """Multiple choice: most choices of an item."""
    hub_config: str | None = None
    """Multiple choice: config of its Hub dataset, where that has several."""
    other_splits: tuple[str, ...] = ()
    """Further splits that can be labelled."""

    def at_split(self, split: str | None) -> Benchmark:
        """The same benchmark on another split, whose accuracies are not compared with published ones.

        Raises:
            InputError: It has no such split.
        """
        if split in (None, self.split):
            return self
        if split not in self.other_splits:
            raise InputError(f"`split` {split!r}: {self.name} has {', '.join((self.split, *self.other_splits))}")
        return self.model_copy(update={"split": split, "full_size": None})

    @property
    def class_ids(self) -> tuple[str, ...]:
        """Names of the answers in the source, in order: synsets, or numbers."""
        if self.synsets is not None:
            return synsets(self.synsets)
        return tuple(map(str, range(self.n_choices if self.task == "multiple-choice" else N_DIGITS)))

    @property
    def class_names(self) -> tuple[str, ...]:
        """What people call the answers, in order."""
        return self.class_ids if self.synsets is None else class_names(self.synsets)

    @property
    def folders(self) -> Mapping[str, int]:
        """Class of each folder's name."""
        names = map(str, range(len(self.class_ids))) if self.numbered_folders else self.class_ids
        return {name: index for index, name in enumerate(names)}

    @property
    def answers(self) -> AnswerSpace:
        """What a model may answer: all of ImageNet's classes are outputs of a model, though only some may count."""
        if self.synsets is None:
            return AnswerSpace(len(self.class_ids), texts=self._texts(self.class_names))
        index_of = {name: index for index, name in enumerate(synsets())}
        subset = None if self.synsets == CLASSES else tuple(index_of[name] for name in self.class_ids)
        return AnswerSpace(len(index_of), subset, self._texts(class_names()))

    def _texts(self, names: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
        return tuple(tuple(prompt.format(name) for prompt in self.prompts) for name in names) if self.prompts else ()

    def info(self, source: Source[Item]) -> DatasetInfo:
        """What the tables say about this benchmark."""
        return DatasetInfo(
            name=self.name,
            title=self.title,
            split=self.split,
            task=self.task,
            class_names=self.class_names,
            class_ids=() if self.class_ids == self.class_names else self.class_ids,
            source=source.name,
            source_revision=source.revision,
            licence=self.licence,
            homepage=self.homepage,
            citation=self.citation,
            full_size=self.full_size,
            reference_tolerance=self.reference_tolerance,
            language="en" if self.task == "multiple-choice" else None,
        )


@cache
def benchmarks() -> dict[str, Benchmark]:
    """All benchmarks, by name."""
    text = resources.files(__package__).joinpath("benchmarks.toml").read_text(encoding="utf-8")
    return {name: Benchmark(name=name, **table) for name, table in tomllib.loads(text).items()}


def find_benchmark(name: str) -> Benchmark:
    """The benchmark of this name.

    Raises:
        InputError: There is none.
    """
    known = benchmarks()
    if name not in known:
        raise InputError(f"no dataset {name!r}; there are {', '.join(known)}")
    return known[name]
