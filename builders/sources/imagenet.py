"""ImageNet's names: identifiers of its images, its classes, the subsets of later datasets, and ReaL's labels."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from ...labels.errors import InputError
from ...labels.importers.imagenet_tv import imagenet_classes
from .items import ImageItem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .items import Source

IMAGENET_ID = re.compile(r"ILSVRC2012_(?:val|train|test)_\d+|n\d{8}_\d+")
"""ImageNet's own identifiers, so that labels made from different sources join."""
CLASSES = "imagenet_synsets.txt"
"""timm's list of the 1,000 synsets in order; lists of subsets have such names too."""
REAL_LABELS = "imagenet_real_labels.json"
"""timm's copy of the ReaL labels (google-research/reassessed-imagenet)."""


def sample_id_of(name: str, *, with_class: bool = False) -> str:
    """Identifier of an image by its file name: ImageNet's own where the name holds one, else the name's stem.

    Args:
        name: Path of the file.
        with_class: Whether other names count only together with their folder, as those of ImageNet-R, of which each
            class has an `art_0.jpg`.

    Example:
        >>> sample_id_of("val/n01440764/ILSVRC2012_val_00000293.JPEG"), sample_id_of("0007.png")
        ('ILSVRC2012_val_00000293', '0007')
        >>> sample_id_of("imagenet-r/n01443537/art_0.jpg", with_class=True)
        'n01443537/art_0'
    """
    path = PurePosixPath(name.replace("\\", "/"))
    stem = path.name.removesuffix(path.suffix)
    found = IMAGENET_ID.match(stem)
    if found:
        return found.group()
    return f"{path.parent.name}/{stem}" if with_class and path.parent.name else stem


@cache
def synsets(file: str = CLASSES) -> tuple[str, ...]:
    """Synsets of ImageNet's classes, or of those of a subset, in order (timm's own lists).

    Raises:
        InputError: timm is not installed.
    """
    return tuple(_timm_data(file).split())


@cache
def class_names(file: str = CLASSES) -> tuple[str, ...]:
    """What people call the classes, in order.

    Raises:
        InputError: timm is not installed.
    """
    names = dict(imagenet_classes().iter_rows())
    return tuple(names[synset] for synset in synsets(file))


def _timm_data(file: str) -> str:
    """A data file of timm, found without importing timm: that would import torch, which names do not need."""
    spec = find_spec("timm")
    if spec is None or not spec.submodule_search_locations:
        raise InputError("ImageNet's class names come with timm, which is not installed: pip install timm")
    return Path(spec.submodule_search_locations[0], "data", "_info", file).read_text(encoding="utf-8")


class ReassessedLabels:
    """ImageNet's validation images with the ReaL labels: all classes that people saw in an image.

    Where they saw none, an image has no target and is left out of the labels. The target is ImageNet's own where people
    saw it, else the first of those that they saw (Beyer et al., "Are we done with ImageNet?", arXiv 2006.07159).
    """

    def __init__(self, source: Source[ImageItem]) -> None:
        """Give a source other targets.

        Args:
            source: ImageNet's validation images.
        """
        self._source = source
        self.name, self.revision = source.name, source.revision

    def __len__(self) -> int:
        return len(self._source)

    def items(self) -> Iterator[ImageItem]:
        """All images in the source's order."""
        labels, names = _real_labels(), class_names()
        for item in self._source.items():
            seen = labels.get(f"{item.sample_id}.JPEG", [])
            target = item.target if item.target in seen else next(iter(seen), None)
            category = item.category if target is None else names[target]
            also_right = tuple(label for label in seen if label != target)
            yield replace(item, target=target, category=category, also_right=also_right)

    def slice(self, start: int, stop: int) -> ReassessedLabels | None:
        """Some of the images, where the source can be divided."""
        some = self._source.slice(start, stop)
        return None if some is None else ReassessedLabels(some)


@cache
def _real_labels() -> dict[str, list[int]]:
    """Classes that people saw, by the image's file name."""
    content = json.loads(_timm_data(REAL_LABELS))
    return {f"ILSVRC2012_val_{number:08d}.JPEG": seen for number, seen in enumerate(content, start=1)}
