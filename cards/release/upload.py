"""Publishing a dataset folder: one commit, verified, then one tag.

The commit comes first and is read back in full; only then does the tag make it a version, so that no version is ever
there in part. Whatever fails, the same command goes on from what the Hub has.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ...labels.errors import InputError, RunError
from ...labels.tables.remote import transport_errors
from ...labels.tables.replacing import update_folder
from .release_plan import first_on_main, plan_release
from .repository import MAIN, HubDataset
from .verify import verify_commit
from .version_files import CARD, CHANGELOG, holds_same

if TYPE_CHECKING:
    from collections.abc import Callable

    from huggingface_hub import HfApi

    from ...labels.tables.folder import DatasetFolder
    from .release_plan import Release


def publish(
    folder: DatasetFolder,
    repository: str,
    version: str = "auto",
    *,
    private: bool = False,
    api: HfApi | None = None,
    say: Callable[[str], object] = lambda message: None,
) -> Release:
    """Publish a folder as a version of a Hub dataset: commit, read back, tag.

    Args:
        folder: The dataset folder; its card and changelog are those of the version afterwards.
        repository: Hub id of the dataset.
        version: As of `plan_release`.
        private: Whether a repository that has to be made is private.
        api: Client of the Hub; None for one with the user's own token and endpoint.
        say: Told what happens.

    Returns:
        What was done.

    Raises:
        InputError: As `plan_release`.
        RunError: The Hub cannot be reached or gave back something else; the same command goes on from there.
    """
    hub = HubDataset.open(repository, api)
    release = plan_release(folder, repository, version, api=hub.api)
    if release.step == "nothing":
        say(release.lines()[0])
        return release
    with hub.reachable():
        if release.create:
            say(f"making the {'private ' if private else ''}dataset {repository}")
            hub.api.create_repo(repository, repo_type="dataset", private=private, exist_ok=True)
            release = first_on_main(hub, replace(release, parent=hub.refs().head))
        commit = release.parent
        if release.step == "commit":
            size = sum(release.sizes.values())
            say(f"committing {len(release.files)} files, {size / 1e6:.1f} MB, as {release.title!r}")
            commit = _commit(hub, release)
        assert commit is not None, "the repository is there by now"
        say(f"reading {commit[:8]} back")
        verify_commit(hub, release, commit)
        say(f"tagging {release.version.tag}")
        _tag(hub, release, commit)
    with update_folder(folder.path) as staging:
        for name in (CARD, CHANGELOG):
            content = release.files[name]
            assert isinstance(content, bytes), "card and changelog are rendered"
            (staging / name).write_bytes(content)
    say(f"{repository} {release.version.tag} is published and verified")
    return release


def _commit(hub: HubDataset, release: Release) -> str:
    """One commit with everything; an answer that was lost is looked for on the Hub before anything is called failed."""
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete
    from huggingface_hub.errors import HfHubHTTPError

    lost: tuple[type[Exception], ...] = (HfHubHTTPError, RuntimeError, *transport_errors())
    operations: list[Any] = [
        *(CommitOperationAdd(path, content) for path, content in release.files.items()),
        *(CommitOperationDelete(path) for path in release.deletions),
    ]
    try:
        done = hub.api.create_commit(
            hub.name,
            operations,
            commit_message=release.title,
            repo_type="dataset",
            revision=MAIN,
            parent_commit=release.parent,
        )
    except lost as error:
        return _found_again(hub, release, error)
    return str(done.oid)


def _found_again(hub: HubDataset, release: Release, error: Exception) -> str:
    """The commit, if it happened although the answer was an error."""
    head = hub.refs().head
    if head == release.parent:
        raise error
    if head is not None and holds_same(hub.files(head), release.files):
        return head
    raise InputError(
        f"{hub.name}: somebody else committed to main meanwhile; nothing was overwritten: look at {head and head[:8]},"
        " then publish again"
    ) from error


def _tag(hub: HubDataset, release: Release, commit: str) -> None:
    from huggingface_hub.errors import HfHubHTTPError

    tag = release.version.tag
    lost: tuple[type[Exception], ...] = (HfHubHTTPError, *transport_errors())
    try:
        hub.api.create_tag(hub.name, tag=tag, revision=commit, repo_type="dataset")
    except lost as error:
        there = hub.refs().versions.get(release.version)
        if there is None:
            raise
        if there != commit:
            raise InputError(f"{hub.name}: {tag} was made meanwhile, for {there[:8]}; use `version` auto") from error
    seen = hub.api.repo_info(hub.name, repo_type="dataset", revision=tag).sha
    if seen != commit:
        raise RunError(f"{hub.name}: {tag} points to {seen}, not to {commit}; look at it there")
