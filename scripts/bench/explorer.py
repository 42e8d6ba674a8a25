"""The explorer of a folder of 50,000 samples and 16 states, in headless Chromium: size, first paint, a toggle.

    python scripts/bench/explorer.py --packaged
    python scripts/bench/explorer.py [--samples 50000] [--states 16] [--rounds 5]

The answers are random, or those of eight packaged models on ImageNet, each under two names.

Medians over the rounds, the range in brackets. A toggle ends when the frame with the new figures is painted; what
follows it (best sets, cascade, samples) is measured apart. CPU is that of the page's main thread, which does not grow
where other programs keep the machine busy.
"""

from __future__ import annotations

import argparse
import platform
import shutil
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from adaptlabels.cards.explorer import write_explorer
from adaptlabels.labels import DatasetFolder, label_predictions, label_results, write_dataset
from adaptlabels.labels.importers.imagenet_tv import imagenet_tv

if TYPE_CHECKING:
    from playwright.sync_api import CDPSession

CLASSES = 1000
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")
READY = '#main[aria-busy="false"]'
WATCH = """
const look = () => document.querySelector("#exact-gain data") && document.querySelector("#plot svg")
  ? (window.drawn = performance.now()) : requestAnimationFrame(look);
requestAnimationFrame(look);
"""
"""Notes the first frame that has figures and plot."""
TOGGLE = """async (place) => {
  const box = document.querySelectorAll("#states input")[place];
  const started = performance.now();
  box.click();
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  const painted = performance.now() - started;
  const main = document.querySelector("#main");
  while (main.getAttribute("aria-busy") === "true") await new Promise((done) => setTimeout(done));
  return [painted, performance.now() - started];
}"""


def make_folder(folder: Path, n_samples: int, n_states: int) -> DatasetFolder:
    """A folder of random answers: harder samples are wrong in more states, wrong answers and confidences are noise."""
    rng = np.random.default_rng(0)
    target = rng.integers(0, CLASSES, n_samples)
    difficulty = rng.random(n_samples)
    tables = []
    for state, accuracy in enumerate(np.linspace(0.55, 0.9, n_states)):
        right = 0.7 * difficulty + 0.3 * rng.random(n_samples) < accuracy
        other = (target + 1 + rng.integers(0, CLASSES - 1, n_samples)) % CLASSES
        tables.append(
            pl.DataFrame(
                {
                    "sample_id": [f"s{x:09d}" for x in range(n_samples)],
                    "state": [f"m{state:02d}"] * n_samples,
                    "target": target,
                    "prediction": np.where(right, target, other),
                    "confidence": (rng.random(n_samples) * 0.9 + 0.05).astype(np.float32),
                }
            )
        )
    costs = 0.3 * 1.5 ** np.arange(n_states)
    names = [f"m{state:02d}" for state in range(n_states)]
    pl.concat(tables).write_parquet(folder / "answers.parquet")
    pl.DataFrame({"state": names, "cost": costs}).write_csv(folder / "states.csv")
    found = label_predictions(folder / "answers.parquet", folder / "states.csv")
    return write_dataset(folder / "folder", found.info, found.families)


def make_packaged(folder: Path) -> DatasetFolder:
    """A folder of the packaged answers of eight models, each under two names, as one family."""
    results = imagenet_tv()
    assert results.states is not None, "the packaged answers come with states"
    kept = pl.col("state").is_in(results.states["state"].head(8).to_list())
    tables = [results.rows.filter(kept), results.states.filter(kept)]
    rows, states = (
        pl.concat([table, table.with_columns(state=pl.col("state") + "-again")]).with_columns(family=pl.lit("doubled"))
        for table in tables
    )
    found = label_results(replace(results.with_rows(rows), states=states), split="validation")
    return write_dataset(folder / "folder", found.info, found.families)


def measure(path: Path, n_states: int, rounds: int) -> dict[str, list[float]]:
    """Milliseconds of every round."""
    from playwright.sync_api import sync_playwright

    found: dict[str, list[float]] = {
        name: []
        for name in (
            "first paint",
            "figures and plot",
            "all drawn",
            "all drawn, CPU",
            "toggle",
            "all drawn after a toggle",
            "all drawn after a toggle, CPU",
        )
    }
    with sync_playwright() as playwright:
        program = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        print(f"Chromium {browser.version}")
        for number in range(rounds):
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.add_init_script(WATCH)
            thread = page.context.new_cdp_session(page)
            thread.send("Performance.enable", {"timeDomain": "threadTicks"})
            page.goto(path.as_uri())
            page.wait_for_selector(READY)
            found["all drawn"].append(page.evaluate("performance.now()"))
            found["figures and plot"].append(page.evaluate("drawn"))
            paint: Any = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
            found["first paint"].append(paint)
            used = cpu_ms(thread)
            found["all drawn, CPU"].append(used)
            for place in range(n_states // 4):
                painted, settled = page.evaluate(TOGGLE, (number + 3 * place) % n_states)
                found["toggle"].append(painted)
                found["all drawn after a toggle"].append(settled)
                before, used = used, cpu_ms(thread)
                found["all drawn after a toggle, CPU"].append(used - before)
            page.close()
        browser.close()
    return found


def cpu_ms(thread: CDPSession) -> float:
    """Milliseconds that the page's main thread has worked since the page was opened."""
    metrics = thread.send("Performance.getMetrics")["metrics"]
    return 1000 * float(next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration"))


def main() -> None:
    """Make the folder, write the page, open it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=50_000)
    parser.add_argument("--states", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--packaged", action="store_true", help="50,000 samples x 16 states from packaged answers")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        if options.packaged:
            options.samples, options.states = 50_000, 16
            folder = make_packaged(Path(temporary))
        else:
            folder = make_folder(Path(temporary), options.samples, options.states)
        started = time.perf_counter()
        page = write_explorer(folder, Path(temporary) / "index.html")
        seconds = time.perf_counter() - started
        print(f"Python {platform.python_version()}; {options.samples:,} samples x {options.states} states")
        print(f"page {page.stat().st_size / 1e6:.2f} MB, written in {seconds:.1f} s")
        for name, times in measure(page, options.states, options.rounds).items():
            print(f"  {name:<30} {median(times):7.0f} ms ({min(times):.0f} – {max(times):.0f})")


if __name__ == "__main__":
    main()
