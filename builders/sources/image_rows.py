"""Images in rows: Hub datasets, parquet files, webdataset tars; `datasets` streams them, nothing is copied to disk."""

from __future__ import annotations

import tarfile
from copy import copy
from functools import cached_property
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Self, cast

from ...labels.errors import InputError
from ...labels.tables.remote import explained, split_revision
from .imagenet import sample_id_of
from .items import ImageItem
from .parquet_rows import ParquetRows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

FORMATS = {"parquet": (".parquet",), "webdataset": (".tar",)}
"""Local formats and their files."""
LABEL_COLUMNS = ("label", "cls", "target")
"""Names of a column of class numbers, where none is declared as class labels."""
ID_COLUMNS = ("sample_id", "image_id", "filename", "file_name", "__key__")
"""Names of a column that identifies the image, where the image's own path does not."""


class ImageRows:
    """Images of a dataset in rows, in the dataset's order."""

    def __init__(
        self,
        name: str,
        revision: str | None,
        rows: Any,  # noqa: ANN401 - an IterableDataset, which is untyped
        size: int,
        *,
        split: str,
        index_of: Mapping[str, int],
        categories: Sequence[str],
        ids_with_class: bool = False,
        files: Sequence[str] = (),
        repository: str | None = None,
    ) -> None:
        """Find the columns.

        Args:
            name: What tables and messages call the source.
            revision: Commit of a Hub source.
            rows: The dataset, streamed.
            size: Its number of rows.
            split: Name of the split, for identifiers of rows that have none.
            index_of: Class of each name that class labels may have; their number is that of the classes otherwise.
            categories: Category of each class.
            ids_with_class: Whether a file's name is unique in its folder only.
            files: Paths or URLs of the rows' files, where these are parquet files.
            repository: Name of a Hub source's repository.

        Raises:
            InputError: There is not one image column, or no column of classes, or its classes are not the benchmark's.
        """
        self.name, self.revision = name, revision
        self._size, self._split, self._categories, self._ids_with_class = size, split, categories, ids_with_class
        self._image, self._label, self._classes = _columns(rows, name, index_of, len(categories))
        self._rows = _undecoded(rows, self._image)
        self._first = 0
        self._files, self._repository = tuple(files), repository

    def __len__(self) -> int:
        return self._size

    def items(self) -> Iterator[ImageItem]:
        """All images, undecoded."""
        for number, row in enumerate(self._rows, self._first):
            yield self._item(number, row)

    def slice(self, start: int, stop: int) -> Self | None:
        """Some of the images, by their position in parquet files; other formats cannot be read from the middle."""
        if not self._files:
            return None
        rows = self._parquet.slice(start, stop)
        some = copy(self)
        some._rows = rows if self._repository is None else _Explained(rows, self._repository)
        some._first, some._size = self._first + start, stop - start
        some._files = ()  # it is sent: without the names of all the other files
        some.__dict__.pop("_parquet", None)
        return some

    @cached_property
    def _parquet(self) -> ParquetRows:
        if self._repository is None:
            return ParquetRows.of(self._files)
        with explained(self._repository, "datasets/"):
            return ParquetRows.of(self._files)

    def _item(self, number: int, row: dict[str, Any]) -> ImageItem:
        where = f"{self.name} row {number}"
        image, label = row[self._image], row[self._label]
        if not isinstance(label, int) or not 0 <= label < len(self._classes):
            raise InputError(f"{where}: label {label!r} is not one of the {len(self._classes)} classes")
        target = self._classes[label]
        content = (image or {}).get("bytes") or b""
        problem = None if content else "has no image"
        sample_id = self._sample_id(number, row, image or {})
        return ImageItem(sample_id, target, self._categories[target], content, f"{where} ({sample_id})", problem)

    def _sample_id(self, number: int, row: dict[str, Any], image: dict[str, Any]) -> str:
        about = row.get("json")
        given = about.get("filename") if isinstance(about, dict) else None
        names = [given, *(row.get(column) for column in ID_COLUMNS), image.get("path")]
        name = next((name for name in names if isinstance(name, str) and name), None)
        if name is None:
            return f"{self._split}-{number}"
        if not PurePosixPath(name).suffix:  # a key has no ending that could be taken off
            name = f"{name}.jpg"
        return sample_id_of(name, with_class=self._ids_with_class)


def hub_images(name: str, split: str, expected_size: int | None, **classes: Any) -> ImageRows:  # noqa: ANN401
    """Images of a Hub dataset.

    Args:
        name: `org/name` with optional `@revision`.
        split: Split of the dataset.
        expected_size: Number of rows where neither the Hub nor parquet files say it.
        classes: `index_of`, `categories`, `ids_with_class` of `ImageRows`.

    Raises:
        InputError: The dataset is missing or gated, lacks the split, or has no image and label columns.
        RunError: The Hub cannot be reached.
    """
    from datasets import load_dataset, load_dataset_builder

    repository, asked = split_revision(name)
    with explained(repository, "datasets/"):
        revision = resolve_revision(repository, asked)
        builder = load_dataset_builder(repository, revision=revision)
        splits = builder.info.splits or {}
        if splits and split not in splits:
            raise InputError(f"hub:{name}: no split {split!r}; there are {', '.join(splits)}")
        files = (builder.config.data_files or {}).get(split, [])
        files = files if all(file.endswith(".parquet") for file in files) else []
        if splits:
            size = int(splits[split].num_examples)
        elif files:
            size = len(ParquetRows.of(files))
        elif expected_size is not None:
            size = expected_size
        else:
            raise InputError(f"hub:{name}: the Hub does not say how many rows it has; download it and name its files")
        try:
            rows = load_dataset(repository, split=split, revision=revision, streaming=True)
        except ValueError as error:
            raise InputError(f"hub:{name}: {str(error).splitlines()[0]}") from error
    rows = _Explained(rows, repository)
    return ImageRows(
        f"hub:{repository}", revision, rows, size, split=split, files=files, repository=repository, **classes
    )


