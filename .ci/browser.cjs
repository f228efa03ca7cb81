// Drives Chromium against `wscope listen`. Called by the script `browser` beside this file.
"use strict";
const assert = require("node:assert");
const { spawn } = require("node:child_process");
const { createServer } = require("node:http");
const { createInterface } = require("node:readline");
const { chromium } = require("playwright-core");

/** Names of the tests' own, which all lead to this machine. */
const HOSTS = ["evil.example", "rebind.example"];

const FLAGS = [`--host-resolver-rules=${HOSTS.map((host) => `MAP ${host} 127.0.0.1`).join(",")}`, "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync"];

/** Starts a server and waits until it says where it listens. */
function listen(...options) {
  const server = spawn(process.env.WSCOPE, ["listen", ":0", "-v", "--no-color", ...options],
    { stdio: ["pipe", "pipe", "pipe"] });
  server.told = "";
  server.lines = [];
  createInterface({ input: server.stdout }).on("line", (line) => server.lines.push(line));
  return new Promise((resolve, reject) => {
    server.on("exit", (code) => reject(new Error(`the server ended with ${code}: ${server.told}`)));
    server.stderr.on("data", (data) => {
      server.told += data;
      const address = server.told.match(/listening on ws:\/\/([\d.:]+)\//);
      if (address) resolve(Object.assign(server, { address: address[1] }));
    });
  });
}

/** A web server for an empty page; resolves to it and its port. */
function serve() {
  const server = createServer((_, response) => response.end("<!doctype html><title>other</title>"));
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve([server, server.address().port])));
}

/** What becomes of a WebSocket that the page opens. */
function attempt(page, url) {
  return page.evaluate((url) => new Promise((resolve) => {
    const socket = new WebSocket(url);
    socket.onopen = () => resolve("open");
    socket.onerror = () => resolve("refused");
  }), url);
}

async function until(what, condition) {
  for (const start = Date.now(); Date.now() - start < 10_000;) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`waited in vain: ${what}`);
}

