// @ts-check
// JSON with the place of each value in its text: numbers keep their digits, keys their order and repetitions. Nothing
// here recurses, so no depth is too deep. Pure.

/** The most values that are kept; the rest is only checked. */
const MAX_VALUES = 300_000;

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const WORD = /true|false|null/y;
const JSON_SPACE = /[ \n\r\t]*/y;
const JSON_ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

/**
 * One value: an object, array, string, number or word (true, false, null). Its children follow it in the list; `last` is the index behind all that is in it. `keyStart` is -1 if it has
 * no key, `parent` is -1 for the outermost, `place` counts siblings from 0, `size` children.
 * @typedef {{kind: string, parent: number, keyStart: number, keyEnd: number, start: number, end: number, size: number, place: number, last: number}} JsonValue
 */

/** What is wrong, and where. */
export class JsonError extends Error {
  /** @param {string} message @param {number} at UTF-16 offset */
  constructor(message, at) {
    super(message);
    this.at = at;
  }
}

/** Parses a text that is one JSON value. Throws a JsonError. @param {string} text @param {number} [limit] */
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
    /** The objects and arrays that have not ended. @type {any[]} */
    this.open = [];
    this.isCut = false;
  }

  run() {
    this.match(JSON_SPACE);
    this.value(-1, -1);
    while (this.open.length > 0) this.next();
    this.match(JSON_SPACE);
    if (this.at < this.text.length) throw new JsonError("the value has ended, but the text goes on", this.at);
    return { values: this.values, isCut: this.isCut };
  }

  /** What comes in the innermost object or array. */
  next() {
    const inner = this.open[this.open.length - 1], end = inner.kind === "object" ? "}" : "]";
    this.match(JSON_SPACE);
    if (this.text[this.at] === end) {
      inner.end = this.at += 1;
      inner.last = this.values.length;
      return this.open.pop();
    }
    if (inner.size > 0) this.take(",", `a comma or ${end}`);
    if (end === "]") return this.value(-1, -1);
    const keyStart = this.at;
    if (this.text[this.at] !== '"') throw this.unexpected("a key in quotes");
    this.string();
    const keyEnd = this.at;
    this.match(JSON_SPACE);
    this.take(":", "a colon");
    this.value(keyStart, keyEnd);
  }

  value(keyStart, keyEnd) {
    const start = this.at, parent = this.open[this.open.length - 1], kind = this.kind();
    const isKept = this.values.length < this.limit && parent?.index !== -2;
    const value = { kind, parent: parent?.index ?? -1, keyStart, keyEnd, start, end: this.at, size: 0, place: parent?.size ?? 0, last: 0, index: isKept ? this.values.length : -2 };
    if (parent) parent.size += 1;
    if (isKept) this.values.push(value);
    else this.isCut = true;
    value.last = this.values.length;
    if (kind === "object" || kind === "array") this.open.push(value);
  }

  /** Passes a scalar, or the start of an object or array. */
  kind() {
    const first = this.text[this.at];
    if (first === '"') return this.string();
    if (first === "{" || first === "[") {
      this.at += 1;
      return first === "{" ? "object" : "array";
    }
    if (this.match(NUMBER)) return "number";
    if (this.match(WORD)) return "word";
    throw this.unexpected("a value");
  }

  string() {
    const { text } = this;
    for (this.at += 1; this.at < text.length; this.at += 1) {
      const code = text.charCodeAt(this.at);
      if (code === 34) {
        this.at += 1;
        return "string";
      }
      if (code < 32) throw new JsonError("a control character in a string has to be escaped", this.at);
      if (code !== 92) continue;
      if (!this.match(JSON_ESCAPE)) throw new JsonError("not an escape of JSON", this.at);
      this.at -= 1;
    }
    throw new JsonError("the text ends in a string", text.length);
  }

  take(character, name) {
    if (this.text[this.at] !== character) throw this.unexpected(name);
    this.at += 1;
    this.match(JSON_SPACE);
  }

  /** @param {RegExp} pattern sticky */
  match(pattern) {
    pattern.lastIndex = this.at;
    const isMatch = pattern.test(this.text);
    if (isMatch) this.at = pattern.lastIndex;
    return isMatch;
  }

  unexpected(name) {
    return new JsonError(this.at < this.text.length ? `${name} should be here` : `the text ends where ${name} should be`, this.at);
  }
}

/** The path of a value (RFC 9535): `$.a[3]['b c']`. @param {string} text @param {JsonValue[]} values @param {number} index */
export function jsonPath(text, values, index) {
  let path = "";
  for (let at = index; values[at].parent >= 0; at = values[at].parent) {
    const { keyStart, keyEnd, place } = values[at];
    path = (keyStart < 0 ? `[${place}]` : keyStep(stringValue(text.slice(keyStart, keyEnd)))) + path;
  }
  return `$${path}`;
}

function keyStep(key) {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(key)) return `.${key}`;
  return `['${JSON.stringify(key).slice(1, -1).replace(/\\"/g, '"').replace(/'/g, "\\'")}']`;
}

/** What a JSON string with its quotes stands for. @param {string} source */
export function stringValue(source) {
  return String(JSON.parse(source));
}
