// @ts-check
// The selected message: its views, its facts, and what can be done with it.

import { cutNote, factList, frameTable, hexBox, hint, textBox } from "./detail-parts.js";
import { attempt, byId, copyText, dataIn, make, makeButton, notify, on, runKey, span } from "./dom.js";
import { actionText, countText, deltaText, directionText, exactSize, spanText, WAITED } from "./format.js";
import { hexBytes } from "./hex.js";
import { JsonTree } from "./json-tree.js";
import { bytesOfEvent, factsOfEvent, textOfEvent } from "./payload.js";

/** A message over this many bytes is shown in part first: so much of it. */
const LARGE = 1 << 20, FIRST_PART = 64 << 10;

/** The least pixels for dumps with 16 bytes a line. */
const WIDE_DUMP = 610;

/** The most that wscope gives of one message. */
const MOST = 16 << 20;

export const TABS = ["text", "json", "hex", "frames", "decoded"];

export class Detail {
  /** @param {import("./socket.js").Source} source @param {(row: number) => void} onRow */
  constructor(source, onRow) {
    this.source = source;
    this.onRow = onRow;
    this.panel = byId("panel");
    this.tab = "text";
    /** @type {any} the row of the list */
    this.row = null;
    /** @type {any} the answer to `event` */
    this.answer = null;
    this.call = 0;
    /** @type {any[]} */
    this.connections = [];
    /** Events that were fetched when the run ended. @type {Map<number, any>} */
    this.kept = new Map();
    TABS.forEach((name) => on(`tab-${name}`, "click", () => this.open(name)));
    on("tabs", "keydown", (event) => runKey(event, { ArrowRight: () => this.step(1), ArrowLeft: () => this.step(-1) }));
    new ResizeObserver(() => this.hexWidth !== this.drawnWidth && this.panel.querySelector(".hex") && this.draw()).observe(this.panel);
    on("copy-payload", "click", () => this.copyPayload());
    on("copy-scenario", "click", () => this.copyScenario());
    this.draw();
  }

  /** Shows so many bytes of a row. */
  async show(row, limit = row.size > LARGE ? FIRST_PART : LARGE) {
    const call = ++this.call, isOther = this.row?.row !== row.row;
    this.row = row;
    this.limit = limit;
    const answer = await this.source.request("event", { row: row.row, limit }).catch((error) => this.kept.get(row.row) ?? fromPreview(row, error));
    if (call !== this.call) return;
    this.answer = answer;
    this.draw();
    if (isOther) this.panel.scrollTop = 0;
  }

  /** The same row in another list. */
  move(row) {
    if (this.row?.row !== row.row) return;
    this.row = row;
    if (this.answer?.event) this.drawFacts();
  }

  open(tab) {
    this.tab = tab;
    this.draw();
    this.panel.scrollTop = 0;
  }

  step(step) {
    this.open(TABS[(TABS.indexOf(this.tab) + step + TABS.length) % TABS.length]);
    byId(`tab-${this.tab}`).focus();
  }

  draw() {
    const { answer, panel, tab, limit, row } = this;
    for (const name of TABS) {
      byId(`tab-${name}`).ariaSelected = name === tab;
      byId(`tab-${name}`).tabIndex = name === tab ? 0 : -1;
    }
    panel.setAttribute("aria-labelledby", `tab-${tab}`);
    byId("detail-foot").hidden = !answer?.event;
    if (!answer?.event) return panel.replaceChildren(hint(answer ? answer.failure ?? "This message is not kept any more." : "Select a message to see it here."));
    this.drawFacts();
    this.drawnWidth = this.hexWidth;
    panel.replaceChildren(...this.forms(answer.event, (event) => [this[/** @type {"text"} */ (tab)](event)].flat()));
    if (answer.isPreview && answer.cut) panel.append(make("p", { class: "more" }, "Only the start of this message was loaded before wscope ended."));
    else if (answer.cut) panel.append(cutNote(limit, answer.event.size ?? 0, MOST, () => this.show(row, MOST)));
  }

  /** Bytes of a line of a dump. */
  get hexWidth() {
    return this.panel.clientWidth < WIDE_DUMP ? 8 : 16;
  }

  /** What was sent, and what was done to it: what was delivered in its place, if it was changed. */
  forms(event, show) {
    const { action, changed_to: changed, delivered } = event, done = action ? actionText(event) : delivered === false && WAITED, head = (text) => dataIn("h3", text);
    if (this.tab === "frames" || this.tab === "decoded" || (!changed && !done)) return show(event);
    if (!changed) return [head(`This message was ${done}`), ...show(event)];
    const { data, bytes, encoding, file, changed_to, ...same } = event;
    return [head("As it was sent"), ...show(event), head(`As it was delivered${done ? `: ${done}` : ""}`), ...show({ ...same, ...changed, event: changed.data === undefined ? same.event : "message" })];
  }

  text(event) {
    const bytes = bytesOfEvent(event), text = textOfEvent(event);
    if (event.event !== "message") return [factList(factsOfEvent(event)), bytes?.length ? event.type === "text" ? textBox(text ?? "") : hexBox(bytes, this.hexWidth) : ""];
    if (!bytes) return hint(event.file ? `The file ${event.file}, as one message.` : "The payload was not kept: the message is over the limit.");
    return bytes.length === 0 ? hint("An empty message.") : text === null ? this.hex(event) : textBox(text);
  }

