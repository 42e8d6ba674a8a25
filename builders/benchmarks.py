"""The benchmarks that labels are made for: what they are, where their items come from, their families."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from ..labels.errors import InputError
from ..labels.info import DatasetInfo
from .choicerows import HubChoices, JsonLines
from .imagefolder import ImageFolder
from .imagenet import CLASSES, ReassessedLabels, descriptions, synsets
from .imagerows import FORMATS, hub_images, local_images
from .questions import FORMS
from .runner import AnswerSpace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .items import ImageItem, Item, Source
    from .spaces import Runner

N_DIGITS = 10
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
    default_source: str | None
    """Source where the user names none; None where there is no such source on the Hub."""
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

    synsets: str | None = None
    """timm's list of its classes, for those that are ImageNet's or some of them."""
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
            raise InputError(f"--split {split!r}: {self.name} has {', '.join((self.split, *self.other_splits))}")
        return replace(self, split=split, full_size=None)

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the answers, in order."""
        if self.synsets is not None:
            return synsets(self.synsets)
        return tuple(map(str, range(self.n_choices if self.task == "multiple-choice" else N_DIGITS)))

    @property
    def groups(self) -> tuple[str, ...]:
        """What *group* says of each class."""
        return self.class_names if self.synsets is None else descriptions(self.synsets)

    @property
    def folders(self) -> Mapping[str, int]:
        """Class of each folder's name."""
        names = map(str, range(len(self.class_names))) if self.numbered_folders else self.class_names
        return {name: index for index, name in enumerate(names)}

    @property
    def answers(self) -> AnswerSpace:
        """What a model may answer: all of ImageNet's classes are outputs of a model, though only some may count."""
        if self.synsets in (None, CLASSES):
            return AnswerSpace(len(self.class_names))
        place = {name: index for index, name in enumerate(synsets())}
        return AnswerSpace(len(place), tuple(place[name] for name in self.class_names))

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
            language="en" if self.task == "multiple-choice" else None,
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
            synsets=CLASSES,
            other_splits=("train",),
        ),
        Benchmark(
            name="imagenet-real",
            title="ImageNet ReaL",
            task="image-classification",
            runner="vision",
            split="validation",
            default_source="hub:ILSVRC/imagenet-1k",
            families=("efficientnet", "vit"),
            homepage="https://github.com/google-research/reassessed-imagenet",
            licence="other",
            citation=(
                "@article{beyer2020imagenet,\n  title={Are we done with ImageNet?},\n"
                "  author={Beyer, Lucas and H{\\'e}naff, Olivier J. and Kolesnikov, Alexander and Zhai, Xiaohua and"
                ' van den Oord, A{\\"a}ron},\n  journal={arXiv preprint arXiv:2006.07159},\n  year={2020}\n}'
            ),
            full_size=46_837,
            reference_tolerance=0.003,
            synsets=CLASSES,
            reassessed=True,
        ),
        Benchmark(
            name="imagenet-v2",
            title="ImageNet-V2 (matched frequency)",
            task="image-classification",
            runner="vision",
            split="test",
            default_source=None,
            families=("efficientnet", "vit"),
            homepage="https://github.com/modestyachts/ImageNetV2",
            licence="mit",
            citation=(
                "@inproceedings{recht2019imagenet,\n  title={Do ImageNet Classifiers Generalize to ImageNet?},\n"
                "  author={Recht, Benjamin and Roelofs, Rebecca and Schmidt, Ludwig and Shankar, Vaishaal},\n"
                "  booktitle={Proceedings of ICML},\n  year={2019}\n}"
            ),
            full_size=10_000,
            reference_tolerance=0.003,
            synsets=CLASSES,
            numbered_folders=True,
            ids_with_class=True,
        ),
        Benchmark(
            name="imagenet-a",
            title="ImageNet-A",
            task="image-classification",
            runner="vision",
            split="test",
            default_source=None,
            families=("efficientnet", "vit"),
            homepage="https://github.com/hendrycks/natural-adv-examples",
            licence="mit",
            citation=(
                "@inproceedings{hendrycks2021natural,\n  title={Natural Adversarial Examples},\n"
                "  author={Hendrycks, Dan and Zhao, Kevin and Basart, Steven and Steinhardt, Jacob and Song, Dawn},\n"
                "  booktitle={Proceedings of CVPR},\n  year={2021}\n}"
            ),
            full_size=7_500,
            reference_tolerance=0.003,
            synsets="imagenet_a_synsets.txt",
            ids_with_class=True,
        ),
        Benchmark(
            name="imagenet-r",
            title="ImageNet-R",
            task="image-classification",
            runner="vision",
            split="test",
            default_source=None,
            families=("efficientnet", "vit"),
            homepage="https://github.com/hendrycks/imagenet-r",
            licence="mit",
            citation=(
                "@inproceedings{hendrycks2021many,\n  title={The Many Faces of Robustness: A Critical Analysis of"
                " Out-of-Distribution Generalization},\n  author={Hendrycks, Dan and others},\n"
                "  booktitle={Proceedings of ICCV},\n  year={2021}\n}"
            ),
            full_size=30_000,
            reference_tolerance=0.003,
            synsets="imagenet_r_synsets.txt",
            ids_with_class=True,
        ),
        Benchmark(
            name="imagenet-sketch",
            title="ImageNet-Sketch",
            task="image-classification",
            runner="vision",
            split="test",
            default_source=None,
            families=("efficientnet", "vit"),
            homepage="https://github.com/HaohanWang/ImageNet-Sketch",
            licence="mit",
            citation=(
                "@inproceedings{wang2019learning,\n  title={Learning Robust Global Representations by Penalizing Local"
                " Predictive Power},\n  author={Wang, Haohan and Ge, Songwei and Lipton, Zachary and Xing, Eric P.},\n"
                "  booktitle={Advances in Neural Information Processing Systems},\n  year={2019}\n}"
            ),
            full_size=50_889,
            reference_tolerance=0.003,
            synsets=CLASSES,
            ids_with_class=True,
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
            other_splits=("train",),
        ),
        *(
            Benchmark(
                name=f"arc-{part.lower()}",
                title=f"ARC-{part}",
                task="multiple-choice",
                runner="language",
                split="test",
                default_source="hub:allenai/ai2_arc",
                families=("pythia", "llama2"),
                homepage="https://huggingface.co/datasets/allenai/ai2_arc",
                licence="cc-by-sa-4.0",
                citation=(
                    "@article{clark2018think,\n"
                    "  title={Think you have Solved Question Answering? Try ARC, the AI2 Reasoning Challenge},\n"
                    "  author={Clark, Peter and others},\n  journal={arXiv preprint arXiv:1803.05457},\n"
                    "  year={2018}\n}"
                ),
                full_size=size,
                reference_tolerance=0.02,
                form="arc",
                n_choices=5,
                hub_config=f"ARC-{part}",
                other_splits=("validation", "train"),
            )
            for part, size in (("Easy", 2_376), ("Challenge", 1_172))
        ),
        Benchmark(
            name="piqa",
            title="PIQA",
            task="multiple-choice",
            runner="language",
            split="validation",
            default_source="hub:baber/piqa",
            families=("pythia", "llama2"),
            homepage="https://yonatanbisk.com/piqa",
            licence="afl-3.0",
            citation=(
                "@inproceedings{bisk2020piqa,\n"
                "  title={PIQA: Reasoning about Physical Commonsense in Natural Language},\n"
                "  author={Bisk, Yonatan and others},\n  booktitle={Proceedings of AAAI},\n  year={2020}\n}"
            ),
            full_size=1_838,
            reference_tolerance=0.02,
            form="piqa",
            n_choices=2,
            other_splits=("train",),
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

    def part(self, start: int, stop: int) -> Source[Item] | None:
        """Some of these items, where the whole source can be divided."""
        return self.source.part(start, min(stop, self.limit))


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
        spec: `hub:org/name[@revision]`, `imagefolder:PATH`, `webdataset:PATH` or `parquet:PATH` (images), `jsonl:PATH`
            (multiple choice) or, for the miniatures, `embedded`; None takes the benchmark's own.
        limit: Most items to take, from the first; None takes all.

    Raises:
        InputError: The form is unknown or unfit for the benchmark, the source is missing or empty, or limit is not
            positive.
        RunError: The Hub cannot be reached.
    """
    if limit is not None and limit < 1:
        raise InputError(f"--limit {limit}: at least one sample is needed")
    spec = spec or benchmark.default_source
    if spec is None:
        raise InputError(
            f"{benchmark.name} has no source of its own: fetch it from {benchmark.homepage} and name its folder, as"
            " --source imagefolder:PATH"
        )
    source = (
        _open_images(benchmark, spec) if benchmark.task == "image-classification" else _open_choices(benchmark, spec)
    )
    if benchmark.reassessed:
        source = ReassessedLabels(cast("Source[ImageItem]", source))
    return source if limit is None else Limited(source, limit)


def _open_images(benchmark: Benchmark, spec: str) -> Source[Item]:
    kind, _, place = spec.partition(":")
    groups, ids_with_class = benchmark.groups, benchmark.ids_with_class
    if spec == EMBEDDED == benchmark.default_source:
        from .miniature import digits_folder

        return ImageFolder(digits_folder(), benchmark.folders, groups, name=EMBEDDED)
    if place and kind == "imagefolder":
        return ImageFolder(_path(place), benchmark.folders, groups, ids_with_class=ids_with_class)
    # Class labels in rows are called by their synsets, or just numbered.
    named = {name: index for index, name in enumerate(benchmark.class_names)}
    if place and kind == "hub":
        return hub_images(
            place, benchmark.split, benchmark.full_size, index_of=named, groups=groups, ids_with_class=ids_with_class
        )
    if place and kind in FORMATS:
        return local_images(
            kind, _path(place), benchmark.split, index_of=named, groups=groups, ids_with_class=ids_with_class
        )
    raise _unknown(benchmark, spec, "hub:org/name[@revision]", "imagefolder:PATH", "webdataset:PATH", "parquet:PATH")


def _open_choices(benchmark: Benchmark, spec: str) -> Source[Item]:
    kind, _, place = spec.partition(":")
    to_item, split = FORMS[benchmark.form], benchmark.split
    if spec == EMBEDDED == benchmark.default_source:
        from .miniature import stories_file

        return JsonLines(stories_file(), to_item, split, name=EMBEDDED)
    if place and kind == "hub":
        return HubChoices(place, to_item, split, benchmark.hub_config)
    if place and kind == "jsonl":
        return JsonLines(_path(place), to_item, split)
    raise _unknown(benchmark, spec, "hub:org/name[@revision]", "jsonl:PATH")


def _unknown(benchmark: Benchmark, spec: str, *forms: str) -> InputError:
    forms += (EMBEDDED,) if benchmark.default_source == EMBEDDED else ()
    return InputError(f"--source {spec!r}: {benchmark.name} takes {' or '.join(forms)}")


def _path(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError as error:  # a home folder of nobody
        raise InputError(f"--source: {text!r} is no path ({error})") from error
