"""Labels joined to the images or texts that they are of, which are not part of the labels."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import polars as pl

from ...labels.errors import InputError
from ...labels.tables.remote import open_folder
from .benchmarks import find_benchmark
from .opening import open_source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .items import Item, Source


def join_source(where: str, family: str, source: str | None = None) -> Any:  # noqa: ANN401 - datasets is untyped
    """Labels of a family with the source dataset's samples, joined by `sample_id` while the source streams.

    Args:
        where: A dataset folder, or `hub:org/name[@version]`.
        family: Name of the family.
        source: Source of the samples, as `open_source` takes it; None for the one that the labels were made from,
            at its commit.

    Returns:
        A `datasets.IterableDataset` in the source's order, samples without a label left out: the columns of table
        *labels* and `image`, or `context` and `choices`.

    Raises:
        InputError: There is no such dataset or family, the labels' source was local and none is named, or the source
            cannot be used.
        RunError: The Hub cannot be reached.
    """
    from datasets import Features, Image, IterableDataset, List, Value, load_dataset

    folder = open_folder(where)
    paths = [str(file.path) for file in folder.tables[folder.known(family)].files]
    benchmark = find_benchmark(folder.info.name).at_split(folder.split)
    items = open_source(benchmark, source or _own_source(folder.info.source, folder.info.source_revision))
    labels = load_dataset("parquet", data_files=paths, split="train")
    content = {
        "image-classification": {"image": Image()},
        "multiple-choice": {"context": Value("string"), "choices": List(Value("string"))},
    }
    return IterableDataset.from_generator(
        partial(_joined, pl.read_parquet(paths), items),
        features=Features({**labels.features, **content[benchmark.task]}),
    )


def _own_source(source: str, revision: str | None) -> str:
    if source.startswith("hub:") or source == "embedded":
        return source if revision is None else f"{source}@{revision}"
    raise InputError(
        f"the labels were made from a local source ({source}); give it as `source`, such as imagefolder:PATH"
    )


def _joined(labels: pl.DataFrame, source: Source[Item]) -> Iterator[dict[str, Any]]:
    rows = dict(zip(labels["sample_id"], labels.iter_rows(named=True), strict=True))
    for item in source.items():
        if item.sample_id in rows:
            yield {**rows[item.sample_id], **item.content_columns()}
