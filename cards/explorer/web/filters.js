// Filters: conditions on samples, each of which knows its words, its test and its SQL. A condition is plain data:
//   {kind: "state", state, right}         a state is right or wrong
//   {kind: "oracle", state}               the oracle takes this state among those that are switched on
//   {kind: "unsolved"} {kind: "solved"}   no state, or every state, that is switched on is right
//   {kind: "sure", state, level}          a state is wrong, and its confidence reaches a level
//   {kind: "is", column, value}           category, fold, …
//   {kind: "id", text}                    the identifier contains a text

/** Conditions of the same key replace each other. */
function keyOf(condition) {
  if (condition.kind === "state") return `state ${condition.state}`;
  if (condition.kind === "is") return `is ${condition.column}`;
  return ["oracle", "unsolved", "solved"].includes(condition.kind) ? "oracle" : condition.kind;
}

function withCondition(conditions, condition) {
  return [...conditions.filter((other) => keyOf(other) !== keyOf(condition)), condition];
}

/** Conditions that still make sense when other states are switched on. */
const stillMeant = (conditions, on, members) =>
  conditions.filter(({ kind, state }) => (kind === "oracle" ? on.includes(state) : state === undefined || members.includes(state)));

function describe(condition) {
  const state = condition.state === undefined ? null : named(summary.states[condition.state].label);
  switch (condition.kind) {
    case "state": return [state, condition.right ? " is right" : " is wrong"];
    case "oracle": return ["the oracle takes ", state];
    case "unsolved": return ["no state is right"];
    case "solved": return ["every state is right"];
    case "sure": return [state, ` is wrong with confidence ${summary.levels[condition.level]} or more`];
    case "is": return [`${columnTitle(condition.column)} is `, named(condition.value)];
    default: return ["identifier contains ", named(condition.text)];
  }
}

const columnTitle = (column) => ({ split_type: "part" })[column] ?? column;

/** Places of the samples that meet all conditions; `on` are the states that are switched on, by cost. */
function matching(conditions, details, patterns, on) {
  const byPattern = conditions.filter(({ kind }) => ["state", "oracle", "unsolved", "solved"].includes(kind));
  const passes = Uint8Array.from({ length: patterns.n }, (_, p) => byPattern.every((c) => patternMeets(c, patterns, p, on)));
  const others = conditions.filter((c) => !byPattern.includes(c)).map((c) => sampleTest(c, details, patterns));
  const found = [];
  for (let sample = 0; sample < details.n; sample++) {
    if (passes[details.pattern[sample]] && others.every((test) => test(sample))) found.push(sample);
  }
  return found;
}

function patternMeets(condition, patterns, p, on) {
  if (condition.kind === "state") return Boolean(patterns.isRight(p, condition.state)) === condition.right;
  if (condition.kind === "solved") return on.every((state) => patterns.isRight(p, state));
  const first = on.find((state) => patterns.isRight(p, state));
  return condition.kind === "unsolved" ? first === undefined : (first ?? on[0]) === condition.state;
}

function sampleTest(condition, details, patterns) {
  if (condition.kind === "is") {
    const { values, places } = details.attributes[condition.column];
    const wanted = values.indexOf(condition.value);
    return (sample) => places[sample] === wanted;
  }
  if (condition.kind === "id") return (sample) => details.ids[sample].includes(condition.text);
  const { state, level } = condition;
  return (sample) => !patterns.isRight(details.pattern[sample], state) && (confidenceOf(details, sample, state) ?? -1) >= level;
}

/** The filter as SQL for DuckDB, run inside the dataset folder. */
function toSql(conditions, space, on) {
  const { states, files, category, has } = summary;
  const families = [...new Set(space.states.map((state) => states[state].family))];
  const several = families.length > 1;
  const owner = (family) => (several ? `${identifier(family)}.` : "");
  const cell = (column, state) => `${owner(states[state].family)}${column}[${states[state].place}]`;
  const common = (column) => `${owner(families[0])}${identifier(column)}`;
  const right = (state) => cell("correct", state);
  const none = (some) => `NOT (${some.map(right).join(" OR ")})`;
  const clause = (c) => {
    switch (c.kind) {
      case "state": return c.right ? right(c.state) : `NOT ${right(c.state)}`;
      case "solved": return on.map(right).join(" AND ");
      case "unsolved": return none(on);
      case "oracle": {
        const before = on.slice(0, on.indexOf(c.state));
        return before.length ? `${none(before)} AND ${right(c.state)}` : `(${right(c.state)} OR ${none(on)})`;
      }
      case "sure": return `NOT ${right(c.state)} AND ${cell("confidence", c.state)} >= CAST(${summary.levels[c.level]} AS FLOAT)`;
      case "is": return `${common(c.column)} = ${quoted(c.value)}`;
      default: return `contains(sample_id, ${quoted(c.text)})`;
    }
  };
  const shown = families.flatMap((family) =>
    ["prediction", "correct", "confidence"].filter((column) => column === "correct" || has[column === "prediction" ? "answers" : column])
      .map((column) => `${owner(family)}${column}${several ? ` AS ${identifier(`${family} ${column}`)}` : ""}`));
  const columns = ["sample_id", ...(has.target ? [common("target")] : []), ...(category ? [common(category)] : []), ...shown];
  const sources = families.map((family, i) => {
    const source = `${quoted(files[family])}${several ? ` AS ${identifier(family)}` : ""}`;
    return i === 0 ? `FROM ${source}` : `JOIN ${source} USING (sample_id)`;
  });
  const where = conditions.map((c, i) => `${i === 0 ? "WHERE" : "  AND"} ${clause(c)}`);
  return [`SELECT ${columns.join(", ")}`, ...sources, ...where].join("\n") + ";";
}

const identifier = (name) => `"${name.replaceAll('"', '""')}"`;
const quoted = (text) => `'${text.replaceAll("'", "''")}'`;
