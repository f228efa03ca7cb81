// @ts-check
// The dialogs: rules, the end of a connection, keys.

import { connectionOptions } from "./connections.js";
import { byId, dataIn, make, makeButton, notify, on, putData, putOptions, setText, span, throttled } from "./dom.js";

export class RulesDialog {
  /** @param {import("./model.js").Model} model */
  constructor(model) {
    this.model = model;
    this.dialog = byId("rules-dialog");
    this.version = this.rows = -1;
    /** What is listed, as JSON. */
    this.shown = "";
    this.count = throttled(() => this.fetch(), 300);
    on("open-rules", "click", () => this.open());
    on("rule-form", "submit", async (event) => {
      event.preventDefault();
      const box = byId("rule-text"), { value: text } = box;
      if (await this.change("add_rule", { text }) && box.value === text) box.value = "";
    });
  }

  update() {
    const { model } = this, canRule = model.can("rules");
    byId("open-rules").hidden = !canRule;
    if (canRule && model.state.rules_version !== this.version) this.fetch();
    else if (canRule && this.dialog.open && model.state.rows !== this.rows) this.count();
  }

  open() {
    if (byId("open-rules").hidden) return;
    byId("rule-error").textContent = "";
    this.dialog.showModal();
    byId("rule-text").focus();
    this.fetch();
  }

  async fetch() {
    const { state } = this.model, box = byId("rules-list"), buttons = () => [...box.querySelectorAll("button")];
    [this.version, this.rows] = [state.rules_version, state.rows];
    const answer = await this.change("rules", {}), shown = JSON.stringify(answer?.list);
    if (!answer || this.shown === shown) return;
    this.shown = shown;
    const at = buttons().findIndex((button) => button === document.activeElement);
    setText(byId("open-rules"), answer.list.length > 0 ? `Rules (${answer.list.length})` : "Rules");
    const items = answer.list.map(({ number, text, applied }) => make("li", {}, span(String(number), "dim"), dataIn("code", text), span(`applied: ${applied}`, "dim"),
      makeButton("Remove", () => this.change("remove_rule", { number }), { "aria-label": `Remove rule ${number}` })));
    box.replaceChildren(...items, items.length > 0 ? "" : make("li", { class: "dim" }, "No rules: nothing is changed."));
    if (at >= 0) (buttons()[at] ?? buttons().at(-1) ?? byId("rule-text")).focus();
  }

  /** The answer; an error is shown in the dialog. */
  async change(method, params) {
    const answer = await this.model.source.request(method, params).catch((error) => void putData(byId("rule-error"), error.message));
    if (!answer) return null;
    if (method === "rules") return answer;
    byId("rule-error").textContent = "";
    await this.fetch();
    return answer;
  }
}

export class CloseDialog {
  /** @param {import("./model.js").Model} model @param {() => any[]} openConnections */
  constructor(model, openConnections) {
    this.model = model;
    this.openConnections = openConnections;
    this.dialog = byId("close-dialog");
    on("open-close", "click", () => this.open());
    on("close-cancel", "click", () => this.dialog.close());
    on("close-form", "submit", (event) => {
      event.preventDefault();
      this.submit();
    });
  }

  update() {
    byId("open-close").hidden = !this.model.can("close");
  }

  /** The connections have changed: one that was chosen stays so, and the dialog says if it has ended. */
  list() {
    if (!this.dialog.open) return;
    const select = byId("close-connection"), { value } = select, numbered = connectionOptions(this.openConnections()), ended = value !== "" && !numbered.some(([number]) => number === value) && `#${value} has ended`;
    putOptions(select, ended ? [[value, `#${value} · ended`], ...numbered] : numbered);
    select.value = value;
    if (ended || / has ended$/.test(byId("close-error").textContent)) byId("close-error").textContent = ended || "";
  }

  open() {
    if (byId("open-close").hidden) return;
    const open = this.openConnections(), numbered = connectionOptions(open), select = byId("close-connection"), { connection } = this.model.filter;
    if (open.length === 0) return notify("No connection is open");
    if (connection !== null && !numbered.some(([number]) => number === String(connection))) return notify(`Connection #${connection} is not open: choose another in the list`);
    byId("close-form").reset();
    putOptions(select, numbered);
    select.parentNode.hidden = numbered.length === 0;
    select.value = String(connection ?? numbered[0]?.[0]);
    const sides = this.model.hello.can.close;
    putOptions(byId("close-side"), (sides.length > 1 ? ["both", ...sides] : sides).map((side) => [side, side]));
    byId("close-error").textContent = "";
    this.dialog.showModal();
    byId("close-code").select();
  }

  async submit() {
    const { value: number } = byId("close-connection"), { value: reason } = byId("close-reason");
    const params = { connection: number === "" ? null : Number(number), to: byId("close-side").value, code: Number(byId("close-code").value), reason };
    await this.model.source.request("close", params).then(() => this.dialog.close(), (error) => putData(byId("close-error"), error.message));
  }
}

/** What is in the dialog `Keys`: keys, then the words of the filter. Keys that need an ability of the run are listed only with it. */
const KEYS_HELP = {
  Messages: { "j k ↓ ↑": "next, previous", "PgDn PgUp": "a screen further, back", "g G": "first, newest", f: "follow the newest", "[ ]": "newer, older connection", "/": "filter", p: "hide or show control frames" },
  "One message": { Enter: "to the detail", Esc: "back", "1 … 5": "Text, JSON, Hex, Frames, Decoded", y: "copy", Y: "copy as a scenario line" },
  Live: { Space: "pause, resume", C: "clear" },
  Sending: { c: "compose", "Ctrl+Enter": "send, even if empty", e: "edit and send again", r: "send again", x: "disconnect" },
  Holding: { h: "hold on, off", o: "let the first held message go", d: "drop it", E: "edit it", R: "rules" },
  Page: { t: "time line: ← → to move, Enter to jump, + − to zoom", s: "save (Tab for the format)", "?": "this list" },
  Filter: { "word “two words”": "text that contains it", "/regex/ /regex/i": "text that matches", "dir:out dir:in": "client to server, server to client", "type:text,close": "text, binary, ping, pong, close, open, error, http …", "size:>1k": "also <, >=, <=, 100..200", "conn:2 code:1008": "connection, close code", "rule:1 late:>100ms": "touched by a rule, late answers", "$.op == tick": "JSON value at a path; ~ contains; $.op exists", "$.n > 3": "a greater number", "-word": "not" },
};

/** @param {import("./model.js").Model} model */
export function startKeysDialog(model) {
  on("open-keys", "click", () => {
    const { hello } = model, isShown = { Live: hello?.mode !== "view", Sending: hello?.can.send.length, Holding: hello?.can.hold };
    byId("keys-body").replaceChildren(...Object.entries(KEYS_HELP).filter(([title]) => isShown[title] ?? true).map(([title, keys]) => make("section", {}, make("h3", {}, title),
      make("dl", {}, ...Object.entries(keys).flatMap(([key, text]) => [make("dt", {}, key), make("dd", {}, text)])))));
    byId("keys-dialog").showModal();
  });
}
