// @ts-check
// The list of connections: all, or one of them.

import { byId, make, notify, on, putData, putOptions, setText, throttled } from "./dom.js";
import { countText, sizeText } from "./format.js";

/** How many connections are shown until the user asks for more, and how many are asked for at a time. */
const MANY_CONNECTIONS = 200, MAX_ASKED = 500;

/** Codes of an orderly end. */
const GOOD_CODES = [1000, 1001, 1005, null];

export class Connections {
  /** @param {import("./model.js").Model} model @param {{onChoose: (connection: number|null) => void, onList: () => void}} events */
  constructor(model, events) {
    this.model = model;
    this.events = events;
    /** @type {any[]} newest first */
    this.list = [];
    /** How many are listed, and how many are not any more. */
    this.total = this.forgotten = 0;
    this.count = MANY_CONNECTIONS;
    this.seen = "";
    /** The items by the rows that connections begin with: a number may be used again. @type {Map<string|number, any>} */
    this.items = new Map();
    this.element = byId("connections");
    this.select = byId("connection-select");
    this.refresh = throttled(() => this.fetch(), 300);
    const choose = (value) => events.onChoose(value === "" ? null : Number(value));
    on("connection-select", "change", () => choose(this.select.value));
    on("connections", "click", ({ target }) => {
      const button = target.closest("button");
      if (button) choose(button.dataset.number);
    });
    on("more-connections", "click", () => {
      this.count += MANY_CONNECTIONS;
      this.fetch();
    });
  }

  /** Called for each notice. */
  update() {
    const { state } = this.model, seen = state && `${state.connections_version} ${state.rows}`;
    if (state && this.seen !== seen) this.refresh();
    this.seen = seen;
  }

  async fetch() {
    const list = [];
    let answer;
    do {
      answer = await this.model.source.request("connections", { from: list.length, count: Math.min(MAX_ASKED, this.count - list.length) }).catch(() => null);
      // The source is gone: what is shown stays.
      if (!answer) return;
      list.push(...answer.list);
    } while (answer.list.length > 0 && list.length < Math.min(this.count, answer.total));
    Object.assign(this, { list, total: answer.total, forgotten: answer.forgotten });
    this.draw();
  }

  draw() {
    const { filter: { connection }, isOver } = this.model, all = `All connections (${countText(this.total)})`;
    if (isOver) for (const one of this.open) Object.assign(one, { state: "ended", why: "wscope ended" });
    const buttons = [this.button("all", ""), ...this.list.map((one) => this.button(one.row, one.number ?? ""))];
    setText(buttons[0].children[1], "All connections");
    setText(buttons[0].children[2], countText(this.total));
    setText(buttons[0].children[4], this.forgotten ? `and ${countText(this.forgotten)} older ones that are not listed` : "");
    this.list.forEach((one, at) => fillConnection(buttons[at + 1], one));
    buttons.forEach((button, at) => {
      button.ariaCurrent = (connection === null ? at === 0 : button.dataset.number === String(connection)) ? "true" : null;
      if (this.element.children[at] !== button.parentNode) this.element.insertBefore(button.parentNode, this.element.children[at] ?? null);
    });
    while (this.element.children.length > buttons.length) this.element.lastChild.remove();
    byId("more-connections").hidden = this.list.length >= this.total;
    putOptions(this.select, [["", all], ...connectionOptions(this.list)]);
    this.select.value = String(connection ?? "");
    this.events.onList();
  }

  /** The button of an item, which is kept for the next time. */
  button(key, number) {
    if (!this.items.has(key)) {
      const button = make("button", { "data-number": String(number) }, ...["dot", "path", "protocol dim", "second dim", "why dim"].map((name) => make("span", { class: name })));
      make("li", {}, button);
      this.items.set(key, button);
    }
    return this.items.get(key);
  }

  /** Those to which messages can be sent. */
  get open() {
    return this.list.filter((one) => one.state === "open" || one.state === "closing");
  }

  /** Goes to the next one in the list. @param {1|-1} step */
  step(step) {
    const numbers = [null, ...this.list.map((one) => one.number).filter((number) => number !== null)];
    const next = numbers.indexOf(this.model.filter.connection) + step;
    if (next < 0 || next >= numbers.length) notify(step > 0 ? "No older connection" : "No newer connection");
    else this.events.onChoose(numbers[next]);
  }
}

const connectionName = (one) => `${one.number === null ? "" : `#${one.number} `}${(one.path ?? one.url ?? "").slice(0, 200)}`;

/** The code or status with which it ended. */
const endOf = (one) => one.code ?? (one.state === "refused" ? one.status : null);

/** The connections that have a number as options: each in one line. @param {any[]} list @returns {[string, string][]} */
export function connectionOptions(list) {
  return list.filter((one) => one.number !== null).map((one) => [String(one.number), `${connectionName(one).slice(0, 60)}${one.state === "open" ? "" : ` · ${endOf(one) ?? one.state}`}`]);
}

function fillConnection(button, one) {
  const [dot, path, protocol, second, why] = button.children, isBad = one.state === "refused" || !GOOD_CODES.includes(one.code);
  const words = one.state === "open" ? "" : one.why ?? [one.state === "closing" && "closing", one.initiator && `by ${one.initiator === "self" ? "wscope" : one.initiator}`, one.reason ? `“${one.reason}”` : one.name].filter(Boolean).join(": ");
  button.className = dot.title = one.state;
  putData(path, connectionName(one));
  putData(protocol, String(endOf(one) ?? one.protocol ?? "").slice(0, 40));
  putData(second, `↑ ${countText(one.out)}  ↓ ${countText(one.in)}  · ${sizeText(one.bytes)}`);
  why.title = putData(why, words.slice(0, 600)).textContent;
  why.hidden = words === "";
  for (const element of [protocol, why]) element.className = `${element === why ? "why" : "protocol"} ${isBad ? "bad" : "dim"}`;
}
