"""Reads from the Hub; what goes wrong becomes one line that says what to do."""

from __future__ import annotations

from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING

from ..errors import InputError, NoTokenError, RunError
from .folder import DatasetFolder
from .layout import FOLDER_FILES

if TYPE_CHECKING:
    from collections.abc import Iterator

HUB = "hub:"
"""Prefix of a Hub dataset's name on the command line."""
HUB_ID_PARTS = 2


def split_revision(name: str) -> tuple[str, str | None]:
    """`org/name@revision` → (`org/name`, `revision`).

    Raises:
        InputError: The name does not have the form org/name.

    Example:
        >>> split_revision("timm/resnet18.a1_in1k@main")
        ('timm/resnet18.a1_in1k', 'main')
    """
    repository, _, revision = name.partition("@")
    parts = repository.split("/")
    if len(parts) != HUB_ID_PARTS or not all(parts):
        raise InputError(f"{name!r} is not a Hub repository name; expected org/name or org/name@revision")
    return repository, revision or None


@contextmanager
def explained(repository: str, page: str) -> Iterator[None]:
    """Turn the Hub clients' errors about a repository into ours.

    Args:
        repository: Hub id.
        page: Kind of page: "" for models, "datasets/" for datasets.

    Raises:
        InputError: The repository or revision is missing, or access is not granted.
        RunError: The Hub cannot be reached.
    """
    from huggingface_hub import errors

    url = f"https://huggingface.co/{page}{repository}"
    no_token = NoTokenError("the Hub does not accept this token, or there is none; run `hf auth login`")
    forbidden = f"your token is not allowed to do this with {repository}; see https://huggingface.co/settings/tokens"
    refusals = {401: no_token, 403: InputError(forbidden)}
    lost: tuple[type[Exception], ...] = (
        errors.LocalEntryNotFoundError, errors.OfflineModeIsEnabled, OSError, *transport_errors(),
    )  # fmt: skip
    try:
        yield
    except errors.HFValidationError as error:
        raise InputError(f"{repository!r} is not a Hub repository name ({str(error).splitlines()[0]})") from error
    except errors.GatedRepoError as error:
        raise InputError(f"{repository} is gated: accept its licence at {url}, then run `hf auth login`") from error
    except errors.RevisionNotFoundError as error:
        raise InputError(f"{repository} has no such revision; see {url}/commits") from error
    except errors.RepositoryNotFoundError as error:
        raise InputError(f"{repository} is not on the Hub, or is private and needs `hf auth login`: {url}") from error
    except errors.LocalTokenNotFoundError as error:
        raise no_token from error
    except errors.HfHubHTTPError as error:
        status = error.response.status_code
        if status in refusals:
            raise refusals[status] from error
        raise RunError(f"{repository}: the Hub answered {status}; run the same command again to continue") from error
    except lost as error:
        raise RunError(
            f"{repository}: cannot be fetched from the Hub, which does not answer ({type(error).__name__}); check the"
            " network, then run the same command again to continue"
        ) from error
    except RuntimeError as error:  # the client's word for an upload that failed, whatever the reason
        if not isinstance(error.__cause__, lost):
            raise
        raise RunError(f"{repository}: an upload failed ({error}); run the same command again to continue") from error


@contextmanager
def quiet_clients() -> Iterator[None]:
    """No progress bars of the Hub's clients, for small downloads that would only clutter the terminal."""
    from huggingface_hub.utils.tqdm import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    shown = not are_progress_bars_disabled()
    if shown:
        disable_progress_bars()
    try:
        yield
    finally:
        if shown:
            enable_progress_bars()


def transport_errors() -> tuple[type[Exception], ...]:
    """What the Hub client's HTTP library raises where no answer came, whichever library it is."""
    from huggingface_hub import get_session

    library = import_module(type(get_session()).__mro__[-2].__module__.partition(".")[0])
    return (library.TransportError,)


def open_folder(where: str) -> DatasetFolder:
    """Open a dataset folder on disk or on the Hub.

    Args:
        where: A path, or `hub:org/name` with optional `@version`; a Hub dataset is fetched into the Hub client's cache.

    Raises:
        InputError: There is no dataset folder, the repository or version is missing, or access is not granted.
        RunError: The Hub cannot be reached.
    """
    if not where.startswith(HUB):
        return DatasetFolder(where)
    from huggingface_hub import snapshot_download

    repository, revision = split_revision(where.removeprefix(HUB))
    with explained(repository, "datasets/"), quiet_clients():
        path = snapshot_download(repository, repo_type="dataset", revision=revision, allow_patterns=list(FOLDER_FILES))
    try:
        return DatasetFolder(path)
    except InputError as error:
        raise InputError(f"{where}: not a dataset of adaptlabels (it has no states/<split>.parquet)") from error
