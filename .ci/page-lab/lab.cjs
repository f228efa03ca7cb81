// The state of the invented run, and what a tab asks of it.
"use strict";
const { bundle } = require("./bundle.cjs");
const { eventAt, rowOf, HOSTILE } = require("./traffic.cjs");

const parseFilter = new Function(`${bundle("filter.js")}\nreturn parseFilter;`)();

class Lab {
  constructor(options) {
    Object.assign(this, { mode: options.mode, phase: options.phase, hostile: options.hostile, dropped: Number(options.drop) });
    const count = options.phase === "waiting" ? 0 : options.mode === "connect" ? 1 : 4;
    this.started = Date.UTC(2026, 10, 27, 12, 4, 7, 118);
    this.connections = Array.from({ length: count }, (_, at) => at + 1);
    this.base = count === 0 ? 0 : Number(options.rows);
    this.rate = Number(options.rate);
    this.since = Date.now();
    [this.extra, this.big, this.saved] = [new Map(), new Map(), new Map()];
    [this.rules, this.held, this.holding, this.heldVersion, this.rulesVersion, this.lastHeld, this.lastRule] = [[], [], false, 0, 0, 0, 0];
    this.ended = new Map();
    if (this.base > 300) this.stage();
  }

  /** A few rows of each other kind near the end. */
  stage() {
    const n = this.base;
    const put = (back, event) => this.extra.set(n - back, { elapsed_ms: this.elapsed(n - back), ...event });
    put(40, { event: "close", connection: 2, code: 1006, name: "Abnormal Closure", reason: "", was_clean: false, initiator: "server", why: "reset by server" });
    put(38, { event: "close", connection: 3, code: 1000, name: "Normal Closure", reason: this.hostile ? HOSTILE[0] : "Work complete", was_clean: true, initiator: "client" });
    put(36, { event: "close", connection: 4, code: 1008, name: "Policy Violation", reason: this.hostile ? HOSTILE[2] : "rate limit", was_clean: true, initiator: "server" });
    put(30, { event: "violation", connection: 1, message: "a masked frame from the server", section: "5.1", offset: 412 });
    put(26, { event: "error", connection: 1, kind: "protocol", message: "the frame is over the limit", hint: "see --max-message-size" });
    put(22, { event: "message", connection: 1, direction: "client", type: "text", data: '{"jsonrpc":"2.0","id":7,"method":"subscribe","params":["orders"]}', size: 64, wire_size: 70, compressed: false, frames: 1 });
    put(12, { event: "message", connection: 1, direction: "server", type: "text", data: '{"jsonrpc":"2.0","id":7,"result":{"ok":true}}', size: 45, wire_size: 47, compressed: false, frames: 1, late_ms: this.elapsed(n - 12) - this.elapsed(n - 22), pair: n - 22 });
    put(10, { event: "message", connection: 1, direction: "server", type: "text", data: '{"op":"tick","seq":4}', size: 21, wire_size: 23, compressed: false, frames: 1, rule: 2, action: "replace", changed_to: { type: "text", data: '{"op":"tick","seq":null}' } });
    put(8, { event: "message", connection: 1, direction: "server", type: "text", data: '{"op":"tick"}', size: 13, wire_size: 15, compressed: false, frames: 1, rule: 1, action: "drop" });
    put(6, { event: "http", connection: 1, method: "GET", target: this.hostile ? `/${HOSTILE[0]}` : "/index.html", status: 200 });
    this.big.set(n - 18, JSON.stringify({ list: Array.from({ length: 150_000 }, (_, at) => ({ at, name: `item ${at}`, price: at / 7 })) }));
    this.big.set(n - 16, `${"[".repeat(100_000)}${"]".repeat(100_000)}`);
    for (const at of [18, 16]) {
      const data = this.big.get(n - at);
      put(at, { event: "message", connection: 1, direction: "server", type: "text", data, size: data.length, wire_size: data.length + 10, compressed: false, frames: 2 });
    }
    this.ended = new Map([[2, n - 40], [3, n - 38], [4, n - 36]]);
  }

  get rows() {
    return this.base + (this.phase === "live" ? Math.floor((Date.now() - this.since) / 1000 * this.rate) : 0);
  }

  freeze() {
    this.base = this.rows;
    this.since = Date.now();
  }

  elapsed(n) {
    return Math.round((n * 7.3 + (n % 13) * 0.31 + Math.floor(n / 101) * 40) * 1000) / 1000;
  }

  add(event) {
    this.freeze();
    this.extra.set(this.base, { elapsed_ms: this.elapsed(this.base), ...event });
    this.base += 1;
    return this.base - 1;
  }

