// @ts-check
// The list of messages: only rows in view and a screen on each side exist, and are used again for others.

import { byId, setText } from "./dom.js";
import { countText } from "./format.js";
import { RowView } from "./row-view.js";
import { ScrollMap } from "./scroll.js";

/** Milliseconds without a movement after which the scrollbar is put where it should be. */
const SETTLE_AFTER = 150;

export class MessageList {
  /**
   * @param {import("./model.js").Model} model
   * @param {{onSelect: (row: any) => void, onOpen: () => void, onFollow: (follows: boolean) => void, onView: () => void}} events
   */
  constructor(model, events) {
    this.model = model;
    this.events = events;
    this.grid = byId("grid");
    this.spacer = byId("spacer");
    this.head = byId("columns");
    this.map = new ScrollMap(20);
    /** @type {RowView[]} */
    this.pool = [];
    this.first = 0;
    this.follows = true;
    /** The index in the list of what is selected, and the row itself. */
    this.selected = /** @type {number|null} */ (null);
    this.selectedRow = /** @type {any} */ (null);
    this.isDrawing = false;
    this.settleTimer = 0;
    this.grid.addEventListener("scroll", () => this.scrolled(), { passive: true });
    this.grid.addEventListener("click", (event) => this.clicked(event));
    this.grid.addEventListener("dblclick", () => this.events.onOpen());
    new ResizeObserver(() => this.measure()).observe(this.grid);
    this.measure();
  }

  measure() {
    const rowHeight = parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--row")) || 20;
    if (rowHeight !== this.map.rowHeight) {
      this.map.position *= rowHeight / this.map.rowHeight;
      this.map.rowHeight = rowHeight;
    }
    this.headHeight = this.head.offsetHeight;
    this.draw();
  }

  /** The model has changed. */
  update(isNewList) {
    if (isNewList) {
      this.first = this.model.first;
      this.map.position = 0;
      this.selected = null;
      if (this.selectedRow) this.findSelected();
    } else if (this.model.first > this.first && !this.follows) {
      this.map.position = Math.max(0, this.map.position - (this.model.first - this.first) * this.map.rowHeight);
    }
    this.first = this.model.first;
    this.draw();
  }

  /** Finds what was selected in another list. */
  async findSelected() {
    const row = this.selectedRow.row;
    const index = await this.model.indexOf(row);
    if (index === null || this.selectedRow?.row !== row || this.selected !== null) return;
    if (!this.follows) this.reveal(index);
    await this.fetched(index);
    if (this.model.rows.get(index)?.row === row && this.selectedRow?.row === row) this.selected ??= index;
    this.draw();
  }

  async fetched(index) {
    if (!this.model.rows.get(index)) {
      const rows = await this.model.fetchRows(index, 1).catch(() => null);
      if (rows?.[0]) this.model.rows.keep(index, rows[0]);
    }
    return this.model.rows.get(index);
  }

  follow(follows) {
    if (follows === this.follows) return;
    this.follows = follows;
    this.events.onFollow(follows);
    this.draw();
  }

  scrolled() {
    const { scrollTop } = this.grid;
    if (Math.abs(scrollTop - this.map.scrollTop) < 1) return;
    const before = this.map.position;
    this.map.moved(scrollTop);
    if (this.map.isAtEnd) this.follow(true);
    else if (this.map.position < before) this.follow(false);
    this.drawNow();
    clearTimeout(this.settleTimer);
    if (this.map.mustSettle) this.settle();
    else if (this.map.isScaled) this.settleTimer = window.setTimeout(() => this.settle(), SETTLE_AFTER);
  }

  /** Puts the scrollbar where it belongs. */
  settle() {
    const { settled } = this.map;
    if (Math.abs(settled - this.grid.scrollTop) >= 1) this.grid.scrollTop = settled;
    this.map.scrollTop = this.grid.scrollTop;
    this.drawNow();
  }

  draw() {
    if (this.isDrawing) return;
    this.isDrawing = true;
    requestAnimationFrame(() => {
      this.isDrawing = false;
      const before = this.map.position;
      this.map.resize(this.model.total - this.first, this.grid.clientHeight - (this.headHeight ?? 0));
      const height = `${this.map.height}px`;
      if (this.spacer.style.height !== height) this.spacer.style.height = height;
      if (this.follows) this.map.position = this.map.end;
      if (this.follows || this.map.position !== before || (!this.map.isScaled && Math.abs(this.map.position - this.grid.scrollTop) >= 1)) this.settle();
      else this.drawNow();
    });
  }

