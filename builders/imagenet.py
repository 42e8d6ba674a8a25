"""Sources of labelled images: folders in ImageNet's `<synset>/<file>` layout, and Hub datasets with an Image column."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ..labels.errors import InputError
from ..labels.hub import explained, split_revision
from .items import ImageItem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

IMAGE_SUFFIXES = frozenset({".jpeg", ".jpg", ".png", ".bmp", ".webp", ".gif", ".tif", ".tiff"})
IMAGENET_ID = re.compile(r"ILSVRC2012_(?:val|train|test)_\d+|n\d{8}_\d+")
"""ImageNet's own identifiers, so that labels made from different sources join."""


def sample_id_of(name: str) -> str:
    """Identifier of an image by its file name: ImageNet's own where the name holds one, else the name's stem.

    Example:
        >>> sample_id_of("val/n01440764/ILSVRC2012_val_00000293.JPEG"), sample_id_of("0007.png")
        ('ILSVRC2012_val_00000293', '0007')
    """
    stem = Path(name).stem
    found = IMAGENET_ID.match(stem)
    return found.group() if found else stem


class ImageFolder:
    """Images in one folder per class, in order of their identifiers."""

    revision = None

    def __init__(self, path: Path, classes: Sequence[str], groups: Sequence[str], *, name: str = "imagefolder") -> None:
        """List the images.

        Args:
            path: Folder that holds one folder per class.
            classes: Names of the class folders, in order of the class index; a class may be absent.
            groups: What *group* says of each class.
            name: What tables call the source; never a path.

        Raises:
            InputError: The folder is missing or has no images, a class folder or a file is of an unknown kind, or two
                files have one identifier.
        """
        self.name = name
        self._groups = groups
        self._files = _list_images(path, {name: index for index, name in enumerate(classes)})

    def __len__(self) -> int:
        return len(self._files)

    def items(self) -> Iterator[ImageItem]:
        """All images, each read when its turn comes."""
        for sample_id, (target, file) in self._files.items():
            try:
                content = file.read_bytes()
            except OSError as error:
                raise InputError(f"{file}: cannot be read ({error.strerror})") from error
            yield ImageItem(sample_id, target, self._groups[target], content, str(file))


def _list_images(path: Path, index_of: dict[str, int]) -> dict[str, tuple[int, Path]]:
    if not path.is_dir():
        raise InputError(f"imagefolder:{path}: no such folder")
    found: dict[str, tuple[int, Path]] = {}
    for folder in sorted(entry for entry in path.iterdir() if entry.is_dir() and not entry.name.startswith(".")):
        if folder.name not in index_of:
            known = list(index_of)
            raise InputError(f"{folder}: not a class of this dataset, whose classes are {known[0]!r} to {known[-1]!r}")
        for file in sorted(entry for entry in folder.iterdir() if not entry.name.startswith(".")):
            if file.suffix.lower() not in IMAGE_SUFFIXES:
                raise InputError(f"{file}: not an image file ({', '.join(sorted(IMAGE_SUFFIXES))}); move it away")
            sample_id = sample_id_of(file.name)
            if sample_id in found:
                raise InputError(f"{file} and {found[sample_id][1]} have the same identifier {sample_id!r}")
            found[sample_id] = (index_of[folder.name], file)
    if not found:
        raise InputError(
            f"imagefolder:{path}: no images; expected <class>/<file>, such as {next(iter(index_of))}/1.jpg"
        )
    return dict(sorted(found.items()))


class HubImages:
    """Images of a Hub dataset, streamed."""

    def __init__(self, name: str, split: str, classes: Sequence[str], groups: Sequence[str]) -> None:
        """Look the dataset up.

        Args:
            name: `org/name` with optional `@revision`.
            split: Split of the dataset.
            classes: Names of the benchmark's classes; their order is the source's.
            groups: What *group* says of each class.

        Raises:
            InputError: The dataset is missing or gated, lacks the split, or has no image and label columns.
            RunError: The Hub cannot be reached.
        """
        from datasets import load_dataset_builder

        self._repository, asked = split_revision(name)
        self._split, self._groups, self._n_classes = split, groups, len(classes)
        self.name = f"hub:{self._repository}"
        with explained(self._repository, "datasets/"):
            self.revision: str | None = resolve_revision(self._repository, asked)
            info = load_dataset_builder(self._repository, revision=self.revision).info
        if not info.splits or split not in info.splits:
            raise InputError(f"hub:{name}: no split {split!r}; there are {', '.join(info.splits or ())}")
        self._size = int(info.splits[split].num_examples)
        self._columns = _image_columns(info.features or {}, name)

    def __len__(self) -> int:
        return self._size

    def items(self) -> Iterator[ImageItem]:
        """All images in the dataset's order, undecoded."""
        from datasets import Image, load_dataset

        image, label = self._columns
        with explained(self._repository, "datasets/"):
            rows: Any = load_dataset(self._repository, split=self._split, revision=self.revision, streaming=True)
            for number, row in enumerate(rows.cast_column(image, Image(decode=False))):
                yield self._item(number, row[image], row[label])

    def _item(self, number: int, image: dict[str, Any], target: int) -> ImageItem:
        place = f"{self.name} row {number}"
        if not 0 <= target < self._n_classes:
            raise InputError(f"{place}: label {target} is not one of the {self._n_classes} classes")
        sample_id = sample_id_of(image["path"]) if image["path"] else f"{self._split}-{number}"
        return ImageItem(sample_id, target, self._groups[target], image["bytes"], place)


def resolve_revision(repository: str, revision: str | None) -> str:
    """Commit that a branch or tag of a Hub dataset points to."""
    from huggingface_hub import HfApi

    return cast("str", HfApi().dataset_info(repository, revision=revision).sha)


def _image_columns(features: dict[str, Any], name: str) -> tuple[str, str]:
    from datasets import ClassLabel, Image

    images = [column for column, kind in features.items() if isinstance(kind, Image)]
    labels = [column for column, kind in features.items() if isinstance(kind, ClassLabel)]
    if len(images) != 1 or len(labels) != 1:
        raise InputError(f"hub:{name}: expected one Image and one ClassLabel column, found {', '.join(features)}")
    return images[0], labels[0]
