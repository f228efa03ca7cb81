// @ts-check
// JSONPath in a filter, of which a report knows names, numbers, `*` and `..`; numbers are compared by their digits. Pure.

import { FilterError } from "./filter-text.js";
import { parseJson } from "./json-parse.js";

/** The longest path, and the longest messages that it looks at: without `..`, and with it. */
const MAX_PATH = 512, MAX_QUERIED = 4 << 20, MAX_SEARCHED = 1 << 20;

/** Objects and arrays in each other: more are not JSON for wscope. */
const MAX_DEPTH = 127;

/** A step of a path: all levels below or the next one; everything, a name, a place, or a name in quotes. */
const PATH_STEP = /(\.\.?)(?:(\*)|([A-Za-z_\u0080-\u{10ffff}][\w\u0080-\u{10ffff}]*))|(\.\.)?\[\s*(?:(\*)|(0|-?[1-9]\d*)|('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"))\s*\]/uy;

/** A number of JSON with its digits. */
export class ExactNumber {
  /** @param {string} text */
  constructor(text) {
    this.text = text;
  }
}

/** The order of numbers by their value; null if one is not a number. @param {string} one @param {string} other */
export function compareNumbers(one, other) {
  const [first, second] = [one, other].map(decimalOf);
  if (!first || !second) return null;
  if (first.sign !== second.sign) return first.sign - second.sign;
  if (first.magnitude !== second.magnitude) return first.magnitude > second.magnitude ? first.sign : -first.sign;
  const length = Math.max(first.digits.length, second.digits.length), [left, right] = [first, second].map(({ digits }) => digits.padEnd(length, "0"));
  return left === right ? 0 : left > right ? first.sign : -first.sign;
}

/** A number: 0.DIGITS × 10^`magnitude`, where the first digit is not 0. @param {string} text */
function decimalOf(text) {
  const [, minus, whole, fraction = "", exponent = "0"] = /^(?:\+|(-))?(\d*)(?:\.(\d*))?(?:e([-+]?\d+))?$/i.exec(text) ?? [];
  if (whole === undefined || whole + fraction === "") return null;
  const digits = (whole + fraction).replace(/^0+/, ""), zeros = whole.length + fraction.length - digits.length;
  if (digits === "") return { sign: 0, magnitude: 0n, digits };
  return { sign: minus ? -1 : 1, magnitude: BigInt(whole.length - zeros) + BigInt(exponent.replace("+", "")), digits };
}

/** JSON with exact numbers, and maps for objects. Throws an Error. @param {string} text @returns {any} */
export function exactJson(text) {
  const made = /** @type {any[]} */ ([]), depths = /** @type {number[]} */ ([]);
  for (const { kind, parent, keyStart, keyEnd, start, end } of parseJson(text, Infinity).values) {
    const isNested = kind === "object" || kind === "array", depth = (depths[parent] ?? 0) + Number(isNested), source = isNested ? "" : text.slice(start, end);
    const value = kind === "object" ? new Map() : kind === "array" ? [] : kind === "number" ? new ExactNumber(source) : JSON.parse(source);
    if (depth > MAX_DEPTH || (kind === "string" && /\p{Surrogate}/u.test(value))) throw new Error("not JSON for wscope");
    if (Array.isArray(made[parent])) made[parent].push(value);
    else made[parent]?.set(JSON.parse(text.slice(keyStart, keyEnd)), value);
    made.push(value);
    depths.push(depth);
  }
  return made[0];
}

/** As JSON without blanks. @param {any} value @returns {string} */
export function compactJson(value) {
  if (value instanceof ExactNumber) return value.text;
  if (Array.isArray(value)) return `[${value.map(compactJson).join()}]`;
  if (value instanceof Map) return `{${[...value].map(([name, inner]) => `${JSON.stringify(name)}:${compactJson(inner)}`).join()}}`;
  return JSON.stringify(value);
}

/** Numbers that are compared have equal values, those within others the same digits. @param {any} one @param {any} other */
export function isEqual(one, other) {
  if (one instanceof ExactNumber && other instanceof ExactNumber) return compareNumbers(one.text, other.text) === 0;
  return isSame(one, other);
}

/** @param {any} one @param {any} other @returns {boolean} */
function isSame(one, other) {
  if (one instanceof ExactNumber) return other instanceof ExactNumber && one.text === other.text;
  if (Array.isArray(one)) return Array.isArray(other) && one.length === other.length && one.every((value, at) => isSame(value, other[at]));
  if (one instanceof Map) return other instanceof Map && one.size === other.size && [...one].every(([name, value]) => other.has(name) && isSame(value, other.get(name)));
  return one === other;
}

/**
 * The values that a path finds in a text, as a function.
 * @param {string} path @param {number} start its place in the filter
 * @returns {(text: string) => any[]}
 */
export function parsePath(path, start) {
  if (new TextEncoder().encode(path).length > MAX_PATH) throw new FilterError(`the path is longer than ${MAX_PATH} bytes`, start);
  const steps = /** @type {{isDeep: boolean, pick: (value: any) => any[]}[]} */ ([]);
  for (PATH_STEP.lastIndex = 1; PATH_STEP.lastIndex < path.length;) {
    const [, dots, all, name, deep, any, place, quoted] = PATH_STEP.exec(path) ?? [];
    if (!(dots || any || place || quoted)) throw new FilterError("not a JSONPath: a report knows $.name, $['name'], $.list[0], * and .. only", start);
    steps.push({ isDeep: (dots ?? deep) === "..", pick: picker(all ?? any, name ?? (quoted && unquoted(quoted, start)), place) });
  }
  const deepSteps = steps.filter(({ isDeep }) => isDeep).length, longest = deepSteps > 0 ? MAX_SEARCHED : MAX_QUERIED;
  if (deepSteps > 1) throw new FilterError('a path has at most 1 ".."', start);
  return (text) => {
    if (text.length > longest) return [];
    try {
      return steps.reduce((values, { isDeep, pick }) => (isDeep ? values.flatMap(withInner) : values).flatMap(pick), [exactJson(text)]);
    } catch {
      return [];
    }
  };
}

/** @param {string|undefined} all @param {string|undefined} name @param {string|undefined} place @returns {(value: any) => any[]} */
function picker(all, name, place) {
  if (all) return innerValues;
  if (place === undefined) return (value) => value instanceof Map && value.has(name) ? [value.get(name)] : [];
  return (value) => Array.isArray(value) ? value.slice(Number(place)).slice(0, 1) : [];
}

/** @param {any} value @returns {any[]} */
function innerValues(value) {
  return Array.isArray(value) ? value : value instanceof Map ? [...value.values()] : [];
}

/** A value and all that are in it. @param {any} value @returns {any[]} */
function withInner(value) {
  return [value, ...innerValues(value).flatMap(withInner)];
}

/** @param {string} text @param {number} start @returns {string} */
function unquoted(text, start) {
  try {
    return JSON.parse(text[0] === '"' ? text : `"${text.slice(1, -1).replace(/\\'|"/g, (part) => part === '"' ? '\\"' : "'")}"`);
  } catch {
    throw new FilterError(`not a JSONPath: ${text} is not a text`, start);
  }
}
