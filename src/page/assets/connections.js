// @ts-check
// The list of connections: all, or one of them.

import { byId, make, notify, putData, putOptions, throttled } from "./dom.js";
import { countText, sizeText } from "./format.js";

/** How many connections are asked for at a time. */
const PAGE = 200;

export class Connections {
  /** @param {import("./model.js").Model} model @param {{onChoose: (connection: number|null) => void, onOpenList: () => void}} events */
  constructor(model, events) {
    this.model = model;
    this.events = events;
    /** @type {any[]} newest first */
    this.list = [];
    this.total = 0;
    this.count = PAGE;
    this.version = -1;
    this.element = byId("connections");
    this.select = byId("connection-select");
    this.refresh = throttled(() => this.fetch(), 300);
    this.select.addEventListener("change", () => events.onChoose(this.select.value === "" ? null : Number(this.select.value)));
    this.element.addEventListener("click", (event) => {
      const button = /** @type {HTMLElement|null} */ (/** @type {Element} */ (event.target).closest("button"));
      if (button) events.onChoose(button.dataset.number === "" ? null : Number(button.dataset.number));
    });
    byId("more-connections").addEventListener("click", () => {
      this.count += PAGE;
      this.fetch();
    });
    /** @type {Map<string, any>} the items by number */
    this.items = new Map();
  }

  /** Called for each notice. */
  update() {
    const { state } = this.model;
    if (state && (state.connections_version !== this.version || state.rows !== this.rows)) this.refresh();
  }

  async fetch() {
    const { state } = this.model;
    this.version = state?.connections_version;
    this.rows = state?.rows;
    const list = [];
    try {
      let answer;
      do {
        answer = await this.model.source.request("connections", { from: list.length, count: Math.min(500, this.count - list.length) });
        list.push(...answer.list);
      } while (answer.list.length > 0 && list.length < Math.min(this.count, answer.total));
      this.total = answer.total;
    } catch {
      return; // the source is gone; what is shown stays
    }
    this.list = list;
    this.draw();
  }

  draw() {
    const { connection } = this.model.filter;
    const all = this.item("", () => make("button", { type: "button", "data-number": "" }, make("span"), make("span", {}, "All connections"), make("span", { class: "dim" })));
    all.lastChild.textContent = countText(this.total);
    const items = [all.parentNode];
    for (const one of this.list) {
      const button = this.item(String(one.number ?? ""), newButton, one.number === null);
      fillButton(button, one);
      items.push(button.parentNode);
    }
    for (const item of items) {
      const { number } = item.firstChild.dataset;
      if (number === String(connection ?? "") && (number !== "" || item === items[0])) item.firstChild.setAttribute("aria-current", "true");
      else item.firstChild.removeAttribute("aria-current");
    }
    if (items.length !== this.element.children.length || items.some((item, at) => this.element.children[at] !== item)) this.put(items);
    byId("more-connections").hidden = this.list.length >= this.total;
    putOptions(this.select, [["", `All connections (${countText(this.total)})`], ...this.list.filter((one) => one.number !== null).map((one) => /** @type {[string, string]} */ ([String(one.number), connectionLabel(one)]))]);
    this.select.value = String(connection ?? "");
    this.events.onOpenList();
  }

  put(items) {
    const focused = document.activeElement;
    this.element.replaceChildren(...items);
    if (focused instanceof HTMLElement && this.element.contains(focused)) focused.focus();
  }

  /**
   * The button of an item that is kept for the next time.
   * @param {() => any} create
   * @param {boolean} [isOnly] the only connection of a run in which they have no numbers
   */
  item(number, create, isOnly = false) {
    const key = isOnly ? "only" : number;
    if (!this.items.has(key)) {
      const button = create();
      button.dataset.number = number;
      make("li", {}, button);
      this.items.set(key, button);
    }
    return this.items.get(key);
  }

  /** Those to which messages can be sent. */
  get open() {
    return this.list.filter((one) => one.state === "open");
  }

  /** Goes to the next one in the list. */
  step(step) {
    const numbers = [null, ...this.list.map((one) => one.number).filter((number) => number !== null)];
    const at = numbers.indexOf(this.model.filter.connection);
    const next = at + step;
    if (next < 0 || next >= numbers.length) return notify(step > 0 ? "No older connection" : "No newer connection");
    this.events.onChoose(numbers[next]);
  }
}

/** A connection in one line. @param {any} one */
export function connectionLabel(one) {
  const number = one.number === null ? "" : `#${one.number} `;
  return `${number}${(one.path ?? one.url ?? "").slice(0, 60)}${one.state === "open" ? "" : ` · ${one.code ?? one.status ?? one.state}`}`;
}

function newButton() {
  return make("button", { type: "button" }, make("span", { class: "dot" }), make("span", { class: "path" }), make("span", { class: "protocol dim" }),
    make("span", { class: "second" }), make("span", { class: "bytes" }), make("span", { class: "why" }));
}

/** @param {any} button @param {any} one */
function fillButton(button, one) {
  const [dot, path, protocol, second, bytes, why] = button.children;
  button.className = one.state;
  dot.title = one.state;
  putData(path, `${one.number === null ? "" : `#${one.number} `}${one.path ?? one.url ?? ""}`);
  path.title = "";
  const code = one.state === "open" ? null : one.code ?? one.status;
  putData(protocol, code === null || code === undefined ? (one.protocol ?? "").slice(0, 40) : String(code));
  protocol.classList.toggle("bad", isBadEnd(one));
  putData(second, `↑ ${countText(one.out)}  ↓ ${countText(one.in)}`);
  putData(bytes, sizeText(one.bytes));
  const words = one.state === "open" ? "" : one.why ?? (one.reason ? `“${one.reason}”` : one.name) ?? "";
  putData(why, words.slice(0, 300));
  why.classList.toggle("bad", isBadEnd(one));
  why.hidden = words === "";
}

/** @param {any} one */
function isBadEnd(one) {
  return one.state === "refused" || (one.state === "closed" && one.code !== null && ![1000, 1001, 1005].includes(one.code));
}
