// @ts-check
// Pieces of the detail.

import { dataIn, make, makeButton } from "./dom.js";
import { countText, exactSize } from "./format.js";
import { hexDump } from "./hex.js";

/** How many characters of a text, and bytes of a dump, are put on the page at a time. */
const TEXT_STEP = 256 << 10, HEX_STEP = 64 << 10;

const FRAME_COLUMNS = ["opcode", "fin", "rsv", "masked", "size", "wire_size", "header"], MOST_FRAMES = 2_000;

/** @param {string} text */
export function hint(text) {
  return dataIn("p", text, "hint");
}

/** A text of any length. @param {string} text */
export function textBox(text) {
  // A character of two units stays in one part.
  const whole = (at) => at > 0 && (text.charCodeAt(at) & 0xfc00) === 0xdc00 ? at - 1 : at;
  return inParts(text.length, TEXT_STEP, "characters", (from, to) => dataIn("pre", text.slice(whole(from), whole(to)), "", true));
}

/** A dump of any length. @param {Uint8Array} bytes @param {number} width bytes of a line */
export function hexBox(bytes, width) {
  return inParts(bytes.length, HEX_STEP, "bytes", (from, to) => make("pre", { class: "hex" }, hexDump(bytes, from, to, width)));
}

/** The first part of a long content, and a button for the next. */
function inParts(size, step, unit, part) {
  const box = make("div");
  const more = (from) => {
    const to = Math.min(size, from + step);
    box.append(make("div", { class: size > step && "chunk" }, part(from, to)));
    if (to >= size) return;
    const next = make("p", { class: "more" }, `${countText(to)} of ${countText(size)} ${unit} `, makeButton("Show more", () => {
      next.remove();
      more(to);
    }));
    box.append(next);
  };
  more(0);
  return box;
}

/** Says that only a part is loaded; the button loads `most`. @param {number} loaded @param {number} size @param {number} most @param {() => void} onMore */
export function cutNote(loaded, size, most, onMore) {
  const note = make("p", { class: "more" }, `The first ${exactSize(loaded)} of ${exactSize(size)}. `);
  if (loaded < Math.min(size, most)) note.append(makeButton(most < size ? `Show ${exactSize(most)}` : "Show all", onMore));
  return note;
}

/** Names with values, or with lists of names and values. @param {[string, string|[string, string][]][]} list */
export function factList(list) {
  const entries = (pairs) => make("dl", {}, ...pairs.flatMap(([key, value]) => [dataIn("dt", key), dataIn("dd", value)]));
  const groups = list.filter(([, value]) => typeof value !== "string").flatMap(([name, pairs]) => [make("h3", {}, name), entries(pairs)]);
  return make("div", {}, entries(list.filter(([, value]) => typeof value === "string")), ...groups);
}

/** @param {any[]} frames */
export function frameTable(frames) {
  const row = (cells) => make("tr", {}, ...cells);
  const table = make("table", {}, row(FRAME_COLUMNS.map((name) => make("th", { scope: "col" }, name.replace("_", " ")))), ...frames.slice(0, MOST_FRAMES).map((frame) => row(FRAME_COLUMNS.map((name) => dataIn("td", frameCell(frame, name))))));
  return frames.length > MOST_FRAMES ? [table, hint(`${countText(frames.length - MOST_FRAMES)} more frames are not shown.`)] : table;
}

function frameCell(frame, name) {
  const value = frame[name];
  if (name === "rsv") return ["1", "2", "3"].filter((bit) => frame[`rsv${bit}`]).join(",") || "–";
  return typeof value === "number" ? countText(value) : typeof value === "boolean" ? (value ? "yes" : "no") : String(value ?? "");
}
