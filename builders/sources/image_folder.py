"""Images in folders: one folder for each class, as ImageNet's `<synset>/<file>`."""

from __future__ import annotations

import platform
from copy import copy
from typing import TYPE_CHECKING, Self

from ...labels.errors import InputError, RunError
from .imagenet import sample_id_of
from .items import ImageItem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

IMAGE_SUFFIXES = frozenset({".jpeg", ".jpg", ".png", ".bmp", ".webp", ".gif", ".tif", ".tiff"})


class ImageFolder:
    """Images in one folder per class, in order of their identifiers."""

    revision = None

    def __init__(
        self,
        path: Path,
        index_of: Mapping[str, int],
        categories: Sequence[str],
        *,
        name: str = "imagefolder",
        ids_with_class: bool = False,
    ) -> None:
        """List the images.

        Args:
            path: Folder that holds one folder per class.
            index_of: Class of each folder's name; a class may be absent.
            categories: Category of each class.
            name: What tables call the source; never a path.
            ids_with_class: Whether a file's name is unique in its folder only.

        Raises:
            InputError: The folder is missing or has no images, a class folder or a file is of an unknown kind, or two
                files have one identifier.
        """
        self.name = name
        self._path, self._categories = path, categories
        self._files = _list_images(path, index_of, ids_with_class=ids_with_class)

    def __len__(self) -> int:
        return len(self._files)

    def items(self) -> Iterator[ImageItem]:
        """All images, each read when its turn comes; one that cannot be read says so.

        Raises:
            RunError: The folder is gone, or is not there on this machine.
        """
        if not self._path.is_dir():
            raise RunError(f"imagefolder:{self._path}: no such folder on {platform.node()}; all machines must see it")
        for sample_id, target, file in self._files:
            problem = None
            try:
                content = file.read_bytes()
            except OSError as error:
                content, problem = b"", f"cannot be read ({error.strerror})"
            yield ImageItem(sample_id, target, self._categories[target], content, str(file), problem)

    def slice(self, start: int, stop: int) -> Self:
        """Some of the images, by their files' names."""
        some = copy(self)
        some._files = self._files[start:stop]
        return some


def _list_images(path: Path, index_of: Mapping[str, int], *, ids_with_class: bool) -> list[tuple[str, int, Path]]:
    """Identifier, class and file of every image, in order of the identifiers."""
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
            sample_id = sample_id_of(str(file), with_class=ids_with_class)
            if sample_id in found:
                raise InputError(f"{file} and {found[sample_id][1]} have the same identifier {sample_id!r}")
            found[sample_id] = (index_of[folder.name], file)
    if not found:
        raise InputError(
            f"imagefolder:{path}: no images; expected <class>/<file>, such as {next(iter(index_of))}/1.jpg"
        )
    return [(sample_id, *found[sample_id]) for sample_id in sorted(found)]
