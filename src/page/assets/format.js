// @ts-check
// Values as people read them. Pure.

/** The units of sizes, each 1,024 of the one before, as in filters. */
const SIZE_UNITS = ["B", "k", "M", "G", "T"];

/** Characters that control, reorder or are not seen; each is shown as an escape. */
const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff]|[\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]|\p{Cs}/gu;

/** The same, to ask whether there is any. */
const ANY_HIDDEN = new RegExp(HIDDEN.source, "u");

/** Characters that join or style the one before, which emoji and some scripts need. */
const JOINER = /[\u200c\u200d\ufe0e\ufe0f]/;

/** Escapes that JSON has names for. */
const NAMED_ESCAPES = /** @type {Record<string, string>} */ ({ "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r" });

/** How many columns of digits a text takes at most: other letters than Latin ones may be twice as wide. @param {string} text */
export function columnsOf(text) {
  return text.replace(/[^\u0000-\u024f]/g, "  ").length;
}

/** A number with separators: `12,408`. @param {number} value */
export function countText(value) {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** A size in three digits, not rounded up, so that `size:>=` finds it: `61 B`, `1.2 k`, `3.1 M`. @param {number|null|undefined} bytes */
export function sizeText(bytes) {
  if (bytes === null || bytes === undefined) return "";
  let value = bytes, unit = 0;
  while (value >= 1000 && unit < SIZE_UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit > 0 && value < 10 ? (Math.floor(value * 10) / 10).toFixed(1) : Math.floor(value)} ${SIZE_UNITS[unit]}`;
}

/** A size as an option has it: `32M`. @param {number} bytes */
export function sizeOption(bytes) {
  const power = [3, 2, 1].find((power) => bytes % 1024 ** power === 0) ?? 0;
  return `${bytes / 1024 ** power}${["", "K", "M", "G"][power]}`;
}

/** A size to the byte: `1,234 B`. @param {number} bytes */
export function exactSize(bytes) {
  return `${countText(bytes)} B`;
}

/** The local time of day to the millisecond: `12:04:07.118`. @param {string} time RFC 3339 */
export function timeText(time) {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return "";
  const [hours, minutes, seconds] = [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, "0"));
  return `${hours}:${minutes}:${seconds}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

/** A span of time in three digits: `0.3 ms`, `519 ms`, `3.1 s`, `4 min`. @param {number} ms */
export function spanText(ms) {
  if (ms < 9.95) return `${ms < 0.05 ? "0" : ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(ms < 9_950 ? 2 : 1)} s`;
  if (ms < 3_597_000) return `${Math.floor(ms / 60_000)} min ${Math.floor(ms / 1000) % 60} s`;
  return `${Math.floor(ms / 3_600_000)} h ${Math.floor(ms / 60_000) % 60} min`;
}

/** The time since the row before, short: `+519 ms`, `+4m 12s`; rows of other connections may be a little older. @param {number|null|undefined} ms */
export function deltaText(ms) {
  if (ms === null || ms === undefined) return "";
  return `+${spanText(Math.max(0, ms))}`.replace(/ ([mh])\w* (\d+) (\w).*/, "$1 $2$3");
}

/** Whether a text has characters that are shown as escapes. @param {string} text */
export function hasHidden(text) {
  return ANY_HIDDEN.test(text);
}

/** A character that is not seen, as the escape that JSON has for it. @param {string} character */
function escapeOf(character) {
  const named = NAMED_ESCAPES[character];
  if (named) return named;
  let escape = "";
  for (let at = 0; at < character.length; at++) escape += `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`;
  return escape;
}

/**
 * A text in parts, each with whether it is an escape for what would not be seen.
 * @param {string} text
 * @param {boolean} keepsLines whether line feeds and tabs stay as they are
 * @returns {[string, boolean][]}
 */
export function visibleParts(text, keepsLines) {
  /** @type {[string, boolean][]} */
  const parts = [];
  let copied = 0;
  for (const { 0: character, index } of text.matchAll(HIDDEN)) {
    if (keepsLines && (character === "\n" || character === "\t")) continue;
    if (JOINER.test(character) && joins(text, index, copied)) continue;
    if (index > copied) parts.push([text.slice(copied, index), false]);
    const last = parts.at(-1);
    if (last?.[1]) last[0] += escapeOf(character);
    else parts.push([escapeOf(character), true]);
    copied = index + character.length;
  }
  if (copied < text.length) parts.push([text.slice(copied), false]);
  return parts;
}

/**
 * Whether a joiner at `index` follows a character that can need it. (An emoji of ASCII, as #️⃣, may be styled too.)
 * @param {string} text
 * @param {number} index
 * @param {number} copied where the part begins that is shown as it is
 */
function joins(text, index, copied) {
  if (index <= copied) return false;
  const before = text[index - 1];
  if (before < "\u0080") return text[index] === "\ufe0f" && /[0-9#*]/.test(before);
  return !JOINER.test(before) || (before === "\ufe0f" && text[index] === "\u200d");
}

/** A JSON value up to its end, or of an object or array the start. */
const VALUE = `\\s*:\\s*(?:"(?:[^"\\\\]|\\\\.)*"?|[^\\s",}\\]]*)`;

/**
 * What a filter looks for in texts, to be marked in them: words, what is in quotation marks, and the member that a path ends
 * with, whatever its value has to be. Regular expressions are left out: the browser's may take any time.
 * @param {string} filter
 * @returns {RegExp|null}
 */
export function wordsOf(filter) {
  /** @type {string[]} */
  const members = [];
  const texts = filter.replace(/(?<!\S)([-!]?)(?:\/(?:[^/\\]|\\.)+\/i?(?!\S)|(\$[.[]\S*?)\s*(?:(?:[<>]=?|!=)\s*\S+|(?:==|~)\s*(\/(?:[^/\\]|\\.)+\/i?(?!\S)|"(?:[^"\\]|\\.)*"|\S*)|(?!\S)))/g, (_, not, path, value = "") => {
    const name = path?.match(/[^\s.[\]'"*$]+/g)?.findLast((part) => !/^-?\d+$/.test(part));
    if (name && !not) members.push(name);
    return name || value[0] === "/" ? " " : ` ${not}${value}`;
  });
  const words = [...texts.matchAll(/(?<!\S)(?:"((?:[^"\\]|\\.)+)"|(?![a-z]+:(?!\/\/))[^\s"!/-]\S*)/g)].map(([word, quoted]) => quoted?.replace(/\\(.)/g, "$1") ?? word);
  const literal = (text) => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"), source = [...words.map(literal), ...members.map((name) => `"${literal(name)}"${VALUE}`)].join("|");
  return source === "" ? null : new RegExp(source, [...words, ...members].some((word) => word !== word.toLowerCase()) ? "" : "i");
}

/** Where a message goes, in words. @param {string|null|undefined} direction */
export function directionText(direction) {
  return direction === "out" ? "client to server" : direction === "in" ? "server to client" : "";
}

/** What actions have done, by the word with which rules begin. */
const DONE = new Map(Object.entries({ drop: "dropped", delay: "delayed", duplicate: "duplicated", replace: "replaced", corrupt: "corrupted", hold: "held", close: "not delivered, closed", abort: "not delivered, reset", inject: "sent", edit: "edited" }));

/** What is said of a message that was not passed on when it came, though nothing was done to it. */
export const WAITED = "not delivered at once";

/** What was done to a message, and by whom. @param {{action: string, rule?: number|null}} touched */
export function actionText({ action, rule }) {
  const [verb, ...more] = action.split(" ");
  return [DONE.get(verb) ?? verb, ...more, rule ? `by rule ${rule}` : "by hand"].join(" ");
}

/** A direction as an arrow. @param {string|null|undefined} direction */
export function arrowText(direction) {
  return direction === "out" ? "↑" : direction === "in" ? "↓" : "";
}

/** The bytes of base64; what is not base64 gives no bytes. @param {string} text */
export function bytesOfBase64(text) {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return new Uint8Array();
  }
}

/** Bytes as base64. @param {Uint8Array} bytes */
export function base64Text(bytes) {
  const parts = [];
  for (let at = 0; at < bytes.length; at += 0x8000) parts.push(String.fromCharCode(...bytes.subarray(at, at + 0x8000)));
  return btoa(parts.join(""));
}
