"""What the Hub's dataset viewer requires of parquet files, so that it shows them directly.

It reads row groups and pages, not whole files: row groups must be of moderate size and have a page index, and pages end
where those of `datasets` do, so that the Hub stores what is equal once. It shows features as the card's YAML declares
them, which must be those of the files, with the class labels that it can filter by. It draws a bar for every column,
also for one without a value, and takes a dataset with a column of lists of float32 for a time series (dataset-viewer,
`detect_features_modalities`). Every table is a config, and the size is that of all.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import yaml

from ...labels.report.problems import Problem, place_of
from ...labels.tables.parquet import CHUNKING_KEY, HUGGINGFACE_KEY
from ..header import config_features, size_category

if TYPE_CHECKING:
    from collections.abc import Iterator

    from datasets import Features

    from ...labels.tables.folder import DatasetFolder
    from ...labels.tables.stored import StoredTable
    from ...labels.tables.stored_file import Footer

LARGEST_GROUP_BYTES = 10 << 20
"""Most uncompressed bytes of a row group."""
NAMED = 4
"""Names of a class label that a problem quotes."""
SMALLEST_GROUP_BYTES = 1 << 20
"""Fewest of a row group in a file that has several, its last aside."""


def check_viewer(folder: DatasetFolder) -> list[Problem]:
    """Check a folder's files against the viewer's rules.

    Args:
        folder: The dataset folder, with its card.

    Returns:
        What the viewer would not show; empty when all is well.
    """
    try:
        text = (folder.path / "README.md").read_text(encoding="utf-8")
        header = yaml.safe_load(text.removeprefix("---\n").split("\n---\n")[0])
        declared = {info["config_name"]: info for info in header["dataset_info"]}
        files = {config["config_name"]: _listed_paths(config["data_files"][0]["path"]) for config in header["configs"]}
    except (OSError, IndexError, KeyError, TypeError, ValueError, yaml.YAMLError) as error:
        return [Problem("README.md", None, f"its YAML declares no configs ({type(error).__name__}: {error})")]
    size = [size_category(folder)]
    problems = []
    if header.get("size_categories") != size:
        found = header.get("size_categories")
        problems.append(Problem("README.md", None, f"its size category is {found}, not {size}; `adaptlabels card`"))
    if [config["config_name"] for config in header["configs"] if config.get("default")] != [folder.families[0]]:
        problems.append(Problem("README.md", None, "its first family is not the default config; `adaptlabels card`"))
    there = {place_of(file.path, folder): file.footer for file in folder.files}
    problems += [
        Problem(file, None, "is no config of the card, and not shown; `adaptlabels card`")
        for file in sorted(set(there).difference(*files.values()))
    ]
    for config, paths in files.items():
        lost = [path for path in paths if path not in there]
        if lost or config not in folder.tables:
            file = (lost or paths)[0]
            problems.append(Problem(file, None, "no such table, though the card declares it; `adaptlabels card`"))
            continue
        expected = config_features(folder, config, folder.tables[config])
        for path in paths:
            problems += list(_check_groups(there[path], path))
            problems += list(_check_features(there[path], path, declared.get(config)))
            problems += list(_check_labels(there[path], path, expected))
        problems += list(_check_values([there[path] for path in paths], paths[0]))
        problems += list(_check_count(folder.tables[config], paths[0], declared.get(config)))
    return problems


def _listed_paths(paths: str | list[str]) -> list[str]:
    return [paths] if isinstance(paths, str) else paths


def _check_groups(footer: Footer, file: str) -> Iterator[Problem]:
    metadata = footer.parquet
    if footer.text(CHUNKING_KEY) is None:
        yield Problem(file, None, "its pages do not end where its content does; write the folder again")
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    for number, group in enumerate(groups):
        size = group.total_byte_size
        small = len(groups) > 1 and number < len(groups) - 1 and size < SMALLEST_GROUP_BYTES
        if group.num_rows > 1 and (size > LARGEST_GROUP_BYTES or small):
            yield Problem(
                file, None, f"row group {number} has {size:,} bytes; 1 to 10 MiB are meant, write the folder again"
            )
        for place in range(group.num_columns):
            column = group.column(place)
            if not column.has_offset_index:
                yield Problem(file, column.path_in_schema, "has no page index; write the folder again")
                return


def _check_values(footers: list[Footer], file: str) -> Iterator[Problem]:
    """Every column has a value: the statistics of the row groups count nulls, those inside lists too."""
    metadata = [footer.parquet for footer in footers]
    groups = [each.row_group(number) for each in metadata for number in range(each.num_row_groups)]
    if len({each.num_columns for each in metadata}) > 1:
        return  # features tell
    for place in range(metadata[0].num_columns):
        columns = [group.column(place) for group in groups]
        known = all(column.statistics is not None and column.statistics.has_null_count for column in columns)
        if known and all(column.statistics.null_count == column.num_values for column in columns) and groups:
            name = columns[0].path_in_schema.partition(".")[0]
            yield Problem(file, name, "has no value in any row; write the folder again, which leaves it out")


def _check_features(footer: Footer, file: str, declared: dict[str, Any] | None) -> Iterator[Problem]:
    if declared is None:
        yield Problem(file, None, "the card's YAML declares no features for it; `adaptlabels card` writes them")
        return
    from datasets import Features, List, Value
    from datasets.features.features import generate_from_arrow_type

    schema = footer.schema
    inside = json.loads(footer.text(HUGGINGFACE_KEY) or "{}")
    own = Features.from_dict(inside["info"]["features"]) if inside else None
    shown = Features._from_yaml_list(declared["features"])
    if own != shown:
        yield Problem(file, None, "its features are not those of the card's YAML; `adaptlabels card` writes them")
    elif own.arrow_schema.names != schema.names or any(
        generate_from_arrow_type(schema.field(name).type) != generate_from_arrow_type(own.arrow_schema.field(name).type)
        for name in schema.names
    ):
        yield Problem(file, None, "its columns are not of the types that its features declare; write the folder again")
    for name, feature in shown.items():
        if isinstance(feature, List) and feature.feature == Value("float32"):
            yield Problem(
                file, name, "is a list of float32, which the viewer takes for a time series; float64 is meant"
            )


def _check_count(table: StoredTable, file: str, declared: dict[str, Any] | None) -> Iterator[Problem]:
    counted = [split["num_examples"] for split in (declared or {}).get("splits", [])]
    if declared is not None and counted != [table.rows]:
        message = f"the card's YAML counts {counted} rows, the table has {table.rows}; `adaptlabels card`"
        yield Problem(file, None, message)


def _check_labels(footer: Footer, file: str, expected: Features) -> Iterator[Problem]:
    """Class labels, which the viewer filters by, have the names of the states, counts and classes."""
    from datasets import ClassLabel, Features

    inside = json.loads(footer.text(HUGGINGFACE_KEY) or "{}")
    if not inside:
        return
    own = Features.from_dict(inside["info"]["features"])
    for name, feature in expected.items():
        if isinstance(feature, ClassLabel) and own.get(name) != feature:
            yield Problem(file, name, f"is no class label of {_listed(feature.names)}; write the folder again")


def _listed(names: list[str]) -> str:
    return ", ".join(names[:NAMED]) + (", …" if len(names) > NAMED else "")
