// @ts-check
// The selected message: its views, its facts, and what can be done with it.

import { byId, copyText, make, makeButton, notify, putData } from "./dom.js";
import { countText, deltaText, directionText, exactSize, spanText } from "./format.js";
import { factList, frameCell, inParts, textBox } from "./detail-parts.js";
import { hexDump } from "./hex.js";
import { JsonTree } from "./json-tree.js";
import { bytesOfEvent, factsOfEvent, textOfEvent, utf8Text } from "./payload.js";

/** A message over this many bytes is shown in part first. */
const LARGE = 1 << 20;

/** How much of a large message is shown first, and how much of a text or dump is put on the page at a time. */
const FIRST_PART = 64 << 10, HEX_STEP = 64 << 10;

/** The most that wscope gives of one message. */
const MOST = 16 << 20;

const TABS = ["text", "json", "hex", "frames", "decoded"];

export class Detail {
  /** @param {import("./socket.js").Source} source @param {{onRow: (row: number) => void, onRepeat: () => void, onReuse: () => void}} events */
  constructor(source, events) {
    this.source = source;
    this.events = events;
    this.panel = byId("panel");
    this.tab = "text";
    /** @type {any} the row of the list */
    this.row = null;
    /** @type {any} the answer to `event` */
    this.answer = null;
    this.call = 0;
    /** Events that were fetched when the run ended. @type {Map<number, any>} */
    this.kept = new Map();
    TABS.forEach((name) => byId(`tab-${name}`).addEventListener("click", () => this.open(name)));
    byId("tabs").addEventListener("keydown", (event) => this.tabKey(event));
    byId("copy-payload").addEventListener("click", () => this.copyPayload());
    byId("copy-scenario").addEventListener("click", () => this.answer?.scenario && copyText(this.answer.scenario, "line of a scenario"));
    byId("repeat").addEventListener("click", events.onRepeat);
    byId("reuse").addEventListener("click", events.onReuse);
    this.hint("Select a message to see it here.");
  }

  /** Shows a row; `limit` is how many bytes of it. */
  async show(row, limit = row.size > LARGE ? FIRST_PART : LARGE) {
    const call = ++this.call;
    this.limit = limit;
    const isOther = this.row?.row !== row.row;
    this.row = row;
    let answer;
    try {
      answer = await this.source.request("event", { row: row.row, limit });
    } catch (error) {
      answer = this.kept.get(row.row) ?? this.fromPreview(row, /** @type {Error} */ (error));
    }
    if (call !== this.call) return;
    this.answer = answer;
    if (isOther) this.panel.scrollTop = 0;
    this.draw();
  }

  /** What the list knows of a row, if wscope cannot be asked. @param {Error} error */
  fromPreview(row, error) {
    if (row.preview === undefined) return { failure: error.message };
    const event = { event: row.event, time: row.time, type: row.type, size: row.size, data: row.preview };
    return { event, cut: row.cut, frames: [], pair: null, decoded: null, isPreview: true };
  }

  open(tab) {
    if (!TABS.includes(tab)) return;
    this.tab = tab;
    this.draw();
    this.panel.scrollTop = 0;
  }

  tabKey(event) {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? TABS.length - 1 : 0;
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    this.open(TABS[(TABS.indexOf(this.tab) + step) % TABS.length]);
    byId(`tab-${this.tab}`).focus();
  }

  draw() {
    for (const name of TABS) {
      byId(`tab-${name}`).setAttribute("aria-selected", String(name === this.tab));
      byId(`tab-${name}`).tabIndex = name === this.tab ? 0 : -1;
    }
    this.panel.setAttribute("aria-labelledby", `tab-${this.tab}`);
    byId("detail-foot").hidden = !this.answer?.event;
    if (!this.answer) return this.hint("Select a message to see it here.");
    if (!this.answer.event) return this.hint(this.answer.failure ?? "This message is not kept any more.");
    this.drawFacts();
    const content = this[/** @type {"text"} */ (this.tab)]();
    this.panel.replaceChildren(...content, ...this.cutNote());
  }

  hint(text) {
    this.panel.replaceChildren(putData(make("p", { class: "hint" }), text));
  }

  /** @param {string} text */
  hintNodes(text) {
    return [putData(make("p", { class: "hint" }), text)];
  }

  get isMessage() {
    return this.answer.event.event === "message";
  }

  text() {
    const { event } = this.answer;
    if (!this.isMessage) return [factList(factsOfEvent(event)), ...this.controlPayload()];
    const text = textOfEvent(event);
    if (text !== null) return text === "" ? this.hintNodes("An empty message.") : [textBox(text)];
    const bytes = bytesOfEvent(event);
    if (!bytes) return this.hintNodes(event.file ? `The file ${event.file}, as one message.` : "The payload was not kept: it is over the limit of what wscope keeps of a message.");
    if (bytes.length === 0) return this.hintNodes("An empty message.");
    const readable = utf8Text(bytes);
    return readable === null ? this.hex() : [textBox(readable)];
  }

  /** The payload of a ping or pong. */
  controlPayload() {
    const bytes = bytesOfEvent(this.answer.event);
    return bytes && bytes.length > 0 ? [make("h3", {}, "payload"), make("pre", { class: "hex" }, hexDump(bytes))] : [];
  }

