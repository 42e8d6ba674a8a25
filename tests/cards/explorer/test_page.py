"""The page in a real browser: its figures are Python's, its samples those of the tables, its names stay text."""

from __future__ import annotations

import numpy as np
import pytest
from adaptlabels.labels import add_agent, exact_bound, iso_accuracy_bound, oracle, select_from_labels
from adaptlabels.labels.tables.folder import DatasetFolder

from .inputs import HOSTILE, label, write_predictions

pytestmark = pytest.mark.xdist_group("explorer")
SAME = {"rel": 0, "abs": 1e-9}
FOLDER_SPACES = {"cnn": ["cnn"], "vit": ["vit"], "cnn+vit (pool)": ["cnn", "vit"]}


def labels_of(
    folder: DatasetFolder, families: list[str], metric: str
) -> tuple[list[str], np.ndarray, np.ndarray, np.ndarray]:
    """Names, costs, right answers and confidences of some families' states together, by cost."""
    names = [name for family in families for name in folder.family_states(family)["state"]]
    costs = np.concatenate([folder.family_states(family)[metric].to_numpy() for family in families]).astype(float)
    order = np.argsort(costs, kind="stable")
    correct = np.concatenate([folder.correct(family) for family in families], axis=1)
    confidence = np.concatenate([folder.confidence(family) for family in families], axis=1)
    return [names[i] for i in order], costs[order], correct[:, order], confidence[:, order]


@pytest.mark.parametrize("metric", ["gflops", "parameters"])
@pytest.mark.parametrize("space", FOLDER_SPACES)
def test_figures_equal_python_for_random_subsets_of_states(two_families, open_page, space, metric):
    names, costs, correct, _ = labels_of(DatasetFolder(two_families), FOLDER_SPACES[space], metric)
    page = open_page(two_families)
    page.choose(space, metric)
    assert [state.split("/")[-1] for state in page.states()] == names
    rng = np.random.default_rng(len(names))
    for _ in range(4):
        on = np.sort(rng.choice(len(names), rng.integers(2, len(names) + 1), replace=False))
        page.switch(set(on.tolist()))
        exact, iso = exact_bound(correct[:, on], costs[on]), iso_accuracy_bound(correct[:, on], costs[on])
        found = oracle(correct[:, on], costs[on])
        assert page.values("#exact-gain") == pytest.approx([exact.gain, exact.mean_cost], **SAME)
        assert page.values("#iso-gain") == pytest.approx([iso.gain, iso.mean_cost], **SAME)
        assert page.values("#oracle-accuracy") == pytest.approx([exact.accuracy], **SAME)
        assert page.values("#states tr:not(.off) .bar") == pytest.approx(found.shares.tolist(), **SAME)
        rows = np.reshape(page.values("#states tr:not(.off)"), (len(on), 4))
        assert rows[:, 0] == pytest.approx(costs[on], **SAME)
        assert rows[:, 1] == pytest.approx(found.accuracies, **SAME)
        assert rows[:, 2] == pytest.approx(found.alpha, **SAME)


@pytest.mark.parametrize("bound", ["exact", "iso"])
def test_best_sets_equal_python(two_families, open_page, bound):
    _, costs, correct, _ = labels_of(DatasetFolder(two_families), ["cnn", "vit"], "gflops")
    page = open_page(two_families)
    page.choose("cnn+vit (pool)")
    page.page.check(f"input[value={bound}]")
    best = select_from_labels(correct, costs, bound="exact" if bound == "exact" else "iso-accuracy")
    assert page.values("#selection") == pytest.approx([chosen.gain for chosen in best], **SAME)
    page.page.locator("#selection button").nth(1).click()
    page.wait()
    on = page.page.locator("#states input[type=checkbox]").evaluate_all(
        "boxes => boxes.flatMap((b, i) => b.checked ? [i] : [])"
    )
    assert tuple(on) == best[1].indices


def test_many_states_are_selected_greedily_as_python_does_and_fit_a_phone(tmp_path, open_page):
    names = [f"state-{i:03d}" for i in range(127)]
    folder = label(*write_predictions(tmp_path, {"many": names}, n_samples=120), tmp_path / "folder")
    page = open_page(folder, viewport={"width": 390, "height": 844})
    _, costs, correct, _ = labels_of(DatasetFolder(folder), ["many"], "gflops")
    greedy = select_from_labels(correct, costs, most_states=2)[:7]
    assert page.values("#selection") == pytest.approx([chosen.gain for chosen in greedy], **SAME)
    assert "greedily" in page.page.inner_text("#selection-note")
    exact = exact_bound(correct, costs)
    assert page.values("#exact-gain") == pytest.approx([exact.gain, exact.mean_cost], **SAME)
    assert page.page.evaluate("document.documentElement.scrollWidth") <= 390


