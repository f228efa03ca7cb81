// @ts-check
// Events that are in the page itself as the source of what it shows: for a report, which has no wscope to ask.

import { parseFilter } from "./filter.js";
import { hexBytes } from "./hex.js";
import { bytesOfEvent, textOfEvent, utf8Text } from "./payload.js";

/** What a row shows of its message: characters of text, bytes of others. */
const PREVIEW_TEXT = 200, PREVIEW_BYTES = 64;

/** Texts over so many characters are not looked at for a JSON id, and so many pairs are drawn. */
const MAX_PAIRED = 65_536, MAX_PAIRS = 200;

/** Up to so many messages, the time line has dots. */
const MANY_DOTS = 600;

/** @implements {import("./socket.js").Source} */
export class EmbeddedSource {
  /**
   * @param {any[]} events in the form of --json, in order, with those of frames before their message
   * @param {{title: string, side?: "client"|"server", version?: string, names?: Record<string, string>}} about `side`: who
   *   recorded, and so sent what is `sent`; `names`: what connections are called, by number
   */
  constructor(events, { title, side = "client", version = "", names = {} }) {
    this.onNotice = (_notice) => {};
    this.onStatus = (_status) => {};
    this.about = { title, version };
    this.side = side;
    /** @type {any[]} */
    this.events = [];
    /** Frames by the row of their message. @type {Map<number, any[]>} */
    this.frames = new Map();
    let frames = [];
    for (const event of events) {
      if (event.event === "frame" && !event.raw) {
        frames.push(event);
        continue;
      }
      if (frames.length > 0) this.frames.set(this.events.length, frames);
      frames = [];
      this.events.push(event);
    }
    /** @type {any[]} */
    this.rows = [];
    for (const [row, event] of this.events.entries()) this.rows.push(rowOf(event, row, side, this.rows[row - 1]));
    this.pairs = pairsOf(this.events, this.rows);
    for (const [request, answer] of this.pairs) this.rows[answer].late_ms = this.rows[answer].elapsed_ms - this.rows[request].elapsed_ms;
    this.list = connectionsOf(this.events, this.rows, side, names);
    /** The rows that the filter lets through. @type {any[]|null} */
    this.found = null;
    this.generation = 0;
  }

  start() {
    this.onStatus("open");
  }

  /** @param {string} method @param {object} [params] @returns {Promise<any>} */
  async request(method, params = {}) {
    const answer = EMBEDDED_METHODS[method];
    if (!answer) throw new Error("A report has no program that could do this");
    return answer(this, params);
  }

  /** @returns {any} */
  get state() {
    const { rows, found, generation } = this, messages = rows.filter((row) => row.event === "message");
    return {
      notice: "state", rows: rows.length, first: 0, messages: messages.length, bytes: messages.reduce((sum, row) => sum + (row.size ?? 0), 0), connections: this.list.length, connections_version: 1,
      phase: "ended", why: null, time: rows[rows.length - 1]?.time ?? null, dropped: 0, filter: found && { generation, found: found.length, first: 0, scanned: rows.length, done: true },
      holding: false, held: 0, held_version: 0, rules_version: 0, recorded_end: null,
    };
  }

  /** @param {boolean} filtered */
  shown(filtered) {
    return filtered && this.found ? this.found : this.rows;
  }
}

/** What is answered, by method. @type {Record<string, (source: EmbeddedSource, params: any) => any>} */
const EMBEDDED_METHODS = {
  hello: (source) => ({ ...source.about, mode: "view", clients_url: null, target: null, can: { send: [], hold: false, rules: false, close: [] }, history: { memory: 0, total: 0 }, state: source.state }),
  connections: ({ list }, { from, count }) => ({ total: list.length, version: 1, list: list.slice(from, from + count) }),
  rows: (source, { from, count, filtered }) => {
    const shown = source.shown(filtered);
    return { from, generation: source.generation, rows: shown.slice(from, from + count).map((row, at) => ({ ...row, delta_ms: deltaOf(row, shown[from + at - 1]) })) };
  },
  event: ({ events, frames, pairs, rows }, { row }) => {
    const [request, answer] = pairs.find((pair) => pair.includes(row)) ?? [], event = events[row] ?? null;
    const pair = request === undefined ? null : { row: row === request ? answer : request, late_ms: rows[answer].late_ms, is_answer: row === answer };
    return { event, cut: false, frames: frames.get(row) ?? [], pair, decoded: event?.decoded ?? null, scenario: null };
  },
  filter: (source, { text, control, after, connection }) => {
    const test = parseFilter(text, source.side === "server"), isAll = text.trim() === "" && control && after === 0 && connection === null;
    source.generation += 1;
    source.found = isAll ? null : source.rows.filter((row) => row.row >= after && (connection === null || row.connection === connection) && (control || !["ping", "pong"].includes(row.type))
      && test({ ...row, ...searchedOf(source.events[row.row], row.late_ms) }));
    setTimeout(() => source.onNotice(source.state));
    return { generation: isAll ? null : source.generation };
  },
  find: (source, { row }) => {
    const index = source.shown(true).findIndex((one) => one.row >= row);
    return { index: index < 0 ? null : index };
  },
  lane: (source, params) => laneOf(source, params),
  save: (source, { format, filtered }) => {
    if (format !== "ndjson") throw new Error("A report can be saved as NDJSON only");
    if (source.shown(filtered).length === 0) throw new Error("Nothing is saved: the filter finds nothing");
    const lines = source.shown(filtered).map((row) => `${JSON.stringify(source.events[row.row])}\n`);
    return { path: URL.createObjectURL(new Blob(lines, { type: "application/x-ndjson" })), name: "wscope-report.ndjson" };
  },
};