  /** Shows the rows of the position. */
  drawNow() {
    const { map, model } = this;
    const [from, to] = map.range(this.follows ? 0.25 : 1);
    const needed = Math.ceil((map.viewport * 3) / map.rowHeight) + 2;
    while (this.pool.length < needed) {
      const view = new RowView();
      this.pool.push(view);
      this.spacer.append(view.element);
    }
    const shift = map.scrollTop - map.position;
    for (const view of this.pool) view.isUsed = false;
    for (let at = from; at < to; at++) {
      const index = this.first + at;
      const view = this.pool[index % this.pool.length];
      view.show(index, model.rows.get(index), at + 2, index === this.selected);
      view.place(Math.round(at * map.rowHeight + shift));
    }
    for (const view of this.pool) view.hideUnused();
    this.describe();
    const [wantedFrom, wantedTo] = map.range(2);
    model.rows.want(this.first + wantedFrom, this.first + wantedTo);
    this.events.onView();
  }

  describe() {
    const { grid, map, selected } = this;
    const rowCount = String(map.rows + 1);
    if (grid.getAttribute("aria-rowcount") !== rowCount) grid.setAttribute("aria-rowcount", rowCount);
    const view = selected === null ? null : this.pool[selected % this.pool.length];
    if (view?.index === selected && view?.isUsed) grid.setAttribute("aria-activedescendant", view.element.id);
    else grid.removeAttribute("aria-activedescendant");
    const jump = byId("jump");
    jump.hidden = this.follows || map.rows === 0;
    if (!jump.hidden) {
      const below = map.rows - map.range(0)[1];
      setText(jump, below > 0 ? `↓ ${countText(below)} newer` : "↓ Newest");
    }
  }

  clicked(event) {
    const element = /** @type {Element} */ (event.target).closest(".row");
    const view = this.pool.find((one) => one.element === element);
    if (!view || view.index === null) return;
    this.select(view.index);
    this.events.onOpen();
  }

  /** Selects a row by its index in the list, and shows it. */
  async select(index) {
    if (this.model.total <= this.first) return;
    const chosen = Math.min(Math.max(index, this.first), this.model.total - 1);
    this.selected = chosen;
    if (chosen < this.model.total - 1) this.follow(false);
    this.reveal(chosen);
    const row = this.model.rows.get(chosen) ?? await this.fetched(chosen);
    if (!row || this.selected !== chosen) return;
    this.selectedRow = row;
    this.drawNow();
    this.events.onSelect(row);
  }

  /** Selects a row by its number in the run, also if the filter hides it: then only the detail shows it. */
  async selectRow(row) {
    const index = await this.model.indexOf(row);
    const found = index === null ? null : await this.fetched(index);
    if (index !== null && found?.row === row) return this.select(index);
    this.selected = null;
    this.selectedRow = { row };
    this.drawNow();
    this.events.onSelect({ row });
  }

  step(distance) {
    const [from, to] = this.map.range(0);
    const start = this.follows ? this.first + to : this.first + from - 1;
    this.select(this.selected === null ? (distance > 0 && this.follows ? start - 1 : start + distance) : this.selected + distance);
  }

  /** How many rows a screen has. */
  get page() {
    return Math.max(1, Math.floor(this.map.viewport / this.map.rowHeight) - 1);
  }

  reveal(index) {
    this.map.resize(this.model.total - this.first, this.grid.clientHeight - (this.headHeight ?? 0));
    this.map.reveal(index - this.first);
    this.settle();
  }

  toStart() {
    this.follow(false);
    this.select(this.first);
  }

  toEnd() {
    this.follow(true);
    this.select(this.model.total - 1);
  }

  /** Elapsed milliseconds of the first and the last row in view, for the time line. */
  get timesInView() {
    const [from, to] = this.map.range(0);
    const start = this.model.rows.get(this.first + from), end = this.model.rows.get(this.first + to - 1);
    return start && end ? [start.elapsed_ms, end.elapsed_ms] : null;
  }
}