  json() {
    const { event, cut } = this.answer;
    if (!this.isMessage) return [new JsonTree(JSON.stringify(event)).element];
    const bytes = bytesOfEvent(event);
    const text = textOfEvent(event) ?? (bytes && utf8Text(bytes));
    if (!text) return this.hintNodes("Not JSON.");
    try {
      return [new JsonTree(text).element];
    } catch (error) {
      if (cut) return this.hintNodes("Only a part of this message is loaded: a tree needs all of it.");
      const { message, at } = /** @type {import("./json-parse.js").JsonError} */ (error);
      const start = Math.max(0, at - 40);
      return [...this.hintNodes(`Not JSON: ${message}, at character ${countText(at + 1)}.`),
        make("pre", {}, putData(make("span"), text.slice(start, at)), putData(make("span", { class: "bad" }), text.slice(at, at + 40) || "(end)"))];
    }
  }

  hex() {
    const bytes = bytesOfEvent(this.answer.event);
    if (!bytes) return this.hintNodes("No payload.");
    if (bytes.length === 0) return this.hintNodes("An empty payload.");
    return [inParts("hex", bytes.length, HEX_STEP, (from, to) => make("pre", { class: "hex" }, hexDump(bytes, from, to)))];
  }

  frames() {
    const { event, frames } = this.answer;
    if (!frames?.length) {
      if (!["message", "ping", "pong", "close"].includes(event.event)) return this.hintNodes("Not a message: it has no frames.");
      return this.hintNodes(event.frames === 1 ? "One frame: fin, no reserved bits, minimal length." : "The frames were not kept.");
    }
    const names = ["opcode", "fin", "rsv", "masked", "size", "wire_size", "header"];
    const head = make("tr", {}, ...names.map((name) => make("th", { scope: "col", class: name.includes("size") ? "number" : null }, name.replace("_", " "))));
    const body = frames.slice(0, 2_000).map((frame) => make("tr", {}, ...names.map((name) => frameCell(frame, name))));
    return [make("table", {}, make("thead", {}, head), make("tbody", {}, ...body)), ...(frames.length > body.length ? this.hintNodes(`${countText(frames.length - body.length)} more frames are not shown.`) : [])];
  }

  decoded() {
    const { decoded } = this.answer;
    if (!decoded) return this.hintNodes("No decoder knows this payload.");
    const value = JSON.stringify(decoded.value);
    const note = putData(make("p", { class: "dim" }), `${decoded.as}${decoded.why ? ` · ${decoded.why}` : ""}`);
    return value === undefined ? [note] : [note, new JsonTree(value).element];
  }

  /** Says that not all is loaded, and loads it. */
  cutNote() {
    const { cut, event, isPreview } = this.answer;
    if (!cut) return [];
    if (isPreview) return [make("p", { class: "more" }, "Only the start of this message was loaded before wscope ended.")];
    const size = event.size ?? 0, possible = Math.min(size, MOST);
    const note = make("p", { class: "more" }, `The first ${exactSize(this.limit)} of ${exactSize(size)}.`);
    if (this.limit < possible) note.append(makeButton(possible < size ? `Show ${exactSize(possible)}` : "Show all", () => this.show(this.row, MOST)));
    return [note];
  }

  drawFacts() {
    const { event, pair } = this.answer, { row } = this;
    const facts = [
      `#${countText(row.row)}`, typeof event.connection === "number" && `connection ${event.connection}`, directionText(row.direction),
      typeof event.frames === "number" && (event.frames === 1 ? "1 frame" : `${countText(event.frames)} frames`),
      typeof event.size === "number" && exactSize(event.size),
      typeof event.wire_size === "number" && event.size > 0 && `${exactSize(event.wire_size)} on the wire (${Math.round(100 * event.wire_size / event.size)} %)`,
      event.compressed && "compressed", event.action && `${event.rule ? `rule ${event.rule}: ` : ""}${event.action}`, row.delta_ms && deltaText(row.delta_ms), event.time,
    ];
    byId("facts").replaceChildren(...facts.filter(Boolean).map((fact) => putData(make("span"), fact)));
    if (pair) {
      byId("facts").append(make("span", {}, pair.is_answer ? "reply to " : "answered by ", makeButton(`#${countText(pair.row)}`, () => this.events.onRow(pair.row)), ` after ${spanText(pair.late_ms)}`));
    }
    byId("copy-scenario").disabled = !this.answer.scenario;
    byId("copy-payload").disabled = event.data === undefined;
    byId("repeat").disabled = byId("reuse").disabled = !this.canSendAgain;
  }

  get canSendAgain() {
    return Boolean(this.answer?.event) && ["message", "ping", "pong"].includes(this.answer.event.event) && typeof this.answer.event.data === "string";
  }

  copyPayload() {
    const { event } = this.answer;
    const bytes = bytesOfEvent(event);
    const text = textOfEvent(event) ?? (bytes && utf8Text(bytes));
    if (text !== null) copyText(text, this.answer.cut ? "the part that is loaded" : "payload");
    else if (bytes) copyText(Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" "), "payload as hex");
  }

  /** The whole payload of what is shown, as `send` takes it. */
  async payload() {
    const { row } = this;
    if (!row || !this.canSendAgain) return null;
    const answer = this.answer.cut ? await this.source.request("event", { row: row.row, limit: MOST }) : this.answer;
    if (answer.cut) {
      notify("The message is over 16 MiB: too large for the page");
      return null;
    }
    const { event } = answer, isControl = event.event !== "message";
    const type = isControl ? event.event : event.type;
    const isExact = event.encoding === "base64" || typeof event.bytes === "string";
    return { connection: event.connection ?? null, direction: row.direction, type, encoding: isExact ? "base64" : "utf8", data: event.bytes ?? event.data };
  }

  setCanSend(canSend) {
    byId("repeat").hidden = byId("reuse").hidden = !canSend;
  }

  focus() {
    this.panel.focus({ preventScroll: true });
  }
}
