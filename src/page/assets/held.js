// @ts-check
// Messages that are held: above the list, until they are let go, edited or dropped.

import { attempt, byId, make, makeButton, on, span } from "./dom.js";
import { arrowText, countText, directionText, sizeText } from "./format.js";

/** How many are shown; more wait behind them, of which wscope lists some. */
const MANY_HELD = 20;

export class Held {
  /** @param {import("./model.js").Model} model @param {(held: any) => void} onEdit */
  constructor(model, onEdit) {
    this.model = model;
    this.onEdit = onEdit;
    this.element = byId("held");
    /** @type {string|null} */
    this.version = null;
    on("hold", "click", () => this.toggle());
  }

  /** Called for each notice. */
  update() {
    const { state } = this.model, button = byId("hold");
    button.hidden = !this.model.can("hold");
    button.ariaPressed = Boolean(state?.holding);
    const version = state && `${state.held_version} ${state.holding}`;
    if (version === this.version) return;
    this.version = version;
    this.fetch();
  }

  toggle() {
    if (this.model.can("hold")) this.run("hold", { on: !this.model.state.holding });
  }

  async fetch() {
    const { holding } = this.model.state, answer = this.model.state.held > 0 ? await this.model.source.request("held").catch(() => null) : { list: [] };
    if (!answer) {
      // It is asked for again with the next notice.
      this.version = null;
      return;
    }
    const { list } = answer, held = Math.max(list.filter(({ after }) => !after).length, this.model.state.held), more = Math.max(list.length, held) - MANY_HELD, focused = this.element.contains(document.activeElement) ? document.activeElement?.textContent : null;
    this.element.hidden = list.length === 0;
    this.element.replaceChildren(...list.slice(0, MANY_HELD).map((held) => this.item(held)));
    if (list.length > 1 || !holding) this.element.prepend(make("li", { class: "first" }, span(`${countText(held)} ${holding || list.every(({ rule }) => rule) ? "held" : "still held: Hold is off"}`, "dim"), makeButton("Release all", () => this.release(null, false))));
    if (more > 0) this.element.append(make("li", { class: "dim" }, `and ${countText(more)} more`));
    if (focused) this.button(focused)?.focus();
  }

  /** The first button with this name. */
  button(name) {
    return [...this.element.querySelectorAll("button")].find((button) => button.textContent === name);
  }

  item(held) {
    const { number, connection, rule, direction, type, size, preview, after } = held, id = `held-${number}`, text = span(preview, "preview");
    const button = (name, action) => makeButton(name, action, { "aria-describedby": id });
    text.id = id;
    return make("li", {}, span(`held ${number}${rule ? ` by rule ${rule}` : ""}`, "warn"), span(`${connection === null ? "" : `#${connection} `}${arrowText(direction)} ${type} ${sizeText(size)}`, "dim"),
      span(directionText(direction), "unseen"), text,
      ...after ? [span(`goes after ${after}`, "dim")] : [button("Go", () => this.release(number, false)), ...(type === "close" ? [] : [button("Edit", () => this.onEdit(held))]), button("Drop", () => this.release(number, true))]);
  }

  release(number, drop) {
    this.run("release", { number, drop });
  }

  run(method, params) {
    return attempt(this.model.source.request(method, params));
  }
}
