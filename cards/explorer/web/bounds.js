// The exact figures of any set of states, from counts of patterns. Formulas and symbols are those of
// adaptlabels.labels.bounds: R costs, A accuracies, E_i the share of samples on which states 1…i are all wrong.

/**
 * The patterns of some states in a given order; patterns that are then equal become one.
 * Bit `place % 32` of word `place >> 5` says whether the state at that place is right.
 */
function project(patterns, order) {
  const width = Math.ceil(order.length / 32);
  const kept = new Map();
  const words = [];
  const counts = [];
  const right = new Float64Array(order.length);
  const row = new Uint32Array(width);
  for (let p = 0; p < patterns.n; p++) {
    row.fill(0);
    for (let place = 0; place < order.length; place++) {
      if (patterns.isRight(p, order[place])) {
        row[place >> 5] |= 1 << (place & 31);
        right[place] += patterns.counts[p];
      }
    }
    const key = width === 1 ? row[0] : row.join(" ");
    const known = kept.get(key);
    if (known === undefined) {
      kept.set(key, counts.length);
      words.push(...row);
      counts.push(patterns.counts[p]);
    } else counts[known] += patterns.counts[p];
  }
  const samples = patterns.counts.reduce((sum, n) => sum + n, 0);
  return { size: order.length, n: counts.length, width, words: Uint32Array.from(words), counts: Float64Array.from(counts), right, samples };
}

const bitOf = (projection, pattern, place) => (projection.words[pattern * projection.width + (place >> 5)] >>> (place & 31)) & 1;

/** For each place the number of samples that it is the first of the given places to get right. */
function solvedBy(projection, places) {
  const { n, width, words, counts, size } = projection;
  const mask = new Uint32Array(width);
  for (const place of places) mask[place >> 5] |= 1 << (place & 31);
  const solved = new Float64Array(size);
  for (let p = 0; p < n; p++) {
    for (let w = 0; w < width; w++) {
      const bits = words[p * width + w] & mask[w];
      if (bits !== 0) {
        solved[32 * w + 31 - Math.clz32(bits & -bits)] += counts[p];
        break;
      }
    }
  }
  return solved;
}

/**
 * Everything that the labels say about the states at some places, ascending by cost.
 * `costs` belongs to all places of the projection; results are in the order of `places`.
 */
function computeFigures(projection, costs, places) {
  const { samples } = projection;
  const first = solvedBy(projection, places);
  const solved = places.map((place) => first[place] / samples);
  const R = places.map((place) => costs[place]);
  const A = places.map((place) => projection.right[place] / samples);
  const last = places.length - 1;
  let rightSoFar = 0;
  const E = places.map((place) => (samples - (rightSoFar += first[place])) / samples);
  const shares = solved.map((share, i) => (i === 0 ? share + E[last] : share));
  const alpha = places.map((place, i) => {
    const errors = (samples - projection.right[place]) / samples;
    return errors > 0 ? Math.min(E[i] / errors, 1) : null;
  });
  const frontier = frontierOf(R, solved);
  const bound = (accuracy, cost) => ({ accuracy, cost, gain: R[last] / cost });
  return {
    R, A, E, shares, alpha, frontier,
    unsolved: samples - rightSoFar,
    exact: bound(1 - E[last], shares.reduce((sum, share, i) => sum + share * R[i], 0)),
    iso: bound(A[last], frontierCost(R, solved, A[last])),
  };
}

/** Vertices of the least cost at every accuracy, from the cheapest state everywhere to the oracle. */
function frontierOf(R, solved) {
  let accuracy = 0;
  let cost = R[0];
  return solved.map((share, i) => ({ accuracy: (accuracy += share), cost: (cost += share * (R[i] - R[0])) }));
}

/** Least mean cost of an accuracy: buy from each state in turn what is still wanted. */
function frontierCost(R, solved, accuracy) {
  let before = 0;
  let cost = R[0];
  for (let i = 0; i < R.length; i++) {
    cost += Math.min(Math.max(accuracy - before, 0), solved[i]) * (R[i] - R[0]);
    before += solved[i];
  }
  return cost;
}

/** Upper concave hull of static states: what mixing them at random reaches. */
function hullOf(R, A) {
  const hull = [];
  for (let i = 0; i < R.length; i++) {
    if (hull.length && A[i] <= A[hull.at(-1)]) continue;
    while (hull.length && R[hull.at(-1)] === R[i]) hull.pop();
    while (hull.length > 1) {
      const [a, b] = hull.slice(-2);
      if ((A[b] - A[a]) * (R[i] - R[a]) > (A[i] - A[a]) * (R[b] - R[a])) break;
      hull.pop();
    }
    hull.push(i);
  }
  return hull;
}

/** States that cost less than every one that is at least as accurate. */
function undominated(R, A) {
  return R.map((_, i) => i).filter(
    (i) => !A.some((a, j) => (j < i && a >= A[i]) || (j > i && R[j] === R[i] && a > A[i])),
  );
}
