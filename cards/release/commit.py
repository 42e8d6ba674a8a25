"""One commit of many files, found again where the Hub's answer was lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...labels.errors import InputError
from ...labels.tables.remote import transport_errors
from .repository import MAIN
from .version_files import holds_same

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .repository import HubRepository
    from .version_files import Content


def commit_files(
    hub: HubRepository,
    files: Mapping[str, Content],
    title: str,
    parent: str | None,
    deletions: Sequence[str] = (),
) -> str:
    """Commit files to `main`; an answer that was lost is looked for on the Hub before anything is called failed.

    Args:
        hub: The repository.
        files: Content of every file, by its place in the repository.
        title: Title of the commit.
        parent: Commit that `main` points to.
        deletions: Files that go.

    Returns:
        The commit.

    Raises:
        InputError: Somebody else committed meanwhile.
    """
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete
    from huggingface_hub.errors import HfHubHTTPError

    lost: tuple[type[Exception], ...] = (HfHubHTTPError, RuntimeError, *transport_errors())
    operations: list[Any] = [
        *(CommitOperationAdd(path, content) for path, content in files.items()),
        *(CommitOperationDelete(path) for path in deletions),
    ]
    try:
        done = hub.api.create_commit(
            hub.name,
            operations,
            commit_message=title,
            repo_type=hub.kind,
            revision=MAIN,
            parent_commit=parent,
        )
    except lost as error:
        return _found_again(hub, files, parent, error)
    return str(done.oid)


def _found_again(hub: HubRepository, files: Mapping[str, Content], parent: str | None, error: Exception) -> str:
    """The commit, if it happened although the answer was an error."""
    head = hub.refs().head
    if head == parent:
        raise error
    if head is not None and holds_same(hub.files(head), files):
        return head
    raise InputError(
        f"{hub.name}: somebody else committed to main meanwhile; nothing was overwritten: look at {head and head[:8]},"
        " then publish again"
    ) from error
