// Holds conversations as a client with the WebSocket of browsers: `converse.mjs KIND JOBS` in node, Deno or Bun prints what was
// observed in each, a line of JSON each. KIND is ws, undici, builtin or chromium; clients.py describes jobs and observations.

/** One conversation. It is also run within a page, so it uses nothing from outside. */
export async function converse({ url, protocols, steps, seconds }) {
  const Socket = globalThis.WebSocketOfKind ?? globalThis.WebSocket;
  const queue = [], waiting = [];
  let close = null;
  const announce = () => waiting.splice(0).forEach((wake) => wake());
  const adler32 = (bytes) => {
    let a = 1, b = 0;
    for (const byte of bytes) { a = (a + byte) % 65521; b = (b + a) % 65521; }
    return b * 65536 + a;
  };
  const pattern = (length) => Uint8Array.from({ length }, (_, at) => at % 251);
  const text = (length) => "0123456789abcdef".repeat(Math.ceil(length / 16)).slice(0, length);
  const late = new Promise((_, reject) => setTimeout(() => reject(new Error(`not done after ${seconds} s`)), seconds * 1000));
  const until = async (condition) => {
    while (!condition()) await Promise.race([late, new Promise((wake) => waiting.push(wake))]);
  };
  const next = async () => {
    await until(() => queue.length || close);
    if (!queue.length) throw new Error(`closed (${close}) instead of a message`);
    return queue.shift();
  };
  const received = [];
  let socket;
  try {
    socket = protocols.length ? new Socket(url, protocols) : new Socket(url);
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => { queue.push(data); announce(); };
    socket.onclose = ({ code, reason, wasClean }) => { close = [code, reason, wasClean]; announce(); };
    socket.onerror = announce;
    let open = false;
    socket.onopen = () => { open = true; announce(); };
    await until(() => open || close);
    if (!open) throw new Error(`not open: ${close}`);
    for (const [step, ...given] of steps) {
      if (step === "text") socket.send(given[0]);
      if (step === "long-text") socket.send(text(given[0]));
      if (step === "binary") socket.send(pattern(given[0]));
      if (step === "bytes") socket.send(Uint8Array.from(given[0]));
      if (step === "ping" && socket.ping && socket.once) {
        let answer = null;
        socket.once("pong", (data) => { answer = String(data); announce(); });
        socket.ping("are you there");
        await until(() => answer !== null || close);
        received.push(["pong", answer]);
      }
      if (step === "expect") {
        const data = await next();
        const bytes = typeof data === "string" ? new TextEncoder().encode(data) : new Uint8Array(data);
        received.push([typeof data === "string" ? "text" : "binary", bytes.length, adler32(bytes)]);
      }
      if (step === "expect-like") {
        const data = await next();
        const shown = typeof data === "string" ? data : [...new Uint8Array(data)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
        if (!new RegExp(given[0], "s").test(shown)) throw new Error(`${JSON.stringify(shown)} is not like ${given[0]}`);
        received.push(["like", given[0]]);
      }
      if (step === "close") socket.close(...given);
      if (step === "await-close") await until(() => close);
    }
    return { protocol: socket.protocol, extensions: socket.extensions, received, close };
  } catch (error) {
    return { error: String(error.message ?? error), received, close };
  } finally {
    socket?.close();
  }
}

async function inChromium(jobs, report) {
  const { createRequire } = await import("node:module");
  const { createServer } = await import("node:http");
  const { chromium } = createRequire(`${process.env.NODE_PATH}/`)("playwright-core");
  const site = createServer((_, response) => response.setHeader("Content-Type", "text/html").end("<!doctype html><title>client</title>"));
  await new Promise((resolve) => site.listen(0, "127.0.0.1", resolve));
  const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args });
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${site.address().port}/`);
  for (const job of jobs) report(await page.evaluate(converse, job));
  await browser.close();
  site.close();
}

async function main(kind, file) {
  const { readFileSync } = await import("node:fs");
  const jobs = JSON.parse(readFileSync(file, "utf8"));
  const report = (observed) => console.log(JSON.stringify(observed));
  if (kind === "chromium") return inChromium(jobs, report);
  if (kind !== "builtin") {
    const { createRequire } = await import("node:module");
    globalThis.WebSocketOfKind = createRequire(`${process.env.NODE_PATH}/`)(kind).WebSocket;
  }
  for (const job of jobs) report(await converse(job));
}

if (globalThis.process?.argv?.[2]) {
  main(...process.argv.slice(2)).then(() => process.exit(0), (error) => { console.error(error); process.exit(1); });
}
