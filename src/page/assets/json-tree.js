// @ts-check
// A JSON text as a tree that is opened and searched. Only what is open has elements, and of many children a part.

import { copyText, make, makeButton, marked, runKey, setText, span } from "./dom.js";
import { countText } from "./format.js";
import { jsonPath, parseJson, stringValue } from "./json-parse.js";

/** The most children that are shown until the user asks for more, and the most rows of a tree. */
const MANY_CHILDREN = 200, MANY_ROWS = 4_000;

/** The most characters of a string that are shown in the tree. */
const LONG_STRING = 2_000;

/** Depth at which the indent ends to grow. */
const MAX_INDENT = 40;

/** A row: a value, or with `hidden` the children of it that are not shown. @typedef {{index: number, depth: number, hidden: number}} TreeRow */

export class JsonTree {
  /** Throws a JsonError if the text is not JSON. @param {string} text */
  constructor(text) {
    this.text = text;
    const { values, isCut } = parseJson(text);
    this.values = values;
    this.isCut = isCut;
    /** @type {Set<number>} values that are open */
    this.opened = new Set();
    /** @type {Map<number, number>} how many children of a value are shown, if more than usual */
    this.shown = new Map();
    /** @type {number[]} */
    this.found = [];
    this.foundAt = -1;
    this.query = "";
    this.selected = 0;
    this.openFirst(60);
    this.search = make("input", { type: "search", "aria-label": "Search in JSON", placeholder: "Search", autocomplete: "off", spellcheck: "false" });
    this.search.addEventListener("input", () => this.find());
    this.search.addEventListener("keydown", (event) => event.key === "Enter" && this.next(event.shiftKey ? -1 : 1));
    this.count = make("output", { class: "dim" });
    this.tree = make("div", { role: "tree", class: "tree", "aria-label": "JSON" });
    this.tree.addEventListener("click", (event) => this.clicked(event));
    this.tree.addEventListener("keydown", (event) => this.key(event));
    this.element = make("div", {}, make("div", { class: "tree-tools" }, this.search, this.count,
      makeButton("Expand", () => this.expandAll()), makeButton("Collapse", () => this.collapseAll()),
      makeButton("Copy path", () => copyText(jsonPath(text, values, this.selected), "path")), makeButton("Copy value", () => this.copyValue())), this.tree);
    this.draw();
  }

  /** Opens from the outside in until about so many rows are seen. */
  openFirst(rows) {
    for (let level = [0], count = 1; level.length > 0 && count <= rows;) {
      const inner = [];
      for (const index of level) {
        const { size } = this.values[index];
        if (size === 0 || (level.length > 1 && count + size > rows)) continue;
        this.opened.add(index);
        count += size;
        inner.push(...this.children(index, rows).filter((child) => this.values[child].size > 0));
      }
      level = inner;
    }
  }

  children(index, limit) {
    const children = [];
    for (let at = index + 1; at < this.values[index].last && children.length < limit; at = this.values[at].last) children.push(at);
    return children;
  }

  /** @returns {{rows: TreeRow[], isCut: boolean}} */
  rows() {
    const rows = [], waiting = [{ index: 0, depth: 0, hidden: 0 }];
    while (rows.length < MANY_ROWS && waiting.length > 0) {
      const row = waiting.pop(), { index } = row, depth = row.depth + 1;
      rows.push(row);
      if (row.hidden > 0 || !this.opened.has(index)) continue;
      const children = this.children(index, this.shown.get(index) ?? MANY_CHILDREN), hidden = this.values[index].size - children.length;
      if (hidden > 0) waiting.push({ index, depth, hidden });
      for (const child of children.reverse()) waiting.push({ index: child, depth, hidden: 0 });
    }
    return { rows, isCut: waiting.length > 0 };
  }

  draw() {
    const { rows, isCut } = this.rows(), hadFocus = this.tree.contains(document.activeElement);
    this.tree.replaceChildren(...rows.map((row) => this.row(row)));
    if (isCut || this.isCut) this.tree.append(make("p", { class: "dim", role: "none" }, isCut ? "… more is open than is shown" : "… only a part of this text is shown as a tree"));
    if (!this.item(this.selected)) this.tree.firstChild.tabIndex = 0;
    if (hadFocus) this.focus();
  }

  /** @param {TreeRow} row */
  row({ index, depth, hidden }) {
    const value = this.values[index], isSelected = index === this.selected && hidden === 0, isOpenable = value.size > 0 && hidden === 0, isOpen = this.opened.has(index);
    const item = make("div", { role: "treeitem", "data-index": index, "data-hidden": hidden || null, "aria-level": depth + 1, tabindex: isSelected ? 0 : -1, "aria-selected": String(isSelected), "aria-expanded": isOpenable ? String(isOpen) : null },
      make("span", { class: "twist", "aria-hidden": "true" }, isOpenable ? (isOpen ? "▾" : "▸") : " "));
    item.style.setProperty("--level", String(Math.min(depth, MAX_INDENT)));
    if (hidden > 0) item.append(span(`${countText(hidden)} more`, "count"));
    else if (value.keyStart >= 0) item.append(this.piece("key", value.keyStart, value.keyEnd), ": ");
    else if (value.parent >= 0) item.append(span(`${value.place}: `, "dim"));
    if (hidden === 0) item.append(...this.valueParts(value));
    return item;
  }

