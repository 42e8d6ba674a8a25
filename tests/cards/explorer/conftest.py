"""A real browser, where there is one, and the folders that the tests open in it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from adaptlabels.cards.explorer import write_explorer

from .inputs import HOSTILE, label, write_predictions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
READY = '#main[aria-busy="false"]'
WAIT_MS = 120_000
"""Long enough for a machine that is busy with other tests; nobody waits longer than the page needs."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium without a window."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip("needs a browser: " + ", ".join(BROWSERS))
    api = pytest.importorskip("playwright.sync_api")
    with api.sync_playwright() as playwright:
        # Launching makes a new profile in a temporary folder each time.
        running = playwright.chromium.launch(executable_path=program, args=FLAGS, timeout=WAIT_MS)
        yield running
        running.close()


class Explorer:
    """A page in the browser, and what a visitor does with it."""

    def __init__(self, page: Page, path: Path) -> None:
        self.page = page
        self.requests: list[str] = []
        self.faults: list[str] = []
        page.set_default_timeout(WAIT_MS)
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", lambda message: self.faults.append(message.text) if message.type == "error" else None)
        page.goto(path.as_uri())
        self.wait()

    def wait(self) -> None:
        """Until everything that follows from the last click is drawn."""
        self.page.wait_for_selector(READY)

    def values(self, selector: str) -> list[float]:
        """The figures inside an element, in full precision."""
        return [
            float(value) for value in self.page.eval_on_selector_all(f"{selector} data", "all => all.map(d => d.value)")
        ]

    def choose(self, space: str, metric: str | None = None) -> None:
        """Choose a state space and a cost metric."""
        self.page.select_option("#space", label=space)
        self.wait()
        if metric is not None:
            self.page.select_option("#metric", value=metric)
            self.wait()

    def states(self) -> list[str]:
        """Names of all states, in the order of the table."""
        return self.page.locator("#states tbody th").all_inner_texts()

    def switch(self, wanted: set[int]) -> None:
        """Switch states on and off, by their places in the table; what is wanted goes on first, as two must stay on."""
        boxes = self.page.locator("#states input[type=checkbox]")
        for place in sorted(range(boxes.count()), key=lambda place: place not in wanted):
            if boxes.nth(place).is_checked() != (place in wanted):
                boxes.nth(place).click()
        self.wait()


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Iterator[object]:
    """Opens a folder's explorer from disk; options are those of a browser context (viewport, color_scheme)."""
    contexts = []

    def open_folder(folder: Path, **options: object) -> Explorer:
        context = browser.new_context(**options)
        contexts.append(context)
        return Explorer(context.new_page(), write_explorer(folder, tmp_path / "index.html"))

    yield open_folder
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def two_families(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of two families that answered the same samples; their costs interleave."""
    root = tmp_path_factory.mktemp("explorer")
    families = {"cnn": ["s", "m", "l", "xl", "xxl"], "vit": ["tiny", "m", "huge"]}
    return label(*write_predictions(root, families), root / "folder")


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose every name would do harm as markup."""
    root = tmp_path_factory.mktemp("explorer")
    inputs = write_predictions(
        root, {"evil": list(HOSTILE[:5])}, categories=HOSTILE, classes=HOSTILE, samples=HOSTILE, n_samples=60
    )
    return label(*inputs, root / "folder", name=HOSTILE[0])
