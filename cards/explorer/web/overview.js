// What the page says about a set of states: the finding, the figures, the states, the best small sets, the cascade.

const METRICS = {
  gflops: ["GFLOPs", "compute"],
  parameters: ["Parameters", "parameters"],
  latency_ms_p50: ["Median latency, ms", "time"],
  latency_ms_p95: ["95th percentile of latency, ms", "time"],
  energy_j: ["Energy, J", "energy"],
  peak_memory_bytes: ["Peak memory, bytes", "memory"],
  cost: ["Cost", "cost"],
};
const metricTitle = (metric) => METRICS[metric]?.[0] ?? metric;

function showFinding(node, figures, largest, metric) {
  const { iso, exact, A } = figures;
  const less = METRICS[metric]?.[1] ?? "cost";
  node.replaceChildren(
    "An ideal agent is right as often as ", named(largest), ` (${percent(A.at(-1))}) for `,
    element("strong", {}, `${times(iso.gain)} less ${less}`), `. Right wherever any state is, on ${percent(exact.accuracy)} of samples, it needs `,
    element("strong", {}, `${times(exact.gain)} less`), ".",
  );
}

function showTiles(node, figures, states, show) {
  const last = states.length - 1;
  const alphas = figures.alpha.map((value, i) => ({ value, i })).filter(({ value, i }) => i > 0 && value !== null);
  const least = alphas.reduce((a, b) => (b.value < a.value ? b : a), { value: 1, i: last });
  const tile = (name, title, value, text, ...below) =>
    element("div", {}, element("dt", {}, title), element("dd", { id: name }, figure(value, text), element("small", {}, ...below)));
  const link = (condition, ...text) => button(() => show(condition), { class: "link" }, ...text);
  node.replaceChildren(
    tile("iso-gain", "Iso-accuracy gain", figures.iso.gain, times(figures.iso.gain), "mean cost ", figure(figures.iso.cost, significant(figures.iso.cost))),
    tile("exact-gain", "Exact gain", figures.exact.gain, times(figures.exact.gain), "mean cost ", figure(figures.exact.cost, significant(figures.exact.cost))),
    tile("oracle-accuracy", "Oracle accuracy", figures.exact.accuracy, percent(figures.exact.accuracy, 2),
      link({ kind: "unsolved" }, `${plural(figures.unsolved, "sample")} unsolved`)),
    tile("largest-accuracy", "Largest state", figures.A[last], percent(figures.A[last], 2),
      link({ kind: "state", state: states[last].state, right: false }, named(states[last].label), " is wrong")),
    tile("least-alpha", "Least alpha", least.value, significant(least.value, 3), named(states[least.i].label)),
  );
}

/** Rows that stay while figures change, so that the keyboard's focus stays where it is. */
function buildStates(table, states, metric, { onToggle, show }) {
  const head = ["State", metricTitle(metric), "Accuracy", "Alpha", "Oracle takes"];
  const rows = states.map((state, i) => {
    const box = element("input", { type: "checkbox", checked: true, "data-state": state.state, onchange: () => onToggle(state.state) });
    const accuracy = button(() => show({ kind: "state", state: state.state, right: false }), { class: "link" });
    const alpha = element("td", { class: "number" });
    const bar = button(() => show({ kind: "oracle", state: state.state }), { class: "bar" });
    const row = element("tr", {},
      element("th", { scope: "row" }, element("label", {}, box, named(state.label))),
      element("td", { class: "number" }, figure(state.cost, significant(state.cost))),
      element("td", { class: "number" }, accuracy), alpha, element("td", {}, bar));
    return { row, box, accuracy, alpha, bar, place: i };
  });
  table.replaceChildren(
    element("thead", {}, element("tr", {}, head.map((title, i) => element("th", { scope: "col", class: i > 0 && i < 4 ? "number" : null }, title)))),
    element("tbody", {}, rows.map(({ row }) => row)),
  );
  return rows;
}