  json(event) {
    const { cut } = this.answer, text = event.event === "message" ? textOfEvent(event) : JSON.stringify(event);
    try {
      return new JsonTree(text ?? "").element;
    } catch (error) {
      if (cut) return hint("Only a part of this message is loaded: a tree needs all of it.");
      if (!text) return hint("Not JSON.");
      const { message, at } = error;
      return [hint(`Not JSON: ${message}, at character ${countText(at + 1)}.`), make("pre", {}, span(text.slice(Math.max(0, at - 40), at)), span(text.slice(at, at + 40) || "(end)", "bad"))];
    }
  }

  hex(event) {
    const bytes = bytesOfEvent(event);
    return bytes ? bytes.length > 0 ? hexBox(bytes, this.hexWidth) : hint("An empty payload.") : hint("No payload.");
  }

  frames() {
    const { event, frames } = this.answer;
    if (frames?.length) return frameTable(frames);
    if (!["message", "ping", "pong", "close"].includes(event.event)) return hint("Not a message: it has no frames.");
    return hint(event.frames === 1 ? `One frame: fin, ${event.compressed ? "RSV1 (compressed)" : "no reserved bits"}, minimal length.` : "The frames were not kept.");
  }

  decoded() {
    const { decoded } = this.answer;
    if (!decoded) return hint(this.canSendAgain ? "Nothing to decode: no format of this payload is known. Text, JSON and Hex show it as it is." : "No payload to decode.");
    return [dataIn("p", `${decoded.as}${decoded.why ? ` · ${decoded.why}` : ""}`, "dim"), new JsonTree(JSON.stringify(decoded.value ?? null)).element];
  }

  drawFacts() {
    const { event, pair } = this.answer, { row } = this, { size, wire_size: wire, frames } = event;
    const facts = [
      `#${countText(row.row)}`, this.connection !== null && `connection ${this.connection}`, directionText(row.direction),
      typeof frames === "number" && `${countText(frames)} frame${frames === 1 ? "" : "s"}`, typeof size === "number" && exactSize(size), wire && size > 0 && `${exactSize(wire)} on the wire (${Math.round(100 * wire / size)} %)`,
      event.compressed && "compressed", event.action ? actionText(event) : event.delivered === false && WAITED, row.delta_ms && deltaText(row.delta_ms), event.time,
    ];
    byId("facts").replaceChildren(...facts.filter(Boolean).map((fact) => span(fact)));
    if (pair) byId("facts").append(make("span", {}, pair.is_answer ? "reply to " : "answered by ", makeButton(`#${countText(pair.row)}`, () => this.onRow(pair.row)), ` after ${spanText(pair.late_ms)}`));
    byId("copy-scenario").disabled = !this.answer.scenario;
    byId("copy-payload").disabled = event.data === undefined;
    this.drawRepeat();
  }

  /** A message goes to the connection that it came from, as long as that is open. */
  drawRepeat(connections = this.connections) {
    const { canSendAgain } = this, isGone = connections.some((one) => one.number === this.connection && one.state !== "open");
    this.connections = connections;
    byId("reuse").disabled = !canSendAgain;
    Object.assign(byId("repeat"), { disabled: isGone || !canSendAgain, title: isGone ? "Its connection has ended" : "Send it again, unchanged" });
  }

  /** Of what is shown. @returns {number|null} */
  get connection() {
    return this.row?.connection ?? this.answer?.connection ?? this.answer?.event?.connection ?? null;
  }

  get canSendAgain() {
    const { event } = this.answer ?? {};
    return ["message", "ping", "pong"].includes(event?.event) && typeof event.data === "string";
  }

  copyPayload() {
    const { event } = this.answer ?? {}, bytes = event && bytesOfEvent(event);
    if (!bytes) return;
    const text = textOfEvent(event);
    copyText(text ?? hexBytes(bytes), this.answer.cut ? "the part that is loaded" : text === null ? "payload as hex" : "payload");
  }

  copyScenario() {
    if (this.answer?.scenario) copyText(this.answer.scenario, "line of a scenario");
  }

  /** The whole payload of what is shown, as `send` takes it; null if it cannot be sent. */
  async payload() {
    const { row } = this;
    if (!this.canSendAgain) return null;
    const answer = this.answer.cut ? await attempt(this.source.request("event", { row: row.row, limit: MOST })) : this.answer;
    if (answer?.cut) notify(`Over ${exactSize(MOST)}: too large for the page`);
    if (!answer || answer.cut) return null;
    const { event } = answer, isExact = event.encoding === "base64" || typeof event.bytes === "string";
    return { connection: this.connection, direction: row.direction, type: event.event === "message" ? event.type : event.event, encoding: isExact ? "base64" : "utf8", data: event.bytes ?? event.data };
  }
}

/** What the list knows of a row, if wscope cannot be asked. */
function fromPreview({ event, time, type, size, preview, cut }, error) {
  if (preview === undefined) return { failure: `Not loaded: ${error.message}.` };
  return { event: { event, time, type, size, [event === "message" ? "data" : "summary"]: preview }, cut, isPreview: true };
}