  opening(number) {
    const path = this.hostile && number === 2 ? `/${HOSTILE[0]}` : number % 2 ? "/feed" : "/chat";
    return { url: `ws://127.0.0.1:9000${path}`, remote: "127.0.0.1:51522", status: 101, reason: "Switching Protocols", protocol: this.hostile ? HOSTILE[4] : number % 2 ? "wamp" : null, extensions: "permessage-deflate",
      request_headers: [["Host", "127.0.0.1:9000"], ["X-Note", this.hostile ? HOSTILE[5] : "plain"], ["Authorization", "***"]], response_headers: [["Upgrade", "websocket"]], tls: null, timings_ms: { dns: null, tcp: 0.2, total: 1.1 } };
  }

  row(n) {
    return rowOf(n, eventAt(n, this), n === 0 ? null : this.extra.get(n - 1)?.elapsed_ms ?? this.elapsed(n - 1));
  }

  message(to, connection, { type, encoding, data }, action) {
    const bytes = Buffer.from(data, encoding === "utf8" ? "utf8" : encoding), isControl = type === "ping" || type === "pong", isText = type === "text";
    this.add({ event: isControl ? type : "message", connection, direction: to === "server" ? "client" : "server", ...(isControl ? {} : { type }), ...(isText ? { data: bytes.toString() } : { encoding: "base64", data: bytes.toString("base64") }),
      size: bytes.length, wire_size: bytes.length + 6, compressed: false, frames: 1, ...(action ? { action, rule: null } : {}) });
  }

  hold(connection, direction, data, rule) {
    this.held.push({ number: ++this.lastHeld, connection, rule, direction, type: "text", size: Buffer.byteLength(data), preview: data.slice(0, 200), data });
    this.heldVersion += 1;
  }

  close(number, event) {
    if (this.ended.has(number)) throw new Error(`connection ${number} has ended`);
    this.ended.set(number, this.add({ event: "close", connection: number, name: "Normal Closure", was_clean: true, ...event }));
  }

  command(line) {
    const [name, number] = line.split(" ");
    if (name === "hold") this.hold(1, "out", '{"op":"order","qty":5}', Number(number) || null);
    if (name === "close") this.close(Number(number), { code: 1000, reason: "", initiator: "client" });
    if (name === "open") {
      const next = this.connections.push(this.connections.length + 1);
      this.add({ event: "open", connection: next, ...this.opening(next) });
    }
    if (name === "applied") {
      this.rules[0].applied = Number(number);
      this.add({ event: "http", connection: 1, method: "GET", target: "/", status: 200 });
    }
    if (name === "drop") this.dropped = Number(number);
    if (name === "burst") {
      this.freeze();
      this.base += Number(number);
    }
    if (name === "rate") {
      this.freeze();
      this.rate = Number(number);
    }
    if (name === "end") {
      this.freeze();
      [this.phase, this.why] = ["ended", "interrupted (SIGINT)"];
      setTimeout(() => { this.isOver = true; }, 800);
    }
  }

  list() {
    return this.connections.map((number) => {
      const end = this.ended.get(number), close = end === undefined ? null : this.extra.get(end);
      const { url, protocol, extensions, remote } = this.opening(number), share = Math.floor(this.rows / this.connections.length);
      return { number: this.mode === "connect" ? null : number, url, path: new URL(url).pathname && url.replace(/^ws:\/\/[^/]+/, ""), state: close ? "closed" : "open", protocol, extensions, remote, opened: null, ended: null, code: close?.code ?? null, reason: close?.reason ?? "",
        name: close?.name ?? null, why: close?.why ?? null, initiator: close?.initiator ?? null, status: 101, out: Math.floor(share / 5), in: share - Math.floor(share / 5), bytes: share * 84, row: number - 1 };
    }).reverse();
  }

  tab() {
    return new Tab(this);
  }
}

class Tab {
  constructor(lab) {
    Object.assign(this, { lab, filter: null, generation: 0, last: "" });
  }

  async answer({ id, method, ...params }) {
    try {
      if (!METHODS.has(method)) throw new Error(`unknown method ${method}`);
      return { id, result: (method === "filter" ? this.applyFilter(params) : this[method](params)) };
    } catch (error) {
      return { id, error: error.message, ...(error.at === undefined ? {} : { at: error.at }) };
    }
  }

  notice() {
    const state = this.state(), text = JSON.stringify(state);
    if (text === this.last) return null;
    this.last = text;
    return state;
  }

