// @ts-check
// A JSON text as a tree that is opened and searched. Only what is open has elements, and of many children a part.

import { copyText, make, makeButton, putData, setText } from "./dom.js";
import { countText } from "./format.js";
import { jsonPath, parseJson, stringValue } from "./json-parse.js";

/** The most children that are shown before the user asks for more, and the most rows of the whole tree. */
const MANY_CHILDREN = 200, MANY_ROWS = 4_000;

/** The most characters of a string that are shown in the tree. */
const LONG_STRING = 2_000;

/** Depth at which the indent ends to grow. */
const MAX_INDENT = 40;

export class JsonTree {
  /** Throws a JsonError if the text is not JSON. */
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
    this.element = make("div");
    this.tree = make("div", { role: "tree", class: "tree", "aria-label": "JSON" });
    this.element.append(this.tools(), this.tree);
    this.tree.addEventListener("click", (event) => this.clicked(event));
    this.tree.addEventListener("keydown", (event) => this.key(event));
    this.draw();
  }

  tools() {
    this.search = make("input", { type: "search", "aria-label": "Search in JSON", placeholder: "Search", autocomplete: "off", spellcheck: "false" });
    this.search.addEventListener("input", () => this.find(this.search.value));
    this.search.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      this.next(event.shiftKey ? -1 : 1);
    });
    this.count = make("output", { class: "dim" });
    return make("div", { class: "tree-tools" }, this.search, this.count,
      makeButton("Expand", () => this.expandAll()), makeButton("Collapse", () => this.collapseAll()),
      makeButton("Copy path", () => copyText(jsonPath(this.text, this.values, this.selected), "path")),
      makeButton("Copy value", () => copyText(this.valueText(this.selected), "value")));
  }

  /** Opens from the outside in until about so many rows are seen. */
  openFirst(rows) {
    let count = 1;
    for (let level = [0]; level.length > 0 && level[0] !== undefined;) {
      const inner = [];
      for (const index of level) {
        const { size } = this.values[index];
        if (size === 0 || (level.length > 1 && count + size > rows)) continue;
        this.opened.add(index);
        count += Math.min(size, MANY_CHILDREN);
        inner.push(...this.children(index).slice(0, rows).filter((child) => this.values[child].size > 0));
      }
      level = count > rows ? [] : inner;
    }
  }

  children(index, limit = Infinity) {
    const children = [];
    for (let at = index + 1; at < this.values[index].last && children.length < limit; at = this.values[at].last) children.push(at);
    return children;
  }

  /** The rows of the tree: the index of a value and its depth, or of a value with more children than are shown. */
  rows() {
    /** @type {{index: number, depth: number, hidden: number}[]} */
    const rows = [];
    /** @type {{index: number, depth: number, hidden: number}[]} */
    const waiting = [{ index: 0, depth: 0, hidden: 0 }];
    for (let row; rows.length < MANY_ROWS && (row = waiting.pop());) {
      rows.push(row);
      if (row.hidden > 0 || !this.opened.has(row.index)) continue;
      const limit = this.shown.get(row.index) ?? MANY_CHILDREN;
      const children = this.children(row.index, limit);
      const depth = row.depth + 1, hidden = this.values[row.index].size - children.length;
      if (hidden > 0) waiting.push({ index: row.index, depth, hidden });
      for (const index of children.reverse()) waiting.push({ index, depth, hidden: 0 });
    }
    return { rows, isCut: waiting.length > 0 };
  }

  draw() {
    const { rows, isCut } = this.rows();
    const hadFocus = this.tree.contains(document.activeElement);
    this.tree.replaceChildren(...rows.map((row) => this.row(row)));
    if (isCut || this.isCut) this.tree.append(make("p", { class: "dim", role: "none" }, isCut ? "… more is open than is shown" : "… only a part of this text is shown as a tree"));
    if (!this.tree.querySelector("[tabindex='0']")) this.tree.firstChild?.setAttribute("tabindex", "0");
    if (hadFocus) this.focus();
  }

  /** @param {{index: number, depth: number, hidden: number}} row */
  row({ index, depth, hidden }) {
    const value = this.values[index], isSelected = index === this.selected && hidden === 0;
    const isOpenable = value.size > 0 && hidden === 0, isOpen = this.opened.has(index);
    const item = make("div", {
      role: "treeitem", "data-index": index, "data-hidden": hidden || null, "aria-level": depth + 1, tabindex: isSelected ? 0 : -1, "aria-selected": isSelected,
      "aria-expanded": isOpenable ? isOpen : null,
    });
    item.style.setProperty("--level", String(Math.min(depth, MAX_INDENT)));
    if (hidden > 0) {
      item.append(make("span", { class: "twist" }, " "), make("span", { class: "count" }, `${countText(hidden)} more`));
      return item;
    }
    item.append(make("span", { class: "twist", "aria-hidden": "true" }, isOpenable ? (isOpen ? "▾" : "▸") : " "));
    const inArray = value.parent >= 0 && value.keyStart < 0;
    if (value.keyStart >= 0) item.append(this.piece("key", this.text.slice(value.keyStart, value.keyEnd)), ": ");
    else if (inArray) item.append(make("span", { class: "dim" }, `${value.place}: `));
    item.append(...this.valueParts(value));
    return item;
  }

  valueParts(value) {
    if (value.kind === "object" || value.kind === "array") {
      const [start, end] = value.kind === "object" ? "{}" : "[]";
      const unit = value.kind === "object" ? (value.size === 1 ? "member" : "members") : (value.size === 1 ? "element" : "elements");
      return value.size === 0 ? [`${start}${end}`] : [`${start} `, make("span", { class: "count" }, `${countText(value.size)} ${unit}`), ` ${end}`];
    }
    const source = this.text.slice(value.start, Math.min(value.end, value.start + LONG_STRING));
    const rest = value.end - value.start - source.length;
    return rest > 0 ? [this.piece(value.kind, source), make("span", { class: "count" }, ` … ${countText(rest)} characters more`)] : [this.piece(value.kind, source)];
  }

  /** A part of the text, with what is searched for marked. */
  piece(name, text) {
    const element = make("span", { class: name });
    const at = this.query ? text.toLowerCase().indexOf(this.query) : -1;
    if (at < 0) return putData(element, text);
    const end = at + this.query.length;
    element.append(putData(make("span"), text.slice(0, at)), putData(make("mark"), text.slice(at, end)), putData(make("span"), text.slice(end)));
    return element;
  }

  find(query) {
    this.query = query.toLowerCase();
    this.found = [];
    this.foundAt = -1;
    if (this.query) {
      this.values.forEach((value, index) => {
        const isScalar = value.kind !== "object" && value.kind !== "array";
        const key = value.keyStart < 0 ? "" : this.text.slice(value.keyStart, value.keyEnd);
        if ((key + (isScalar ? `\n${this.text.slice(value.start, value.end)}` : "")).toLowerCase().includes(this.query)) this.found.push(index);
      });
    }
    if (this.found.length > 0) return this.next(1);
    setText(this.count, this.query ? "not found" : "");
    this.draw();
  }

  next(direction) {
    if (this.found.length === 0) return;
    this.foundAt = (this.foundAt + direction + this.found.length) % this.found.length;
    setText(this.count, `${countText(this.foundAt + 1)} of ${countText(this.found.length)}`);
    this.reveal(this.found[this.foundAt]);
  }

  /** Opens all around a value, and selects it. */
  reveal(index) {
    for (let at = index; this.values[at].parent >= 0; at = this.values[at].parent) {
      const { parent, place } = this.values[at];
      this.opened.add(parent);
      if (place >= (this.shown.get(parent) ?? MANY_CHILDREN)) this.shown.set(parent, place + 50);
    }
    this.selected = index;
    this.draw();
    this.item(index)?.scrollIntoView({ block: "nearest" });
  }

  expandAll() {
    let count = 0;
    for (let index = 0; index < this.values.length && count < MANY_ROWS; index++) {
      if (this.values[index].size === 0) continue;
      this.opened.add(index);
      count += this.values[index].size;
    }
    this.draw();
  }

  collapseAll() {
    this.opened = new Set([0]);
    this.shown.clear();
    this.selected = 0;
    this.draw();
  }

  toggle(index) {
    if (this.values[index].size === 0) return;
    if (!this.opened.delete(index)) this.opened.add(index);
    this.draw();
  }

  valueText(index) {
    const { kind, start, end } = this.values[index];
    const source = this.text.slice(start, end);
    return kind === "string" ? stringValue(source) : source;
  }

  item(index) {
    return this.tree.querySelector(`[data-index="${index}"]:not([data-hidden])`);
  }

  focus() {
    this.item(this.selected)?.focus({ preventScroll: true });
  }

  clicked(event) {
    const item = /** @type {HTMLElement|null} */ (/** @type {Element} */ (event.target).closest("[role=treeitem]"));
    if (!item || getSelection()?.type === "Range") return;
    const index = Number(item.dataset.index);
    if (item.dataset.hidden) this.shown.set(index, (this.shown.get(index) ?? MANY_CHILDREN) + 10 * MANY_CHILDREN);
    else if (index !== this.selected && !/** @type {Element} */ (event.target).closest(".twist")) this.selected = index;
    else {
      this.selected = index;
      return this.toggle(index), this.focus();
    }
    this.draw();
    this.focus();
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const items = [...this.tree.querySelectorAll("[role=treeitem]")];
    const at = items.indexOf(document.activeElement), value = this.values[this.selected], isOpen = this.opened.has(this.selected);
    const move = (place) => {
      const item = items[Math.min(Math.max(0, place), items.length - 1)];
      if (item.dataset.hidden) return item.click();
      this.selected = Number(item.dataset.index);
      this.draw();
      this.focus();
      this.item(this.selected).scrollIntoView({ block: "nearest" });
    };
    const actions = /** @type {Record<string, () => void>} */ ({
      ArrowDown: () => move(at + 1), ArrowUp: () => move(at - 1), Home: () => move(0), End: () => move(items.length - 1),
      ArrowRight: () => isOpen || value.size === 0 ? move(at + 1) : this.toggle(this.selected),
      ArrowLeft: () => isOpen ? this.toggle(this.selected) : value.parent >= 0 && move(items.indexOf(this.item(value.parent))),
      Enter: () => this.toggle(this.selected),
    });
    if (!actions[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    actions[event.key]();
  }
}