/** @param {string|undefined} direction @param {"client"|"server"} side who recorded */
function directionOf(direction, side) {
  if (direction === undefined) return null;
  return direction === "client" || direction === (side === "client" ? "sent" : "received") ? "out" : "in";
}

function deltaOf(row, before) {
  return before ? row.elapsed_ms - before.elapsed_ms : null;
}

/** The row of the list for an event. */
function rowOf(event, row, side, before) {
  const bytes = event.encoding === "base64" ? bytesOfEvent(event) : null;
  const words = event.data === undefined || event.event === "held" ? sentenceOf(event) : bytes ? textOfControl(event, bytes) ?? hexBytes(bytes.subarray(0, PREVIEW_BYTES)) : event.data;
  return {
    row, connection: event.connection ?? null, time: event.time, elapsed_ms: event.elapsed_ms, delta_ms: deltaOf(event, before), event: event.event, direction: directionOf(event.direction, side),
    type: event.omitted ? "omitted" : event.event === "message" ? event.type : event.event === "close_frame" ? "close" : event.event, size: event.size ?? null, wire_size: event.wire_size ?? null, compressed: Boolean(event.compressed), frames: event.frames ?? null,
    preview: [...words.slice(0, 2 * PREVIEW_TEXT)].slice(0, PREVIEW_TEXT).join(""), cut: words.length > PREVIEW_TEXT || (bytes?.length ?? 0) > PREVIEW_BYTES, code: event.code ?? null, rule: event.rule ?? null, action: event.action ?? null, late_ms: null,
    level: levelOf(event),
  };
}

/** The payload of a ping or pong if it is text, which it often is; else null. */
function textOfControl({ event }, bytes) {
  const text = event === "ping" || event === "pong" ? utf8Text(bytes) : null;
  return text === null || bytes.length > PREVIEW_BYTES || /\p{Cc}/u.test(text) ? null : text;
}

/** How a row stands out. @returns {"bad"|"warn"|null} */
function levelOf({ event, code, status, outcome, omitted }) {
  if (event === "error" || event === "violation") return "bad";
  if (event === "close" || event === "close_frame") return [1000, 1001, 1005].includes(code) ? null : [1002, 1006, 1007, 1011].includes(code) ? "bad" : "warn";
  if (event === "http") return status >= 500 ? "bad" : status >= 400 ? "warn" : null;
  return omitted || ["omitted", "retry", "reconnect"].includes(event) || (event === "held" && outcome !== "delivered") ? "warn" : null;
}

/** What a row says that has no payload. */
function sentenceOf(event) {
  return event.omitted ? event.message ?? "not kept: it was too large" : SENTENCES[event.event]?.(event) ?? "";
}

/** What a filter searches: texts in the payload, or in what the row says. A path is for the data of messages only. */
function searchedOf(event, lateMs) {
  const bytes = event.event === "held" ? null : bytesOfEvent(event), isKept = event.event === "message" && !event.omitted;
  return { late: lateMs === null ? null : Math.round(lateMs * 1_000), text: bytes ? new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes) : sentenceOf(event), json: isKept ? textOfEvent(event) : null };
}

/** What rows say that have no payload. @type {Record<string, (event: any) => string>} */
const SENTENCES = {
  message: (event) => `file ${event.file ?? ""}`, frame: (event) => `raw frame: ${event.opcode ?? ""}${event.fin ? ", FIN" : ""}`, open: (event) => `${event.status ?? ""} ${event.reason ?? ""} ${event.url ?? ""}`, close: closeSentence, close_frame: closeSentence,
  error: (event) => event.message ?? "", violation: (event) => event.message ?? "", omitted: (event) => event.message ?? "", http: (event) => `${event.method ?? ""} ${event.target ?? ""} → ${event.status ?? "no response"}`, redirect: (event) => `${event.status ?? ""} ${event.from ?? ""} → ${event.to ?? ""}`,
  retry: attemptSentence, reconnect: attemptSentence, held: (event) => `${event.number ? `#${event.number} ` : ""}${(event.outcome ?? "").replaceAll("_", " ")}: ${event.changed_to?.data ?? event.data ?? event.type ?? ""}`,
};