const tests = {
  async "the page has a client that works"(browser) {
    const server = await listen("--echo");
    const page = await browser.newPage();
    const errors = [];
    page.on("pageerror", (error) => errors.push(String(error)));
    page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
    await page.goto(`http://${server.address}/`);
    if (await page.locator("#connect").textContent() === "Connect") await page.click("#connect");
    await until("the page connects", async () => /connected/.test(await page.locator("#state").textContent()));
    assert.match(await page.locator("#state").textContent(), /permessage-deflate/);
    await page.fill("#text", "안녕 from the page");
    await page.press("#text", "Enter");
    await until("the echo", async () => /←\s*안녕 from the page/.test(await page.locator("#log").innerText()));
    await until("the server shows it", () => server.lines.includes("안녕 from the page"));
    await page.click("#connect");
    await until("the close", async () => /clos/i.test(await page.locator("#state").textContent()));
    assert.deepEqual(errors, []);
    await page.close();
    server.kill();
  },

  async "compressed messages go both ways"(browser) {
    const server = await listen("--echo");
    const page = await browser.newPage();
    await page.goto(`http://${server.address}/`);
    const result = await page.evaluate(async (address) => {
      const socket = new WebSocket(`ws://${address}/`);
      socket.binaryType = "arraybuffer";
      await new Promise((resolve, reject) => { socket.onopen = resolve; socket.onerror = reject; });
      const sent = [];
      for (let n = 0; n < 200; n++) {
        sent.push(JSON.stringify({ n, text: "the same again and again ".repeat(n) }));
      }
      const bytes = new Uint8Array(300_000).map((_, at) => at % 251);
      const received = [];
      const all = new Promise((resolve) => {
        socket.onmessage = ({ data }) => received.push(data) === sent.length + 1 && resolve();
      });
      sent.forEach((text) => socket.send(text));
      socket.send(bytes);
      await all;
      const closed = new Promise((resolve) => { socket.onclose = resolve; });
      socket.close(4001, "done");
      const { code, wasClean } = await closed;
      const last = new Uint8Array(received.pop());
      return {
        extensions: socket.extensions, code, wasClean,
        same: received.every((text, n) => text === sent[n]) && last.every((byte, at) => byte === bytes[at]),
      };
    }, server.address);
    assert.deepEqual(result,
      { extensions: "permessage-deflate", code: 4001, wasClean: true, same: true });
    await until("what the page said", () => /4001[^\n]*"done"/.test(server.told));
    await page.close();
    server.kill();
  },

  async "the server's lines reach the page"(browser) {
    const server = await listen("--broadcast=all");
    const page = await browser.newPage();
    await page.goto(`http://${server.address}/`);
    if (await page.locator("#connect").textContent() === "Connect") await page.click("#connect");
    await until("the page connects", async () => /connected/.test(await page.locator("#state").textContent()));
    server.stdin.write("a line for everybody\n");
    await until("the line", async () => /a line for everybody/.test(await page.locator("#log").innerText()));
    await page.fill("#text", "said to all");
    await page.click("#send");
    await until("the relay", async () => /←\s*said to all/.test(await page.locator("#log").innerText()));
    server.kill();
    await until("the end", async () => /1001/.test(await page.locator("#log").innerText()));
    await page.close();
  },

  async "a page of another site cannot connect, unless it is allowed"(browser) {
    const [site, port] = await serve();
    const server = await listen("--echo");
    const page = await browser.newPage();
    await page.goto(`http://evil.example:${port}/`);
    assert.equal(await attempt(page, `ws://${server.address}/`), "refused");
    await until("the reason", () => new RegExp(
      `403 Forbidden: Origin: 'http://evil\\.example:${port}'.*--allow-origin`).test(server.told));
    await page.goto(`http://127.0.0.1:${port}/`);
    assert.equal(await attempt(page, `ws://${server.address}/`), "open");
    server.kill();
    const allowing = await listen("--echo", "--allow-origin", `http://evil.example:${port}`);
    await page.goto(`http://evil.example:${port}/`);
    assert.equal(await attempt(page, `ws://${allowing.address}/`), "open");
    await page.goto(`http://127.0.0.1:${port}/`);
    assert.equal(await attempt(page, `ws://${allowing.address}/`), "refused");
    await page.close();
    allowing.kill();
    site.close();
  },

  async "a page without an origin of its own cannot connect"(browser) {
    const server = await listen("--echo");
    const page = await browser.newPage();
    await page.setContent(`<iframe sandbox="allow-scripts" srcdoc="<title>opaque</title>"></iframe>`);
    const frame = await page.waitForSelector("iframe").then((element) => element.contentFrame());
    assert.equal(await attempt(frame, `ws://${server.address}/`), "refused");
    await until("the reason", () => /403 Forbidden: Origin: 'null'/.test(server.told));
    await page.close();
    server.kill();
  },

  async "a host name that was rebound to this machine gets neither the page nor a WebSocket"(browser) {
    const server = await listen("--echo");
    const host = server.address.replace("127.0.0.1", "rebind.example");
    const page = await browser.newPage();
    const response = await page.goto(`http://${host}/`);
    assert.equal(response.status(), 403);
    assert.match(await response.text(), /--allow-origin/);
    // That answer is of the same origin as the WebSocket.
    assert.equal(await attempt(page, `ws://${host}/`), "refused");
    await until("the reason", () => /403 Forbidden: Host: 'rebind\.example'[^]*403 Forbidden: Host/.test(server.told));
    await page.close();
    server.kill();
  },

  async "the page works under every name of this machine"(browser) {
    const server = await listen("--echo");
    const page = await browser.newPage();
    for (const host of ["localhost", "wscope.localhost"]) {
      await page.goto(`http://${server.address.replace("127.0.0.1", host)}/`);
      if (await page.locator("#connect").textContent() === "Connect") await page.click("#connect");
      await until(`the page at ${host} connects`, async () => /connected/.test(await page.locator("#state").textContent()));
    }
    await page.close();
    server.kill();
  },
};

(async () => {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: FLAGS });
  console.log(`Chromium ${browser.version()}`);
  let failed = 0;
  for (const [name, test] of Object.entries(tests)) {
    try {
      await test(browser);
      console.log(`ok    ${name}`);
    } catch (error) {
      failed += 1;
      console.log(`FAIL  ${name}: ${error.stack}`);
    }
  }
  await browser.close();
  console.log(`${Object.keys(tests).length - failed} passed, ${failed} failed`);
  process.exit(failed ? 1 : 0);
})();
