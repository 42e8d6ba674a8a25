// The accuracy-cost plot. It is a picture for the eye; everything in it is also in the tables, for the keyboard.

const MARGIN = { top: 30, right: 18, bottom: 44, left: 50 };
const FONT = "12px system-ui, -apple-system, \"Segoe UI\", Roboto, sans-serif";
const pen = document.createElement("canvas").getContext("2d");

function textWidth(text, strong = false) {
  pen.font = strong ? `600 ${FONT}` : FONT;
  return pen.measureText(text).width;
}

/**
 * Draw into a node of any width.
 * `model`: states [{label, cost, accuracy, on, state}], hull [[cost, accuracy]…], frontier, cascade (curves alike),
 * marks [{label, cost, accuracy, kind}], costTitle, description.
 */
function drawPlot(node, model, onState) {
  const width = Math.max(300, node.clientWidth);
  const height = Math.round(Math.min(460, Math.max(300, width * 0.66)));
  const scale = makeScale(model, width, height);
  const svg = shape("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": model.description });
  const area = { x: MARGIN.left, y: 0, width: width - MARGIN.left, height: height - MARGIN.bottom };
  svg.append(shape("clipPath", { id: "plot-area" }, shape("rect", area)));
  drawAxes(svg, scale, width, height, model.costTitle);
  const curves = shape("g", { "clip-path": "url(#plot-area)" });
  for (const kind of ["hull", "cascade", "frontier"]) curves.append(curve(model[kind], scale, kind));
  svg.append(curves);
  const boxes = [];
  for (const mark of model.marks) drawMark(svg, mark, scale, boxes);
  const dots = model.states.map((state) => ({ ...state, x: scale.x(state.cost), y: scale.y(state.accuracy) }));
  for (const dot of dots) boxes.push({ x: dot.x - 5, y: dot.y - 5, width: 10, height: 10 });
  const radius = dots.length > 40 ? 2.5 : 4;
  for (const dot of dots) svg.append(drawDot(dot, radius, onState));
  for (const item of [...model.marks.map((m) => ({ ...m, x: scale.x(m.cost), y: scale.y(m.accuracy) })), ...important(dots)]) {
    const label = placeLabel(item, width, height, boxes);
    if (label) svg.append(label);
  }
  node.replaceChildren(svg);
}

function makeScale(model, width, height) {
  const on = model.states.filter((state) => state.on);
  const points = [...on, ...model.marks];
  const costs = points.map((p) => p.cost);
  const accuracies = [...points.map((p) => p.accuracy), model.frontier.at(-1)[1]];
  const [low, high] = [Math.log(Math.min(...costs)), Math.log(Math.max(...costs))];
  const pad = Math.max(0.06 * (high - low), 0.05);
  const [bottom, top] = [Math.min(...accuracies), Math.max(...accuracies)];
  const rise = Math.max(0.07 * (top - bottom), 0.002);
  const x = (cost) => MARGIN.left + ((Math.log(cost) - low + pad) / (high - low + 2 * pad)) * (width - MARGIN.left - MARGIN.right);
  const y = (accuracy) => height - MARGIN.bottom - ((accuracy - bottom + rise) / (top - bottom + 2 * rise)) * (height - MARGIN.top - MARGIN.bottom);
  return { x, y, costs: [Math.exp(low - pad), Math.exp(high + pad)], accuracies: [bottom - rise, Math.min(1, top + rise)] };
}

function drawAxes(svg, scale, width, height, costTitle) {
  const base = height - MARGIN.bottom;
  for (const tick of linearTicks(...scale.accuracies)) {
    const y = scale.y(tick.value);
    svg.append(shape("line", { class: "grid", x1: MARGIN.left, x2: width - MARGIN.right, y1: y, y2: y }));
    svg.append(shape("text", { class: "tick", x: MARGIN.left - 8, y: y + 4, "text-anchor": "end" }, tick.text));
  }
  let end = -Infinity;
  for (const value of logTicks(...scale.costs, width)) {
    const [x, text] = [scale.x(value), significant(value, 3)];
    const half = textWidth(text) / 2;
    if (x - half < end + 10) continue;
    end = x + half;
    svg.append(shape("line", { class: "axis", x1: x, x2: x, y1: base, y2: base + 4 }));
    svg.append(shape("text", { class: "tick", x, y: base + 17, "text-anchor": "middle" }, text));
  }
  svg.append(shape("line", { class: "axis", x1: MARGIN.left, x2: width - MARGIN.right, y1: base, y2: base }));
  svg.append(shape("text", { class: "axis-title", x: width - MARGIN.right, y: height - 6, "text-anchor": "end" }, `${costTitle} per sample, log scale`));
  svg.append(shape("text", { class: "axis-title", x: 0, y: 14 }, "Accuracy, %"));
}