  state() {
    const { lab } = this, { rows } = lab;
    const filter = this.filter && { generation: this.filter.generation, found: this.filter.found.length, first: 0, scanned: this.filter.at, done: this.filter.at >= rows };
    if (this.filter && !this.filter.isScanning) this.scan();
    return { notice: "state", rows, first: lab.dropped, messages: rows - Math.floor(rows / 61), bytes: rows * 84, connections: lab.connections.length, connections_version: lab.ended.size + lab.connections.length, phase: lab.phase,
      why: lab.why ?? null, time: lab.phase === "ended" ? new Date(lab.started + lab.elapsed(rows)).toISOString() : null, dropped: lab.dropped, filter, holding: lab.holding, held: lab.held.length, held_version: lab.heldVersion, rules_version: lab.rulesVersion,
      recorded_end: lab.mode === "view" ? "The last line of the recording is cut: it was being written when wscope was killed." : null };
  }

  hello() {
    const { mode } = this.lab, isProxy = mode === "proxy";
    const sides = isProxy ? ["server", "client"] : mode === "connect" ? ["server"] : mode === "listen" ? ["client"] : [];
    return { version: "0.1.0", mode, title: isProxy ? "proxy 127.0.0.1:9000 → wss://api.example/feed" : mode === "view" ? "view session.ndjson" : mode === "listen" ? "listen 127.0.0.1:9000" : "wss://api.example/feed",
      clients_url: isProxy || mode === "listen" ? "ws://127.0.0.1:9000/" : null, target: mode === "listen" ? null : "wss://api.example/feed", can: { send: sides, hold: isProxy, rules: isProxy, close: sides }, history: { memory: 33554432, total: 4294967296 }, state: this.state() };
  }

  connections({ from, count }) {
    const list = this.lab.list();
    return { total: list.length, version: 1, list: list.slice(from, from + count) };
  }

  rows({ from, count, filtered }) {
    const { found, generation } = filtered ? this.filter : { found: null, generation: undefined };
    const end = Math.min(from + Math.min(count, 500), found ? found.length : this.lab.rows), rows = [];
    for (let at = from; at < end; at++) rows.push(this.lab.row(found ? found[at] : at));
    if (found) rows.forEach((row, at) => { row.delta_ms = at === 0 ? null : row.elapsed_ms - rows[at - 1].elapsed_ms; });
    return { from, rows, generation };
  }

  event({ row, limit }) {
    const { pair, late_ms, ...event } = eventAt(row, this.lab), whole = event.data ?? "";
    if (row >= this.lab.rows) return { event: null };
    const data = event.encoding === "base64" ? whole : Buffer.from(whole).subarray(0, limit).toString();
    const sizes = event.frames > 1 ? Array.from({ length: event.frames }, (_, at) => ({ event: "frame", opcode: at ? "continuation" : "text", fin: at === event.frames - 1, rsv1: false, rsv2: false, rsv3: false, masked: false, size: 4096, wire_size: 4100, header: at ? "007e1000" : "017e1000" })) : [];
    return { event: event.data === undefined ? event : { ...event, data }, cut: Buffer.byteLength(whole) > limit, frames: sizes, pair: pair === undefined ? null : { row: pair, late_ms, is_answer: true }, decoded: null, scenario: event.event === "message" ? `${event.direction === "client" ? ">" : "<"} ${whole.slice(0, 500)}` : null };
  }

  applyFilter({ text, control, after, connection }) {
    const test = parseFilter(text);
    if (text === "" && control && after === 0 && connection === null) this.filter = null;
    else this.filter = { generation: ++this.generation, found: [], at: after, passes: (row, event) => (control || !["ping", "pong"].includes(row.type)) && (connection === null || row.connection === connection)
      && test({ ...row, late: row.late_ms === null ? null : 1_000 * row.late_ms, text: event.data ?? row.preview, json: event.event === "message" ? event.data : null }) };
    if (this.filter) this.scan();
    return { generation: this.filter?.generation ?? null };
  }

  /** Looks at some rows, and goes on later. */
  scan() {
    const { filter, lab } = this;
    const end = Math.min(lab.rows, filter.at + 20_000);
    for (; filter.at < end; filter.at++) {
      const event = eventAt(filter.at, lab);
      if (filter.passes(rowOf(filter.at, event, null), event)) filter.found.push(filter.at);
    }
    filter.isScanning = filter.at < lab.rows;
    if (filter.isScanning) setTimeout(() => filter === this.filter && this.scan());
  }

  find({ row }) {
    const index = this.filter ? this.filter.found.findIndex((one) => one >= row) : row;
    return { index: index < 0 ? null : index };
  }

