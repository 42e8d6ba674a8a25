"""Opens the sources of a benchmark's items: on the Hub, on disk, or embedded."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ...labels.errors import InputError
from .benchmarks import EMBEDDED
from .choice_forms import FORMS
from .choice_rows import hub_choices, json_lines
from .image_folder import ImageFolder
from .image_rows import FORMATS, hub_images, local_images
from .imagenet import ReassessedLabels

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .benchmarks import Benchmark
    from .items import ImageItem, Item, Source


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

    def slice(self, start: int, stop: int) -> Source[Item] | None:
        """Some of these items, where the whole source can be divided."""
        return self.source.slice(start, min(stop, self.limit))


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
        raise InputError(f"`limit` is {limit}: at least one sample is needed")
    spec = spec or benchmark.default_source
    if spec is None:
        raise InputError(
            f"{benchmark.name} has no source of its own: download it from {benchmark.homepage} and give its folder as"
            " `source` imagefolder:PATH"
        )
    source = (
        _open_images(benchmark, spec) if benchmark.task == "image-classification" else _open_choices(benchmark, spec)
    )
    if benchmark.reassessed:
        source = ReassessedLabels(cast("Source[ImageItem]", source))
    return source if limit is None else Limited(source, limit)


def _open_images(benchmark: Benchmark, spec: str) -> Source[Item]:
    kind, _, location = spec.partition(":")
    categories, ids_with_class = benchmark.class_names, benchmark.ids_with_class
    if spec == EMBEDDED == benchmark.default_source:
        from ..miniature.datasets import digits_folder

        return ImageFolder(digits_folder(), benchmark.folders, categories, name=EMBEDDED)
    if location and kind == "imagefolder":
        return ImageFolder(_path(location), benchmark.folders, categories, ids_with_class=ids_with_class)
    # Class labels in rows are called by their synsets, or just numbered.
    named = {name: index for index, name in enumerate(benchmark.class_ids)}
    classes: dict[str, Any] = {"index_of": named, "categories": categories, "ids_with_class": ids_with_class}
    if location and kind == "hub":
        return hub_images(location, benchmark.split, benchmark.full_size, **classes)
    if location and kind in FORMATS:
        return local_images(kind, _path(location), benchmark.split, **classes)
    raise _unknown(benchmark, spec, "hub:org/name[@revision]", "imagefolder:PATH", "webdataset:PATH", "parquet:PATH")


def _open_choices(benchmark: Benchmark, spec: str) -> Source[Item]:
    kind, _, location = spec.partition(":")
    to_item, split = FORMS[benchmark.form], benchmark.split
    if spec == EMBEDDED == benchmark.default_source:
        from ..miniature.datasets import stories_file

        return json_lines(stories_file(), to_item, split, name=EMBEDDED)
    if location and kind == "hub":
        return hub_choices(location, to_item, split, benchmark.hub_config)
    if location and kind == "jsonl":
        return json_lines(_path(location), to_item, split)
    raise _unknown(benchmark, spec, "hub:org/name[@revision]", "jsonl:PATH")


def _unknown(benchmark: Benchmark, spec: str, *forms: str) -> InputError:
    forms += (EMBEDDED,) if benchmark.default_source == EMBEDDED else ()
    return InputError(f"`source` {spec!r}: {benchmark.name} takes {' or '.join(forms)}")


def _path(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError as error:  # the home folder of a user who does not exist
        raise InputError(f"`source`: {text!r} is not a path ({error})") from error
