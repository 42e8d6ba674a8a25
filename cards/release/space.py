"""The explorer of a published version as a static Space: two files in one commit, which name the dataset's version."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from ...labels.errors import InputError
from ..explorer import PAGE, render_explorer
from .commit import commit_files
from .repository import HubRepository
from .version_files import CARD, holds_same

if TYPE_CHECKING:
    from collections.abc import Callable

    from huggingface_hub import HfApi

    from ...labels.tables.folder import DatasetFolder

TITLE = re.compile(r"Explorer of .+ v\d+\.\d+\.\d+")
"""Titles of our commits."""


def check_space(hub: HubRepository) -> str | None:
    """Make sure that a Space may show an explorer: it is new, or only we committed to it.

    Returns:
        The commit of `main`; None where there is no Space yet.

    Raises:
        InputError: It has commits of others, or access is not granted.
        RunError: The Hub cannot be reached.
    """
    with hub.reachable():
        head = hub.refs().head
        # The oldest commit is the Hub's own, which makes the Space.
        others = [] if head is None else [c for c in hub.commits(head)[:-1] if not TITLE.fullmatch(c.title)]
    if others:
        raise InputError(
            f"the Space {hub.name} holds something else (commit {others[0].commit_id[:8]} {others[0].title!r}); choose"
            " a new name"
        )
    return head


def publish_space(
    folder: DatasetFolder,
    space: str,
    dataset: str,
    tag: str,
    *,
    private: bool,
    api: HfApi,
    say: Callable[[str], object],
) -> None:
    """Make a Space show the explorer of a version; nothing is done where it does already.

    Args:
        folder: The dataset folder.
        space: Hub id of the Space.
        dataset: Hub id of the dataset.
        tag: Tag of the version.
        private: Whether a Space that has to be made is private.
        api: Client of the Hub.
        say: Told what happens.

    Raises:
        InputError: The Space holds something else, or access is not granted.
        RunError: The Hub cannot be reached; the dataset is published, and the same command goes on with the Space.
    """
    hub = HubRepository.open(space, api, "space")
    files = _files(folder, dataset, tag)
    head = check_space(hub)
    with hub.reachable():
        if head is None:
            say(f"making the {'private ' if private else ''}Space {hub.name}")
            api.create_repo(hub.name, repo_type="space", space_sdk="static", private=private, exist_ok=True)
            head = hub.refs().head
        assert head is not None, "the Space is there by now"
        remote = hub.files(head)
        if holds_same(remote, files):
            say(f"the Space {hub.name} shows {dataset} {tag} already")
            return
        gone = [path for path in remote if path not in files and not path.startswith(".git")]
        commit_files(hub, files, f"Explorer of {dataset} {tag}", head, gone)
    say(f"the Space {hub.name} shows {dataset} {tag}")


def _files(folder: DatasetFolder, dataset: str, tag: str) -> dict[str, bytes]:
    """Content of the Space's files, by their names."""
    version = f"{dataset} {tag}"
    card = "\n".join(
        (
            "---",
            f"title: {json.dumps(f'Explorer of {folder.info.title}', ensure_ascii=False)}",
            "sdk: static",
            f"datasets: [{json.dumps(dataset)}]",
            "pinned: false",
            "---",
            "",
            f"Which networks are right on each sample of the dataset [{version}]"
            f"(https://huggingface.co/datasets/{dataset}/tree/{tag}),",
            "and what that could save.",
            "",
        )
    )
    return {CARD: card.encode(), PAGE: render_explorer(folder, version).encode()}
