// @ts-check
// Texts and regular expressions that a filter looks for, as wscope looks for them. Pure.

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

/** @typedef {(text: string) => boolean} TextTest */

/** Whether a text has another one, in any case if that has only small letters. @param {string} text @returns {TextTest} */
export function plainTest(text) {
  if (/\p{Uppercase}/u.test(text) || !/\p{Alphabetic}/u.test(text)) return (whole) => whole.includes(text);
  const regex = new RegExp(text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"), "iu");
  return (whole) => regex.test(whole);
}

/** @param {string} expression @param {boolean} ignoresCase @param {number} at its place in the filter @returns {TextTest} */
export function regexTest(expression, ignoresCase, at) {
  const [start, flags = ""] = /^\(\?([ims]+)\)/.exec(expression) ?? [""];
  const all = new Set(["u", ...flags, ...(ignoresCase ? "i" : "")]), source = browserRegex(expression.slice(start.length), all.has("s"), at + start.length);
  try {
    const regex = new RegExp(source, [...all].join(""));
    return (whole) => regex.test(whole);
  } catch (error) {
    throw new FilterError(`not a regular expression: ${/** @type {Error} */ (error).message.replace(/^.*: /, "")}`, at);
  }
}

/** What a regular expression consists of, as far as browsers and wscope differ. */
const REGEX_PARTS = /\\(?:[pP](?:[A-Z]|\{[^}]*\})|x\{[^}]*\}|[^])|\((?:\?(?:P?<\w+>|<?[=!]|[\w-]*:)?)?|\{\d+(?:,\d*)?\}|[^]/g;

/** Letters behind a backslash that both have, and what browsers write in place of others. */
const SAME_ESCAPES = "fnrtvpPuxsS", OTHER_ESCAPES = /** @type {Record<string, string>} */ ({ a: "\\x07", A: "(?:(?<![^]))", z: "(?:(?![^]))", b: "(?:\\b)", B: "(?:\\B)", d: "\\p{Nd}", D: "\\P{Nd}" });

const WORD_CHARACTERS = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\u200c\\u200d";

/**
 * A regular expression of wscope in the words of browsers.
 * @param {string} expression @param {boolean} dotIsAll @param {number} start its place in the filter
 */
function browserRegex(expression, dotIsAll, start) {
  /** Where the groups and the class begin that have not ended, and what is before. @type {number[]} */
  const groups = [];
  let list = -1, before = "(", source = "";
  const fail = (/** @type {string} */ reason, /** @type {number} */ at) => {
    throw new FilterError(`not a regular expression: ${reason}`, start + at);
  };
  const failAtBrace = (/** @type {string} */ behind, /** @type {number} */ at) => {
    if (behind === "" || /^\d+(?:,\d*)?$/.test(behind)) fail("unclosed counted repetition", at);
    fail("repetition quantifier expects a valid decimal", at + 1);
  };
  for (const { 0: part, index } of expression.matchAll(REGEX_PARTS)) {
    let written = part;
    if (part[0] === "\\") {
      if (list >= 0 && /^\\[AzbB]$/.test(part)) fail("invalid escape sequence found in character class", index);
      written = browserEscape(part, list >= 0) ?? fail(/\d/.test(part) ? "backreferences are not supported" : "unrecognized escape sequence", index);
    } else if (list >= 0) {
      if (part === "[") fail("a report knows no class within a class", index);
      // At the start it is a character of the class.
      if (part === "]" && /^\[\^?$/.test(expression.slice(list, index))) written = "\\]";
      else if (part === "]") list = -1;
    } else if (part === "[") {
      list = index;
    } else if (part[0] === "(") {
      if (/[=!]$/.test(part)) fail("look-around, including look-ahead and look-behind, is not supported", index);
      groups.push(index);
      written = part.replace("?P<", "?<");
    } else if (part === ")") {
      if (groups.pop() === undefined) fail("unopened group", index);
    } else if (/^[*+?{]/.test(part)) {
      if (before[0] === "(" || before === "|") fail("repetition operator missing expression", index);
      const [, least, most] = /^\{(\d+),(\d+)\}$/.exec(part) ?? [];
      if (part === "{") failAtBrace(expression.slice(index + 1), index);
      if (Number(least) > Number(most)) fail("invalid repetition count range, the start must be <= the end", index);
    } else if (part === "^" || part === "$") {
      // What browsers do not repeat, wscope does.
      written = `(?:${part})`;
    } else if (part === "." && !dotIsAll) {
      written = "[^\\n]";
    } else if (part === "]" || part === "}") {
      written = `\\${part}`;
    }
    source += written;
    before = part;
  }
  if (list >= 0) fail("unclosed character class", list);
  if (groups.length > 0) fail("unclosed group", groups[groups.length - 1]);
  return source;
}

/** An escape in the words of browsers; null if wscope has none such. @param {string} part @param {boolean} isInList */
function browserEscape(part, isInList) {
  const name = part[1];
  if (part.startsWith("\\x{")) return part.replace("x", "u");
  if (/^\\[pP][A-Z]/.test(part)) return `\\${name}{${part[2]}}`;
  if (name === "w" || name === "W") return isInList ? name === "w" ? WORD_CHARACTERS : part : `[${name === "W" ? "^" : ""}${WORD_CHARACTERS}]`;
  if (OTHER_ESCAPES[name]) return OTHER_ESCAPES[name];
  if (/[A-Za-z0-9]/.test(name)) return SAME_ESCAPES.includes(name) ? part : null;
  return /[\\^$.*+?()[\]{}|/]/.test(name) || (name === "-" && isInList) ? part : name;
}