  valueParts({ kind, size, start, end }) {
    if (kind === "object" || kind === "array") {
      const [left, right, unit] = kind === "object" ? ["{", "}", "member"] : ["[", "]", "element"];
      return size === 0 ? [left + right] : [`${left} `, span(`${countText(size)} ${unit}${size === 1 ? "" : "s"}`, "count"), ` ${right}`];
    }
    const rest = end - start - LONG_STRING;
    return [this.piece(kind, start, Math.min(end, start + LONG_STRING)), rest > 0 ? span(` … ${countText(rest)} characters more`, "count") : ""];
  }

  /** A part of the text, with what is searched for marked. */
  piece(name, start, end) {
    const text = this.text.slice(start, end), at = this.query ? text.toLowerCase().indexOf(this.query) : -1;
    if (at < 0) return span(text, name);
    return make("span", { class: name }, ...marked(text, at, at + this.query.length));
  }

  find() {
    const query = this.query = this.search.value.toLowerCase(), { text, values } = this;
    const has = (start, end) => start >= 0 && text.slice(start, end).toLowerCase().includes(query);
    this.found = [];
    values.forEach(({ kind, keyStart, keyEnd, start, end }, index) => {
      if (query && (has(keyStart, keyEnd) || (kind !== "object" && kind !== "array" && has(start, end)))) this.found.push(index);
    });
    this.foundAt = -1;
    if (this.found.length > 0) return this.next(1);
    setText(this.count, query ? "not found" : "");
    this.draw();
  }

  next(step) {
    const { length } = this.found;
    if (length === 0) return;
    this.foundAt = (this.foundAt + step + length) % length;
    setText(this.count, `${countText(this.foundAt + 1)} of ${countText(length)}`);
    this.reveal(this.found[this.foundAt]);
  }

  /** Opens all around a value, and selects it. */
  reveal(index) {
    for (let at = index; this.values[at].parent >= 0; at = this.values[at].parent) {
      const { parent, place } = this.values[at];
      this.opened.add(parent);
      if (place >= (this.shown.get(parent) ?? MANY_CHILDREN)) this.shown.set(parent, place + 50);
    }
    this.select(index);
  }

  select(index) {
    this.selected = index;
    this.draw();
    this.item(index)?.scrollIntoView({ block: "nearest" });
  }

  expandAll() {
    for (let index = 0, count = 0; index < this.values.length && count < MANY_ROWS; index++) {
      this.opened.add(index);
      count += this.values[index].size;
    }
    this.draw();
  }

  collapseAll() {
    this.opened = new Set([0]);
    this.select(0);
  }

  toggle(index) {
    if (!this.opened.delete(index)) this.opened.add(index);
    this.draw();
  }

  /** A string without its quotes, all else as it is in the text. */
  copyValue() {
    const { kind, start, end } = this.values[this.selected], source = this.text.slice(start, end);
    copyText(kind === "string" ? stringValue(source) : source, "value");
  }

  item(index) {
    return this.tree.querySelector(`[data-index="${index}"]:not([data-hidden])`);
  }

  focus() {
    this.item(this.selected)?.focus({ preventScroll: true });
  }

  clicked(event) {
    const item = event.target.closest("[role=treeitem]");
    if (!item || getSelection()?.type === "Range") return;
    const index = Number(item.dataset.index), wasSelected = index === this.selected;
    if (item.dataset.hidden) this.shown.set(index, (this.shown.get(index) ?? MANY_CHILDREN) + 10 * MANY_CHILDREN);
    else this.selected = index;
    if (!item.dataset.hidden && (wasSelected || event.target.closest(".twist"))) this.toggle(index);
    else this.draw();
    this.focus();
  }

  key(event) {
    const items = [...this.tree.querySelectorAll("[role=treeitem]")], at = items.indexOf(document.activeElement), { selected } = this;
    const { size, parent } = this.values[selected], isOpen = this.opened.has(selected) && size > 0;
    const move = (place) => {
      const item = items[Math.min(Math.max(0, place), items.length - 1)];
      if (item.dataset.hidden) return item.click();
      this.select(Number(item.dataset.index));
      this.focus();
    };
    runKey(event, {
      ArrowDown: () => move(at + 1), ArrowUp: () => move(at - 1), Home: () => move(0), End: () => move(items.length - 1), Enter: () => this.toggle(selected),
      ArrowRight: () => isOpen || size === 0 ? move(at + 1) : this.toggle(selected), ArrowLeft: () => isOpen ? this.toggle(selected) : parent >= 0 && move(items.indexOf(this.item(parent))),
    });
  }
}
