// @ts-check
// The filter language, for a page that has no wscope to ask. Pure.

/** What is wrong with a filter, and where. */
export class FilterError extends Error {
  /**
   * @param {string} message
   * @param {number} at UTF-16 offset
   */
  constructor(message, at) {
    super(message);
    this.at = at;
  }
}

/** A word: its sign, and a quoted text, a regex, a path with what follows, or anything up to a blank. */
const FILTER_WORD = /\s*([-!]?)("(?:[^"\\]|\\.)*"?|\/(?:[^/\\]|\\.)*\/i?(?=\s|$)|\$(?:'[^']*'|[^\s=~!<>])*(?:\s*(?:[!=]=|~|[<>]=?)\s*(?:"(?:[^"\\]|\\.)*"|\S*))?|\S+)/y;

const UNITS = /** @type {Record<string, number>} */ ({ "": 1, b: 1, k: 1 << 10, m: 1 << 20, g: 1 << 30, ms: 1, s: 1e3, us: 1e-3, "µs": 1e-3 });
const SIDES = /** @type {Record<string, string>} */ ({ out: "out", client: "out", sent: "out", in: "in", server: "in", received: "in" });

/** @typedef {{direction: string|null, type: string, event: string, size: number|null, connection: number|null, code: number|null, rule: number|null, late: number|null, text: string}} FilterItem */
/** @typedef {(item: FilterItem) => boolean} FilterTest */

/**
 * Whether an item passes. Throws a FilterError.
 * @param {string} text
 * @returns {FilterTest}
 */
export function parseFilter(text) {
  /** @type {FilterTest[]} */
  const tests = [];
  FILTER_WORD.lastIndex = 0;
  for (let match; text.slice(FILTER_WORD.lastIndex).trim() !== "" && (match = FILTER_WORD.exec(text));) {
    const [whole, sign, word] = match, at = match.index + whole.length - word.length;
    const test = filterTest(word, at);
    tests.push(sign ? (item) => !test(item) : test);
  }
  return (item) => tests.every((test) => test(item));
}