  lane({ from_row, to_row, from_ms, to_ms, buckets, filtered }) {
    const { lab } = this, list = filtered ? this.filter.found : null, count = list ? list.length : lab.rows, at = (place) => (list ? list[place] : place);
    const place = (ms) => {
      let [low, high] = [0, count];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (lab.elapsed(at(middle)) < ms) low = middle + 1;
        else high = middle;
      }
      return low;
    };
    const [from, to] = from_ms === undefined ? [lab.elapsed(from_row), lab.elapsed(Math.max(0, to_row - 1))] : [from_ms, to_ms];
    const [start, end] = [place(from), Math.min(count, place(to + 0.001) + 1)], step = Math.max(1, Math.floor((end - start) / 20_000));
    const made = Array.from({ length: buckets }, () => [0, 0, 0, 0]), dots = end - start <= 600 ? [] : undefined;
    for (let n = start; n < end; n += step) {
      const row = lab.row(at(n)), bucket = made[Math.min(buckets - 1, Math.max(0, Math.floor((row.elapsed_ms - from) / Math.max(0.001, to - from) * buckets)))];
      bucket[row.direction === "out" ? 0 : row.type === "ping" || row.type === "pong" ? 2 : 1] += step;
      if (row.level === "bad") bucket[3] += 1;
      if (row.elapsed_ms >= from && row.elapsed_ms <= to) dots?.push([row.row, row.elapsed_ms, row.direction, row.type]);
    }
    return { from_ms: from, to_ms: to, buckets: made, pairs: [[lab.base - 22, lab.base - 12, lab.elapsed(lab.base - 22), lab.elapsed(lab.base - 12)]], dots };
  }

  send({ connection, to, ...payload }) {
    if (this.lab.ended.has(connection)) throw new Error(`connection ${connection} has ended`);
    this.lab.message(to, connection ?? 1, payload);
    return {};
  }

  close({ connection, to, code, reason }) {
    this.lab.close(connection ?? 1, { code, reason, initiator: "self", to });
    return {};
  }

  hold({ on }) {
    this.lab.holding = on;
    return {};
  }

  held() {
    return { version: this.lab.heldVersion, list: this.lab.held.slice(0, 500).map(({ data, ...held }) => held) };
  }

  one(number) {
    const held = this.lab.held.find((one) => one.number === number);
    if (!held) throw new Error(`message ${number} is not held`);
    return held;
  }

  held_payload({ number }) {
    return { type: "text", encoding: "utf8", data: this.one(number).data };
  }

  release({ number, drop }) {
    const earlier = this.lab.held.find((one) => number !== null && !drop && one.number < number && !one.after);
    if (earlier) {
      this.one(number).after = earlier.number;
      this.lab.heldVersion += 1;
      return {};
    }
    const gone = number === null ? this.lab.held.splice(0) : this.lab.held.filter((one) => one === this.one(number) || one.after === number);
    this.lab.held = this.lab.held.filter((one) => !gone.includes(one));
    this.lab.heldVersion += 1;
    for (const one of gone) this.lab.message(one.direction === "out" ? "server" : "client", one.connection, { type: "text", encoding: "utf8", data: one.data }, drop ? "drop" : one.edited && "edit");
    return {};
  }

  edit({ number, data }) {
    Object.assign(this.one(number), { data, edited: true });
    this.lab.heldVersion += 1;
    return {};
  }

  rules() {
    return { version: this.lab.rulesVersion, list: this.lab.rules };
  }

  add_rule({ text }) {
    if (!text.includes("=>")) throw new Error("the rule has no => with an action");
    if (text.includes(" $.")) throw new Error("a pattern of JSON is a part of the message");
    this.lab.rules.push({ number: ++this.lab.lastRule, text, applied: 0 });
    this.lab.rulesVersion += 1;
    return {};
  }

  remove_rule({ number }) {
    this.lab.rules = this.lab.rules.filter((rule) => rule.number !== number);
    this.lab.rulesVersion += 1;
    return {};
  }

  save({ format, filtered }) {
    const path = `/save/${Math.floor(Math.random() * 2 ** 40).toString(16)}`, name = `wscope-2026-11-27T050500.${format}`;
    this.lab.saved.set(path, { name, text: `${format} ${filtered ? this.filter.found.length : this.lab.rows} rows\n` });
    return { path, name };
  }
}

const METHODS = new Set(["hello", "connections", "rows", "event", "filter", "find", "lane", "send", "close", "hold", "held", "held_payload", "release", "edit", "rules", "add_rule", "remove_rule", "save"]);

module.exports = { Lab, Tab };
