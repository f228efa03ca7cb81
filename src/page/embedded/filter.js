// @ts-check
// The filter language, for a page that has no wscope to ask: what wscope itself reads in src/page/filter. Pure.

import { compactJson, compareNumbers, exactJson, ExactNumber, isEqual, parsePath } from "./filter-path.js";
import { FilterError, plainTest, regexTest } from "./filter-text.js";

/** The longest filter in bytes, and the most words of one. */
const MAX_FILTER = 4 << 10, MAX_WORDS = 64;

const TYPES = ["text", "binary", "ping", "pong", "close", "open", "error", "violation", "http", "redirect", "retry", "reconnect", "held", "omitted", "frame", "message", "control"];

const FILTER_SIZES = /** @type {Record<string, number>} */ ({ "": 1, k: 1 << 10, K: 1 << 10, M: 1 << 20, G: 1 << 30 });

/** In microseconds. As for every time in wscope, a plain number is seconds. */
const FILTER_TIMES = /** @type {Record<string, number>} */ ({ "": 1e6, us: 1, ms: 1e3, s: 1e6, m: 6e7 });

const MAX_U16 = 2 ** 16 - 1, MAX_U32 = 2 ** 32 - 1, MAX_U64 = 2 ** 64;

/** Comparisons of numbers, each before what it begins with. @type {[string, (order: number) => boolean][]} */
const COMPARISONS = [[">=", (order) => order >= 0], ["<=", (order) => order <= 0], [">", (order) => order > 0], ["<", (order) => order < 0]];

/**
 * `late` in microseconds; `text` is what is searched for texts, `json` the data of a message that may be JSON.
 * @typedef {{direction: string|null, type: string, event: string, size: number|null, connection: number|null, code: number|null, rule: number|null, late: number|null, text: string, json: string|null}} FilterItem
 * @typedef {(item: FilterItem) => boolean} FilterTest
 */

/**
 * Whether an item passes. Throws a FilterError.
 * @param {string} text @param {boolean} [isServer] what was received was sent by a client
 * @returns {FilterTest}
 */
export function parseFilter(text, isServer = false) {
  if (new TextEncoder().encode(text).length > MAX_FILTER) throw new FilterError(`the filter is longer than ${MAX_FILTER} bytes`, 0);
  const words = new FilterWords(text, isServer), tests = /** @type {FilterTest[]} */ ([]);
  for (words.passBlanks(); words.rest !== ""; words.passBlanks()) {
    if (tests.length === MAX_WORDS) throw new FilterError(`a filter has at most ${MAX_WORDS} words`, words.at);
    const isNegated = words.passes(/^[-!](?=\S)/), test = words.word();
    tests.push(isNegated ? (item) => !test(item) : test);
  }
  return (item) => tests.every((test) => test(item));
}

/** The words of a filter. */
class FilterWords {
  /** @param {string} text @param {boolean} isServer */
  constructor(text, isServer) {
    this.text = text;
    this.isServer = isServer;
    this.at = 0;
  }

  get rest() {
    return this.text.slice(this.at);
  }

  /** Passes what the expression finds at the start of the rest, and returns it. @param {RegExp} expression */
  take(expression) {
    const [found = ""] = expression.exec(this.rest) ?? [];
    this.at += found.length;
    return found;
  }

  /** @param {RegExp} expression */
  passes(expression) {
    return this.take(expression) !== "";
  }

  passBlanks() {
    this.take(/^\s+/);
  }

  /** Up to the next blank. */
  plain() {
    return this.take(/^\S+/);
  }

