// @ts-check
// JSON with the place of each value in its text: numbers keep their digits, keys their order and repetitions. Nothing
// here recurses, so no depth is too deep. Pure.

/** The most values that are kept; the rest is only checked. */
export const MAX_VALUES = 300_000;

const SPACE = 1, QUOTE = 34, COMMA = 44, COLON = 58, OPEN_ARRAY = 91, BACKSLASH = 92, CLOSE_ARRAY = 93, OPEN_OBJECT = 123, CLOSE_OBJECT = 125;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const WORD = /true|false|null/y;
const HEX_DIGITS = /^[0-9a-fA-F]{4}$/;

/**
 * One value. Its children follow it in the list; `last` is the index behind all that is in it.
 * @typedef {object} JsonValue
 * @property {"object"|"array"|"string"|"number"|"word"} kind
 * @property {number} parent index, -1 for the outermost
 * @property {number} keyStart of the key with its quotes, -1 if there is none
 * @property {number} keyEnd
 * @property {number} start in the text
 * @property {number} end
 * @property {number} size how many children
 * @property {number} place among its siblings, from 0
 * @property {number} last
 */

/** @typedef {{values: JsonValue[], isCut: boolean}} JsonDocument */

/** What is wrong, and where. */
export class JsonError extends Error {
  constructor(message, at) {
    super(message);
    this.at = at;
  }
}

/** Parses a text that is one JSON value. Throws a JsonError. @param {string} text @param {number} [limit] @returns {JsonDocument} */
export function parseJson(text, limit = MAX_VALUES) {
  return new JsonParser(text, limit).run();
}

/** Whether a text is meant to be JSON: an object or an array. @param {string} text */
export function looksLikeJson(text) {
  return /^[\s\ufeff]*[[{]/.test(text);
}

class JsonParser {
  constructor(text, limit) {
    this.text = text;
    this.limit = limit;
    this.at = 0;
    /** @type {JsonValue[]} */
    this.values = [];
    /** The open objects and arrays: the value, and whether it was kept. @type {JsonValue[]} */
    this.open = [];
    this.isCut = false;
  }

  run() {
    this.skipSpace();
    this.value(-1, -1);
    while (this.open.length > 0) this.next();
    this.skipSpace();
    if (this.at < this.text.length) throw new JsonError("the value has ended, but the text goes on", this.at);
    return { values: this.values, isCut: this.isCut };
  }

  /** What comes in the innermost open object or array. */
  next() {
    const inner = this.open[this.open.length - 1];
    const isObject = inner.kind === "object";
    this.skipSpace();
    if (this.code() === (isObject ? CLOSE_OBJECT : CLOSE_ARRAY)) return this.close(inner);
    if (inner.size > 0) {
      if (this.code() !== COMMA) throw this.unexpected(isObject ? "a comma or }" : "a comma or ]");
      this.at += 1;
      this.skipSpace();
    }
    if (!isObject) return this.value(-1, -1);
    if (this.code() !== QUOTE) throw this.unexpected("a key in quotes");
    const keyStart = this.at;
    this.string();
    const keyEnd = this.at;
    this.skipSpace();
    if (this.code() !== COLON) throw this.unexpected("a colon");
    this.at += 1;
    this.skipSpace();
    this.value(keyStart, keyEnd);
  }

  value(keyStart, keyEnd) {
    const start = this.at, parent = this.open[this.open.length - 1];
    const kind = this.scalarOrOpen();
    const value = { kind, parent: parent?.index ?? -1, keyStart, keyEnd, start, end: this.at, size: 0, place: parent?.size ?? 0, last: 0, index: -2 };
    if (parent) parent.size += 1;
    if (this.values.length < this.limit && value.parent !== -2) {
      value.index = this.values.length;
      this.values.push(value);
    } else {
      this.isCut = true;
    }
    value.last = this.values.length;
    if (kind === "object" || kind === "array") this.open.push(value);
  }

  /** @returns {JsonValue["kind"]} */
  scalarOrOpen() {
    const code = this.code();
    if (code === OPEN_OBJECT || code === OPEN_ARRAY) {
      this.at += 1;
      return code === OPEN_OBJECT ? "object" : "array";
    }
    if (code === QUOTE) {
      this.string();
      return "string";
    }
    if (this.match(NUMBER)) return "number";
    if (this.match(WORD)) return "word";
    throw this.unexpected("a value");
  }

  close(inner) {
    this.at += 1;
    inner.end = this.at;
    inner.last = this.values.length;
    this.open.pop();
  }

  /** @param {RegExp} pattern sticky */
  match(pattern) {
    pattern.lastIndex = this.at;
    if (!pattern.test(this.text)) return false;
    this.at = pattern.lastIndex;
    return true;
  }

  /** Passes a string with its quotes. */
  string() {
    const { text } = this;
    for (this.at += 1; this.at < text.length; this.at += 1) {
      const code = text.charCodeAt(this.at);
      if (code === QUOTE) {
        this.at += 1;
        return;
      }
      if (code < 32) throw new JsonError("a control character in a string has to be escaped", this.at);
      if (code === BACKSLASH) this.escape();
    }
    throw new JsonError("the text ends in a string", text.length);
  }

  escape() {
    const letter = this.text[this.at + 1];
    if (letter === "u" && HEX_DIGITS.test(this.text.slice(this.at + 2, this.at + 6))) this.at += 5;
    else if (letter !== undefined && "\"\\/bfnrt".includes(letter)) this.at += 1;
    else throw new JsonError("not an escape of JSON", this.at);
  }

  code() {
    return this.text.charCodeAt(this.at);
  }

  skipSpace() {
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return;
      this.at += SPACE;
    }
  }

  unexpected(expected) {
    if (this.at >= this.text.length) return new JsonError(`the text ends where ${expected} should be`, this.at);
    return new JsonError(`${expected} should be here`, this.at);
  }
}

/** The path of a value as JSONPath (RFC 9535): `$.a[3]['b c']`. @param {string} text @param {JsonValue[]} values @param {number} index */
export function jsonPath(text, values, index) {
  const parts = [];
  for (let at = index; values[at].parent >= 0; at = values[at].parent) {
    const { keyStart, keyEnd, place } = values[at];
    parts.push(keyStart < 0 ? `[${place}]` : keyStep(stringValue(text.slice(keyStart, keyEnd))));
  }
  return `$${parts.reverse().join("")}`;
}

/** @param {string} key */
function keyStep(key) {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(key)) return `.${key}`;
  return `['${key.replace(/[\\']/g, "\\$&").replace(/[\u0000-\u001f]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`)}']`;
}

/** What a JSON string with its quotes stands for. @param {string} source */
export function stringValue(source) {
  try {
    return String(JSON.parse(source));
  } catch {
    return source;
  }
}
