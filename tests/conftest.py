"""What all tests share: a cache of their own, and dataset folders that are made once for all workers."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Callable

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


# No test may fail because a machine is slow; continuous integration draws the same examples every time.
settings.register_profile(
    "package", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize="CI" in os.environ
)
settings.load_profile("package")


def pytest_configure(config: pytest.Config) -> None:
    if "PYTEST_XDIST_WORKER" in os.environ:
        # One thread for each worker and the programs that it starts: more would only wait for each other.
        os.environ["OMP_NUM_THREADS"] = "1"
    # Counted costs stay from run to run, apart from the user's own cache; a variable that is set names another folder.
    os.environ.setdefault("ADAPTLABELS_CACHE", str(config.cache.mkdir("adaptlabels")))
    os.environ["HF_HOME"] = str(config.cache.mkdir("huggingface"))
    os.environ["HF_HUB_OFFLINE"] = "1"


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with `digits` and `stories`, as `adaptlabels demo` makes them."""
    from adaptlabels.scripts.commands.demo import build_miniatures

    return made_once(tmp_path_factory, "demo", build_miniatures)


@pytest.fixture(scope="session")
def imagenet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packaged answers on ImageNet as `adaptlabels demo` labels them."""
    from adaptlabels.scripts.commands.demo import IMAGENET, label_imagenet

    return made_once(tmp_path_factory, "imagenet", lambda root: label_imagenet(root / IMAGENET)) / IMAGENET


@pytest.fixture(scope="session")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with the inputs `demo.csv` and `states.csv`, and with `out` as `adaptlabels label` makes it of them."""
    from adaptlabels.scripts.commands.label import run

    from .labels.inputs import write_inputs

    def label(root: Path) -> None:
        predictions, states = write_inputs(root)
        run(predictions, root / "out", states, as_json=True)

    return made_once(tmp_path_factory, "labelled", label)


def made_once(tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A folder that the first worker to need it makes, and that all workers read; tests change copies of it."""
    place = shared_folder(tmp_path_factory) / name
    with FileLock(place.with_suffix(".lock")):
        if not place.exists():
            begun = place.with_suffix(".begun")
            make(begun)
            begun.rename(place)
    return place


def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers see; their own are below it."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real HellaSwag items and ImageNet images, where they lie beside the repository."""
    if not SHARED.is_dir():
        pytest.skip("needs shared/data beside the repository")
    return SHARED
