// @ts-check
// The list of messages: only rows in view and a screen on each side exist, and are used again for others.

import { byId, on, setText } from "./dom.js";
import { countText } from "./format.js";
import { RowView } from "./row-view.js";
import { ScrollMap } from "./scroll.js";

/** Milliseconds without a movement after which the scrollbar is put where it should be. */
const SETTLE_AFTER = 150;

/** At most the pixels of a character of data. */
const CHARACTER_WIDTH = 8;

export class MessageList {
  /** @param {import("./model.js").Model} model @param {{onSelect: (row: any) => void, onMove: (row: any) => void, onOpen: () => void, onFollow: (follows: boolean) => void, onView: () => void}} events */
  constructor(model, events) {
    this.model = model;
    this.events = events;
    this.grid = byId("grid");
    this.spacer = byId("spacer");
    this.data = byId("columns").querySelector(".data");
    this.map = new ScrollMap(20);
    /** @type {RowView[]} */
    this.pool = [];
    this.first = 0;
    this.follows = true;
    /** Index behind the last row that is drawn. */
    this.drawn = 0;
    /** The index in the list of what is selected, and the row itself. @type {number|null} */
    this.selected = null;
    /** @type {any} */
    this.selectedRow = null;
    this.isDrawing = false;
    on("grid", "scroll", () => this.scrolled());
    on("grid", "click", ({ target }) => this.clicked(target.closest(".row")));
    const observer = new ResizeObserver(() => this.measure());
    for (const element of [this.grid, this.data]) observer.observe(element);
  }

  measure() {
    const rowHeight = parseFloat(getComputedStyle(this.grid).getPropertyValue("--row"));
    this.map.position *= rowHeight / this.map.rowHeight;
    this.map.rowHeight = rowHeight;
    this.headHeight = byId("columns").offsetHeight;
    // Two lines a row have no header.
    this.room = Math.floor((this.data.clientWidth || this.grid.clientWidth - 24) / CHARACTER_WIDTH);
    // Before the browser reports that it has scrolled, which it also does where the list got higher.
    this.resize();
    if (this.follows) this.settleAtEnd();
    else if (this.height > 0) this.settle();
    this.draw();
  }

  /** The model has changed. @param {boolean} isNewList whether the rows have other indexes now */
  update(isNewList) {
    const { map, model } = this;
    if (isNewList) {
      map.position = 0;
      this.drawn = model.total;
      this.selected = null;
      if (this.selectedRow) this.findSelected();
    } else if (!this.follows) {
      map.position = Math.max(0, map.position - (model.first - this.first) * map.rowHeight);
    }
    this.first = model.first;
    this.draw();
  }

  /** Finds what was selected in another list. */
  async findSelected() {
    const before = this.selectedRow, { row } = before, call = this.findCall = {}, index = await this.model.indexOf(row), found = index === null ? null : await this.fetched(index), isIn = found?.row === row;
    if (this.findCall !== call || this.selectedRow !== before || this.selected !== null) return;
    // The row above it is another one than before.
    this.selectedRow = isIn ? found : { ...before, delta_ms: null };
    this.events.onMove(this.selectedRow);
    if (!isIn) return;
    this.selected = index;
    if (!this.follows) this.reveal(index);
    this.draw();
  }

  /** The row at an index of the list. */
  async fetched(index) {
    const { rows } = this.model;
    if (!rows.get(index)) {
      const fetched = await this.model.fetchRows(index, 1).catch(() => null);
      if (fetched?.[0]) rows.keep(index, fetched[0]);
    }
    return rows.get(index);
  }

  follow(follows) {
    if (follows && !this.follows) this.drawn = this.model.total;
    this.follows = follows;
    this.events.onFollow(follows);
    this.draw();
  }

  scrolled() {
    const { map, grid } = this, before = map.position;
    if (Math.abs(grid.scrollTop - map.scrollTop) < 1) return;
    if (this.follows && grid.clientHeight !== this.height) return this.measure();
    map.moved(grid.scrollTop);
    if (map.isAtEnd !== this.follows && (map.isAtEnd || map.position < before)) this.follow(map.isAtEnd);
    this.drawNow();
    clearTimeout(this.settleTimer);
    if (map.mustSettle) this.settle();
    else if (map.isScaled) this.settleTimer = setTimeout(() => this.settle(), SETTLE_AFTER);
  }

  /** Puts the scrollbar where it belongs. */
  settle() {
    const { map, grid } = this;
    if (Math.abs(map.settled - grid.scrollTop) >= 1) grid.scrollTop = map.settled;
    map.scrollTop = grid.scrollTop;
    this.drawNow();
  }

  settleAtEnd() {
    this.map.position = this.map.end;
    this.settle();
  }