def test_cascade_equals_a_plain_pass_over_the_confidences(two_families, open_page):
    _, costs, correct, confidence = labels_of(DatasetFolder(two_families), ["cnn"], "gflops")
    page = open_page(two_families)
    on = [0, 2, 4]
    page.switch(set(on))
    slider = page.page.locator("#threshold")
    for place in (0, 311, 650, 905, int(slider.get_attribute("max"))):
        slider.evaluate("(node, value) => { node.value = value; node.dispatchEvent(new Event('input')); }", place)
        shown = page.page.inner_text("#cascade output")
        level = np.float32(shown) if place < int(slider.get_attribute("max")) else np.inf
        stops = confidence[:, on].astype(np.float32) >= level
        stops[:, -1] = True
        stage = stops.argmax(axis=1)
        accuracy = correct[:, on][np.arange(len(stage)), stage].mean()
        cost = np.cumsum(costs[on])[stage].mean()
        assert page.values("#cascade-accuracy") == pytest.approx([accuracy], **SAME)
        assert page.values("#cascade-cost") == pytest.approx([cost], **SAME)
        assert page.values("#cascade-gain") == pytest.approx([costs[on][-1] / cost], **SAME)


def found_by_sql(page, folder, monkeypatch) -> list[str]:
    """Identifiers that the page's own query finds in the folder."""
    duckdb = pytest.importorskip("duckdb")
    monkeypatch.chdir(folder)
    sql = page.page.locator("#samples textarea").input_value()
    return sorted(row[0] for row in duckdb.sql(sql).fetchall())


def listed(page) -> list[str]:
    """Identifiers on all pages of the samples."""
    names = page.page.locator("#samples tbody th").all_inner_texts()
    following = page.page.get_by_role("button", name="Next samples")
    while following.count() and following.is_enabled():
        following.click()
        names += page.page.locator("#samples tbody th").all_inner_texts()
    return sorted(names)


@pytest.mark.parametrize("space", FOLDER_SPACES)
def test_the_samples_behind_a_number_are_those_of_the_tables_and_of_the_query(
    two_families, open_page, monkeypatch, space
):
    folder = DatasetFolder(two_families)
    _, _, correct, confidence = labels_of(folder, FOLDER_SPACES[space], "gflops")
    tables = folder.labels(FOLDER_SPACES[space][0])
    ids = tables["sample_id"].to_numpy()
    first = np.where(correct.any(axis=1), correct.argmax(axis=1), 0)
    page = open_page(two_families)
    page.choose(space)
    click = page.page.click

    def more_filters():
        page.page.locator("#filters details").evaluate("node => { node.open = true; }")

    def confident_and_wrong():
        more_filters()
        page.page.fill("#sure-level", "0.8")
        page.page.locator("form:has(#sure-level) button").click()

    def by_pattern():
        click("text=All samples")
        more_filters()
        page.page.fill("#pattern", "0?1")
        page.page.press("#pattern", "Enter")

    def by_name():
        click("text=All samples")
        page.page.fill("#identifier", "01")
        page.page.press("#identifier", "Enter")

    steps = {
        "oracle takes the first": (page.page.locator(".bar").first.click, first == 0),
        "oracle takes the third": (lambda: page.page.locator(".bar").nth(2).click(), first == 2),
        "second state is wrong": (lambda: page.page.locator("#states td .link").nth(1).click(), ~correct[:, 1]),
        "largest is wrong": (lambda: click("#largest-accuracy button"), ~correct[:, -1]),
        "unsolved": (lambda: click("#oracle-accuracy button"), ~correct.any(axis=1)),
        "preset": (lambda: click("text=Smallest right, largest wrong"), correct[:, 0] & ~correct[:, -1]),
        "all": (lambda: click("text=Every state right"), correct.all(axis=1)),
        "category": (lambda: click("#categories .link >> text=it's"), (tables["category"] == "it's").to_numpy()),
        "sure": (
            confident_and_wrong,
            (tables["category"] == "it's").to_numpy()
            & ~correct[:, -1]
            & (confidence[:, -1].astype(np.float32) >= np.float32(0.8)),
        ),
        "pattern": (by_pattern, ~correct[:, 0] & correct[:, 2]),
        "identifier": (by_name, np.array(["01" in name for name in ids])),
    }
    for step, (act, expected) in steps.items():
        act()
        wanted = sorted(ids[expected].tolist())
        assert listed(page) == wanted, step
        assert found_by_sql(page, two_families, monkeypatch) == wanted, step
    assert page.faults == []


