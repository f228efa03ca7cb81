// @ts-check
// The dialogs: rules, the end of a connection, keys.

import { byId, make, makeButton, notify, putData, putOptions } from "./dom.js";
import { connectionLabel } from "./connections.js";

export class RulesDialog {
  /** @param {import("./model.js").Model} model */
  constructor(model) {
    this.model = model;
    this.dialog = byId("rules-dialog");
    this.version = -1;
    byId("open-rules").addEventListener("click", () => this.open());
    byId("rule-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.add();
    });
  }

  update() {
    byId("open-rules").hidden = !this.model.hello?.can.rules || this.model.state?.phase === "ended";
    if (this.dialog.open && this.model.state?.rules_version !== this.version) this.fetch();
  }

  open() {
    if (byId("open-rules").hidden) return;
    byId("rule-error").textContent = "";
    this.dialog.showModal();
    byId("rule-text").focus();
    this.fetch();
  }

  async fetch() {
    this.version = this.model.state?.rules_version;
    try {
      this.draw((await this.model.source.request("rules")).list);
    } catch (error) {
      putData(byId("rule-error"), /** @type {Error} */ (error).message);
    }
  }

  /** @param {{number: number, text: string}[]} list */
  draw(list) {
    byId("rules-list").replaceChildren(...list.map(({ number, text }) => make("li", {}, make("span", { class: "dim" }, `${number}`), putData(make("code"), text),
      makeButton("Remove", () => this.change("remove_rule", { number }), { "aria-label": `Remove rule ${number}` }))));
    if (list.length === 0) byId("rules-list").append(make("li", { class: "dim" }, "No rules: nothing is changed."));
  }

  async add() {
    if (await this.change("add_rule", { text: byId("rule-text").value })) byId("rule-text").value = "";
  }

  async change(method, params) {
    try {
      await this.model.source.request(method, params);
    } catch (error) {
      putData(byId("rule-error"), /** @type {Error} */ (error).message);
      return false;
    }
    byId("rule-error").textContent = "";
    await this.fetch();
    return true;
  }
}

export class CloseDialog {
  /** @param {import("./model.js").Model} model @param {() => any[]} openConnections */
  constructor(model, openConnections) {
    this.model = model;
    this.openConnections = openConnections;
    this.dialog = byId("close-dialog");
    byId("open-close").addEventListener("click", () => this.open());
    byId("close-cancel").addEventListener("click", () => this.dialog.close());
    byId("close-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
  }

  update() {
    const { hello, state, status } = this.model;
    byId("open-close").hidden = !hello?.can.close?.length || state?.phase === "ended" || status !== "open";
  }

  open() {
    if (byId("open-close").hidden) return;
    const open = this.openConnections(), chosen = this.model.filter.connection;
    if (open.length === 0) return notify("No connection is open");
    const numbered = open.filter((one) => one.number !== null);
    putOptions(byId("close-connection"), numbered.map((one) => [String(one.number), connectionLabel(one)]));
    byId("close-connection").parentNode.hidden = numbered.length === 0;
    if (numbered.some((one) => one.number === chosen)) byId("close-connection").value = String(chosen);
    const sides = this.model.hello.can.close;
    putOptions(byId("close-side"), (sides.length > 1 ? ["both", ...sides] : sides).map((side) => [side, side]));
    byId("close-error").textContent = "";
    this.dialog.showModal();
    byId("close-code").select();
  }

  async submit() {
    const number = byId("close-connection").value;
    const reason = byId("close-reason").value;
    if (new TextEncoder().encode(reason).length > 123) {
      byId("close-error").textContent = "The reason is over 123 bytes.";
      return;
    }
    try {
      await this.model.source.request("close", { connection: number === "" ? null : Number(number), to: byId("close-side").value, code: Number(byId("close-code").value), reason });
      this.dialog.close();
    } catch (error) {
      putData(byId("close-error"), /** @type {Error} */ (error).message);
    }
  }
}

/** What is in the dialog `Keys`: keys, then the words of the filter. */
const KEYS_HELP = /** @type {[string, [string, string][]][]} */ ([
  ["Messages", [["j k ↓ ↑", "next, previous"], ["PgDn PgUp", "a screen further, back"], ["g G", "first, newest"], ["f", "follow the newest"], ["Space", "pause, resume"], ["[ ]", "newer, older connection"], ["/", "filter"], ["p", "hide or show control frames"], ["C", "clear"]]],
  ["One message", [["Enter", "to the detail"], ["Esc", "back"], ["1 … 5", "Text, JSON, Hex, Frames, Decoded"], ["y", "copy"], ["Y", "copy as a scenario line"]]],
  ["Sending", [["c", "compose"], ["e", "edit and send again"], ["r", "send again"], ["h", "hold on, off"], ["o", "let the first held message go"], ["d", "drop it"], ["E", "edit it"], ["R", "rules"], ["x", "disconnect"]]],
  ["Page", [["t", "time line: ← → to move, Enter to jump, + − to zoom"], ["s", "save (Tab for the format)"], ["?", "this list"]]],
  ["Filter", [["word “two words”", "text that contains it"], ["/regex/ /regex/i", "text that matches"], ["dir:out dir:in", "client to server, server to client"], ["type:text,close", "text, binary, ping, pong, close, open, error, http …"], ["size:>1k", "also <, >=, <=, 100..200"], ["conn:2 code:1008", "connection, close code"], ["rule:1 late:>100ms", "touched by a rule, late answers"], ["$.op == tick", "JSON value at a path; ~ contains; $.op exists"], ["-word", "not"]]],
]);

/** Fills the dialog. */
export function fillKeysDialog() {
  byId("keys-body").replaceChildren(...KEYS_HELP.map(([title, entries]) => make("section", {}, make("h3", {}, title),
    make("dl", {}, ...entries.flatMap(([key, text]) => [make("dt", {}, key), make("dd", {}, text)])))));
  byId("open-keys").addEventListener("click", openKeysDialog);
}

export function openKeysDialog() {
  const dialog = byId("keys-dialog");
  if (!dialog.open) dialog.showModal();
}