  /** @returns {FilterTest} */
  word() {
    const start = this.at, test = this.textOrRegex();
    if (test) return (item) => test(item.text);
    if (/^\$[.[]/.test(this.rest)) return this.path();
    const word = this.plain(), [, key, value] = /^([^:]*):(.*)$/s.exec(word) ?? [], keyed = KEYED.get(key);
    if (keyed) return keyed(value, start + key.length + 1, this.isServer);
    if (value && /^[a-z]+$/.test(key) && !value.startsWith("//")) throw new FilterError(`${key}: is not known: use dir, type, size, conn, code, rule or late; "${word}" is text`, start);
    const has = plainTest(word);
    return (item) => has(item.text);
  }

  /** What is in quotes, or a regular expression; null if it is neither. */
  textOrRegex() {
    if (this.rest[0] === '"') return plainTest(this.quoted());
    const [whole, expression, flag] = /^\/((?:[^/\\]|\\[^]|\/(?!i?(?:\s|$)))+)\/(i?)(?=\s|$)/.exec(this.rest) ?? [], at = this.at + 1;
    if (whole === undefined) return this.checkRegex();
    this.at += whole.length;
    return regexTest(expression, flag === "i", at);
  }

  /** What begins with a slash and is not a regular expression is text, unless it is meant as one. */
  checkRegex() {
    const [word] = /^\/\S*/.exec(this.rest) ?? [""], [, before, flags] = /^(\/.+\/)([imsuxg]{1,3})$/.exec(word) ?? [];
    if (before) throw new FilterError(`"${flags}" is not a flag of regular expressions: use i, or (?s) in it; "${word}" is text`, this.at + before.length);
    if (/[[(*|^\\]/.test(word)) throw new FilterError(`the / at the end of the regular expression is missing; "${word.replaceAll("\\", "\\\\")}" is text`, this.at);
    return null;
  }

  /** What is between quotes: `\"` and `\\` are a quote and a backslash. */
  quoted() {
    const start = this.at, text = this.take(/^"(?:[^"\\]|\\[^])*"/);
    if (text === "") throw new FilterError("the closing quote is missing", start);
    if (text === '""') throw new FilterError("there is nothing between the quotes", start);
    return text.slice(1, -1).replace(/\\([^])/g, "$1");
  }

  /** A path, and what its value is compared with. @returns {FilterTest} */
  path() {
    const start = this.at, path = this.rest.slice(0, pathLength(this.rest)), behind = start + path.length;
    this.at = behind;
    this.passBlanks();
    const test = this.comparison();
    if (!test) this.at = behind;
    const find = parsePath(path, start);
    return ({ json }) => json !== null && find(json).some(test ?? (() => true));
  }

  /** What has to hold for a value; null if it need only exist. @returns {((value: any) => boolean)|null} */
  comparison() {
    if (this.passes(/^==/)) {
      const wanted = this.value();
      return (value) => isEqual(value, wanted);
    }
    if (this.passes(/^!=/)) {
      const other = this.value();
      return (value) => !isEqual(value, other);
    }
    if (this.passes(/^~/)) {
      const has = this.needle();
      return (value) => has(typeof value === "string" ? value : compactJson(value));
    }
    const [sign, compare] = COMPARISONS.find(([sign]) => this.rest.startsWith(sign)) ?? [];
    if (sign && compare) {
      this.at += sign.length;
      const other = this.number();
      return (value) => value instanceof ExactNumber && compare(/** @type {number} */ (compareNumbers(value.text, other)));
    }
    if (/^(?:=|!~)/.test(this.rest)) throw new FilterError("a path is compared with ==, !=, ~, <, <=, > or >=", this.at);
    return null;
  }

  /** A value of JSON, or a word. */
  value() {
    this.passBlanks();
    const start = this.at, isNested = /^["{[]/.test(this.rest), text = isNested ? this.rest.slice(0, nestedLength(this.rest)) : this.plain();
    if (text === "" && !isNested) throw new FilterError("a value is missing", start);
    try {
      const value = exactJson(text);
      if (isNested) this.at += text.length;
      if (!isNested || !/^\S/.test(this.rest)) return value;
    } catch {
      if (!isNested) return text;
    }
    throw new FilterError("the value is not JSON", start);
  }

  /** What a number is compared with. */
  number() {
    this.passBlanks();
    const start = this.at, word = this.plain();
    if (word === "") throw new FilterError("a number is missing", start);
    if (compareNumbers(word, word) === null) throw new FilterError(`${JSON.stringify(word)} is not a number`, start);
    return word;
  }

  /** Text, or a regular expression. */
  needle() {
    this.passBlanks();
    const start = this.at, test = this.textOrRegex();
    if (test) return test;
    const text = this.plain();
    if (text === "") throw new FilterError("a text is missing", start);
    return plainTest(text);
  }
}

/** Up to a blank or operator outside of brackets and quotes. @param {string} text */
function pathLength(text) {
  let depth = 0, quote = "";
  for (let at = 0; at < text.length; at++) {
    const c = text[at];
    if (quote) {
      if (c === "\\") at += 1;
      else if (c === quote) quote = "";
    } else if (depth > 0 && (c === "'" || c === '"')) {
      quote = c;
    } else if (c === "[" || c === "(") {
      depth += 1;
    } else if (c === "]" || c === ")") {
      depth = Math.max(0, depth - 1);
    } else if (depth === 0 && /[=!~<>\s]/.test(c)) {
      return at;
    }
  }
  return text.length;
}

/** The length of the text in quotes, the list or the object that begins here; 0 if it has no end. @param {string} text */
function nestedLength(text) {
  let depth = 0;
  for (const { 0: part, index } of text.matchAll(/"(?:[^"\\]|\\[^])*"|[{}[\]]/g)) {
    depth += Number("{[".includes(part)) - Number("]}".includes(part));
    if (depth <= 0) return index + part.length;
  }
  return 0;
}

/** What `key:value` means. @type {Map<string, (value: string, at: number, isServer: boolean) => FilterTest>} */
const KEYED = new Map([
  ["dir", (value, at, isServer) => {
    const sides = /** @type {Record<string, string>} */ ({ out: "out", client: "out", in: "in", server: "in", sent: isServer ? "in" : "out", received: isServer ? "out" : "in" });
    if (!Object.hasOwn(sides, value)) throw new FilterError("a direction is in or out", at);
    return (item) => item.direction === sides[value];
  }],
  ["type", (value, at) => {
    const names = value.split(","), wrong = names.find((name) => !TYPES.includes(name));
    if (wrong !== undefined) throw new FilterError(`${JSON.stringify(wrong)} is not a type: use ${TYPES.slice(0, -1).join(", ")} or control`, at);
    return ({ type, event }) => names.some((name) => name === "message" ? event === "message" : name === "control" ? type === "ping" || type === "pong" : type === name);
  }],
  ["size", rangeTest("size", FILTER_SIZES, "a size such as 100, 1k or 2M")],
  ["late", rangeTest("late", FILTER_TIMES, "a time such as 100ms or 2s")],
  ["conn", listTest("connection", MAX_U64, "a number of a connection")],
  ["code", listTest("code", MAX_U16, "a close code")],
  ["rule", listTest("rule", MAX_U32, "a number of a rule")],
]);

/** `>1`, `>=1`, `<1`, `<=1`, `1..2` or `1`. @param {"size"|"late"} name @param {Record<string, number>} units @param {string} what */
function rangeTest(name, units, what) {
  return (/** @type {string} */ text, /** @type {number} */ at) => {
    const number = (/** @type {string} */ one) => {
      const [, digits, unit] = /^([\d.]*\d)([A-Za-z]*)$/.exec(one) ?? [], scaled = Math.round(Number(digits) * (Object.hasOwn(units, unit) ? units[unit] : NaN));
      if (!(scaled < MAX_U64)) throw new FilterError(`${JSON.stringify(one)} is not ${what}`, at);
      return scaled;
    };
    const [, sign, rest] = /** @type {RegExpExecArray} */ (/^([<>]=?|)([^]*)$/.exec(text)), [first, ...others] = sign ? [rest] : rest.split("..");
    const least = number(first), most = others.length > 0 ? number(others.join("..")) : least;
    if (sign === "<" && least === 0) throw new FilterError("nothing is less than 0", at);
    if (least > most) throw new FilterError("the first of a range is greater than the last", at);
    const holds = COMPARISONS.find(([one]) => one === sign)?.[1];
    return (/** @type {FilterItem} */ item) => {
      const value = item[name];
      return value !== null && (holds ? holds(value - least) : value >= least && value <= most);
    };
  };
}

/** `1`, `1,3` or `1..3`. @param {"code"|"connection"|"rule"} name @param {number} greatest @param {string} what */
function listTest(name, greatest, what) {
  return (/** @type {string} */ text, /** @type {number} */ at) => {
    const number = (/** @type {string} */ one) => {
      if (!/^\+?\d+$/.test(one) || Number(one) > greatest) throw new FilterError(`${JSON.stringify(one)} is not ${what}`, at);
      return Number(one);
    };
    const ranges = text.split(",").map((part) => {
      const [first, ...others] = part.split(".."), least = number(first), most = others.length > 0 ? number(others.join("..")) : least;
      if (least > most) throw new FilterError("the first of a range is greater than the last", at);
      return [least, most];
    });
    return (/** @type {FilterItem} */ item) => {
      const value = item[name];
      return value !== null && ranges.some(([least, most]) => value >= least && value <= most);
    };
  };
}