def test_answers_are_shown_by_class_name_with_confidence(two_families, open_page):
    folder = DatasetFolder(two_families)
    row = folder.labels("cnn").row(0, named=True)
    page = open_page(two_families)
    page.page.locator("#samples tbody button").first.click()
    answers = page.page.locator("#samples .answers dd").all_inner_texts()
    for text, answer, correct, confidence in zip(
        answers, row["prediction"], row["correct"], row["confidence"], strict=True
    ):
        assert folder.info.class_names[answer] in text
        assert ("right" if correct else "wrong") in text
        assert float(text.split()[-1]) == pytest.approx(confidence, abs=1e-3)


def test_a_page_opens_from_disk_and_sends_no_request(two_families, open_page):
    page = open_page(two_families)
    page.choose("cnn+vit (pool)")
    page.page.locator(".bar").first.click()
    assert [url for url in page.requests if not url.startswith("data:")] == [page.page.url]
    assert page.page.url.startswith("file:")
    blocked = page.page.evaluate("fetch('https://example.org').then(() => 'sent', () => 'blocked')")
    assert blocked == "blocked"


def test_hostile_names_stay_text(hostile, open_page):
    page = open_page(hostile)
    page.page.locator("#filters details").evaluate("node => { node.open = true; }")
    for button in page.page.locator("#samples tbody button").all():
        button.click()
    text = page.page.evaluate("document.body.innerText")
    for name in HOSTILE[:4]:
        assert name in text
    assert page.page.title().startswith(HOSTILE[0])
    assert page.page.evaluate("window.hacked") is None
    assert page.page.evaluate("document.images.length + document.querySelectorAll('[onerror]').length") == 0
    assert page.page.evaluate("document.querySelectorAll('script:not([type])').length") == 0
    assert page.page.evaluate("getComputedStyle(document.querySelector('bdi')).unicodeBidi") == "isolate"
    assert page.faults == []


@pytest.mark.parametrize(
    "options",
    [
        {"viewport": {"width": 1280, "height": 900}},
        {"viewport": {"width": 390, "height": 844}},
        {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    ],
    ids=["wide", "phone", "dark"],
)
@pytest.mark.parametrize("name", ["two_families", "hostile"])
def test_axe_finds_no_serious_fault_and_nothing_is_wider_than_the_page(request, open_page, name, options):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page = open_page(request.getfixturevalue(name), **options)
    for details in page.page.locator("details").all():
        details.evaluate("node => { node.open = true; }")
    page.page.locator("#samples tbody button").first.click()
    page.page.get_by_text("Every state right").click()
    violations = axe.Axe().run(page.page).response["violations"]
    serious = [(v["id"], v["nodes"][0]["html"]) for v in violations if v["impact"] in ("serious", "critical")]
    assert serious == []
    assert page.page.evaluate("document.documentElement.scrollWidth") <= options["viewport"]["width"]


def test_the_keyboard_switches_states_and_the_live_region_tells_it(two_families, open_page):
    page = open_page(two_families)
    page.page.locator("#states input[type=checkbox]").first.focus()
    page.page.keyboard.press("Space")
    page.wait()
    assert page.page.evaluate("document.activeElement === document.querySelector('#states input')")
    assert page.page.inner_text("#status").startswith("4 of 5 states: exact gain")
    page.switch({3, 4})
    page.page.locator("#states input[type=checkbox]").nth(3).focus()
    page.page.keyboard.press("Space")
    page.wait()
    assert "Two states" in page.page.inner_text("#status")
    assert page.page.locator("#states input[type=checkbox]").nth(3).is_checked()


def test_agents_of_the_folder_are_in_the_plot(two_families, open_page, tmp_path):
    import shutil

    import polars as pl

    folder = DatasetFolder(shutil.copytree(two_families, tmp_path / "with-agents"))
    ids = folder.labels("cnn", ["sample_id"])["sample_id"]
    for family, name in (("cnn", "mine"), ("vit", "theirs")):
        right = [place % 10 < 7 for place in range(len(ids))]
        own = pl.DataFrame({"sample_id": ids, "correct": right, "cost": 2.0})
        add_agent(folder, own, name=name, family=family)
    accuracy = DatasetFolder(folder.path).tables["agents"].frame()["accuracy"][0]
    page = open_page(folder.path)
    shown = f"mine: {100 * accuracy:.1f}\u00a0% at 2"
    assert page.page.locator("#plot .mark.agent title").all_text_contents() == [shown]


def test_a_browser_that_cannot_decompress_is_told_so(browser, two_families, tmp_path):
    from adaptlabels.cards.explorer import write_explorer

    path = write_explorer(two_families, tmp_path / "index.html")
    context = browser.new_context()
    context.add_init_script("delete globalThis.DecompressionStream")
    page = context.new_page()
    page.goto(path.as_uri())
    page.wait_for_selector("#fault:not([hidden])")
    assert "needs a browser" in page.inner_text("#fault")
    context.close()
