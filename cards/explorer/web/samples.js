// The samples behind the numbers: categories, filters, and the samples that a filter leaves, page by page.

const CATEGORIES_SHOWN = 12;
const SAMPLES_SHOWN = 20;
const CATEGORY_ORDERS = {
  size: ["most samples", (a, b) => b.n - a.n],
  hard: ["least solved", (a, b) => a.oracle - b.oracle],
  headroom: ["most to win over the largest state", (a, b) => b.oracle - b.largest - (a.oracle - a.largest)],
  name: ["name", (a, b) => a.place - b.place],
};

/** For each category: samples, accuracy of the largest state, accuracy and gain of the oracle. */
function categoryFigures(details, patterns, column, on, R) {
  const { values, places } = details.attributes[column];
  const first = Int16Array.from({ length: patterns.n }, (_, p) => on.findIndex((state) => patterns.isRight(p, state)));
  const rows = values.map((name, place) => ({ name, place, n: 0, largest: 0, oracle: 0, cost: 0 }));
  for (let sample = 0; sample < details.n; sample++) {
    const row = rows[places[sample]];
    if (!row) continue;
    const pattern = details.pattern[sample];
    row.n += 1;
    row.largest += patterns.isRight(pattern, on.at(-1));
    row.oracle += first[pattern] >= 0 ? 1 : 0;
    row.cost += R[Math.max(0, first[pattern])];
  }
  return rows.filter(({ n }) => n > 0).map((row) => ({
    ...row, largest: row.largest / row.n, oracle: row.oracle / row.n, gain: (R.at(-1) * row.n) / row.cost,
  }));
}

function showCategories(node, rows, view, { show, change, column }) {
  const orders = element("select", { onchange: (event) => change({ order: event.target.value, page: 0 }) },
    Object.entries(CATEGORY_ORDERS).map(([key, [title]]) => option(key, title, key === view.order)));
  const sorted = [...rows].sort((a, b) => CATEGORY_ORDERS[view.order][1](a, b) || a.place - b.place);
  const shown = sorted.slice(view.page * CATEGORIES_SHOWN, (view.page + 1) * CATEGORIES_SHOWN);
  const head = ["Category", "Samples", "Largest state", "Oracle", "Exact gain"];
  const table = element("table", {},
    element("thead", {}, element("tr", {}, head.map((title, i) => element("th", { scope: "col", class: i ? "number" : null }, title)))),
    element("tbody", {}, shown.map((row) => element("tr", {},
      element("th", { scope: "row" }, button(() => show({ kind: "is", column, value: row.name }), { class: "link" }, named(row.name))),
      element("td", { class: "number" }, count(row.n)),
      element("td", { class: "number" }, percent(row.largest)),
      element("td", { class: "number" }, percent(row.oracle)),
      element("td", { class: "number" }, times(row.gain))))));
  const scroll = element("div", { class: "scroll flat", tabindex: 0, role: "region", "aria-label": "Categories" }, table);
  node.replaceChildren(element("p", { class: "buttons" }, element("label", {}, "Order by ", orders)), scroll,
    pager("categories", view.page, CATEGORIES_SHOWN, rows.length, (page) => change({ page })));
}

function pager(what, page, size, total, turn) {
  if (total <= size) return element("p", { class: "note" });
  const last = Math.ceil(total / size) - 1;
  return element("p", { class: "pager", role: "group", "aria-label": `Pages of ${what}` },
    button(() => turn(page - 1), { disabled: page === 0, "aria-label": `Previous ${what}` }, "← Previous"),
    element("span", {}, `${count(page * size + 1)}–${count(Math.min(total, (page + 1) * size))} of ${count(total)}`),
    button(() => turn(page + 1), { disabled: page === last, "aria-label": `Next ${what}` }, "Next →"));
}