/** @param {string} word @param {number} at @returns {FilterTest} */
function filterTest(word, at) {
  if (word[0] === "/" && word.length > 1) return regexTest(word, at);
  if (word[0] === "$" && /^\$[.[]/.test(word)) return pathTest(word, at);
  if (word[0] === '"') {
    if (word.length < 2 || !word.endsWith('"')) throw new FilterError('the closing " is missing', at);
    return textTest(word.slice(1, -1).replace(/\\(.)/g, "$1"));
  }
  const [, name, value] = /^([a-z]+):(.*)$/s.exec(word) ?? [];
  const make = name && FILTER_KEYS[name];
  if (make) return make(value, at + name.length + 1);
  if (name && !value.startsWith("//")) throw new FilterError(`${name}: is not a part of filters; text with a colon needs quotation marks`, at);
  if (/^(?:=[=~<>]?|~)$/.test(word)) throw new FilterError("a path is compared with ==, !=, ~, <, <=, > or >=", at);
  return textTest(word);
}

/** @type {Record<string, (value: string, at: number) => FilterTest>} */
const FILTER_KEYS = {
  dir: (value, at) => {
    if (!SIDES[value]) throw new FilterError("dir: is in or out", at);
    return (item) => item.direction === SIDES[value];
  },
  type: (value) => (item) => value.split(",").some((one) => one === item.type || one === item.event || (one === "control" && (item.type === "ping" || item.type === "pong"))),
  size: numberTest("size"), late: numberTest("late"), code: listTest("code"), conn: listTest("connection"), rule: listTest("rule"),
};

/** @param {"size"|"late"} name @returns {(value: string, at: number) => FilterTest} */
function numberTest(name) {
  return (value, at) => {
    const range = /^([^.].*?)\.\.(.+)$/.exec(value), [, sign, rest] = /^([<>]=?|=?)(.*)$/s.exec(value) ?? [];
    const of = (/** @type {string} */ text) => {
      const [, digits, unit] = /^([0-9]+(?:\.[0-9]+)?)([a-zµ]*)$/i.exec(text) ?? [];
      if (digits === undefined || UNITS[unit.toLowerCase()] === undefined) throw new FilterError(`${name}: needs a number, as in ${name}:>100`, at);
      // As for every time in wscope, a plain number is seconds.
      return Number(digits) * (name === "late" && unit === "" ? 1_000 : UNITS[unit.toLowerCase()]);
    };
    const [least, most] = range ? [of(range[1]), of(range[2])] : [of(rest), 0];
    if (range && least > most) throw new FilterError("the range ends before it begins", at);
    return (item) => {
      const number = item[name];
      if (number === null || number === undefined) return false;
      if (range) return number >= least && number <= most;
      return sign === ">" ? number > least : sign === ">=" ? number >= least : sign === "<" ? number < least : sign === "<=" ? number <= least : number === least;
    };
  };
}

/** @param {"code"|"connection"|"rule"} name @returns {(value: string, at: number) => FilterTest} */
function listTest(name) {
  return (value, at) => {
    const ranges = value.split(",").map((one) => /^(\d+)(?:\.\.(\d+))?$/.exec(one));
    if (ranges.includes(null)) throw new FilterError("a number is missing", at);
    const bounds = /** @type {RegExpExecArray[]} */ (ranges).map(([, least, most = least]) => [Number(least), Number(most)]);
    if (bounds.some(([least, most]) => least > most)) throw new FilterError("the range ends before it begins", at);
    return (item) => bounds.some(([least, most]) => item[name] !== null && item[name] >= least && item[name] <= most);
  };
}

/** @param {string} text @returns {FilterTest} case counts if there is a capital */
function textTest(text) {
  const lower = text.toLowerCase();
  return lower === text ? (item) => item.text.toLowerCase().includes(lower) : (item) => item.text.includes(text);
}

/** @param {string} word @param {number} at @returns {FilterTest} */
function regexTest(word, at) {
  const [, source, flags] = /^\/(.+)\/(i?)$/s.exec(word) ?? [], [, start, wrong] = /^(\/.+\/)([imsuxg]{1,3})$/.exec(word) ?? [];
  if (source === undefined && wrong) throw new FilterError(`"${wrong}" is not a flag of regular expressions: use i; in quotation marks it is text`, at + start.length);
  if (source === undefined && /[[(*|^\\]/.test(word)) throw new FilterError("the / at the end of the regular expression is missing; in quotation marks it is text", at);
  if (source === undefined) return textTest(word);
  try {
    const regex = new RegExp(source, `${flags}u`);
    return (item) => regex.test(item.text);
  } catch (error) {
    throw new FilterError(`not a regular expression: ${/** @type {Error} */ (error).message.replace(/^.*: /, "")}`, at + 1);
  }
}

/** @type {Record<string, (value: number, other: number) => boolean>} */
const COMPARISONS = { "<": (value, other) => value < other, "<=": (value, other) => value <= other, ">": (value, other) => value > other, ">=": (value, other) => value >= other };

/** @param {string} word @param {number} at @returns {FilterTest} */
function pathTest(word, at) {
  const [, path, sign, value] = /^((?:'[^']*'|[^\s=~!<>])+)\s*(?:([!=]=|~|[<>]=?)\s*(.*))?$/s.exec(word) ?? [];
  const steps = [...path.slice(1).matchAll(/\.([A-Za-z_][\w-]*)|\[(\d+)\]|\['([^']*)'\]/g)];
  if (!path || steps.map(([step]) => step).join("") !== path.slice(1)) throw new FilterError("not a path: $.name, $.list[0]", at);
  const compare = COMPARISONS[sign], number = Number(value);
  if (compare && (value === "" || Number.isNaN(number))) throw new FilterError(`${sign} compares numbers`, at + word.length - value.length);
  return (item) => {
    let found;
    try {
      found = steps.reduce((inner, [, name, place, quoted]) => Object(inner)[name ?? place ?? quoted], JSON.parse(item.text));
    } catch {
      return false;
    }
    if (!sign || found === undefined) return found !== undefined;
    if (compare) return typeof found === "number" && compare(found, number);
    const shown = typeof found === "string" ? found : JSON.stringify(found);
    return sign === "~" ? shown.includes(value) : (shown === value || JSON.stringify(found) === value) === (sign === "==");
  };
}
