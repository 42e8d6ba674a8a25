"""A dataset folder: where its tables lie, and what families may be called.

README.md                                       card
data/<family>/<split>-00000-of-00001.parquet    labels, one row per sample; large tables come in several shards
predictions/<family>/<split>-*.parquet          one row per sample and state, in as many shards, of the same samples
states/<split>.parquet                          one row per state
bounds/<split>.parquet                          one row per family and bound
classes/<split>.parquet                         one row per class, of image datasets
assets/*.png                                    plots that the card shows
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

PATH_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")
"""Names of families, of states that are run and of agents become parts of paths; a `+` joins the families of a pool."""
TABLE_FILES = (
    "data/*/*.parquet",
    "predictions/*/*.parquet",
    "states/*.parquet",
    "bounds/*.parquet",
    "classes/*.parquet",
    "agents/*.parquet",
)
"""Where the tables lie; all of these are made anew whenever a folder is written."""
FOLDER_FILES = (
    *TABLE_FILES,
    "choices/*/*.parquet",
    "assets/*",
    "index.html",
    "README.md",
    "CHANGELOG.md",
    "SHA256SUMS",
)
"""All files of a dataset folder; whatever else lies there is its owner's."""
FIVE_DIGITS = "[0-9]" * 5
"""Pattern of a shard's number."""
RESERVED = ("states", "bounds", "classes", "agents", "default", "all")
"""Config names that no family may take."""


def find_states(path: Path) -> Path:
    """The table *states* of a dataset folder.

    Raises:
        InputError: The folder does not exist, or holds no such table, or several.
    """
    found = sorted((path / "states").glob("*.parquet"))
    if not found:
        raise InputError(_why_not(path))
    if len(found) > 1:
        raise InputError(f"{path}: states/ has several splits ({', '.join(f.stem for f in found)}); one is supported")
    return found[0]


def _why_not(path: Path) -> str:
    """Why a path is not a dataset folder."""
    if not path.exists():
        return f"{path}: no such dataset folder"
    if path.is_file():
        return f"{path}: a file, not a dataset folder"
    inside = sorted(entry.name for entry in path.iterdir() if (entry / "states").is_dir())
    hint = f"; it holds the dataset folders {', '.join(inside)}" if inside else ""
    return f"{path}: not a dataset folder (it has no states/<split>.parquet){hint}"


def labels_place(folder: Path, family: str) -> Path:
    """Folder of the shards of a family's table *labels*."""
    return folder / "data" / family


def predictions_place(folder: Path, family: str) -> Path:
    """Folder of the shards of a family's table *predictions*."""
    return folder / "predictions" / family


def shard_path(place: Path, split: str, number: int = 0, of: int = 1) -> Path:
    """Where a shard lies, as `datasets` names them.

    Example:
        >>> from pathlib import Path
        >>> shard_path(Path("data/vit"), "test").as_posix()
        'data/vit/test-00000-of-00001.parquet'
    """
    return place / f"{split}-{number:05d}-of-{of:05d}.parquet"


def shards_pattern(split: str) -> str:
    """Pattern of the names of all shards of a table, as `datasets` and DuckDB take it."""
    return f"{split}-*-of-*.parquet"


def find_shards(place: Path, split: str) -> list[Path]:
    """The shards that a table should have, in order, by the names of those that lie there; one where there is none."""
    found = sorted(place.glob(f"{split}-{FIVE_DIGITS}-of-{FIVE_DIGITS}.parquet"))
    of = int(found[-1].stem[-5:]) if found else 1
    return [shard_path(place, split, number, of) for number in range(of)]


def agents_path(folder: Path, split: str) -> Path:
    """Where table *agents* lies."""
    return folder / "agents" / f"{split}.parquet"


def choices_path(folder: Path, family: str, agent: str) -> Path:
    """Where an agent's choices lie."""
    return folder / "choices" / family / f"{agent}.parquet"


def check_family_name(family: str) -> str:
    """The name, if it can be a folder and a config.

    Raises:
        InputError: It cannot.
    """
    check_path_name(family, "family")
    if family in RESERVED or family.endswith("-predictions"):
        raise InputError(
            f"family {family!r}: a family may not be called {', '.join(RESERVED)}, nor end in '-predictions'"
        )
    return family


def check_path_name(name: str, what: str) -> str:
    """The name, if it can be a part of a path.

    Raises:
        InputError: It cannot; `what` says whose name it is.
    """
    if not PATH_NAME.fullmatch(name):
        raise InputError(
            f"{what} {name!r}: expected letters, digits, '.', '_', '-' and '+' alone, a letter or digit first"
        )
    return name
