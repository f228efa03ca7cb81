// @ts-check
// Pieces of the detail.

import { make, makeButton, putData } from "./dom.js";
import { countText } from "./format.js";

/** How many characters of a text are put on the page at a time. */
const TEXT_STEP = 256 << 10;

/** A text of any length. @param {string} text */
export function textBox(text) {
  return inParts("", text.length, TEXT_STEP, (from, to) => putData(make("pre"), text.slice(wholeAt(text, from), wholeAt(text, to)), true));
}

/** The offset, or the one before if it is within a character of two units. @param {string} text @param {number} at */
function wholeAt(text, at) {
  const code = text.charCodeAt(at);
  return at > 0 && code >= 0xdc00 && code < 0xe000 ? at - 1 : at;
}

/**
 * A long content in parts: the first, and a button for the next.
 * @param {string} name
 * @param {number} size
 * @param {number} step
 * @param {(from: number, to: number) => Node} part
 */
export function inParts(name, size, step, part) {
  const box = make("div", { class: name });
  const more = (from) => {
    const to = Math.min(size, from + step);
    const chunk = make("div", { class: size > step ? "chunk" : "" }, part(from, to));
    box.append(chunk);
    if (to >= size) return;
    const next = make("p", { class: "more" }, `${countText(to)} of ${countText(size)} ${name === "hex" ? "bytes" : "characters"}`, makeButton("Show more", () => {
      next.remove();
      more(to);
    }));
    box.append(next);
  };
  more(0);
  return box;
}

/** Names with values, or with lists of names and values. @param {[string, string|[string, string][]][]} list */
export function factList(list) {
  const box = make("div");
  let plain = make("dl");
  box.append(plain);
  for (const [name, value] of list) {
    const isPlain = typeof value === "string";
    if (isPlain) {
      plain.append(make("dt", {}, name), putData(make("dd"), value));
      continue;
    }
    box.append(make("h3", {}, name), make("dl", {}, ...value.flatMap(([key, inner]) => [putData(make("dt"), key), putData(make("dd"), inner)])));
    plain = make("dl");
    box.append(plain);
  }
  return box;
}

/** @param {any} frame @param {string} name */
export function frameCell(frame, name) {
  if (name === "rsv") return make("td", {}, ["rsv1", "rsv2", "rsv3"].filter((bit) => frame[bit]).map((bit) => bit.slice(3)).join(",") || "–");
  const value = frame[name], isSize = typeof value === "number";
  return putData(make("td", { class: isSize ? "number" : null }), isSize ? countText(value) : typeof value === "boolean" ? (value ? "yes" : "no") : String(value ?? ""));
}
