// What is shown, and what happens when a control changes. `view` is the page's only state; `update` draws it.

const { spaces } = summary;
const names = summary.states.map(({ name }) => name);
for (const state of summary.states) {
  const twice = names.indexOf(state.name) !== names.lastIndexOf(state.name);
  state.label = twice ? `${state.family}/${state.name}` : state.name;
}

const view = { space: 0, metric: null, off: new Set(), bound: "exact", level: null, conditions: [], samples: { page: 0 }, categories: { order: "headroom", page: 0 } };
const drawn = {}; // what was computed for the view: order, costs, projection, rows, curve, …

/** Another space or another metric: states in order of their cost, everything built anew. */
async function choose(space, metric) {
  byId("main").setAttribute("aria-busy", "true");
  const { states, metrics, default: usual } = spaces[space];
  if (space !== view.space) Object.assign(view, { off: new Set(), conditions: [], level: null });
  Object.assign(view, { space, metric: metrics.includes(metric) ? metric : metrics.includes(usual) ? usual : metrics[0] });
  const cost = (state) => summary.states[state].costs[view.metric];
  const order = [...states].sort((a, b) => cost(a) - cost(b) || states.indexOf(a) - states.indexOf(b));
  const patterns = await readPatterns();
  Object.assign(drawn, {
    patterns, order, costs: order.map(cost), projection: project(patterns, order), details: null, curve: null,
    states: order.map((state) => ({ state, label: summary.states[state].label, cost: cost(state) })),
  });
  drawn.rows = buildStates(byId("states"), drawn.states, view.metric, { onToggle: toggle, show });
  showChoice();
  await update();
}

function showChoice() {
  const { metrics } = spaces[view.space];
  byId("space").replaceChildren(...spaces.map(({ name, pool }, i) => option(i, pool ? `${name} (pool)` : name, i === view.space)));
  byId("metric").replaceChildren(...metrics.map((metric) => option(metric, metricTitle(metric), metric === view.metric)));
  byId("about").textContent = `${summary.version ? `${summary.version}: ` : ""}${plural(summary.samples, "sample")} of split ${summary.split}, ${plural(drawn.order.length, "state")}`;
}

const places = () => drawn.order.map((_, place) => place).filter((place) => !view.off.has(drawn.order[place]));

/** Figures at once, what takes longer after they are painted; a later change overtakes an earlier one. */
async function update() {
  const turn = (drawn.turn = Symbol("turn"));
  byId("main").setAttribute("aria-busy", "true");
  const on = places();
  const states = on.map((place) => drawn.states[place]);
  const figures = computeFigures(drawn.projection, drawn.costs, on);
  const accuracies = Array.from(drawn.projection.right, (right) => right / drawn.projection.samples);
  Object.assign(drawn, { on, shown: states, figures, accuracies, curve: null });
  view.conditions = stillMeant(view.conditions, states.map(({ state }) => state), drawn.order);
  showFinding(byId("finding"), figures, states.at(-1).label, view.metric);
  showTiles(byId("tiles"), figures, states, show);
  showStates(drawn.rows, drawn.states, on, figures, accuracies);
  byId("status").textContent = `${states.length} of ${drawn.order.length} states: exact gain ${significant(figures.exact.gain, 3)}, iso-accuracy gain ${significant(figures.iso.gain, 3)}`;
  draw();
  for (const later of [updateSelection, updateDetails, updateCascade, updateCategories, updateSamples]) {
    await painted();
    if (drawn.turn !== turn) return;
    await later();
    if (drawn.turn !== turn) return;
  }
  byId("main").setAttribute("aria-busy", "false");
}

const painted = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));

function draw() {
  const { figures, shown, on, states, accuracies } = drawn;
  const hull = hullOf(figures.R, figures.A);
  const onHull = new Set(hull.map((i) => shown[i].state));
  const point = drawn.curve?.[view.level];
  const family = spaces[view.space].name;
  const agents = summary.agents.filter((agent) => agent.family === family && (agent.cost_metric ?? view.metric) === view.metric && agent.kind !== "single" && agent.kind !== "oracle");
  const marks = [
    { label: "oracle", kind: "oracle", ...figures.exact },
    { label: "oracle, equal accuracy", kind: "iso", ...figures.iso },
    ...(point ? [{ label: "cascade", kind: "cascade", ...point }] : []),
    ...agents.map((agent) => ({ label: agent.setting === null || agent.setting === undefined ? agent.agent : `${agent.agent} ${agent.setting}`, kind: "agent", cost: agent.mean_cost, accuracy: agent.accuracy })),
  ];
  drawPlot(byId("plot"), {
    states: states.map((state, place) => ({ ...state, accuracy: accuracies[place], on: on.includes(place), onHull: onHull.has(state.state) })),
    hull: hull.map((i) => [figures.R[i], figures.A[i]]),
    frontier: figures.frontier.map(({ cost, accuracy }) => [cost, accuracy]),
    cascade: (drawn.curve ?? []).map(({ cost, accuracy }) => [cost, accuracy]),
    marks,
    costTitle: metricTitle(view.metric),
    description: `Accuracy against cost of ${plural(shown.length, "state")}. Oracle: ${percent(figures.exact.accuracy)} at ${significant(figures.exact.cost)}; at the largest state's accuracy: ${significant(figures.iso.cost)}. All values are in the tables.`,
  }, (state) => show({ kind: "oracle", state }));
  const key = (kind, text) => [element("i", { class: `key ${kind}` }), text, " "];
  byId("legend").replaceChildren(...key("frontier", "clairvoyant frontier"), ...key("hull", "mixtures of states"), ...(drawn.curve ? key("cascade", "cascade, every threshold") : []));
}