  /** Sets how far rows are drawn: new ones that are followed take the place of others once they have come. */
  advance() {
    const { first, height, map: { rowHeight }, model: { rows, total, isOver } } = this, end = Math.min(total, rows.end);
    if (!this.follows || isOver) this.drawn = total;
    else if (end > this.drawn && rows.hasAll(Math.max(first, end - Math.ceil(height / rowHeight)), end)) this.drawn = end;
    this.drawn = Math.max(first, Math.min(this.drawn, total));
  }

  /** What is selected stays in view if the list gets lower, and is so if it is shown again. */
  resize() {
    const { map, height, selected, grid: { clientHeight } } = this, at = selected === null ? -1 : selected - this.first, [from, to] = map.range(0);
    const isKept = at >= 0 && !this.follows && clientHeight > 0 && clientHeight !== height && (map.viewport <= 0 || (at >= from && at < to));
    this.height = clientHeight;
    this.advance();
    map.resize(this.drawn - this.first, clientHeight - (this.headHeight ?? 0));
    if (isKept) map.reveal(at);
    this.spacer.style.height = `${this.map.height}px`;
  }

  draw() {
    if (this.isDrawing) return;
    this.isDrawing = true;
    requestAnimationFrame(() => {
      this.isDrawing = false;
      const { map } = this, before = map.position;
      this.resize();
      if (this.follows) map.position = map.end;
      if (map.position !== before || !map.isScaled) this.settle();
      else this.drawNow();
    });
  }

  /** Shows the rows of the position. */
  drawNow() {
    const { map, model, first, pool } = this, [from, to] = map.range(this.follows ? 0.25 : 1), shift = map.scrollTop - map.position;
    while (pool.length < Math.ceil(map.viewport * 3 / map.rowHeight) + 2) {
      pool.push(new RowView());
      this.spacer.append(pool[pool.length - 1].element);
    }
    for (const view of pool) view.isUsed = false;
    for (let at = from; at < to; at++) {
      const index = first + at;
      pool[index % pool.length].show(index, model.rowAt(index), at + 2, index === this.selected, Math.round(at * map.rowHeight + shift), model.words, this.room);
    }
    for (const view of pool) view.hideUnused();
    this.describe();
    const [start, end] = map.range(2), newest = model.total - 3 * Math.ceil(map.viewport / map.rowHeight);
    if (this.follows) model.rows.want(Math.max(first, newest), model.total);
    else model.rows.want(first + start, first + end);
    this.events.onView();
  }

  describe() {
    const { model, grid, map, pool, selected } = this, view = selected === null ? null : pool[selected % pool.length], jump = byId("jump");
    grid.ariaRowCount = model.total - this.first + 1;
    if (view?.isUsed && view.index === selected) grid.setAttribute("aria-activedescendant", view.element.id);
    else grid.removeAttribute("aria-activedescendant");
    const below = map.rows - Math.floor((map.position + map.viewport + 2) / map.rowHeight);
    jump.hidden = this.follows || below <= 0;
    setText(jump, `↓ ${countText(below)} ${model.hello?.mode === "view" ? "more" : "newer"}`);
  }

  clicked(element) {
    const index = this.pool.find((view) => view.element === element)?.index ?? null;
    if (index === null) return;
    this.select(index);
    this.events.onOpen();
  }

  /** Selects a row by its index in the list, and shows it. @param {number} index */
  async select(index) {
    const { model } = this, chosen = Math.min(Math.max(index, this.first), model.total - 1);
    if (chosen < this.first) return;
    this.selected = chosen;
    if (chosen < model.total - 1) this.follow(false);
    this.reveal(chosen);
    const row = await this.fetched(chosen) ?? { row: null };
    if (this.selected !== chosen) return;
    this.selectedRow = row;
    this.drawNow();
    this.events.onSelect(row);
  }

  /** Selects a row by its number in the run; if the filter hides it, only the detail shows it. @param {number} row */
  async selectRow(row) {
    const index = await this.model.indexOf(row), found = index === null ? null : await this.fetched(index);
    if (index !== null && found?.row === row) return this.select(index);
    this.selected = null;
    this.selectedRow = { row };
    this.drawNow();
    this.events.onSelect({ row });
  }

  /** Selects a row so many further; without a selection, the first or last in view. @param {number} distance */
  step(distance) {
    const [from, to] = this.map.range(0), start = this.follows ? to - 1 : from;
    this.select(this.selected === null ? this.first + start : this.selected + distance);
  }

  /** How many rows a screen has. */
  get page() {
    return Math.max(1, Math.floor(this.map.viewport / this.map.rowHeight) - 1);
  }

  reveal(index) {
    this.resize();
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

  /** The indexes of the first row in view, and behind the last. @returns {[number, number]} */
  get range() {
    const [from, to] = this.map.range(0);
    return [this.first + from, this.first + to];
  }

  /** Elapsed milliseconds of the first and the last row in view. */
  get timesInView() {
    const [from, to] = this.range, { rows } = this.model, start = rows.get(from), end = rows.get(to - 1);
    return start && end ? [start.elapsed_ms, end.elapsed_ms] : null;
  }
}
