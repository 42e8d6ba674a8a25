"""The tables as Croissant describes them, which is how the Hub describes a dataset to other programs."""

from __future__ import annotations

import json

import numpy as np
import pytest
from adaptlabels.labels import DatasetFolder
from adaptlabels.labels.tables.checksums import read_checksums
from datasets import ClassLabel, List, load_dataset, load_dataset_builder

mlcroissant = pytest.importorskip("mlcroissant")
KINDS = {"string": "TEXT", "bool": "BOOL", "float32": "FLOAT", "float64": "FLOAT"}
"""Croissant's type of a column, by that of `datasets`; everything else is a whole number."""


def described(folder: DatasetFolder, config: str):
    """One config of a folder in Croissant's terms, with the checksum that the folder lists."""
    path = folder.tables[config].path
    features = load_dataset_builder(str(folder.path), config).info.features
    file = mlcroissant.FileObject(
        id="file",
        name=path.name,
        content_url=str(path),
        encoding_formats=["application/x-parquet"],
        sha256=read_checksums(folder.path)[path.relative_to(folder.path).as_posix()],
    )
    fields = [field(name, feature) for name, feature in features.items()]
    rows = mlcroissant.RecordSet(id="rows", name="rows", fields=fields)
    return mlcroissant.Metadata(name=config, url="https://example.org", distribution=[file], record_sets=[rows])


def field(name, feature):
    one = feature.feature if isinstance(feature, List) else feature
    kind = "INTEGER" if isinstance(one, ClassLabel) else KINDS.get(one.dtype, "INTEGER")
    return mlcroissant.Field(
        id=f"rows/{name}",
        name=name,
        data_types=[getattr(mlcroissant.DataType, kind)],
        repeated=isinstance(feature, List),
        source=mlcroissant.Source(file_object="file", extract=mlcroissant.Extract(column=name)),
    )


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("config", ["neox-mini", "neox-mini-predictions", "states", "bounds"])
def test_croissant_reads_the_rows_that_load_dataset_reads(demo, tmp_path, config):
    folder = DatasetFolder(demo / "stories")
    metadata = described(folder, config)
    assert not metadata.issues.errors
    description = tmp_path / "croissant.json"
    description.write_text(json.dumps(metadata.to_json(), default=str))
    found = mlcroissant.Dataset(str(description)).records("rows")
    expected = load_dataset(str(folder.path), config, split="test").select(range(2))
    for record, row in zip(found, expected, strict=False):
        assert {name.removeprefix("rows/"): plain(value) for name, value in record.items()} == row


def plain(value):
    """A value as Python has it; Croissant gives texts as bytes, lists as arrays, and what is unknown as no number."""
    if isinstance(value, np.ndarray):
        return [plain(one) for one in value.tolist()]
    if isinstance(value, bytes):
        return value.decode()
    value = value.item() if isinstance(value, np.generic) else value
    return None if value is None or value != value else value
