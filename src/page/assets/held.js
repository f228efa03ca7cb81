// @ts-check
// Messages that are held: above the list, until they are let go, edited or dropped.

import { byId, make, makeButton, notify, putData } from "./dom.js";
import { arrowText, countText, directionText, sizeText } from "./format.js";

/** How many are shown; more wait behind them. */
const MANY_HELD = 20;

export class Held {
  /** @param {import("./model.js").Model} model @param {(held: any) => void} onEdit */
  constructor(model, onEdit) {
    this.model = model;
    this.onEdit = onEdit;
    this.element = byId("held");
    this.version = /** @type {number|null} */ (null);
    this.button = byId("hold");
    this.button.addEventListener("click", () => this.toggle());
  }

  /** Called for each notice. */
  update() {
    const { state, hello } = this.model;
    this.button.hidden = !hello?.can.hold || state?.phase === "ended";
    if (!state) return;
    this.button.setAttribute("aria-pressed", String(Boolean(state.holding)));
    if (state.held_version === this.version) return;
    this.version = state.held_version;
    if (state.held > 0) this.fetch();
    else this.draw([]);
  }

  toggle() {
    if (this.button.hidden) return;
    this.run("hold", { on: !this.model.state?.holding });
  }

  async fetch() {
    try {
      this.draw((await this.model.source.request("held")).list);
    } catch {
      this.version = null; // asked for again with the next notice
    }
  }

  draw(list) {
    const focused = this.element.contains(document.activeElement) ? document.activeElement?.textContent : null;
    this.element.hidden = list.length === 0;
    this.element.replaceChildren(...list.slice(0, MANY_HELD).map((held) => this.item(held)));
    if (list.length > 1) {
      this.element.append(make("li", {}, make("span", { class: "preview dim" }, `${countText(list.length)} messages are held`), makeButton("Release all", () => this.run("release", { number: null, drop: false }))));
    }
    if (focused) [...this.element.querySelectorAll("button")].find((button) => button.textContent === focused)?.focus();
  }

  item(held) {
    const id = `held-${held.number}`;
    const where = held.connection === null ? "" : `#${held.connection} `;
    const text = make("span", { class: "preview", id });
    putData(text, held.preview);
    return make("li", {},
      make("span", { class: "warn" }, `held ${held.number}`),
      make("span", { class: "dim" }, `${where}${arrowText(held.direction)} ${held.type} ${sizeText(held.size)}`),
      make("span", { class: "unseen" }, directionText(held.direction)), text,
      makeButton("Go", () => this.run("release", { number: held.number, drop: false }), { "aria-describedby": id }),
      makeButton("Edit", () => this.onEdit(held), { "aria-describedby": id }),
      makeButton("Drop", () => this.run("release", { number: held.number, drop: true }), { "aria-describedby": id }));
  }

  async run(method, params) {
    try {
      await this.model.source.request(method, params);
    } catch (error) {
      notify(/** @type {Error} */ (error).message);
    }
  }
}