def local_images(
    kind: str,
    path: Path,
    split: str,
    **classes: Any,  # noqa: ANN401
) -> ImageRows:
    """Images of parquet files or webdataset tars on disk.

    Args:
        kind: Format of the files, a key of `FORMATS`.
        path: A file, or a folder whose files of that format are taken in order of their names.
        split: Name of the split, for identifiers of rows that have none.
        classes: `index_of`, `categories`, `ids_with_class` of `ImageRows`.

    Raises:
        InputError: There are no such files, one is damaged, or they have no image and label columns.
    """
    from datasets import load_dataset

    files = [path] if path.is_file() else sorted(f for f in path.glob("*") if f.suffix in FORMATS[kind])
    if not files:
        raise InputError(f"{kind}:{path}: no such file, and no folder with {FORMATS[kind][0]} files")
    size = sum(_count(kind, file) for file in files)
    if size == 0:
        raise InputError(f"{kind}:{path}: no images")
    # Brackets and stars in a path are no pattern.
    names = [str(file).replace("[", "[[]").replace("*", "[*]").replace("?", "[?]") for file in files]
    rows = load_dataset(kind, data_files={split: names}, split=split, streaming=True)
    paths = [str(file.absolute()) for file in files] if kind == "parquet" else []
    return ImageRows(kind, None, rows, size, split=split, files=paths, **classes)


def resolve_revision(repository: str, revision: str | None) -> str:
    """Commit that a branch or tag of a Hub dataset points to."""
    from huggingface_hub import HfApi

    return cast("str", HfApi().dataset_info(repository, revision=revision).sha)


class _Explained:
    """Streamed rows whose network errors become ours."""

    def __init__(self, rows: Any, repository: str) -> None:  # noqa: ANN401
        self._rows, self._repository = rows, repository
        self.features = getattr(rows, "features", None)

    def cast_column(self, column: str, feature: Any) -> _Explained:  # noqa: ANN401
        return _Explained(self._rows.cast_column(column, feature), self._repository)

    def take(self, n: int) -> Any:  # noqa: ANN401
        return self._rows.take(n)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        with explained(self._repository, "datasets/"):
            yield from self._rows


def _count(kind: str, file: Path) -> int:
    """Samples of a file; of a tar those whose names differ before their first dot."""
    import pyarrow
    import pyarrow.parquet

    try:
        if kind == "parquet":
            return int(pyarrow.parquet.read_metadata(file).num_rows)
        with tarfile.open(file) as archive:
            return len({_key(member.name) for member in archive if member.isfile()})
    except (OSError, tarfile.TarError, pyarrow.ArrowInvalid) as error:
        raise InputError(f"{kind}:{file}: cannot be read ({error})") from error


def _key(name: str) -> str:
    folder, _, file = name.rpartition("/")
    return f"{folder}/{file.partition('.')[0]}"


def _undecoded(rows: Any, image: str) -> Any:  # noqa: ANN401
    from datasets import Image

    return rows.cast_column(image, Image(decode=False))


def _columns(
    rows: Any,  # noqa: ANN401
    name: str,
    index_of: Mapping[str, int],
    n_classes: int,
) -> tuple[str, str, Sequence[int]]:
    """Names of the image and label columns, and the benchmark's class for each value of the label."""
    from datasets import ClassLabel, Image, Value

    features = rows.features
    if features is None:  # tars declare nothing: look at the first row
        features = dict.fromkeys(next(iter(islice(rows.take(1), 1)), {}))
    images = [column for column, kind in features.items() if isinstance(kind, Image) or _is_image_struct(kind)]
    declared = [column for column, kind in features.items() if isinstance(kind, ClassLabel)]
    numbers = [column for column in LABEL_COLUMNS if isinstance(features.get(column), Value)]
    labels = declared or numbers[:1]
    if len(images) != 1 or len(labels) != 1:
        raise InputError(f"{name}: expected one image and one class label column, found {', '.join(features)}")
    names = features[labels[0]].names if declared else []
    if names and all(value in index_of for value in names):
        return images[0], labels[0], [index_of[value] for value in names]
    if names and len(names) != n_classes:
        raise InputError(f"{name}: its {len(names)} classes are not the {n_classes} of this dataset")
    return images[0], labels[0], range(n_classes)


def _is_image_struct(kind: Any) -> bool:  # noqa: ANN401 - any feature of datasets
    """Whether a plain struct has the fields of an image: its encoded bytes and its path."""
    return isinstance(kind, dict) and set(kind) == {"bytes", "path"}
