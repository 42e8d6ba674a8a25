// The data inside this file: a summary that is there at once, and arrays that are decompressed when first needed.

const summary = JSON.parse(byId("summary").textContent);
const UNKNOWN_CONFIDENCE = 2 ** 16 - 1;
const UNKNOWN_ANSWER = 2 ** 15;
const waiting = new Map(); // promises of what was asked for

function fromBase64(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const letters = atob(text);
  const bytes = new Uint8Array(letters.length);
  for (let i = 0; i < letters.length; i++) bytes[i] = letters.charCodeAt(i);
  return bytes;
}

function once(key, read) {
  if (!waiting.has(key)) waiting.set(key, read());
  return waiting.get(key);
}

async function readBytes(name) {
  const packed = new Blob([fromBase64(byId(`data-${name}`).textContent)]);
  const stream = packed.stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Numbers of several bytes lie as all their lowest bytes, then all second bytes, and so on. */
function joinPlanes(bytes, Kind) {
  const width = Kind.BYTES_PER_ELEMENT;
  const values = new Kind(bytes.length / width);
  for (let plane = 0; plane < width; plane++) {
    const start = plane * values.length;
    for (let i = 0; i < values.length; i++) values[i] |= bytes[start + i] << (8 * plane);
  }
  return values;
}

const readArray = async (name, Kind) => joinPlanes(await readBytes(name), Kind);

/** Patterns of right and wrong over all states, and how many samples have each. */
const readPatterns = () =>
  once("patterns", async () => {
    const [bits, counts] = await Promise.all([readBytes("patterns"), readArray("counts", Uint32Array)]);
    const n = counts.length;
    return { n, counts, isRight: (pattern, state) => (bits[(state >> 3) * n + pattern] >> (state & 7)) & 1 };
  });

/** What is known of single samples; answers and confidences are `null` where a folder has none. */
const readDetails = () =>
  once("details", async () => {
    const { has, attributes } = summary;
    const columns = Object.keys(attributes);
    const [names, pattern, target, answers, confidence, ...places] = await Promise.all([
      readBytes("ids"),
      readArray("pattern", Uint32Array),
      ...["target", "answers", "confidence"].map((name) => (has[name] ? readArray(name, Uint16Array) : null)),
      ...columns.map((name) => readArray(name, Uint16Array)),
    ]);
    const ids = JSON.parse(new TextDecoder().decode(names));
    return {
      n: ids.length, ids, pattern, target, answers, confidence,
      states: summary.states.length,
      attributes: Object.fromEntries(columns.map((name, i) => [name, { values: attributes[name], places: places[i] }])),
    };
  });

/** A state's answer as a class index, or null. */
function answerOf(details, sample, state) {
  const shift = details.answers?.[sample * details.states + state] ?? UNKNOWN_ANSWER;
  if (shift === UNKNOWN_ANSWER) return null;
  return ((details.target?.[sample] ?? 0) + shift) & 0xffff;
}

/** Place of a state's confidence among the levels, or null. */
function confidenceOf(details, sample, state) {
  const level = details.confidence?.[sample * details.states + state] ?? UNKNOWN_CONFIDENCE;
  return level === UNKNOWN_CONFIDENCE ? null : level;
}

const className = (index) => (index === null ? "–" : (summary.classes[index] ?? String(index)));

/** Value of a sample in a column to filter by, or null. */
const attributeOf = (details, name, sample) => details.attributes[name]?.values[details.attributes[name].places[sample]] ?? null;