function closeSentence({ code, name, reason, initiator }) {
  return `${code ?? ""} ${name ?? ""}${reason ? ` "${reason}"` : ""}${initiator ? `, by ${initiator === "self" ? "wscope" : `the ${initiator}`}` : ""}`;
}

function attemptSentence({ attempt, delay_ms: delay, reason }) {
  return `attempt ${attempt ?? 0} in ${delay ?? ""} ms: ${reason ?? ""}`;
}

/** Requests with their answers: pings with pongs, messages with the same JSON id. @returns {[number, number][]} rows */
function pairsOf(events, rows) {
  const open = new Map(), pairs = [];
  for (const [row, event] of events.entries()) {
    const key = pairKey(event), { direction, connection } = rows[row];
    if (key === null) continue;
    const request = `${connection} ${direction === "out" ? "in" : "out"} ${key}`;
    if (event.event !== "ping" && open.has(request)) {
      pairs.push([open.get(request), row]);
      open.delete(request);
    } else if (event.event !== "pong") {
      open.set(`${connection} ${direction} ${key}`, row);
    }
  }
  return pairs;
}

function pairKey(event) {
  if (event.event === "ping" || event.event === "pong") return `ping ${event.data}`;
  if (event.event !== "message" || typeof event.data !== "string" || event.encoding || event.data.length > MAX_PAIRED || event.data[0] !== "{") return null;
  try {
    const { id } = JSON.parse(event.data);
    return typeof id === "string" || typeof id === "number" ? `id ${JSON.stringify(id)}` : null;
  } catch {
    return null;
  }
}

/** The connections, newest first. */
function connectionsOf(events, rows, side, names) {
  const list = new Map();
  for (const [row, event] of events.entries()) {
    const number = event.connection ?? null, { direction, size } = rows[row];
    if (!list.has(number)) list.set(number, { number, url: null, path: names[number] ?? null, state: "open", protocol: null, extensions: null, remote: null, opened: null, ended: null, code: null, reason: "", name: null, why: null, status: null, out: 0, in: 0, bytes: 0, row });
    const one = list.get(number), { event: kind, url = null, protocol, extensions, remote, status, time, code, reason, name, why = null, message, initiator = null } = event;
    if (kind === "open") Object.assign(one, { url, path: [names[number], url?.replace(/^\w+:\/\/[^/]*/, "")].filter(Boolean).join(" · ") || null, protocol, extensions, remote, status, opened: time, row });
    if (kind === "close") Object.assign(one, { state: "closed", code, reason, name, why, ended: time, initiator: initiator === "peer" ? (side === "client" ? "server" : "client") : initiator });
    if (kind === "error" && one.opened === null) Object.assign(one, { state: "refused", status, why: message, ended: time });
    if (kind !== "message") continue;
    one[direction ?? "out"] += 1;
    one.bytes += size ?? 0;
  }
  return [...list.values()].reverse();
}

/** @param {EmbeddedSource} source */
function laneOf(source, { from_row: fromRow, to_row: toRow, from_ms: fromMs, to_ms: toMs, buckets: count, filtered }) {
  const { rows, pairs } = source, from = fromMs ?? rows[fromRow]?.elapsed_ms ?? 0, to = toMs ?? rows[toRow - 1]?.elapsed_ms ?? from;
  const shown = source.shown(filtered).filter((row) => row.elapsed_ms >= from && row.elapsed_ms <= to), buckets = Array.from({ length: count }, () => [0, 0, 0, 0]);
  for (const { elapsed_ms: ms, direction, type, level } of shown) {
    const bucket = buckets[Math.min(count - 1, Math.floor((ms - from) / Math.max(to - from, 0.001) * count))];
    if (type === "ping" || type === "pong") bucket[2] += 1;
    else if (direction) bucket[direction === "out" ? 0 : 1] += 1;
    if (level === "bad") bucket[3] += 1;
  }
  const drawn = pairs.map(([request, answer]) => [request, answer, rows[request].elapsed_ms, rows[answer].elapsed_ms]).filter(([, , start, end]) => end >= from && start <= to).slice(0, MAX_PAIRS);
  return { from_ms: from, to_ms: to, buckets, pairs: drawn, dots: shown.length <= MANY_DOTS ? shown.map(({ row, elapsed_ms: ms, direction, type }) => [row, ms, direction, type]) : undefined };
}
