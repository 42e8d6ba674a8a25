// The best states of every size; the largest always stays. All subsets are compared where there are few enough, as
// adaptlabels.labels.bounds.subsets does it; else the set grows greedily from the largest state.

const MOST_COMPARED = 16;
const LARGEST_GROWN = 8;

/**
 * For k = 2, 3, …: the places of the best k states, their mean cost and gain.
 * `bound` is "exact" (all answers that some state knows) or "iso" (as many as the largest state gives).
 */
function bestSets(projection, costs, places, bound) {
  const R = places.map((place) => costs[place]);
  const accuracy = bound === "iso" ? projection.right[places.at(-1)] / projection.samples : null;
  const found = places.length <= MOST_COMPARED ? compareAll(projection, R, places, accuracy) : grow(projection, R, places, accuracy);
  return found.map(({ chosen, cost }) => ({ places: chosen.map((i) => places[i]), cost, gain: R.at(-1) / cost }));
}

/** Share of samples on which all states of a set are wrong, for every set; bit i stands for the i-th place. */
function unsolvedShares(projection, places) {
  const shares = new Float64Array(2 ** places.length);
  for (let p = 0; p < projection.n; p++) {
    let wrong = 0;
    for (let i = 0; i < places.length; i++) if (!bitOf(projection, p, places[i])) wrong |= 1 << i;
    shares[wrong] += projection.counts[p];
  }
  for (let bit = 1; bit < shares.length; bit <<= 1) {
    for (let set = 0; set < shares.length; set++) if (!(set & bit)) shares[set] += shares[set | bit];
  }
  for (let set = 0; set < shares.length; set++) shares[set] /= projection.samples;
  return shares;
}

function compareAll(projection, R, places, accuracy) {
  const unsolved = unsolvedShares(projection, places);
  const bought = (set) => (accuracy === null ? 1 - unsolved[set] : Math.min(1 - unsolved[set], accuracy));
  const costs = new Float64Array(unsolved.length);
  const best = [];
  for (let set = 1; set < unsolved.length; set++) {
    const largest = 31 - Math.clz32(set);
    const without = set ^ (1 << largest);
    costs[set] = costs[without] + R[largest] * (bought(set) - bought(without));
    if (largest < places.length - 1) continue;
    const cheapest = 31 - Math.clz32(set & -set);
    const cost = costs[set] + R[cheapest] * (1 - bought(set));
    const size = bitCount(set);
    if (size > 1 && !(best[size]?.cost <= cost)) best[size] = { set, cost };
  }
  return best.filter(Boolean).map(({ set, cost }) => ({ chosen: places.map((_, i) => i).filter((i) => (set >> i) & 1), cost }));
}

function bitCount(set) {
  let bits = 0;
  for (let rest = set; rest; rest &= rest - 1) bits++;
  return bits;
}

function grow(projection, R, places, accuracy) {
  const last = places.length - 1;
  const never = places.length;
  let chosen = [last];
  let first = Int16Array.from({ length: projection.n }, (_, p) => (bitOf(projection, p, places[last]) ? last : never));
  const found = [];
  while (chosen.length < Math.min(LARGEST_GROWN, places.length)) {
    let best = null;
    for (let state = 0; state < last; state++) {
      if (chosen.includes(state)) continue;
      const cost = costOfJoining(projection, R, places, first, state, Math.min(state, ...chosen), accuracy);
      if (best === null || cost < best.cost) best = { state, cost };
    }
    first = first.map((before, p) => (best.state < before && bitOf(projection, p, places[best.state]) ? best.state : before));
    chosen = [...chosen, best.state].sort((a, b) => a - b);
    found.push({ chosen, cost: best.cost });
  }
  return found;
}

/** Mean cost of the oracle of a set that one more state joins, from the first right state of each pattern. */
function costOfJoining(projection, R, places, first, state, cheapest, accuracy) {
  const { n, width, words, counts, samples } = projection;
  const word = places[state] >> 5;
  const bit = 1 << (places[state] & 31);
  const solved = new Float64Array(R.length + 1);
  for (let p = 0; p < n; p++) solved[state < first[p] && words[p * width + word] & bit ? state : first[p]] += counts[p];
  const shares = Array.from(solved.subarray(0, R.length), (samplesSolved) => samplesSolved / samples);
  if (accuracy !== null) return frontierCost(R.slice(cheapest), shares.slice(cheapest), accuracy);
  const cost = shares.reduce((sum, share, i) => sum + share * R[i], 0);
  return cost + (solved[R.length] / samples) * R[cheapest];
}