function showStates(rows, states, places, figures, accuracies) {
  const longest = Math.max(...figures.shares);
  for (const { row, box, accuracy, alpha, bar, place } of rows) {
    const i = places.indexOf(place);
    const name = states[place].label;
    box.checked = i >= 0;
    row.classList.toggle("off", i < 0);
    accuracy.replaceChildren(figure(accuracies[place], percent(accuracies[place], 2)));
    accuracy.setAttribute("aria-label", `${name}: accuracy ${percent(accuracies[place], 2)}; show what it gets wrong`);
    alpha.replaceChildren(i < 0 ? "" : figure(figures.alpha[i], figures.alpha[i] === null ? "–" : significant(figures.alpha[i], 3)));
    bar.hidden = i < 0;
    if (i < 0) continue;
    const fillOf = element("i");
    fillOf.style.inlineSize = `${(62 * figures.shares[i]) / longest}%`;
    bar.replaceChildren(fillOf, figure(figures.shares[i], percent(figures.shares[i])));
    bar.setAttribute("aria-label", `The oracle takes ${name} on ${percent(figures.shares[i])}; show these samples`);
  }
}

function showSelection(table, sets, states, figures, bound, take) {
  const full = bound === "iso" ? figures.iso.gain : figures.exact.gain;
  const rows = sets.map((set) => {
    const names = set.places.map((place) => states[place].label);
    return element("tr", {},
      element("td", { class: "number" }, set.places.length),
      element("td", { class: "number" }, figure(set.gain, times(set.gain))),
      element("td", { class: "number" }, percent(set.gain / full, 0)),
      element("td", { class: "names" }, names.flatMap((name, i) => [i ? ", " : "", named(name)])),
      element("td", {}, button(() => take(set.places), { "aria-label": `Use these ${set.places.length} states: ${names.join(", ")}` }, "Use")));
  });
  const head = ["Size", "Gain", "Of full", "States", ""];
  table.replaceChildren(
    element("thead", {}, element("tr", {}, head.map((title, i) => title ? element("th", { scope: "col", class: i < 3 ? "number" : null }, title) : element("td")))),
    element("tbody", {}, rows));
}

/** The cascade's slider; `null` where confidences are not known. */
function buildCascade(node, level, onLevel) {
  if (level === null) {
    node.replaceChildren(element("p", {}, "Not all confidences of these states are known."));
    return null;
  }
  const slider = element("input", { type: "range", id: "threshold", min: 0, max: summary.levels.length, step: 1, value: level, oninput: () => onLevel(Number(slider.value)) });
  const parts = { slider, threshold: element("output", { for: "threshold" }), figures: element("dl", { class: "inline" }), stops: element("div", { class: "stops", role: "img" }) };
  node.replaceChildren(element("label", { for: "threshold" }, "Threshold ", parts.threshold), slider, parts.figures, parts.stops);
  return parts;
}

function showCascade(parts, level, point, stops, states, figures) {
  const value = level < summary.levels.length ? String(summary.levels[level]) : "above 1: always the largest";
  parts.slider.value = level;
  parts.slider.setAttribute("aria-valuetext", `${value}; accuracy ${percent(point.accuracy)}, cost ${significant(point.cost)}`);
  parts.threshold.replaceChildren(value);
  const difference = point.accuracy - figures.A.at(-1);
  const item = (name, title, content) => element("div", {}, element("dt", {}, title), element("dd", { id: name }, content));
  parts.figures.replaceChildren(
    item("cascade-accuracy", "Accuracy", figure(point.accuracy, `${percent(point.accuracy, 2)} (${difference < 0 ? "−" : "+"}${Math.abs(100 * difference).toFixed(2)})`)),
    item("cascade-cost", "Mean cost", figure(point.cost, significant(point.cost))),
    item("cascade-gain", "Gain", figure(figures.R.at(-1) / point.cost, times(figures.R.at(-1) / point.cost))));
  parts.stops.setAttribute("aria-label", `Stops at ${states.map((state, i) => `${state.label} ${percent(stops[i], 0)}`).join(", ")}`);
  parts.stops.replaceChildren(...stops.flatMap((share, i) => {
    if (share < 0.002) return []; // narrower than a pixel
    const part = element("span", { title: `${states[i].label}: ${percent(share)}` }, share > 0.12 ? named(states[i].label) : "");
    part.style.flexGrow = share;
    return part;
  }));
}
