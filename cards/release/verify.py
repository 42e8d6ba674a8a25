"""Reads a commit back from the Hub and compares it with what was sent, before a tag makes it a version."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ...labels.errors import RunError, first_line
from ...labels.tables.folder import DatasetFolder
from .version_files import hashes

if TYPE_CHECKING:
    from .release_plan import Release
    from .repository import HubRepository


def verify_commit(hub: HubRepository, release: Release, commit: str) -> None:
    """Download a commit into a fresh cache, compare every byte, and load every config.

    Raises:
        RunError: A file differs, or a config does not load.
    """
    where = f"{hub.name}@{commit[:8]}"
    with tempfile.TemporaryDirectory(prefix="adaptlabels-") as fresh:
        path = Path(
            hub.api.snapshot_download(hub.name, repo_type="dataset", revision=commit, cache_dir=Path(fresh, "hub"))
        )
        for name, content in release.files.items():
            if not (path / name).is_file() or hashes(path / name) != hashes(content):
                raise RunError(f"{where}: {name} differs after the upload; publish again")
        _load_configs(hub, commit, DatasetFolder(path).split, str(Path(fresh, "datasets")), where)


def _load_configs(hub: HubRepository, commit: str, split: str, cache: str, where: str) -> None:
    from datasets import get_dataset_config_names, load_dataset

    token = hub.api.token
    for config in get_dataset_config_names(hub.name, revision=commit, token=token):
        try:
            rows = load_dataset(hub.name, config, split=split, revision=commit, token=token, cache_dir=cache)
        except ValueError as error:  # also where a request failed, and datasets looked into its empty cache instead
            raise RunError(f"{where}: config {config} does not load ({first_line(error)}); publish again") from error
        if rows.num_rows == 0:
            raise RunError(f"{where}: config {config} has no rows; publish again")