/** The controls that add conditions, and the conditions themselves. */
function buildFilters(node, states, details, actions) {
  const { add, replace } = actions;
  const [smallest, largest] = [states[0].state, states.at(-1).state];
  const presets = [
    ["Smallest right, largest wrong", [{ kind: "state", state: smallest, right: true }, { kind: "state", state: largest, right: false }]],
    ["No state right", [{ kind: "unsolved" }]],
    ["Every state right", [{ kind: "solved" }]],
    ["All samples", []],
  ];
  const stateSelect = (id) => element("select", { id }, states.map(({ state, label }) => option(state, label, state === largest)));
  const chosen = (id) => Number(byId(id).value);
  const pattern = element("input", { id: "pattern", maxlength: states.length, size: Math.min(states.length + 1, 20), spellcheck: "false", autocomplete: "off",
    placeholder: "?".repeat(Math.min(states.length, 16)), "aria-describedby": "pattern-note" });
  const identifierBox = element("input", { id: "identifier", spellcheck: "false", autocomplete: "off", dir: "auto" });
  const attributes = Object.entries(details.attributes).map(([column, { values }]) =>
    element("label", {}, capital(columnTitle(column)), element("select", { "data-column": column,
      onchange: (event) => add(event.target.value === "" ? { kind: "is", column, value: null } : { kind: "is", column, value: values[event.target.value] }) },
      option("", "any"), values.map((value, i) => option(i, value)))));
  const sure = details.confidence === null ? [] : [element("form", { onsubmit: (event) => {
    event.preventDefault();
    const wanted = Number(byId("sure-level").value);
    add({ kind: "sure", state: chosen("sure-state"), level: Math.max(0, summary.levels.findLastIndex((level) => level <= wanted)) });
  } }, element("label", {}, "Wrong and confident", stateSelect("sure-state")),
    element("label", {}, "confidence from", element("input", { id: "sure-level", type: "number", min: 0, max: 1, step: "any", value: 0.9 })), element("button", {}, "Add"))];
  const form = (label, input, onsubmit) => element("form", { onsubmit: (event) => { event.preventDefault(); onsubmit(); } }, element("label", {}, label, input), element("button", {}, "Add"));
  node.replaceChildren(
    element("div", { class: "buttons", role: "group", "aria-label": "Common filters" }, presets.map(([title, conditions]) => button(() => replace(conditions), {}, title))),
    element("details", { class: "more" }, element("summary", {}, "More filters"), element("div", { class: "forms" }, attributes, sure,
      form("Pattern", pattern, () => {
        const letters = [...pattern.value.trim()];
        letters.forEach((letter, i) => "01".includes(letter) && i < states.length && add({ kind: "state", state: states[i].state, right: letter === "1" }));
      }),
      form("Identifier contains", identifierBox, () => identifierBox.value && add({ kind: "id", text: identifierBox.value })),
      element("p", { class: "note", id: "pattern-note" }, "Pattern: 1 right, 0 wrong, anything else either, for each state that is on in order of cost."))));
}

const capital = (text) => text[0].toUpperCase() + text.slice(1);

function showConditions(conditions, remove) {
  return element("ul", { class: "chips", "aria-label": "Filter" }, conditions.map((condition) => {
    const words = describe(condition);
    return element("li", {}, element("span", {}, words), button(() => remove(condition), { "aria-label": `Remove: ${words.map((w) => w.textContent ?? w).join("")}` }, "×"));
  }));
}

/** The samples of one page; `context` has details, patterns, and the states that are on. */
function showSamples(node, found, view, context, actions) {
  const { details, sql, conditions } = context;
  const start = view.page * SAMPLES_SHOWN;
  const some = summary.step > 1 ? ` Listed is every ${count(summary.step)}th sample; figures come from all.` : "";
  const text = element("textarea", { readonly: true, rows: Math.min(10, sql.split("\n").length + 2), "aria-label": "The filter as SQL for DuckDB", spellcheck: "false" });
  text.value = sql;
  const copied = element("span", { role: "status" });
  node.replaceChildren(
    element("p", { id: "found" }, element("strong", {}, figure(found.length, plural(found.length, "sample"))), ` of ${count(details.n)}.${some}`),
    showConditions(conditions, actions.remove),
    element("div", { class: "scroll flat", tabindex: 0, role: "region", "aria-label": "Samples" }, sampleTable(found.slice(start, start + SAMPLES_SHOWN), context)),
    pager("samples", view.page, SAMPLES_SHOWN, found.length, (page) => actions.change({ page })),
    element("details", { class: "more" }, element("summary", {}, "This filter as SQL"), text,
      element("p", { class: "buttons" }, button(() => copySql(text, copied), {}, "Copy"), copied),
      element("p", { class: "note" }, "For DuckDB, run inside the dataset folder. On the Hub, put hf://datasets/ORG/NAME/ before data/.")),
  );
}

