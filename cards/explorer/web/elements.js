// Elements and numbers. Whatever comes from data enters the page as text nodes and attribute values, never as markup.

const SVG = "http://www.w3.org/2000/svg";
const byId = (id) => document.getElementById(id);

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, String(value));
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

const element = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
const shape = (tag, attributes = {}, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

/** A name from data: isolated, so that right-to-left letters do not reorder what stands beside it. */
const named = (text) => element("bdi", {}, text);

const option = (value, text, selected = false) => element("option", { value, selected, dir: "auto" }, text);

const button = (onclick, attributes, ...children) => element("button", { type: "button", onclick, ...attributes }, ...children);

/** A figure as it is read, with its full value beside it for programs. */
const figure = (value, text) => element("data", { value: value ?? "" }, text);

const count = (value) => value.toLocaleString("en");
const plural = (value, one, many = `${one}s`) => `${count(value)} ${value === 1 ? one : many}`;

/** A share in percent; only 1 itself reads as 100. */
function percent(share, digits = 1) {
  if (share === null) return "–";
  const text = (100 * share).toFixed(digits);
  return share < 1 && Number(text) === 100 && digits < 6 ? percent(share, digits + 1) : `${text}\u00a0%`;
}

const times = (gain) => (gain === null ? "–" : `${exactly(gain, 3)}×`);

/** A number with so many significant digits, zeros at its end kept. */
const exactly = (value, digits) =>
  value.toLocaleString("en", { minimumSignificantDigits: digits, maximumSignificantDigits: digits });

function significant(value, digits = 4) {
  if (value === null) return "–";
  if (value !== 0 && (Math.abs(value) >= 1e6 || Math.abs(value) < 1e-3)) return scientific(value, digits);
  return value.toLocaleString("en", { maximumSignificantDigits: digits });
}

function scientific(value, digits) {
  const [mantissa, exponent] = value.toExponential(digits - 1).split("e");
  const superscript = [...String(Number(exponent))].map((d) => (d === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[d])).join("");
  return `${Number(mantissa)}·10${superscript}`;
}
