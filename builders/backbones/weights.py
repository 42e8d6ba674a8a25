"""Where a backbone's weights are: a folder with `config.json` and safetensors, fetched, given, converted or shipped.

Hub repositories, local folders and files, and miniatures end as the same kind of folder, so that all of them load
through the same code. Pickled weights are never fetched.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ...labels.errors import InputError
from ...labels.tables.remote import explained, split_revision
from ..cache import file_digest
from .converting import GGUF, checkpoint_folder, is_checkpoint

if TYPE_CHECKING:
    from ..progress import Progress
    from .families import Backbone, Family

WeightsKind = Literal["pretrained", "trained-here", "random"]
READING = (
    "tokenizer*",
    "special_tokens_map.json",
    "spiece.model",
    "preprocessor_config.json",
    "processor_config.json",
)
"""Files that say how a model of transformers reads texts and images."""
FETCHED = ("config.json", "*.safetensors", "*.safetensors.index.json", *READING)
"""Files of a Hub repository that are needed; no pickles, no code."""
LOCAL = "local:"
MINIATURES = Path(__file__).parents[1] / "miniature" / "weights"
"""Weights of the miniatures, `<family>/<state>/`, as `scripts/train_miniatures.py` makes them."""


@dataclass(frozen=True)
class Weights:
    """The weights of one state."""

    kind: WeightsKind
    """Trained elsewhere, by this project's own training, or initialised at random."""
    source: str | None
    """Hub id, or None for local, trained-here and random weights."""
    revision: str | None
    """Commit of a Hub source."""
    folder: Path | None
    """Folder with `config.json` and safetensors; None for random weights."""
    sha256: str | None
    """Hash of the safetensors files; None for random weights."""


def resolve_weights(family: Family, backbone: Backbone, *, random: bool, progress: Progress) -> Weights:
    """Find or fetch the weights of a state.

    Args:
        family: The state's family.
        backbone: The state.
        random: Initialise at random instead of loading.
        progress: Told what is fetched.

    Raises:
        InputError: The source does not exist, is gated, or has no safetensors.
        RunError: The Hub cannot be reached.
    """
    if random:
        return Weights("random", None, None, None, None)
    if backbone.recipe is not None:
        folder = miniature_folder(family.name, backbone.name)
        return Weights("trained-here", None, None, folder, weights_digest(folder))
    source = backbone.source or ""
    given = local_path(backbone)
    if given is not None:
        folder = checkpoint_folder(family.runner, backbone, given) if is_checkpoint(given) else given
        return Weights("pretrained", None, None, folder, weights_digest(folder))
    from huggingface_hub import snapshot_download

    repository, revision = split_revision(source)
    progress.say(f"fetching {source}")
    with explained(repository, ""):
        folder = Path(snapshot_download(repository, revision=revision, allow_patterns=list(FETCHED)))
    # The cache names a snapshot's folder after its commit.
    return Weights("pretrained", repository, folder.name, folder, weights_digest(folder))


def miniature_folder(family: str, state: str) -> Path:
    """Folder of a miniature's weights, which ship with the package.

    Raises:
        InputError: There is no such miniature.
    """
    folder = MINIATURES / family / state
    if not folder.is_dir():
        raise InputError(
            f"state {state!r} of family {family!r}: no weights of that name ship with adaptlabels; give its 'source'"
            " instead of a 'recipe'"
        )
    return folder


def local_path(backbone: Backbone) -> Path | None:
    """Folder or file of a `local:PATH` source; None for any other."""
    if backbone.source is None or not backbone.source.startswith(LOCAL):
        return None
    return Path(backbone.source.removeprefix(LOCAL)).expanduser()


def describing_folder(runner: str, backbone: Backbone) -> Path | None:
    """Folder whose `config.json` says what a state is, where that is known without fetching; else its table does.

    Args:
        runner: What runs the state.
        backbone: The state.

    Raises:
        InputError: A GGUF file, which describes its model itself, cannot be read.
    """
    path = local_path(backbone)
    if path is None or not is_checkpoint(path):
        return path
    return checkpoint_folder(runner, backbone, path) if path.suffix == GGUF else None


def config_text(folder: Path) -> str:
    """What a weights folder says about its model: architecture, and for images the preprocessing.

    Raises:
        InputError: The folder has no readable `config.json`.
    """
    try:
        return (folder / "config.json").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{folder}: expected a folder with config.json and model.safetensors") from error


def weights_digest(folder: Path) -> str:
    """SHA-256 over the names and contents of a folder's safetensors files.

    Raises:
        InputError: The folder has no `config.json` or no safetensors file.
    """
    if not (folder / "config.json").is_file() or not any(folder.glob("*.safetensors")):
        raise InputError(f"{folder}: expected a folder with config.json and model.safetensors, or one file of weights")
    return files_digest(folder, "*.safetensors")


def files_digest(folder: Path, *patterns: str) -> str:
    """SHA-256 over the names and contents of those of a folder's files whose names match a pattern."""
    whole = hashlib.sha256()
    for file in sorted({file for pattern in patterns for file in folder.glob(pattern)}):
        whole.update(file.name.encode() + bytes.fromhex(file_digest(file)))
    return whole.hexdigest()
