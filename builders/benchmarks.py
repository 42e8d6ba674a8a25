"""The benchmarks that labels are made for: what they are, where their items come from, their families."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ..labels.errors import InputError
from ..labels.info import DatasetInfo
from .hellaswag import N_ENDINGS, HubChoices, JsonLines
from .imagenet import HubImages, ImageFolder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .items import Item, Source
    from .spaces import Runner

EMBEDDED = "embedded"
"""Source of the miniatures: made on the spot, in the user's cache."""


@dataclass(frozen=True)
class Benchmark:
    """One dataset that states are run over."""

    name: str
    """Short name."""
    title: str
    """Name for people."""
    task: Literal["image-classification", "multiple-choice"]
    """Kind of task, as the Hub names it."""
    runner: Runner
    """What runs over it."""
    split: str
    """Split that is labelled."""
    default_source: str
    """Source where the user names none."""
    families: tuple[str, ...]
    """Families where the user names none."""
    homepage: str
    """Its page."""
    licence: str | None
    """Identifier of its licence, as the Hub writes it."""
    citation: str
    """BibTeX."""
    full_size: int | None
    """Samples of the whole split."""
    reference_tolerance: float
    """Most that an accuracy may differ from its published value."""

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the answers, in order."""
        return _imagenet_classes()[0] if self.name == "imagenet" else tuple(map(str, range(self._n_answers)))

    @property
    def groups(self) -> tuple[str, ...]:
        """What *group* says of each class."""
        return _imagenet_classes()[1] if self.name == "imagenet" else self.class_names

    @property
    def _n_answers(self) -> int:
        return N_ENDINGS if self.task == "multiple-choice" else 10

    def info(self, source: Source[Item]) -> DatasetInfo:
        """What the tables say about this benchmark."""
        return DatasetInfo(
            name=self.name,
            title=self.title,
            split=self.split,
            task=self.task,
            class_names=self.class_names,
            source=source.name,
            source_revision=source.revision,
            licence=self.licence,
            homepage=self.homepage,
            citation=self.citation,
            full_size=self.full_size,
            reference_tolerance=self.reference_tolerance,
        )


BENCHMARKS = {
    benchmark.name: benchmark
    for benchmark in (
        Benchmark(
            name="imagenet",
            title="ImageNet-1k",
            task="image-classification",
            runner="vision",
            split="validation",
            default_source="hub:ILSVRC/imagenet-1k",
            families=("efficientnet", "vit"),
            homepage="https://www.image-net.org",
            licence="other",
            citation=(
                "@article{russakovsky2015imagenet,\n  title={ImageNet Large Scale Visual Recognition Challenge},\n"
                "  author={Russakovsky, Olga and others},\n  journal={International Journal of Computer Vision},\n"
                "  volume={115},\n  pages={211--252},\n  year={2015}\n}"
            ),
            full_size=50_000,
            reference_tolerance=0.003,
        ),
        Benchmark(
            name="hellaswag",
            title="HellaSwag",
            task="multiple-choice",
            runner="language",
            split="validation",
            default_source="hub:Rowan/hellaswag",
            families=("pythia", "llama2"),
            homepage="https://rowanzellers.com/hellaswag",
            licence="mit",
            citation=(
                "@inproceedings{zellers2019hellaswag,\n"
                "  title={HellaSwag: Can a Machine Really Finish Your Sentence?},\n"
                "  author={Zellers, Rowan and Holtzman, Ari and Bisk, Yonatan and Farhadi, Ali and Choi, Yejin},\n"
                "  booktitle={Proceedings of ACL},\n  year={2019}\n}"
            ),
            full_size=10_042,
            # Published zero-shot accuracies come from other harnesses, which differ by a point or two.
            reference_tolerance=0.02,
        ),
        Benchmark(
            name="digits",
            title="Digits",
            task="image-classification",
            runner="vision",
            split="test",
            default_source=EMBEDDED,
            families=("vit-mini", "convnext-mini"),
            homepage="https://archive.ics.uci.edu/dataset/80",
            licence="cc-by-4.0",
            citation=(
                "@misc{alpaydin1998optical,\n  title={Optical Recognition of Handwritten Digits},\n"
                "  author={Alpaydin, E. and Kaynak, C.},\n  year={1998},\n"
                "  publisher={UCI Machine Learning Repository}\n}"
            ),
            full_size=None,
            reference_tolerance=1.0,
        ),
        Benchmark(
            name="stories",
            title="Stories",
            task="multiple-choice",
            runner="language",
            split="test",
            default_source=EMBEDDED,
            families=("neox-mini", "llama-mini"),
            homepage="https://arxiv.org/abs/2402.04359",
            licence="apache-2.0",
            citation="",
            full_size=None,
            reference_tolerance=1.0,
        ),
    )
}


@dataclass(frozen=True)
class Limited:
    """The first items of a source."""

    source: Source[Item]
    """The whole source."""
    limit: int
    """Most items to take."""

    @property
    def name(self) -> str:
        """Name of the whole source."""
        return self.source.name

    @property
    def revision(self) -> str | None:
        """Commit of the whole source."""
        return self.source.revision

    def __len__(self) -> int:
        return min(self.limit, len(self.source))

    def items(self) -> Iterator[Item]:
        """The first items in order."""
        return islice(self.source.items(), self.limit)


def find_benchmark(name: str) -> Benchmark:
    """The benchmark of this name.

    Raises:
        InputError: There is none.
    """
    if name not in BENCHMARKS:
        raise InputError(f"no dataset {name!r}; there are {', '.join(BENCHMARKS)}")
    return BENCHMARKS[name]


def open_source(benchmark: Benchmark, spec: str | None, limit: int | None = None) -> Source[Item]:
    """Open a source of a benchmark's items.

    Args:
        benchmark: The benchmark.
        spec: `hub:org/name[@revision]`, `imagefolder:PATH` (images), `jsonl:PATH` (multiple choice) or, for the
            miniatures, `embedded`; None takes the benchmark's own.
        limit: Most items to take, from the first; None takes all.

    Raises:
        InputError: The form is unknown or unfit for the benchmark, the source is missing or empty, or limit is not
            positive.
        RunError: The Hub cannot be reached.
    """
    if limit is not None and limit < 1:
        raise InputError(f"--limit {limit}: at least one sample is needed")
    source = _open(benchmark, spec or benchmark.default_source)
    return source if limit is None else Limited(source, limit)


def _open(benchmark: Benchmark, spec: str) -> Source[Item]:
    kind, _, place = spec.partition(":")
    images = benchmark.task == "image-classification"
    if spec == EMBEDDED and benchmark.default_source == EMBEDDED:
        from .miniature import digits_folder, stories_file

        if images:
            return ImageFolder(digits_folder(), benchmark.class_names, benchmark.groups, name=EMBEDDED)
        return JsonLines(stories_file(), name=EMBEDDED)
    if place and kind == "hub":
        if images:
            return HubImages(place, benchmark.split, benchmark.class_names, benchmark.groups)
        return HubChoices(place, benchmark.split)
    if place and kind == "imagefolder" and images:
        return ImageFolder(_path(place), benchmark.class_names, benchmark.groups)
    if place and kind == "jsonl" and not images:
        return JsonLines(_path(place))
    forms = ["hub:org/name[@revision]", "imagefolder:PATH" if images else "jsonl:PATH"]
    forms += [EMBEDDED] if benchmark.default_source == EMBEDDED else []
    raise InputError(f"--source {spec!r}: {benchmark.name} takes {' or '.join(forms)}")


def _path(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError as error:  # a home folder of nobody
        raise InputError(f"--source: {text!r} is no path ({error})") from error


@cache
def _imagenet_classes() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Synsets and descriptions of the 1,000 classes, from timm's own list."""
    from timm.data import ImageNetInfo

    info = ImageNetInfo()
    synsets = tuple(info.label_names())
    return synsets, tuple(info.label_name_to_description(name) for name in synsets)
