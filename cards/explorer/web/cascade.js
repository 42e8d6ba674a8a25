// A confidence cascade at every threshold: run the states in order of cost, pay for each, and stop at the first whose
// confidence reaches the threshold; the last always stops. Thresholds are the confidence levels, and one above them all.

/** Whether the confidences of all these states are known for all samples. */
function cascadeKnown(details, states) {
  if (details.confidence === null) return false;
  for (let sample = 0; sample < details.n; sample++) {
    for (const state of states) if (details.confidence[sample * details.states + state] === UNKNOWN_CONFIDENCE) return false;
  }
  return true;
}

/** Accuracy and mean cost at every threshold. */
function cascadeCurve(details, patterns, states, R, levels) {
  const right = new Float64Array(levels + 2); // differences between a threshold and the one before it
  const paid = new Float64Array(levels + 2);
  const upTo = [];
  R.reduce((sum, cost, i) => (upTo[i] = sum + cost), 0);
  for (let sample = 0; sample < details.n; sample++) {
    const row = sample * details.states;
    let from = 0; // the lowest threshold that the states so far do not reach
    for (let i = 0; i < states.length && from <= levels; i++) {
      const reached = i === states.length - 1 ? levels : details.confidence[row + states[i]];
      if (reached < from) continue;
      const correct = patterns.isRight(details.pattern[sample], states[i]);
      right[from] += correct;
      right[reached + 1] -= correct;
      paid[from] += upTo[i];
      paid[reached + 1] -= upTo[i];
      from = reached + 1;
    }
  }
  let [accuracy, cost] = [0, 0];
  return Array.from({ length: levels + 1 }, (_, level) => {
    accuracy += right[level];
    cost += paid[level];
    return { accuracy: accuracy / details.n, cost: cost / details.n };
  });
}

/** Share of samples that end in each state at one threshold. */
function cascadeStops(details, states, level) {
  const stops = states.map(() => 0);
  for (let sample = 0; sample < details.n; sample++) {
    const row = sample * details.states;
    const stop = states.findIndex((state, i) => i === states.length - 1 || details.confidence[row + state] >= level);
    stops[stop] += 1 / details.n;
  }
  return stops;
}