async function copySql(text, copied) {
  text.select();
  try {
    await navigator.clipboard.writeText(text.value);
    copied.textContent = "Copied";
  } catch (error) {
    if (!(error instanceof DOMException) && navigator.clipboard) throw error;
    copied.textContent = "Selected; copy it with the keyboard"; // a frame or an old browser may not write
  }
}

function sampleTable(samples, context) {
  const { details, states } = context;
  const [smallest, largest] = [states[0], states.at(-1)];
  const optional = summary.category !== null;
  const title = (text, attributes = {}) => element("th", { scope: "col", ...attributes }, text);
  const answers = details.answers !== null || details.confidence !== null;
  return element("table", { class: "samples" },
    element("thead", {}, element("tr", {}, title("Sample"), optional ? title("Category", { class: "wide" }) : null,
      details.target ? title("Right answer") : null, title("Right and wrong"),
      answers ? [title(named(smallest.label), { class: "wide" }), title(named(largest.label), { class: "wide" }), element("td")] : null)),
    samples.map((sample) => sampleRows(sample, context, optional, answers)));
}

function sampleRows(sample, context, optional, answers) {
  const { details, states } = context;
  const more = element("tr", { class: "answers", hidden: true });
  const name = details.ids[sample];
  const open = button(() => {
    more.hidden = !more.hidden;
    open.setAttribute("aria-expanded", String(!more.hidden));
    if (!more.hasChildNodes()) more.append(element("td", { colspan: 7 }, answerList(sample, context)));
  }, { class: "link", "aria-expanded": "false", "aria-label": `All answers on ${name}` }, "answers");
  return element("tbody", {},
    element("tr", {},
      element("th", { scope: "row" }, named(name)),
      optional ? element("td", { class: "wide" }, named(attributeOf(details, summary.category, sample) ?? "–")) : null,
      details.target ? element("td", {}, named(className(details.target[sample]))) : null,
      element("td", {}, strip(sample, context)),
      answers ? [element("td", { class: "wide" }, answer(sample, states[0].state, context)), element("td", { class: "wide" }, answer(sample, states.at(-1).state, context)), element("td", {}, open)] : null),
    more);
}

const isRightOn = ({ details, patterns }, sample, state) => Boolean(patterns.isRight(details.pattern[sample], state));

function strip(sample, context) {
  const right = context.states.filter(({ state }) => isRightOn(context, sample, state));
  const text = `${right.length} of ${context.states.length} right${right.length ? `: ${right.map(({ label }) => label).join(", ")}` : ""}`;
  return element("span", { class: "strip", role: "img", "aria-label": text, title: text },
    context.states.map(({ state }) => element("i", { class: isRightOn(context, sample, state) ? "right" : null })));
}

function answer(sample, state, context) {
  const level = confidenceOf(context.details, sample, state);
  const right = isRightOn(context, sample, state);
  const index = answerOf(context.details, sample, state);
  return element("span", { class: right ? "right" : "wrong" },
    element("span", { "aria-hidden": "true" }, right ? "✓ " : "✗ "), element("span", { class: "hidden" }, right ? "right: " : "wrong: "),
    index === null ? null : named(className(index)), level === null ? null : element("small", {}, ` ${summary.levels[level].toFixed(3)}`));
}

const answerList = (sample, context) =>
  element("dl", {}, context.states.map(({ state, label }) =>
    element("div", {}, element("dt", {}, named(label)), element("dd", {}, answer(sample, state, context)))));
