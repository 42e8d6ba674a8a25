"""What all tests share: a cache of their own, and the two miniature datasets built once for all workers."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, settings

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

    root = shared_folder(tmp_path_factory) / "demo"
    with FileLock(root.with_suffix(".lock")):
        if not (root / "stories" / "README.md").exists():
            build_miniatures(root)
    return root


@pytest.fixture(scope="session")
def imagenet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packaged answers on ImageNet as `adaptlabels demo` labels them."""
    from adaptlabels.scripts.commands.demo import IMAGENET, label_imagenet

    root = shared_folder(tmp_path_factory) / IMAGENET
    with FileLock(root.with_suffix(".lock")):
        if not (root / "README.md").exists():
            label_imagenet(root)
    return root


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
