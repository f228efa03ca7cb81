// @ts-check
// One row of the list on the screen.

import { make, putData, setText } from "./dom.js";
import { arrowText, countText, deltaText, directionText, sizeText, spanText, timeText } from "./format.js";

/** The cells of a row, in their order. */
const CELLS = ["time", "connection", "delta", "direction", "type", "size", "data"];

/** Events that belong to the protocol and not to what it carries: dim. */
const QUIET_TYPES = new Set(["ping", "pong", "http", "retry", "reconnect", "redirect", "frame"]);

export class RowView {
  constructor() {
    this.element = make("div", { role: "row", class: "row" });
    /** @type {Record<string, HTMLElement>} */
    this.cells = {};
    for (const name of CELLS) {
      const cell = make("span", { role: "gridcell", class: name });
      this.cells[name] = cell;
      this.element.append(cell);
    }
    this.index = /** @type {number|null} */ (null);
    /** @type {any} */
    this.row = null;
    this.isUsed = false;
    this.isSelected = false;
    this.top = -1;
  }

  /**
   * @param {number} index in the list
   * @param {any} row undefined while it is being fetched
   * @param {number} position in the list as it is kept, from 2 on: 1 is the header
   */
  show(index, row, position, isSelected) {
    this.isUsed = true;
    if (this.index !== index || this.row !== row) {
      this.index = index;
      this.row = row;
      this.element.id = `row-${index}`;
      if (row) this.fill(row);
      else this.empty();
    }
    if (this.position !== position) {
      this.position = position;
      this.element.setAttribute("aria-rowindex", String(position));
    }
    if (this.isSelected !== isSelected) {
      this.isSelected = isSelected;
      this.element.setAttribute("aria-selected", String(isSelected));
    }
  }

  place(top) {
    if (this.element.hidden) this.element.hidden = false;
    if (this.top === top) return;
    this.top = top;
    this.element.style.transform = `translateY(${top}px)`;
  }

  hideUnused() {
    if (this.isUsed || this.element.hidden) return;
    this.element.hidden = true;
    this.index = this.row = null;
    this.isSelected = false;
    this.element.removeAttribute("id");
    this.element.removeAttribute("aria-selected");
  }

  empty() {
    this.element.className = "row";
    for (const name of CELLS) setText(this.cells[name], name === "data" ? "…" : "");
  }

  fill(row) {
    const { cells } = this;
    const level = row.level ? ` is-${row.level}` : "";
    this.element.className = `row ${row.direction ?? ""}${QUIET_TYPES.has(row.type) ? " quiet" : ""}${level}`;
    setText(cells.time, timeText(row.time));
    setText(cells.connection, typeof row.connection === "number" ? `#${row.connection}` : "");
    setText(cells.delta, deltaText(row.delta_ms));
    setText(cells.direction, arrowText(row.direction));
    const words = directionText(row.direction);
    if (words) cells.direction.setAttribute("aria-label", words);
    else cells.direction.removeAttribute("aria-label");
    putData(cells.type, row.type ?? row.event);
    setText(cells.size, typeof row.code === "number" ? String(row.code) : sizeText(row.size));
    fillData(cells.data, row);
  }
}

/** The preview, behind notes on what was done to the message. @param {HTMLElement} cell @param {any} row */
function fillData(cell, row) {
  putData(cell, row.preview ?? "");
  if (row.cut && row.size > 1_000) cell.append(make("span", { class: "note" }, `  … ${countText(row.size)} B`));
  if (typeof row.late_ms === "number") cell.prepend(make("span", { class: "note" }, `↩ ${spanText(row.late_ms)}  `));
  if (row.action) cell.prepend(putData(make("span", { class: "note rule" }), `${row.rule ? `rule ${row.rule}: ` : ""}${row.action}  `));
}
