"""The card's YAML, which `load_dataset` and the Hub read: what the dataset is, its configs, files and features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..labels.tables.types import class_label_names, features

if TYPE_CHECKING:
    from huggingface_hub import DatasetCardData

    from ..labels.tables.folder import DatasetFolder
    from ..labels.tables.info import DatasetInfo
    from ..labels.tables.stored import StoredTable

SIZE_CATEGORIES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
    (100_000_000, "10M<n<100M"),
)
"""The Hub's words for numbers of rows, each with the number that is too large for it."""
LARGEST_CATEGORY = "100M<n<1B"


def card_data(folder: DatasetFolder) -> DatasetCardData:
    """The card's YAML: what the dataset is, its configs with their files, and their features."""
    from datasets.info import DatasetInfosDict
    from datasets.utils.metadata import MetadataConfigs
    from huggingface_hub import DatasetCardData

    info = folder.info
    data = DatasetCardData(
        pretty_name=f"Adaptive inference labels: {info.title}",
        license=info.licence,
        annotations_creators=["machine-generated"],
        language=[info.language] if info.language else None,
        task_categories=None if info.task == "other" else [info.task],
        size_categories=[size_category(folder)],
        source_datasets=[info.source.removeprefix("hub:")] if info.source.startswith("hub:") else None,
        tags=["adaptive-inference", "benchmark", "dynamic-networks", "model-routing", "oracle", "arxiv:2402.04359"],
        **_own_licence(info),
    )
    DatasetInfosDict(
        {name: _dataset_info(folder, name, table) for name, table in folder.tables.items()}
    ).to_dataset_card_data(data)
    MetadataConfigs(
        {
            name: {
                "data_files": [{"split": folder.split, "path": _paths(folder, table)}],
                **({"default": True} if name == folder.families[0] else {}),
            }
            for name, table in folder.tables.items()
        }
    ).to_dataset_card_data(data)
    return data


def _own_licence(info: DatasetInfo) -> dict[str, Any]:
    """Name and page of a licence that the Hub has no identifier for."""
    if info.licence != "other" or not info.homepage:
        return {}
    return {"license_name": f"{info.name}-terms", "license_link": info.homepage}


def _dataset_info(folder: DatasetFolder, name: str, table: StoredTable) -> Any:  # noqa: ANN401 - datasets is not typed
    from datasets import DatasetInfo
    from datasets.splits import SplitDict, SplitInfo

    size = sum(file.footer.uncompressed_bytes for file in table.files)
    splits = SplitDict()
    splits.add(SplitInfo(folder.split, num_bytes=size, num_examples=table.rows))
    return DatasetInfo(
        config_name=name,
        features=config_features(folder, name, table),
        splits=splits,
        download_size=sum(file.path.stat().st_size for file in table.files),
        dataset_size=size,
    )


def _paths(folder: DatasetFolder, table: StoredTable) -> str | list[str]:
    """A table's files relative to the folder, as the YAML has one or several."""
    paths = [file.path.relative_to(folder.path).as_posix() for file in table.files]
    return paths[0] if len(paths) == 1 else paths


def size_category(folder: DatasetFolder) -> str:
    """The Hub's word for the number of rows of all tables together."""
    rows = sum(table.rows for table in folder.tables.values())
    return next((name for limit, name in SIZE_CATEGORIES if rows < limit), LARGEST_CATEGORY)


def config_features(folder: DatasetFolder, name: str, table: StoredTable) -> Any:  # noqa: ANN401 - datasets is not typed
    """Features of a config, as its table's schema has them."""
    from datasets import Features

    family, names = name.removesuffix("-predictions"), {}
    if family in folder.families:
        names = class_label_names(folder.family_states(family)["state"].to_list(), folder.info.class_names)
    return Features.from_dict(features(table.schema, table.columns, names))