function updateSelection() {
  const sets = bestSets(drawn.projection, drawn.costs, drawn.on, view.bound);
  showSelection(byId("selection"), sets, drawn.states, drawn.figures, view.bound, (chosen) => switchOn(chosen));
  byId("selection-note").textContent = drawn.on.length > MOST_COMPARED
    ? `Searched greedily from the largest state, up to ${LARGEST_GROWN} states: there may be better sets.`
    : "All sets that keep the largest state were compared.";
}

async function updateDetails() {
  const first = drawn.details === null;
  drawn.details = await readDetails();
  const context = { add: show, replace: (conditions) => setConditions(conditions) };
  const key = drawn.on.join();
  if (first || drawn.filtersOf !== key) buildFilters(byId("filters"), drawn.shown, drawn.details, context);
  drawn.filtersOf = key;
}

function updateCascade() {
  const { details, patterns, shown, figures } = drawn;
  const chain = shown.map(({ state }) => state);
  const known = cascadeKnown(details, chain);
  if (!known) view.level = null;
  else {
    drawn.curve = cascadeCurve(details, patterns, chain, figures.R, summary.levels.length);
    view.level ??= cheapestAsGood(drawn.curve, figures.A.at(-1));
  }
  if (!byId("threshold") || !known) drawn.cascade = buildCascade(byId("cascade"), view.level, moveThreshold);
  if (known) moveThreshold(view.level);
}

/** The cheapest threshold that loses at most a point of the largest state's accuracy. */
function cheapestAsGood(curve, accuracy) {
  const enough = curve.map((point, level) => ({ ...point, level })).filter((point) => point.accuracy >= accuracy - 0.01);
  return enough.reduce((a, b) => (b.cost < a.cost ? b : a)).level;
}

function moveThreshold(level) {
  view.level = level;
  const chain = drawn.shown.map(({ state }) => state);
  showCascade(drawn.cascade, level, drawn.curve[level], cascadeStops(drawn.details, chain, level), drawn.shown, drawn.figures);
  draw();
}

function updateCategories() {
  const { details, patterns, shown, figures } = drawn;
  const { category } = summary;
  byId("categories-section").hidden = category === null;
  if (category === null) return;
  const rows = categoryFigures(details, patterns, category, shown.map(({ state }) => state), figures.R);
  showCategories(byId("categories"), rows, view.categories, { show, column: category, change: (changed) => { Object.assign(view.categories, changed); updateCategories(); } });
}

function updateSamples() {
  const { details, patterns, shown } = drawn;
  const on = shown.map(({ state }) => state);
  const found = matching(view.conditions, details, patterns, on);
  const context = { details, patterns, states: shown, conditions: view.conditions, sql: toSql(view.conditions, spaces[view.space], on) };
  showSamples(byId("samples"), found, view.samples, context, {
    remove: (condition) => setConditions(view.conditions.filter((other) => other !== condition)),
    change: (changed) => { Object.assign(view.samples, changed); updateSamples(); },
  });
  return found;
}

function setConditions(conditions) {
  view.conditions = conditions.filter(({ kind, value }) => kind !== "is" || value !== null);
  view.samples.page = 0;
  if (drawn.details === null) return;
  const found = updateSamples();
  for (const select of document.querySelectorAll("select[data-column]")) {
    const condition = view.conditions.find(({ column }) => column === select.dataset.column);
    select.value = condition ? summaryPlace(condition) : "";
  }
  byId("status").textContent = `${plural(found.length, "sample")} found`;
}

const summaryPlace = ({ column, value }) => String(summary.attributes[column].indexOf(value));

/** Show the samples that meet a condition; from elsewhere on the page, go there. */
function show(condition) {
  const fromElsewhere = !document.activeElement?.closest("#filters");
  setConditions(withCondition(fromElsewhere ? [] : view.conditions, condition));
  if (!fromElsewhere) return;
  byId("samples-title").focus({ preventScroll: true });
  byId("samples-title").scrollIntoView({ block: "start" });
}

function switchOn(chosen) {
  const kept = new Set(chosen.map((place) => drawn.order[place]));
  view.off = new Set(drawn.order.filter((state) => !kept.has(state)));
  return update();
}

function toggle(state) {
  if (!view.off.has(state) && drawn.on.length === 2) {
    showStates(drawn.rows, drawn.states, drawn.on, drawn.figures, drawn.accuracies);
    byId("status").textContent = "Two states at least are needed";
    return;
  }
  if (!view.off.delete(state)) view.off.add(state);
  update();
}

function buildPresets() {
  const all = () => drawn.order.map((_, place) => place);
  const best = () => undominated(drawn.costs, drawn.accuracies);
  const presets = [["All", all], ["Without dominated", () => (best().length > 1 ? best() : all())], ["Smallest and largest", () => [0, drawn.order.length - 1]]];
  byId("presets").replaceChildren(...presets.map(([title, chosen]) => button(() => switchOn(chosen()), {}, title)));
}

function start() {
  document.title = `${summary.title}: adaptlabels explorer`;
  byId("title").textContent = summary.title;
  buildPresets();
  byId("space").addEventListener("change", (event) => choose(Number(event.target.value), view.metric));
  byId("metric").addEventListener("change", (event) => choose(view.space, event.target.value));
  byId("bound").addEventListener("change", (event) => { view.bound = event.target.value; updateSelection(); });
  new ResizeObserver(() => drawn.figures && draw()).observe(byId("plot"));
  return choose(0, null);
}

function showFault(error) {
  byId("fault").textContent = `This page could not be drawn: ${error.message}. It needs a browser of 2023 or later.`;
  byId("fault").hidden = false;
}

addEventListener("unhandledrejection", ({ reason }) => showFault(reason));
addEventListener("error", ({ error }) => error && showFault(error));
await start();
