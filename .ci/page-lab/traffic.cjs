// Invented traffic: row N is made when it is asked for, always the same.
"use strict";

const SYMBOLS = ["BTC-USD", "ETH-USD", "SOL-USD", "EUR-USD"];
const CHAT = ["안녕하세요, 주문 확인 부탁드립니다", "👩‍💻 deploying now", "לא ברור לי", "see you at 5", "가나다라 ✅", "naïve café"];

/** Texts that would do harm where text is markup, or where what is not seen counts. */
exports.HOSTILE = [
  "<script>window.hacked=1</script><img src=x onerror=\"window.hacked=1\"><svg/onload=window.hacked=1>",
  "javascript:window.hacked=1", "\u202egnp.exe\u202c \u2066hidden\u2069 \u200bzero\u200b width",
  "\u001b[2J\u001b[31mred\u001b[0m \u0007 \u0000 \u009b", "{{constructor.constructor('window.hacked=1')()}}",
  `"><iframe srcdoc="<script>parent.hacked=1</script>"></iframe>`, "line\nfeed\r\ttab", "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢".repeat(8), "W".repeat(5_000),
];

/** A number from 0 to 2^32 that depends on N only. */
function mix(n) {
  let x = Math.imul(n ^ 0x9e3779b9, 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

function payload(n, random, lab) {
  if (lab.big.has(n)) return lab.big.get(n);
  if (lab.hostile && n % 7 === 3) return exports.HOSTILE[Math.floor(n / 7) % exports.HOSTILE.length];
  if (random % 19 === 0) return JSON.stringify({ op: "order", id: n, symbol: SYMBOLS[n % 4], side: n % 2 ? "buy" : "sell", qty: random % 1000, account: { id: 12345678901234567890n.toString(), tags: ["a", "b"] } });
  if (random % 23 === 0) return JSON.stringify({ op: "chat", from: "민지", text: CHAT[n % CHAT.length] });
  if (random % 97 === 0) return JSON.stringify({ op: "snapshot", bids: Array.from({ length: 60 }, (_, at) => [100 - at / 10, random % (at + 7)]) });
  return JSON.stringify({ op: "tick", symbol: SYMBOLS[random % 4], bid: 100 + (random % 900) / 100, ask: 101 + (random % 900) / 100, seq: n });
}

/** The event of row N, as in --json. */
exports.eventAt = (n, lab) => {
  const extra = lab.extra.get(n);
  const elapsed_ms = extra?.elapsed_ms ?? lab.elapsed(n);
  const base = { time: new Date(lab.started + elapsed_ms).toISOString().replace("Z", `${String(mix(n) % 1000).padStart(3, "0")}Z`), elapsed_ms };
  if (extra) return { ...base, ...extra, time: base.time };
  const random = mix(n), connection = 1 + (random >>> 8) % lab.connections.length;
  if (n < lab.connections.length) return { event: "open", ...base, connection: n + 1, ...lab.opening(n + 1) };
  const direction = random % 5 === 0 ? "client" : "server";
  if (random % 61 === 0) return { event: random % 2 ? "ping" : "pong", ...base, connection, direction, encoding: "base64", data: Buffer.from(`k${n}`).toString("base64"), size: 1 + String(n).length, rtt_ms: random % 2 ? null : 0.8 };
  if (random % 37 === 0) {
    const data = Buffer.from(Array.from({ length: 20 + random % 300 }, (_, at) => mix(n + at) & 255));
    return { event: "message", ...base, connection, direction, type: "binary", encoding: "base64", data: data.toString("base64"), size: data.length, wire_size: data.length + 6, compressed: false, frames: 1 };
  }
  const data = payload(n, random, lab), size = Buffer.byteLength(data);
  return { event: "message", ...base, connection, direction, type: "text", data, size, wire_size: Math.ceil(size * 0.6) + 2, compressed: size > 100, frames: size > 1e5 ? 12 : 1 };
};

/** The row of the list for an event. */
exports.rowOf = (n, event, before) => {
  const kind = event.event === "message" ? event.type : event.event;
  const out = event.direction === "client", bytes = event.encoding === "base64" ? Buffer.from(event.data, "base64") : null;
  const words = {
    open: () => `${event.url} ${event.protocol ?? ""}`, close: () => `${event.name}${event.reason ? ` "${event.reason}"` : ""}, by ${event.initiator === "self" ? "wscope" : `the ${event.initiator}`}`,
    error: () => event.message, violation: () => `${event.message} (section ${event.section})`, http: () => `${event.method} ${event.target} ${event.status}`,
  }[event.event]?.() ?? (bytes ? bytes.subarray(0, 64).toString("hex") : event.data);
  const isAbnormal = event.event === "close" && ![1000, 1001].includes(event.code);
  return {
    row: n, connection: event.connection ?? null, time: event.time, elapsed_ms: event.elapsed_ms, delta_ms: before === null ? null : event.elapsed_ms - before,
    event: event.event, direction: event.direction ? (out ? "out" : "in") : null, type: kind, size: event.size ?? null, wire_size: event.wire_size ?? null,
    compressed: Boolean(event.compressed), frames: event.frames ?? null, preview: [...words.slice(0, 400)].slice(0, 200).join(""), cut: words.length > 200,
    code: event.code ?? null, rule: event.rule ?? null, action: event.action ?? null, late_ms: event.late_ms ?? null,
    level: isAbnormal || event.event === "error" ? "bad" : event.event === "violation" || event.action ? "warn" : null,
  };
};