function linearTicks(low, high) {
  const rough = (100 * (high - low)) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((m) => m * power >= rough);
  const digits = Math.max(0, -Math.floor(Math.log10(step)));
  const first = Math.ceil((100 * low) / step);
  return Array.from({ length: Math.floor((100 * high) / step) - first + 1 }, (_, i) => ({
    value: ((first + i) * step) / 100,
    text: ((first + i) * step).toFixed(digits),
  }));
}

function logTicks(low, high, width) {
  const room = width / Math.log10(high / low); // pixels of a decade
  const steps = room < 130 ? [1] : room < 400 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 6, 8];
  const ticks = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
    for (const step of steps) ticks.push(step * 10 ** power);
  }
  return ticks.filter((tick) => tick >= low && tick <= high);
}

/** A curve through [cost, accuracy] points; straight lines between them bend on a log scale. */
function curve(points, scale, kind) {
  const steps = kind === "cascade" ? 1 : 16;
  const drawn = [];
  points.forEach(([cost, accuracy], i) => {
    const [beforeCost, before] = points[Math.max(0, i - 1)];
    for (let s = i === 0 ? steps : 1; s <= steps; s++) {
      const share = s / steps;
      drawn.push(`${scale.x(beforeCost + share * (cost - beforeCost)).toFixed(1)},${scale.y(before + share * (accuracy - before)).toFixed(1)}`);
    }
  });
  return shape("polyline", { class: kind, points: drawn.join(" ") });
}

function drawDot(dot, radius, onState) {
  const title = shape("title", {}, `${dot.label}: ${percent(dot.accuracy)} at ${significant(dot.cost)}`);
  const circles = [shape("circle", { class: "halo", cx: dot.x, cy: dot.y, r: 3 * radius }), shape("circle", { class: dot.on ? "dot" : "dot off", cx: dot.x, cy: dot.y, r: radius })];
  return shape("g", { class: "state", onclick: () => onState(dot.state) }, title, ...circles);
}

function drawMark(svg, mark, scale, boxes) {
  const [x, y] = [scale.x(mark.cost), scale.y(mark.accuracy)];
  const shapes = {
    oracle: `M${x} ${y - 8}l2.3 5.2 5.6.5-4.3 3.7 1.3 5.5-4.9-2.9-4.9 2.9 1.3-5.5-4.3-3.7 5.6-.5z`,
    iso: `M${x} ${y - 6}l6 6-6 6-6-6z`,
    cascade: `M${x - 5} ${y - 5}h10v10h-10z`,
    agent: `M${x} ${y - 6}l6 10h-12z`,
  };
  boxes.push({ x: x - 8, y: y - 8, width: 16, height: 16 });
  svg.append(shape("path", { class: `mark ${mark.kind}`, d: shapes[mark.kind] }, shape("title", {}, `${mark.label}: ${percent(mark.accuracy)} at ${significant(mark.cost)}`)));
}

/** States whose names matter most come first: they get the free places. */
const important = (dots) => [...dots].filter((dot) => dot.on).sort((a, b) => Number(b.onHull) - Number(a.onHull) || b.accuracy - a.accuracy);

function placeLabel(item, width, height, boxes) {
  const text = item.label.length > 28 ? `${item.label.slice(0, 27)}…` : item.label;
  const [w, h] = [textWidth(text, Boolean(item.kind)), 14];
  const spots = [[10, -7], [-w - 10, -7], [-w / 2, -24], [-w / 2, 10], [8, -22], [8, 8], [-w - 8, -22], [-w - 8, 8]];
  for (const [dx, dy] of spots) {
    const box = { x: item.x + dx - 2, y: item.y + dy, width: w + 4, height: h };
    const inside = box.x > MARGIN.left && box.x + w < width && box.y > 16 && box.y + h < height - MARGIN.bottom;
    if (inside && !boxes.some((other) => overlap(box, other))) {
      boxes.push(box);
      return shape("text", { class: item.kind ? "label strong" : "label", x: box.x + 2, y: box.y + 11, direction: "ltr" }, text);
    }
  }
  return null;
}

const overlap = (a, b) => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
