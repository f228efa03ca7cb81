// @ts-check
// One row of the list on the screen.

import { make, marked, putData, setText, span } from "./dom.js";
import { actionText, arrowText, columnsOf, countText, deltaText, directionText, sizeText, spanText, timeText, WAITED } from "./format.js";

/** The cells of a row, in their order. */
const CELLS = ["time", "connection", "delta", "direction", "type", "size", "data"];

/** Events that belong to the protocol and not to what it carries: dim. */
const QUIET_TYPES = new Set(["ping", "pong", "http", "retry", "reconnect", "redirect"]);

/** At least how many characters stay before a match that would not be seen otherwise. */
const BEFORE_MATCH = 12;

/** Actions after which a message does not arrive, or another one in its place. */
const UNDELIVERED = /^(drop|close|abort|replace|edit|corrupt)\b/;

export class RowView {
  constructor() {
    const cells = CELLS.map((name) => [name, make("span", { role: "gridcell", class: name })]);
    this.element = make("div", { role: "row", class: "row" }, ...cells.map(([, cell]) => cell));
    /** @type {Record<string, any>} */
    this.cells = Object.fromEntries(cells);
    this.reset();
  }

  reset() {
    /** @type {number|null} */
    this.index = null;
    /** @type {any} */
    this.row = null;
    this.isUsed = this.isSelected = false;
    this.top = this.position = -1;
    this.element.hidden = true;
    this.element.removeAttribute("id");
    this.element.removeAttribute("aria-selected");
  }

  /**
   * @param {number} index in the list @param {any} row
   * @param {number} position in the list as it is kept, from 2 on: 1 is the header
   * @param {boolean} isSelected @param {number} top pixels in the scrolled element @param {RegExp|null} words what is marked
   * @param {number} room characters that fit into the data
   */
  show(index, row, position, isSelected, top, words, room) {
    const { element } = this;
    this.isUsed = true;
    if (element.hidden) element.hidden = false;
    if (this.index !== index || this.row !== row || this.room !== room) {
      element.id = `row-${index}`;
      this.fill(row, words, room);
    }
    if (this.position !== position) element.ariaRowIndex = position;
    if (this.isSelected !== isSelected) element.ariaSelected = isSelected;
    if (this.top !== top) element.style.transform = `translateY(${top}px)`;
    Object.assign(this, { index, row, room, position, isSelected, top });
  }

  hideUnused() {
    if (!this.isUsed && !this.element.hidden) this.reset();
  }

  fill(row, words, room) {
    const { cells } = this, side = directionText(row.direction), late = typeof row.late_ms === "number" ? `↩ ${spanText(row.late_ms)}  ` : "", action = row.action || row.waited ? `${row.action ? actionText(row) : WAITED}  ` : "";
    this.element.className = `row ${row.direction ?? ""}${QUIET_TYPES.has(row.type) ? " quiet" : ""}${row.level ? ` is-${row.level}` : ""}${UNDELIVERED.test(row.action) ? " struck" : ""}`;
    setText(cells.time, row.time ? timeText(row.time) : "");
    setText(cells.connection, typeof row.connection === "number" ? `#${row.connection}` : "");
    setText(cells.delta, deltaText(row.delta_ms));
    setText(cells.direction, arrowText(row.direction));
    cells.direction.ariaLabel = side || null;
    putData(cells.type, row.type ?? row.event);
    setText(cells.size, typeof row.code === "number" ? "" : sizeText(row.size));
    this.preview(row.preview ?? "", words, room - late.length - action.length);
    if (row.cut && row.size > 1_000) cells.data.append(span(`  … ${countText(row.size)} B`, "note"));
    if (late) cells.data.prepend(span(late, "note"));
    if (action) cells.data.prepend(span(action, "note rule"));
  }

  /** Shows data from its start, or, if what the filter has found would not be seen there, from before that. */
  preview(text, words, room) {
    const { index: at, 0: match } = words?.exec(text) ?? {};
    if (!match) return putData(this.cells.data, text);
    const end = at + match.length, cut = columnsOf(text.slice(0, end)) > room ? Math.max(0, Math.min(at - BEFORE_MATCH, columnsOf(text) + 1 - room)) : 0;
    this.cells.data.replaceChildren(cut > 0 ? "…" : "", ...marked(text.slice(cut), at - cut, at - cut + match.length));
  }
}
