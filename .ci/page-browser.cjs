// Drives the page in Chromium by its accessible names, against the server of invented traffic (page-lab) and, if WSCOPE
// names it, the program. Called by the script `page` beside this file. SHOTS names a folder for screenshots (STATE: some
// of the states), ONLY a test.
"use strict";
const assert = require("node:assert");
const { spawn, spawnSync } = require("node:child_process");
const { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } = require("node:fs");
const { tmpdir } = require("node:os");
const { join } = require("node:path");
const { createInterface } = require("node:readline");
const { chromium } = require("playwright-core");
const { WebSocket, WebSocketServer } = require("ws");
const { HOSTILE } = require("./page-lab/traffic.cjs");

const FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const WIDE = { width: 1280, height: 720 };

/** What was started by the test that runs. */
const labs = [];

/** Starts the lab with these options, and resolves when it has printed its URL. */
function startLab(...options) {
  const lab = spawn(process.execPath, [join(__dirname, "page-lab/server.cjs"), ...options], { stdio: ["pipe", "pipe", "inherit"] });
  labs.push(lab);
  lab.say = (line) => lab.stdin.write(`${line}\n`);
  return new Promise((resolve, reject) => {
    lab.on("exit", () => reject(new Error("the lab ended")));
    createInterface({ input: lab.stdout }).once("line", (line) => resolve(Object.assign(lab, { url: line.replace("page: ", "") })));
  });
}

/** Starts the program with the page, and resolves when it has printed where it listens and the URL of the page. */
function startProgram(...options) {
  const program = spawn(process.env.WSCOPE, options, { stdio: ["pipe", "pipe", "pipe"] });
  labs.push(program);
  program.told = "";
  program.stdout.resume();
  return new Promise((resolve, reject) => {
    program.on("exit", (code) => reject(new Error(`${options.join(" ")} ended with ${code}: ${program.told}`)));
    program.stderr.on("data", (data) => {
      program.told += data;
      const [, url] = /page: (http:\S+)/.exec(program.told) ?? [], [, address] = /(?:listening|proxy|proxying)[^\n]*?(ws:\/\/127[\d.:]+)/.exec(program.told) ?? [];
      if ((url || !options.includes("--ui")) && (address || !["listen", "proxy"].includes(options[0]))) resolve(Object.assign(program, { url, address }));
    });
  });
}

/** A client of a server; `got` is what it has received. */
function startClient(url, protocols, options) {
  const client = new WebSocket(url, protocols, options);
  client.got = [];
  client.on("message", (data, isBinary) => client.got.push(isBinary ? data : String(data)));
  client.on("error", () => {});
  client.on("close", (code, reason) => Object.assign(client, { code, reason: String(reason) }));
  return new Promise((resolve) => client.on("open", () => resolve(client)));
}

async function until(what, condition, limit = 10_000) {
  for (const start = Date.now(); Date.now() - start < limit;) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`waited in vain: ${what}`);
}

/** The parts of the page, by the names that the contract lists. */
function parts(page) {
  const role = (name, options) => page.getByRole(name, typeof options === "string" ? { name: options, exact: true } : options);
  return {
    page, grid: role("grid", "Messages"), rows: page.locator("[role=row]:has([role=gridcell]):visible"), filter: role("searchbox", "Filter"), state: role("status", "State"),
    connections: role("list", "Connections"), message: role("textbox", "Message"), to: role("combobox", "To"), type: role("combobox", "Type"),
    button: (name) => role("button", { name, exact: typeof name === "string" }), tab: (name) => role("tab", name), dialog: (name) => role("dialog", name),
    panel: role("tabpanel", {}), row: (text) => page.locator("[role=row]:has([role=gridcell]):visible", { hasText: text }).last(),
    count: async () => Number(await page.locator("#grid").getAttribute("aria-rowcount")) - 1,
  };
}

/** Opens the page, and runs a test with it. Nothing may be reported as an error, nor go to another host. */
async function withPage(browser, lab, test, options = {}) {
  const context = await browser.newContext({ viewport: WIDE, colorScheme: "light", permissions: ["clipboard-read", "clipboard-write"], ...options });
  const page = await context.newPage(), problems = [];
  const isOwn = (url) => new URL(url).origin === new URL(lab.url).origin && (!lab.url.startsWith("file:") || url.split("#")[0] === lab.url);
  page.on("pageerror", (error) => problems.push(String(error.stack)));
  page.on("console", (message) => message.type() === "error" && !/ERR_CONNECTION_REFUSED|WebSocket/.test(message.text()) && problems.push(message.text()));
  page.on("dialog", (dialog) => { problems.push(`a dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on("request", (request) => !/^(data|blob):/.test(request.url()) && !isOwn(request.url()) && problems.push(`a request to ${request.url()}`));
  page.on("framenavigated", (frame) => !isOwn(frame.url()) && problems.push(`a navigation to ${frame.url()}`));
  if (process.env.ASSETS) await page.route(/\.(js|css)$/, (route) => route.fulfill({ path: join(process.env.ASSETS, new URL(route.request().url()).pathname) }));
  await page.goto(lab.url);
  const it = parts(page);
  if (!options.isBare) await until("the state", async () => !/loading/.test(await it.state.innerText()));
  await test(it);
  assert.deepEqual(problems, []);
  await context.close();
}

/** Frames a second, and the part of the time in which the page's thread works: on a busy machine only that is the page's own. */
async function framesOf(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const worked = async () => (await session.send("Performance.getMetrics")).metrics.find(({ name }) => name === "TaskDuration").value;
  const before = await worked();
  const frames = await page.evaluate(() => new Promise((resolve) => {
    let count = 0;
    const start = performance.now(), frame = () => (count += 1, performance.now() - start > 3_000 ? resolve(count / 3) : requestAnimationFrame(frame));
    requestAnimationFrame(frame);
  }));
  return { frames, busy: Math.round((await worked() - before) / 3 * 100) };
}

const selectedText = (it) => it.page.locator("[role=row][aria-selected=true]").innerText();
const panelHas = (it, pattern) => until(`the panel shows ${pattern}`, async () => pattern.test(await it.panel.innerText()));

const tests = {
  async "the list, its columns and the connections are there by name"(browser) {
    const lab = await startLab();
    await withPage(browser, lab, async (it) => {
      await until("rows", async () => await it.rows.count() > 10);
      for (const name of ["Time", "Direction", "Type", "Size", "Data"]) await it.page.getByRole("columnheader", { name, exact: true }).waitFor();
      assert.equal(await it.count(), 2000);
      await until("the connections", async () => /#2 \/chat[\s\S]*1006[\s\S]*reset by server/.test(await it.connections.innerText()));
      assert.match(await it.state.innerText(), /live/);
      await it.connections.getByRole("button", { name: /#1 \/feed/ }).click();
      await until("one connection only", async () => await it.count() < 700);
      await it.connections.getByRole("button", { name: /All connections/ }).click();
      await until("all again", async () => await it.count() === 2000);
    });
  },

  async "the detail shows text, tree, bytes and frames of a message"(browser) {
    const lab = await startLab();
    await withPage(browser, lab, async (it) => {
      await it.row('"result"').click();
      await panelHas(it, /"jsonrpc":"2.0","id":7,"result"/);
      assert.match(await it.page.locator("#facts").innerText(), /#1,988[\s\S]*45 B[\s\S]*reply to[\s\S]*#1,978[\s\S]*76/);
      await it.tab("JSON").click();
      await it.page.getByRole("treeitem", { name: /"id"/ }).click();
      await it.button("Copy path").click();
      assert.equal(await it.page.evaluate(() => navigator.clipboard.readText()), "$.id");
      await it.page.getByRole("searchbox", { name: "Search in JSON" }).fill("ok");
      await until("what was found", async () => /1 of 1/.test(await it.panel.innerText()));
      await it.button("Copy value").click();
      await until("the value", async () => await it.page.evaluate(() => navigator.clipboard.readText()) === "true");
      await it.button("Collapse").click();
      assert.equal(await it.page.getByRole("treeitem", { name: /"ok"/ }).count(), 0);
      await it.button("Expand").click();
      await it.page.getByRole("treeitem", { name: /"ok"/ }).waitFor();
      await it.tab("Hex").click();
      await panelHas(it, /0000 {2}7b 22 6a 73/);
      await it.tab("Frames").click();
      await panelHas(it, /One frame: fin, no reserved bits/);
      await it.filter.fill("size:>100 order");
      await it.row(/"op":"order"/).click();
      await panelHas(it, /One frame: fin, RSV1 \(compressed\)/);
      await it.filter.fill("");
      await it.button("Follow").click();
      await it.row('"result"').click();
      await it.tab("Decoded").click();
      await panelHas(it, /Nothing to decode: no format of this payload is known/);
      await it.button("Copy as scenario").click();
      await until("the line", async () => (await it.page.evaluate(() => navigator.clipboard.readText())).startsWith('< {"jsonrpc"'));
      await it.page.locator("#facts").getByRole("button", { name: "#1,978" }).click();
      await it.tab("Text").click();
      await panelHas(it, /"method":"subscribe"/);
      await it.row("binary").click();
      await panelHas(it, /0010 {2}/);
      await it.row("Abnormal Closure").click();
      await panelHas(it, /code\s+1006/);
      await it.tab("Decoded").click();
      await panelHas(it, /No payload to decode/);
    });
  },

  async "what a rule has dropped or replaced is marked, and both forms are shown"(browser) {
    const lab = await startLab();
    await withPage(browser, lab, async (it) => {
      const dropped = it.row("dropped by rule 1");
      await dropped.click();
      assert.match(await dropped.locator(".data").evaluate((cell) => getComputedStyle(cell).textDecorationLine), /line-through/);
      await panelHas(it, /This message was dropped by rule 1\s+\{"op":"tick"\}/);
      await it.row("replaced by rule 2").click();
      assert.match(await it.row("replaced by rule 2").locator(".data").evaluate((cell) => getComputedStyle(cell).textDecorationLine), /line-through/);
      await panelHas(it, /As it was sent\s+\{"op":"tick","seq":4\}\s+As it was delivered: replaced by rule 2\s+\{"op":"tick","seq":null\}/);
      await it.tab("JSON").click();
      await it.page.getByRole("treeitem", { name: /"seq": null/ }).waitFor();
      await it.page.getByRole("treeitem", { name: /"seq": 4/ }).waitFor();
      await it.tab("Hex").click();
      await panelHas(it, /As it was delivered/);
      await it.row("rate limit").click();
      assert.match(await it.row("rate limit").innerText(), /by the server/);
      assert.match(await it.connections.innerText(), /by server: “rate limit”/);
    });
  },

  async "a large message is shown in part first, and a deep one does no harm"(browser) {
    const lab = await startLab();
    await withPage(browser, lab, async (it) => {
      await it.row('"list"').click();
      await panelHas(it, /The first 65,536 B of 8,716,304 B/);
      await it.tab("JSON").click();
      await it.button("Show all").click();
      await until("the tree", async () => await it.page.getByRole("treeitem").count() > 10, 20_000);
      assert.match(await it.panel.innerText(), /150,000 elements/);
      await it.row("[[[[[").click();
      await until("the deep tree", async () => /1 element/.test(await it.panel.innerText()));
      await it.button("Expand").click();
      await it.tab("Hex").click();
      await panelHas(it, /5b 5b 5b/);
      await it.tab("Text").click();
      await panelHas(it, /\[\[\[/);
    });
  },

  async "a filter shows what it finds, and where it is wrong"(browser) {
    const lab = await startLab();
    await withPage(browser, lab, async (it) => {
      await it.filter.fill('$.op == order dir:out');
      await until("fewer", async () => /^\d+ of 2,000$/.test(await it.page.locator("#filter-count").innerText()));
      await until("rows of it", async () => /"op":"order"/.test(await it.rows.last().innerText()));
      assert.equal(await it.count(), Number((await it.page.locator("#filter-count").innerText()).split(" ")[0]));
      await until("it is marked", async () => await it.rows.last().locator("mark").innerText() === '"op":"order"');
      await it.filter.fill("subscribe");
      const found = it.rows.last().locator(".data");
      await until("it is cut around what was found", async () => /^….{12}subscribe","params/.test(await found.innerText()));
      assert.equal(await found.locator("mark").innerText(), "subscribe");
      await it.page.setViewportSize({ width: 2560, height: 720 });
      await until("it is whole where it fits", async () => /^{"jsonrpc".*subscribe/.test(await found.innerText()));
      await it.page.setViewportSize(WIDE);
      await it.filter.fill("dir:sideways");
      await it.page.getByRole("alert").filter({ hasText: "a direction is in or out" }).waitFor();
      assert.equal(await it.filter.getAttribute("aria-invalid"), "true");
      assert.equal(await it.page.locator("#filter-error mark").innerText(), "sideways");
      await it.filter.fill("nothing has this in it");
      await it.page.getByText("Nothing matches the filter.").waitFor();
      await it.button("Show everything").click();
      await until("all", async () => await it.count() === 2000);
      await it.button("Hide control frames").click();
      await until("no pings", async () => await it.count() < 2000);
      await it.button("Hide control frames").click();
      await until("all again", async () => await it.count() === 2000);
    });
  },

  async "pause keeps the list and counts, clear hides, follow stays at the end"(browser) {
    const lab = await startLab("--rate", "200");
    await withPage(browser, lab, async (it) => {
      await until("following", async () => await it.button("Follow").getAttribute("aria-pressed") === "true");
      await it.button("Pause").click();
      const before = await it.count();
      await it.button(/Resume · \d+ waiting/).waitFor();
      assert.equal(await it.count(), before);
      assert.match(await it.state.innerText(), /paused/);
      await it.filter.fill("tick");
      await until("the filter keeps the pause", async () => /of/.test(await it.page.locator("#filter-count").innerText()) && await it.count() < before);
      await it.filter.press("Enter");
      assert.equal(await it.grid.evaluate((grid) => grid === document.activeElement), true);
      await it.filter.fill("");
      await until("as before", async () => await it.count() === before);
      await it.button(/Resume/).click();
      await until("more", async () => await it.count() > before);
      await it.button("Clear").click();
      await until("few rows", async () => await it.count() < 300);
      await it.button("Show them").click();
      await until("all rows", async () => await it.count() > 2000);
      await it.grid.hover();
      await it.page.mouse.wheel(0, -2_000);
      await until("not following", async () => await it.button("Follow").getAttribute("aria-pressed") === "false");
      await until("loaded rows", async () => !(await it.rows.allInnerTexts()).some((text) => text.endsWith("…") && text.length < 9));
      const seen = await it.rows.nth(30).innerText();
      await new Promise((resolve) => setTimeout(resolve, 300));
      assert.equal(await it.rows.nth(30).innerText(), seen);
      await it.button(/newer/).click();
      await until("following again", async () => await it.button("Follow").getAttribute("aria-pressed") === "true");
    });
  },

  async "messages go to either side, again, and changed"(browser) {
    const lab = await startLab();
    await withPage(browser, lab, async (it) => {
      const last = (pattern) => until(`the last row is ${pattern}`, async () => pattern.test((await it.rows.allInnerTexts()).join("\n").replace(/\n(?=[^\n]*\n?)/g, " ")));
      await it.message.fill('{"op":"hello"}');
      assert.match(await it.page.locator("#message-check").innerText(), /JSON ✓/);
      await it.button("Send").click();
      await last(/↑.*"op":"hello"/);
      await it.to.selectOption("client");
      await it.message.fill("안녕 client");
      await it.message.press("Enter");
      await last(/↓.*안녕 client/);
      assert.equal(await it.message.inputValue(), "");
      await it.type.selectOption("json");
      await it.message.fill("{broken");
      assert.match(await it.page.locator("#message-check").innerText(), /Not JSON: .*character 2/);
      await it.button("Send").click();
      assert.equal(await it.message.inputValue(), "{broken");
      assert.equal(await it.page.locator("#toasts").innerText(), "", "an error is shown once, beside the box");
      await it.type.selectOption("hex");
      await it.message.fill("de ad be ef");
      await it.button("Send").click();
      await last(/binary.*deadbeef/);
      await it.type.selectOption("ping");
      await it.message.fill("are you there");
      await it.button("Send").click();
      await last(/ping/);
      await it.page.getByLabel("Payload file").setInputFiles({ name: "data.bin", mimeType: "application/octet-stream", buffer: Buffer.from([0xff, 0, 1, 2, 3]) });
      await it.type.selectOption("hex");
      await it.button("Send").click();
      await last(/ff00010203/);
      await it.row("안녕 client").click();
      await panelHas(it, /안녕 client/);
      await it.button("Repeat").click();
      await until("twice", async () => (await it.rows.allInnerTexts()).filter((text) => /안녕 client/.test(text)).length === 2);
      await it.button("Compose from this").click();
      assert.equal(await it.message.inputValue(), "안녕 client");
      assert.equal(await it.to.inputValue(), "client");
      await it.message.fill("안녕 again");
      await it.message.press("Enter");
      await last(/안녕 again/);
    });
  },

  async "the box is free at once, keeps what failed, and knows what it is for"(browser) {
    const lab = await startLab(), rowsWith = async (it, text) => await it.rows.filter({ hasText: text }).count();
    await withPage(browser, lab, async (it) => {
      await it.message.fill("one");
      await it.message.press("Enter");
      await it.page.keyboard.type("two");
      await it.row("one").waitFor();
      assert.equal(await it.message.inputValue(), "two");
      await it.message.fill("");
      const before = await it.count();
      await it.message.press("Enter");
      await it.page.getByText("The box is empty").waitFor();
      await it.message.press("Control+Enter");
      await until("an empty message", async () => await it.count() === before + 1);
      await it.type.selectOption("pong");
      await it.message.press("Enter");
      await until("a pong", async () => await it.count() === before + 2);
      await it.type.selectOption("text");
      await it.page.getByLabel("Payload file").setInputFiles({ name: "data.bin", mimeType: "application/octet-stream", buffer: Buffer.from([0xff, 0, 1]) });
      await it.button("Send").click();
      await until("the file", async () => await rowsWith(it, "ff0001") === 1);
      assert.deepEqual([await it.type.inputValue(), await it.message.isVisible()], ["text", true]);
      for (const [type, text] of [["hex", "c0 fe"], ["ping", ""], ["json", "[7]"], ["pong", ""], ["text", "as text"]]) {
        const rows = await it.count();
        await it.type.selectOption(type);
        await it.message.fill(text);
        await it.message.press("Enter");
        await until(`${type} ${text}`, async () => await it.count() === rows + 1);
        assert.equal(await it.type.inputValue(), type);
      }
      lab.say("open");
      const via = it.page.getByRole("combobox", { name: "via" });
      await via.selectOption({ label: "#5 /feed" });
      await it.message.fill("for number five");
      lab.say("close 5");
      await it.page.getByText("#5 has ended: choose another connection").first().waitFor();
      await it.message.press("Enter");
      assert.equal(await it.message.inputValue(), "for number five");
      await via.selectOption({ label: "#1 /feed" });
      await it.message.press("Enter");
      await it.row("for number five").waitFor();
      await until("what failed is not told any more", async () => await it.page.locator("#toasts").innerText() === "", 2_000);
      assert.equal(await it.button("Repeat").isVisible(), false);
      await it.row("for number five").click();
      await it.button("Repeat").click();
      await until("sent again", async () => await rowsWith(it, "for number five") === 2);
      await it.connections.getByRole("button", { name: /#5/ }).click();
      await it.button(/^Disconnect/).click();
      await it.page.getByText("Connection #5 is not open").waitFor();
      await it.connections.getByRole("button", { name: /All connections/ }).click();
      await it.row("for number five").click();
      lab.say("close 1");
      await until("the button knows", async () => await it.button("Repeat").isDisabled());
      assert.equal(await it.button("Repeat").getAttribute("title"), "Its connection has ended");
    });
    const listen = await startLab("--mode", "listen");
    await withPage(browser, listen, async (it) => {
      const via = it.page.getByRole("combobox", { name: "via" });
      await until("all clients", async () => await via.locator("option").first().innerText() === "all" && await via.inputValue() === "");
    });
  },

  async "all that is held is counted, of which a part is listed"(browser) {
    const lab = await startLab();
    await withPage(browser, lab, async (it) => {
      for (let n = 0; n < 600; n++) lab.say("hold");
      const held = it.page.getByRole("list", { name: "Held messages" });
      await until("all are counted", async () => /^600 still held: Hold is off\s*Release all/.test(await held.innerText()));
      assert.equal(await it.button("Go").count(), 20);
      assert.match(await held.locator("li").last().innerText(), /^and 580 more$/);
    });
  },

  async "held messages go, are dropped and edited; rules; the end of a connection"(browser) {
    const lab = await startLab();
    await withPage(browser, lab, async (it) => {
      await it.button("Hold").click();
      await until("holding", async () => await it.button("Hold").getAttribute("aria-pressed") === "true");
      for (let n = 0; n < 2; n++) lab.say("hold 1");
      const heads = it.page.getByRole("list", { name: "Held messages" });
      await until("held by a rule", async () => /^2 held\s*Release all\s*held 1 by rule 1/.test(await heads.innerText()));
      await it.button("Release all").click();
      for (let n = 0; n < 3; n++) lab.say("hold");
      await until("three held", async () => await it.button("Go").count() === 3);
      const held = it.page.getByRole("list", { name: "Held messages" });
      assert.match(await held.locator("li").first().innerText(), /3 held\s*Release all/);
      await it.page.setViewportSize({ width: 360, height: 640 });
      const boxes = await held.locator("li").nth(1).evaluate((item) => [".preview", "button"].map((name) => item.querySelector(name).getBoundingClientRect().top));
      assert.ok(boxes[0] > boxes[1], `the payload is below the buttons: ${boxes}`);
      await held.evaluate((list) => { list.scrollTop = list.scrollHeight; });
      assert.equal(await held.evaluate((list) => list.getBoundingClientRect().top + 1 === list.firstChild.getBoundingClientRect().top && list.scrollTop > 0), true);
      await it.page.setViewportSize(WIDE);
      await it.button("Go").first().click();
      await until("two held", async () => await it.button("Go").count() === 2);
      await it.button("Go").last().click();
      await until("it waits for the other", async () => /held 4[\s\S]*Go[\s\S]*held 5[\s\S]*goes after 4$/.test(await held.innerText()) && await it.button("Go").count() === 1);
      await it.button("Drop").first().click();
      await it.row("drop").waitFor();
      await until("both have gone", async () => await it.button("Go").count() === 0);
      lab.say("hold");
      await it.button("Go").waitFor();
      await it.message.fill("a draft");
      await it.to.selectOption("client");
      await it.button("Edit").first().click();
      await until("it is in the box", async () => /"qty":5/.test(await it.message.inputValue()));
      assert.equal(await it.to.inputValue(), "server");
      await it.message.fill('{"op":"order","qty":6}');
      await it.button("Send").click();
      await until("none held", async () => await it.button("Go").count() === 0);
      await it.row('"qty":6').waitFor();
      assert.equal(await it.grid.evaluate((grid) => grid === document.activeElement), true);
      assert.deepEqual([await it.message.inputValue(), await it.to.inputValue()], ["a draft", "client"]);
      await it.button("Rules").click();
      await it.dialog("Rules").getByRole("textbox", { name: "New rule" }).fill("nonsense");
      await it.page.keyboard.press("Enter");
      await it.dialog("Rules").getByRole("alert").filter({ hasText: "no =>" }).waitFor();
      await it.dialog("Rules").getByRole("textbox", { name: "New rule" }).fill("client $.x==1 => drop");
      await it.button("Add").click();
      await it.dialog("Rules").getByRole("alert").filter({ hasText: "a pattern of JSON is a part of the message" }).waitFor();
      await it.dialog("Rules").getByRole("textbox", { name: "New rule" }).fill('client {"x":1} => drop');
      await it.button("Add").click();
      await until("the count", async () => /^Rules \(1\)$/.test(await it.page.locator("#open-rules").innerText()));
      for (const text of ["any => drop", "server => drop"]) {
        await it.dialog("Rules").getByRole("textbox", { name: "New rule" }).fill(text);
        await it.page.keyboard.press("Enter");
        await it.dialog("Rules").getByRole("listitem").filter({ hasText: text }).waitFor();
      }
      lab.say("applied 7");
      await it.dialog("Rules").getByText("applied: 7").waitFor();
      const focused = () => it.page.evaluate(() => document.activeElement.ariaLabel);
      for (const [rule, next] of [[1, "Remove rule 2"], [3, "Remove rule 2"], [2, "New rule"]]) {
        await it.button(`Remove rule ${rule}`).focus();
        await it.page.keyboard.press("Enter");
        await until(`${next} has the focus`, async () => await focused() === next);
      }
      await until("no rules", async () => /No rules/.test(await it.dialog("Rules").innerText()));
      await it.button("Done").click();
      await it.button(/^Disconnect/).click();
      const dialog = it.dialog("Disconnect");
      await dialog.getByLabel("Code").fill("4000");
      await dialog.getByRole("button", { name: "Cancel" }).click();
      lab.say("open");
      await it.connections.getByRole("button", { name: /#5/ }).waitFor();
      await it.button(/^Disconnect/).click();
      assert.deepEqual([await dialog.getByLabel("Connection").inputValue(), await dialog.getByLabel("Code").inputValue()], ["5", "1000"], "what was chosen before is not chosen again");
      lab.say("close 5");
      await dialog.getByRole("alert").filter({ hasText: "#5 has ended" }).waitFor();
      lab.say("open");
      await until("a new one is listed", async () => await dialog.locator("option[value='6']").count() === 1);
      assert.equal(await dialog.getByLabel("Connection").inputValue(), "5");
      await dialog.getByLabel("Connection").selectOption("1");
      await dialog.getByLabel("Code").fill("4001");
      await dialog.getByRole("textbox", { name: "Reason" }).fill("enough");
      await dialog.getByRole("button", { name: "Disconnect" }).click();
      await until("the end in the list", async () => /4001/.test(await it.connections.innerText()));
      await it.row("enough").waitFor();
    });
  },

  async "files are saved in three formats, all or what is listed"(browser) {
    const lab = await startLab();
    await withPage(browser, lab, async (it) => {
      const saved = async (name) => {
        const [download] = await Promise.all([it.page.waitForEvent("download"), it.button(name).click()]);
        return [download.suggestedFilename(), readFileSync(await download.path(), "utf8")];
      };
      assert.deepEqual(await saved("Save HAR"), ["wscope-2026-11-27T050500.har", "har 2000 rows\n"]);
      assert.deepEqual((await saved("Save NDJSON"))[1], "ndjson 2000 rows\n");
      await it.filter.fill("order");
      const box = it.page.getByRole("checkbox", { name: "only what is listed" });
      await box.waitFor();
      assert.match((await saved("Save scenario"))[1], /^wscope \d{2,3} rows/);
      await box.uncheck();
      assert.match((await saved("Save scenario"))[1], /^wscope 2000 rows/);
    });
  },

  async "no state is wider than the window"(browser) {
    const states = {
      live: [[], async (it) => it.row('"result"').click()], filtered: [[], async (it) => { await it.filter.fill("order"); await it.page.getByText("only what is listed").waitFor({ state: "attached" }); }],
      paused: [["--rate", "500"], async (it, lab) => { await it.filter.fill("op"); for (let n = 0; n < 3; n++) lab.say("hold"); await it.button("Pause").click(); await it.button(/Resume · \d,\d+ waiting/).waitFor(); }],
      hostile: [["--hostile"], async (it) => { await it.page.keyboard.press("Space"); lab.say("hold"); await it.page.keyboard.press("g"); await it.page.keyboard.press("Enter"); }],
      error: [[], async (it) => { await it.filter.fill("size:>x"); await it.page.getByRole("alert").filter({ hasText: /./ }).waitFor(); }],
      ended: [["--rows", "500"], async (it, lab) => { await it.filter.fill("op"); lab.say("end"); await it.page.getByText("What this page has loaded stays readable").waitFor(); }],
      lost: [["--rows", "500"], async (it, lab) => { lab.say("kill"); await it.page.getByText("The connection to wscope was lost").waitFor(); }],
      empty: [["--phase", "waiting"]], view: [["--mode", "view", "--drop", "500"]], listen: [["--mode", "listen"]], connect: [["--mode", "connect"]],
      keys: [[], async (it) => it.page.keyboard.press("?")], rules: [[], async (it) => it.page.keyboard.press("R")], close: [[], async (it) => it.page.keyboard.press("x")],
    };
    let lab;
    const wrong = [];
    for (const [state, [options, act]] of Object.entries(states)) {
      lab = await startLab(...options);
      await withPage(browser, lab, async (it) => {
        await act?.(it, lab);
        for (const [width, height] of [[2560, 1300], [1280, 720], [640, 800], [360, 740], [320, 640]]) {
          await it.page.setViewportSize({ width, height });
          for (const name of width < 640 ? ["More", "Compose"] : []) {
            const button = it.button(name);
            if (await button.isVisible() && await button.getAttribute("aria-expanded") === "false" && !await it.page.locator("dialog[open]").count()) await button.click();
          }
          const wide = await it.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => {
            const parts = [...document.querySelectorAll("html, body, #bar *, #tools *, #notes *, #held, #held button, #compose *, dialog[open], dialog[open] *, #detail-foot *, #detail-top")];
            resolve(parts.filter((one) => one.checkVisibility() && !one.matches(".unseen, option") && (one.getBoundingClientRect().right > innerWidth + 1 || (one.matches("html, body, dialog") && one.scrollWidth > one.clientWidth))).map((one) => one.id || one.textContent.slice(0, 20) || one.tagName));
          }))));
          if (wide.length > 0) wrong.push(`${state} ${width}: ${wide}`);
        }
      });
      lab.kill();
    }
    assert.deepEqual(wrong, []);
  },

  async "follow stays when the window grows, Esc closes More, Keys opens at its start, Clear says so"(browser) {
    const lab = await startLab();
    await withPage(browser, lab, async (it) => {
      const follows = () => it.button("Follow").getAttribute("aria-pressed");
      await until("rows", async () => await it.rows.count() > 5);
      for (const height of [400, 900, 500, 1200]) {
        await it.page.setViewportSize({ width: 1280, height });
        await it.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(resolve)))));
        assert.equal(await follows(), "true");
      }
      lab.say("rate 500");
      await it.message.click();
      for (const text of ["1\n2\n3\n4\n5", "1\n2\n3\n4\n5\n6", ""]) await it.message.fill(text);
      for (const height of [500, 1200]) await it.page.setViewportSize({ width: 1280, height });
      for (let held = 0; held < 3; held++) lab.say("hold");
      await it.button("Release all").click();
      await until("nothing is held", async () => !await it.button("Release all").isVisible());
      assert.equal(await follows(), "true");
      lab.say("rate 0");
      await it.button("Clear").click();
      await it.page.getByText("Cleared: nothing new yet.").waitFor();
      await it.button("Show them").click();
      await it.page.setViewportSize({ width: 360, height: 600 });
      assert.equal(await it.page.locator(".row .connection").last().evaluate((cell) => {
        cell.textContent = "#1234";
        return cell.scrollWidth > cell.clientWidth;
      }), false);
      await until("the connection in a row", async () => /#\d/.test(await it.rows.last().innerText()));
      await it.button("More").click();
      await it.page.keyboard.press("Escape");
      assert.equal(await it.button("Clear").isVisible(), false);
      assert.equal(await it.button("More").evaluate((more) => more === document.activeElement), true);
      await it.page.keyboard.press("?");
      assert.equal(await it.dialog("Keys").evaluate((dialog) => dialog.scrollTop), 0);
    });
    const view = await startLab("--mode", "view");
    await withPage(browser, view, async (it) => {
      await until("rows", async () => await it.rows.count() > 5);
      assert.equal(await it.button("Pause").isVisible(), false);
      await it.page.keyboard.press("?");
      assert.doesNotMatch(await it.dialog("Keys").innerText(), /hold on|pause|compose/);
    });
  },

  async "everything is done with the keyboard alone"(browser) {
    const lab = await startLab();
    await withPage(browser, lab, async (it) => {
      const { keyboard } = it.page;
      await keyboard.press("?");
      await it.dialog("Keys").waitFor();
      await keyboard.press("Escape");
      await keyboard.press("/");
      await keyboard.type("jsonrpc");
      await until("two rows", async () => await it.count() === 2);
      await keyboard.press("Escape");
      await keyboard.press("g");
      await until("the first", async () => /subscribe/.test(await selectedText(it)));
      assert.deepEqual([await it.button("Follow").getAttribute("aria-pressed"), await it.page.locator("#jump").isVisible()], ["false", false]);
      await keyboard.press("j");
      await until("the second", async () => /result/.test(await selectedText(it)));
      await keyboard.press("k");
      await keyboard.press("2");
      await panelHas(it, /"params"/);
      await keyboard.press("Enter");
      assert.equal(await it.page.evaluate(() => document.activeElement.id), "panel");
      await keyboard.press("3");
      await panelHas(it, /0000/);
      await keyboard.press("Escape");
      await keyboard.press("e");
      await until("it is in the box", async () => /subscribe/.test(await it.message.inputValue()));
      await keyboard.press("Control+a");
      await keyboard.type("from the keys j k / ? 2");
      await keyboard.press("Enter");
      await keyboard.press("Escape");
      await keyboard.press("/");
      await keyboard.press("Delete");
      await until("all", async () => await it.count() === 2001);
      await keyboard.press("Escape");
      await keyboard.press("G");
      await until("what was sent", async () => /from the keys/.test(await selectedText(it)));
      await keyboard.press("r");
      await until("sent again", async () => await it.count() === 2002);
      await keyboard.press(" ");
      await it.button(/Resume/).waitFor();
      await keyboard.press(" ");
      await keyboard.press("]");
      await until("one connection", async () => await it.count() < 700);
      await keyboard.press("[");
      await until("all connections", async () => await it.count() === 2002);
      await keyboard.press("h");
      await until("holding", async () => await it.button("Hold").getAttribute("aria-pressed") === "true");
      lab.say("hold");
      await it.button("Go").waitFor();
      await keyboard.press("o");
      await until("let go", async () => await it.button("Go").count() === 0);
      await keyboard.press("R");
      await it.dialog("Rules").waitFor();
      await keyboard.type("any => drop");
      await keyboard.press("Enter");
      await it.button("Remove rule 1").waitFor();
      await keyboard.press("Escape");
      await keyboard.press("x");
      await it.dialog("Disconnect").waitFor();
      await keyboard.press("Escape");
      await keyboard.press("t");
      await keyboard.press("Home");
      await keyboard.press("Enter");
      await until("the start", async () => /open/.test(await selectedText(it)));
      await it.page.locator("#connections-divider").focus();
      const before = (await it.connections.boundingBox()).width;
      await keyboard.press("ArrowRight");
      assert.equal((await it.connections.boundingBox()).width, before + 24);
    });
  },

  async "hostile texts are shown and do nothing"(browser) {
    const lab = await startLab("--hostile", "--rows", "400");
    await withPage(browser, lab, async (it) => {
      const layout = () => it.page.evaluate(() => [document.documentElement.scrollWidth - innerWidth, document.documentElement.scrollHeight - innerHeight]);
      await it.page.keyboard.press("g");
      for (let n = 0; n < 120; n++) {
        await it.page.keyboard.press("j");
        if (n % 5 === 0) {
          for (const key of "12345") await it.page.keyboard.press(key);
          await it.page.keyboard.press("1");
        }
      }
      assert.deepEqual(await layout(), [0, 0]);
      const heights = await it.rows.evaluateAll((rows) => [...new Set(rows.map((row) => row.offsetHeight))]);
      assert.deepEqual(heights, [20]);
      await it.filter.fill("gnp.exe");
      await until("what was found", async () => await it.count() < 20);
      await it.row("gnp.exe").click();
      await panelHas(it, /\\u202egnp\.exe\\u202c \\u2066hidden\\u2069 \\u200bzero\\u200b width/);
      assert.equal(await it.panel.locator(".escape").count() > 3, true);
      await it.filter.fill("type:open");
      await until("the openings", async () => await it.count() === 4);
      await it.row("<script>").click();
      await panelHas(it, /<iframe srcdoc/);
      assert.equal(await it.page.evaluate(() => window.hacked), undefined);
      assert.equal(await it.page.locator("iframe, img, #main svg, #main a").count(), 0);
      assert.deepEqual(await layout(), [0, 0]);
    });
  },

  async "without permission, after a loss and after the end the page says so"(browser) {
    const lab = await startLab("--rows", "500");
    const bare = await browser.newContext({ viewport: WIDE });
    const page = await bare.newPage();
    await page.goto(lab.url.replace(/#.*/, ""));
    await page.getByText("Open the URL that wscope printed").waitFor();
    await bare.close();
    await withPage(browser, lab, async (it) => {
      await until("rows", async () => await it.rows.count() > 5);
      lab.say("end");
      await until("the end", async () => /ended .*interrupted/.test(await it.state.innerText()));
      await it.page.getByText("the rest cannot be searched or saved any more. Next time, --record FILE keeps all of it.").waitFor();
      await it.row('"result"').click();
      await panelHas(it, /"result":\{"ok":true\}/);
      await until("no connection is open", async () => /wscope ended/.test(await it.connections.innerText()) && await it.page.locator("#connections .open").count() === 0);
      for (const part of [it.to, it.type, it.message, it.button(/^File/)]) assert.equal(await part.isDisabled(), true);
      for (const name of ["Send", "Save HAR", "Save NDJSON", "Save scenario", "Clear"]) {
        assert.equal(await it.button(name).isDisabled(), true);
        assert.match(await it.button(name).getAttribute("title"), /wscope has ended: it cannot/);
      }
    });
    const far = await startLab("--rows", "5000", "--rate", "500");
    await withPage(browser, far, async (it) => {
      await it.filter.fill("type:text op"); // by chance, a binary message has it too
      await until("what was found", async () => await it.count() > 2500 && await it.rows.count() > 5);
      far.say("end");
      await it.page.getByText("What this page has loaded stays readable").waitFor();
      for (const text of await it.rows.allInnerTexts()) assert.match(text, /op/, `the last rows stay: ${JSON.stringify(text)}`);
      await it.page.keyboard.press("g");
      await it.row("not loaded: wscope has ended").first().waitFor();
      await it.row("not loaded: wscope has ended").click();
      await panelHas(it, /Not loaded: wscope has ended/);
      await it.connections.getByRole("button", { name: /#1/ }).click();
      await it.page.getByText("the list stays as it is").waitFor();
    });
    const other = await startLab("--rows", "500");
    await withPage(browser, other, async (it) => {
      other.say("kill");
      await until("disconnected", async () => /disconnected, trying again/.test(await it.state.innerText()));
    });
    const empty = await startLab("--phase", "waiting");
    await withPage(browser, empty, async (it) => {
      await it.page.getByText("No messages yet. Clients connect to").waitFor();
      await it.button("Copy URL").click();
      assert.equal(await it.page.evaluate(() => navigator.clipboard.readText()), "ws://127.0.0.1:9000/");
      assert.match(await it.state.innerText(), /waiting/);
    });
    const view = await startLab("--mode", "view", "--drop", "500");
    await withPage(browser, view, async (it) => {
      await it.page.getByText("The last line of the recording is cut").waitFor();
      await it.page.getByText("The oldest 500 rows are not kept").waitFor();
      assert.equal(await it.message.isVisible(), false);
      assert.equal(await it.count(), 1500);
    });
  },

  async "narrow and middle windows have all of it"(browser) {
    const lab = await startLab();
    await withPage(browser, lab, async (it) => {
      await it.row('"result"').click();
      await panelHas(it, /"ok":true/);
      await it.button("Back").click();
      await it.button("Connections").click();
      await it.connections.getByRole("button", { name: /#1/ }).click();
      await until("one connection", async () => await it.count() < 700);
      await it.button("Compose").click();
      await it.message.fill("from a small window");
      await it.button("Send").click();
      await it.button("Follow").click();
      await it.row("from a small window").waitFor();
      await it.button("More").click();
      await it.button("Save HAR").waitFor();
      const small = await it.page.locator("button:visible, select:visible, input:visible").evaluateAll((all) => all.filter((one) => one.getBoundingClientRect().height < 24).map((one) => one.id));
      assert.deepEqual(small.filter((id) => id !== "save-filtered"), []);
    }, { viewport: { width: 360, height: 740 } });
    await withPage(browser, lab, async (it) => {
      await it.row('"result"').click();
      await panelHas(it, /"ok":true/);
      await it.page.getByRole("combobox", { name: "Connection shown" }).selectOption("1");
      await until("one connection", async () => await it.count() < 700);
      await it.page.keyboard.press("Escape");
      await until("the detail is hidden", async () => !await it.panel.isVisible());
    }, { viewport: { width: 800, height: 700 } });
  },

  async "in low windows the detail takes the place of the list"(browser) {
    const lab = await startLab();
    for (const [width, height] of [[640, 360], [640, 400], [720, 450]]) {
      await withPage(browser, lab, async (it) => {
        await until("rows", async () => await it.rows.count() > 2);
        const selected = it.page.locator("[role=row][aria-selected=true]");
        await it.row('"result"').or(it.rows.last()).last().click();
        await it.page.getByRole("button", { name: "Hide the detail" }).waitFor();
        assert.ok((await it.panel.boundingBox()).height > 60, `${(await it.panel.boundingBox()).height} px at ${width}x${height}`);
        for (let n = 0; n < 30; n++) await it.page.keyboard.press("k");
        await it.page.keyboard.press("Escape");
        await selected.waitFor();
        await until("the row is in view", async () => {
          const [row, grid] = [await selected.boundingBox(), await it.grid.boundingBox()];
          return row.y >= grid.y && row.y + row.height <= grid.y + grid.height + 1;
        });
      }, { viewport: { width, height } });
    }
    await withPage(browser, lab, async (it) => {
      await it.page.keyboard.press("g");
      await it.row("tick").click();
      await it.panel.waitFor();
      await until("the row is above the detail", async () => {
        const [row, grid] = [await it.page.locator("[role=row][aria-selected=true]").boundingBox(), await it.grid.boundingBox()];
        return row && row.y + row.height <= grid.y + grid.height + 1;
      });
    }, { viewport: { width: 800, height: 700 } });
  },

  async "rows stay until newer ones have come"(browser) {
    const lab = await startLab("--rate", "5000");
    await withPage(browser, lab, async (it) => {
      await until("rows", async () => /\d\d:\d\d/.test(await it.rows.last().innerText()));
      const { empty, first, last } = await it.page.evaluate(() => new Promise((resolve) => {
        const start = performance.now(), seen = { empty: 0, frames: 0, first: null, last: 0 }, look = () => {
          const rows = [...document.querySelectorAll("#spacer .row:not([hidden])")];
          seen.frames += 1;
          if (rows.length === 0 || rows.some((row) => !row.querySelector(".time").textContent)) seen.empty += 1;
          seen.last = Math.max(...rows.map((row) => row.ariaRowIndex));
          seen.first ??= seen.last;
          if (performance.now() - start > 1_500) resolve(seen);
          else requestAnimationFrame(look);
        };
        requestAnimationFrame(look);
      }));
      assert.equal(empty, 0);
      assert.ok(last - first > 1_000, `it follows: ${first} to ${last}`);
    });
    const few = await startLab("--rows", "2");
    await withPage(browser, few, async (it) => {
      await until("two rows", async () => await it.rows.count() === 2);
      few.say("burst 4");
      await until("six rows", async () => await it.rows.count() === 6);
    });
  },

  async "the time line is dragged to zoom, themes are chosen, nothing overflows at 320 px"(browser) {
    const lab = await startLab();
    await withPage(browser, lab, async (it) => {
      const lane = it.page.getByRole("slider", { name: "Time line" }), range = () => it.page.locator("#lane-range").innerText();
      await until("the range", async () => await range() !== "");
      const whole = await range(), box = await lane.boundingBox();
      await it.page.mouse.move(box.x + 300, box.y + 20);
      await it.page.mouse.down();
      await it.page.mouse.move(box.x + 420, box.y + 20, { steps: 4 });
      await it.page.mouse.up();
      await until("a part", async () => await range() !== whole);
      await lane.click({ position: { x: 640, y: 30 } });
      await it.page.locator("[role=row][aria-selected=true]").waitFor();
      await it.button("Whole time").click();
      await until("the whole", async () => await range() === whole);
      await it.page.mouse.move(box.x + 300, box.y + 20);
      await it.page.mouse.down();
      await it.page.mouse.move(box.x + 420, box.y + 20, { steps: 4 });
      await it.page.mouse.up();
      await it.button("Whole time").waitFor();
      await it.button("Clear").click();
      await until("the whole again", async () => !await it.button("Whole time").isVisible());
      await it.button("Show them").click();
      await it.button("Theme: system").click();
      await it.button("Theme: light").click();
      assert.equal(await it.page.evaluate(() => getComputedStyle(document.body).backgroundColor), "rgb(20, 23, 26)");
      await it.page.reload();
      await it.button("Theme: dark").click();
      const [divider, before] = [await it.page.locator("#detail-divider").boundingBox(), (await it.panel.boundingBox()).width];
      await it.page.mouse.move(divider.x, 300);
      await it.page.mouse.down();
      await it.page.mouse.move(divider.x - 100, 300, { steps: 3 });
      await it.page.mouse.up();
      assert.equal(Math.round((await it.panel.boundingBox()).width - before), 100);
    });
    await withPage(browser, lab, async (it) => {
      await it.button("More").click();
      await it.button("Compose").click();
      assert.equal(await it.page.evaluate(() => Math.max(...[...document.querySelectorAll("body *")].map((one) => one.getBoundingClientRect().right)) <= innerWidth + 1), true);
      await it.row("tick").click();
      assert.equal(await it.page.evaluate(() => document.documentElement.scrollWidth), 320);
    }, { viewport: { width: 320, height: 640 }, forcedColors: "active" });
  },

  async "no violation of WCAG 2.2 AA in either theme"(browser) {
    const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8"), lab = await startLab("--hostile");
    for (const colorScheme of ["light", "dark"]) {
      for (const viewport of [WIDE, { width: 360, height: 740 }]) {
        await withPage(browser, lab, async (it) => {
          const check = async (what) => {
            const { violations } = await it.page.evaluate(async () => axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
            assert.deepEqual(violations.map(({ id, nodes }) => `${what}: ${id}: ${nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | ")}`), []);
          };
          await it.page.evaluate(axe);
          await check("list");
          await it.filter.fill("jsonrpc");
          await until("two rows", async () => await it.count() === 2);
          await it.row('"result"').click();
          await it.page.keyboard.press("2");
          await panelHas(it, /"jsonrpc"/);
          await check("detail");
          await it.page.keyboard.press("Escape");
          lab.say("hold");
          await it.button("Go").first().waitFor();
          await it.page.keyboard.press(" ");
          await check("held, paused");
          await it.page.keyboard.press("?");
          await check("keys");
          await it.page.keyboard.press("Escape");
          await it.page.keyboard.press("R");
          await check("rules");
          await it.page.keyboard.press("Escape");
          await it.filter.fill("dir:x");
          await it.page.getByRole("alert").filter({ hasText: "dir:" }).waitFor();
          await check("filter error");
        }, { colorScheme, viewport, bypassCSP: true });
      }
    }
  },

  async "a million rows: scrolling, filtering, 20,000 messages a second"(browser) {
    const lab = await startLab("--rows", "1000000");
    await withPage(browser, lab, async (it) => {
      const paint = await it.page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime);
      await until("rows", async () => await it.rows.count() > 10);
      const jump = (part) => it.page.evaluate((part) => new Promise((resolve) => {
        const grid = document.getElementById("grid"), start = performance.now();
        grid.scrollTop = part * (grid.scrollHeight - grid.clientHeight);
        const look = () => {
          const box = grid.getBoundingClientRect();
          const row = document.elementFromPoint(box.left + 200, box.top + box.height / 2)?.closest(".row");
          const index = Number(row?.getAttribute("aria-rowindex")) - 2;
          if (Math.abs(index - part * 1e6) < 3_000 && !/…$/.test(row.textContent.slice(0, 2)) && row.querySelector(".time").textContent) resolve([performance.now() - start, index, row.querySelector(".data").textContent]);
          else requestAnimationFrame(look);
        };
        requestAnimationFrame(look);
      }), part);
      await until("the time line", async () => await it.page.locator("#lane-range").innerText() !== "");
      const times = [];
      for (const part of [0.5, 0.1, 0.9, 0.333, 0.777, 0.001]) {
        const [ms, index, data] = await jump(part);
        times.push(ms);
        if (/"seq"/.test(data)) assert.match(data, new RegExp(`"seq":${index}\\b`));
      }
      await it.grid.hover();
      await new Promise((resolve) => setTimeout(resolve, 300));
      const before = await it.page.evaluate(() => document.elementFromPoint(500, 300).closest(".row").getAttribute("aria-rowindex"));
      await it.page.mouse.wheel(0, 200);
      await until("ten rows further, exactly", async () => await it.page.evaluate(() => document.elementFromPoint(500, 300).closest(".row").getAttribute("aria-rowindex")) - before === 10);
      const found = await it.page.evaluate(() => new Promise((resolve) => {
        const filter = document.getElementById("filter"), start = performance.now();
        filter.value = "type:ping";
        filter.dispatchEvent(new Event("input"));
        const look = () => [...document.querySelectorAll("#spacer .row:not([hidden]) .type")].some((type) => type.textContent === "ping") && document.getElementById("filter-count").textContent ? resolve(performance.now() - start) : requestAnimationFrame(look);
        requestAnimationFrame(look);
      }));
      await it.filter.fill("");
      await until("all", async () => await it.count() === 1_000_000);
      await it.button("Follow").click();
      lab.say("rate 20000");
      const { frames, busy } = await framesOf(it.page);
      const heap = await it.page.evaluate(() => performance.memory.usedJSHeapSize);
      const round = (number) => Math.round(number);
      console.log(`  first paint ${round(paint)} ms; scroll ${times.map(round).join(", ")} ms; filter ${round(found)} ms; ${round(frames)} frames/s with ${busy} % of the page's thread; heap ${round(heap / 1e6)} MB`);
      assert.ok(times.sort((a, b) => a - b)[2] < 100, `scrolling took ${times}`);
      assert.ok(frames > 30 || busy < 33, `${frames} frames a second, ${busy} % busy`);
    });
  },
};

const programTests = {
  async "proxy: both sides are written to, held, changed and closed"(browser) {
    const server = await startProgram("listen", ":0", "--echo"), proxy = await startProgram("proxy", "127.0.0.1:0", server.address, "--ui");
    await withPage(browser, proxy, async (it) => {
      await it.page.getByText("No messages yet. Clients connect to").waitFor();
      const client = await startClient(`${proxy.address}/feed?x=%3Cscript%3E`);
      await until("the connection", async () => /\/feed/.test(await it.connections.innerText()));
      client.send('{"id":1,"op":"hello"}');
      await it.row('"op":"hello"').waitFor();
      await until("both directions", async () => await it.rows.filter({ hasText: '"op":"hello"' }).count() === 2);
      await it.row('"op":"hello"').click();
      await panelHas(it, /\{"id":1,"op":"hello"\}/);
      await it.tab("JSON").click();
      await it.page.getByRole("treeitem", { name: /"op"/ }).waitFor();
      await it.to.selectOption("client");
      await it.message.fill("from the page 안녕");
      await it.button("Send").click();
      await until("the client has it", () => client.got.includes("from the page 안녕"));
      await it.to.selectOption("server");
      await it.message.fill("to the server");
      await it.button("Send").click();
      await until("the echo", () => client.got.includes("to the server"));
      await it.button("Hold").click();
      await until("holding", async () => await it.button("Hold").getAttribute("aria-pressed") === "true");
      client.send("held one");
      await it.button("Go").waitFor();
      await it.button("Edit").click();
      await until("in the box", async () => await it.message.inputValue() === "held one");
      await it.message.fill("held and changed");
      await it.button("Send").click();
      await it.button("Hold").click();
      await until("nothing held", async () => await it.button("Go").count() === 0 || (await it.button("Go").first().click(), false));
      await until("the changed one", () => client.got.includes("held and changed"));
      await it.button("Rules").click();
      await it.dialog("Rules").getByRole("textbox", { name: "New rule" }).fill("client /secret/ => drop");
      await it.button("Add").click();
      await it.button(/Remove rule/).waitFor();
      await it.button("Done").click();
      client.send("a secret");
      client.send("no such thing");
      await until("what is not dropped", () => client.got.includes("no such thing"));
      assert.ok(!client.got.includes("a secret"));
      await it.row("drop").waitFor();
      await it.button(/^Disconnect/).click();
      await it.dialog("Disconnect").getByLabel("Code").fill("4001");
      await it.dialog("Disconnect").getByRole("textbox", { name: "Reason" }).fill("enough");
      await it.dialog("Disconnect").getByRole("button", { name: "Disconnect" }).click();
      await until("the close", () => client.code === 4001 && client.reason === "enough");
      await it.row("enough").waitFor();
      for (const [name, pattern] of [["Save HAR", /_webSocketMessages/], ["Save NDJSON", /"event":"message"/], ["Save scenario", /held and changed/]]) {
        const [download] = await Promise.all([it.page.waitForEvent("download"), it.button(name).click()]);
        assert.match(readFileSync(await download.path(), "utf8"), pattern);
      }
      proxy.kill("SIGINT");
      await until("the end", async () => /ended/.test(await it.state.innerText()));
      await it.page.getByText("What this page has loaded stays readable").waitFor();
      assert.equal(await it.page.locator("#connections .open").count(), 0);
      for (const text of await it.rows.allInnerTexts()) assert.doesNotMatch(text, /^…$|not loaded/);
    });
  },

  async "listen and connect: messages from the page, filters, pause"(browser) {
    const server = await startProgram("listen", ":0", "--ui", "--echo");
    await withPage(browser, server, async (it) => {
      const [one, two] = [await startClient(server.address), await startClient(server.address)];
      await until("two connections", async () => await it.connections.getByRole("button").count() === 3);
      await it.connections.getByRole("button", { name: /#2/ }).click();
      await it.message.fill("for the second");
      await it.button("Send").click();
      await until("the second has it", () => two.got.includes("for the second"));
      assert.ok(!one.got.includes("for the second"));
      await it.connections.getByRole("button", { name: /All/ }).click();
      for (let n = 0; n < 300; n++) one.send(JSON.stringify({ n, op: n % 3 ? "tick" : "order" }));
      await until("all of them", async () => await it.count() >= 600);
      await it.filter.fill("$.op == order dir:out");
      await until("a hundred", async () => await it.count() === 100);
      await it.filter.fill("size:>x");
      await it.page.getByRole("alert").filter({ hasText: /./ }).waitFor();
      await it.filter.fill("");
      await it.button("Pause").click();
      one.send("while paused");
      await it.button("Resume · 2 waiting").click();
      await it.row("while paused").waitFor();
    });
    const echo = await startProgram("listen", ":0", "--echo"), connect = await startProgram(`${echo.address}/`, "--ui");
    await withPage(browser, connect, async (it) => {
      await until("open", async () => /live/.test(await it.state.innerText()));
      await it.message.fill("over the only connection");
      await it.button("Send").click();
      await until("sent and back", async () => await it.rows.filter({ hasText: "over the only" }).count() === 2);
    });
  },

  async "connect: a connection that is opened again has the next number"(browser) {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1" }), sockets = [];
    server.on("connection", (socket) => {
      sockets.push(socket);
      socket.send(`hello ${sockets.length}`);
      socket.on("message", (data) => socket.send(`got ${data}`));
    });
    await new Promise((resolve) => server.on("listening", resolve));
    const connect = await startProgram(`ws://127.0.0.1:${server.address().port}/feed`, "--reconnect", "--ui");
    await withPage(browser, connect, async (it) => {
      await it.row("hello 1").waitFor();
      await it.message.fill("written before");
      sockets[0].terminate();
      await it.row("hello 2").waitFor();
      await it.connections.getByRole("button", { name: /#2 \/feed/ }).waitFor();
      await it.button("Send").click();
      await it.row("got written before").waitFor();
      assert.match(await it.row("hello 1").locator(".connection").innerText(), /^#1$/);
      assert.match(await it.row("hello 2").locator(".connection").innerText(), /^#2$/);
      await it.filter.fill("conn:2 type:text");
      await until("three", async () => await it.count() === 3);
      await it.filter.fill("");
      await it.connections.getByRole("button", { name: /#1 \/feed/ }).click();
      await until("the first only", async () => await it.row("hello 1").count() === 1 && await it.row("hello 2").count() === 0);
    });
    server.close();
  },

  async "hostile paths, subprotocols, headers, messages and reasons"(browser) {
    const server = await startProgram("listen", ":0", "--echo", "-s", "a.b"), proxy = await startProgram("proxy", "127.0.0.1:0", server.address, "--ui");
    await withPage(browser, proxy, async (it) => {
      const client = await startClient(`${proxy.address}/${encodeURIComponent(HOSTILE[0])}'"--x`, ["a.b"], { headers: { "X-Note": HOSTILE[5], Cookie: "a=<b>" } });
      for (const text of HOSTILE) client.send(text);
      client.send(Buffer.from(HOSTILE[0]));
      await until("the echoes", () => client.got.length === HOSTILE.length + 1);
      client.close(4002, HOSTILE[2]);
      await until("the close", async () => /4002/.test(await it.connections.innerText()));
      await it.page.keyboard.press("g");
      for (let n = 0; n < 24; n++) {
        for (const key of "j12345") await it.page.keyboard.press(key);
      }
      assert.equal(await it.page.evaluate(() => window.hacked), undefined);
      assert.deepEqual(await it.page.evaluate(() => [document.documentElement.scrollWidth - innerWidth, document.querySelectorAll("iframe, img, #main svg, #main a").length]), [0, 0]);
      await it.filter.fill("type:close");
      await until("the close only", async () => await it.count() === 1);
      await it.row("4002").click();
      await it.tab("Text").click();
      await panelHas(it, /\\u202egnp/);
    });
  },

  async "a recording is viewed, filtered and saved"(browser) {
    const folder = mkdtempSync(join(tmpdir(), "page-")), file = join(folder, "session.ndjson");
    const server = await startProgram("listen", ":0", "--echo", "--record", file), client = await startClient(server.address);
    for (let n = 0; n < 50; n++) client.send(`message ${n}`);
    await until("the echoes", () => client.got.length === 50);
    client.close(1000, "done");
    await until("the close", () => client.code === 1000);
    const end = new Promise((resolve) => server.on("close", resolve));
    server.kill("SIGINT");
    await end;
    const view = await startProgram("view", file, "--ui");
    await withPage(browser, view, async (it) => {
      await until("the rows", async () => await it.count() >= 101);
      assert.match(await it.state.innerText(), /recording/);
      await it.filter.fill('"message 7"');
      await until("two", async () => await it.count() === 2);
      const [download] = await Promise.all([it.page.waitForEvent("download"), it.button("Save NDJSON").click()]);
      assert.match(readFileSync(await download.path(), "utf8"), /message 7/);
    });
    rmSync(folder, { recursive: true });
  },

  async "a report opens from disk, with the same list and detail"(browser) {
    const folder = mkdtempSync(join(tmpdir(), "page-")), [file, scenario] = ["report.html", "it.wscope"].map((name) => join(folder, name));
    const server = await startProgram("listen", ":0", "--echo");
    const open = `WS ${server.address}/`, texts = [...HOSTILE.map((text) => `> ${JSON.stringify({ text }).replaceAll("{{", "\\{{")}`), ...Array.from({ length: 200 }, (_, n) => `> {"id":${n},"op":"${n % 2 ? "tick" : "order"}"}\n< {"id":${n}}`)];
    writeFileSync(scenario, [`### the first\n${open}\n${texts.join("\n")}`, `### <i>the second</i>\n${open}\n[Options]\ntimeout: 300ms\n\n> one\n< two`].join("\n") + "\n");
    const { status, stderr } = spawnSync(process.env.WSCOPE, ["check", scenario, "--report-html", file], { encoding: "utf8" });
    assert.equal(status, 1, stderr);
    await withPage(browser, { url: `file://${file}` }, async (it) => {
      await it.page.getByRole("heading", { name: "wscope check: failed" }).waitFor();
      assert.equal(await it.grid.isVisible(), false);
      await it.page.locator("details.part", { hasText: "the first" }).first().locator("summary").first().click();
      await it.page.getByRole("link", { name: "Open in the viewer" }).first().click();
      await until("the part's rows", async () => await it.count() === 2 * texts.length + 2);
      assert.equal(await it.page.getByRole("heading", { name: "wscope check: failed" }).isVisible(), false);
      assert.equal(await it.message.isVisible(), false);
      await until("both parts", async () => /the first[\s\S]*<i>the second<\/i>|<i>the second<\/i>[\s\S]*the first/.test(await it.connections.innerText()));
      await it.filter.fill("type:error");
      await it.row("part failed in line").waitFor();
      await it.connections.getByRole("button", { name: /failed: <i>the second/ }).waitFor();
      await it.filter.fill("$.op == order dir:out");
      await until("fewer", async () => await it.count() === 100);
      await it.row('"op":"order"').click();
      await it.tab("JSON").click();
      await it.page.getByRole("treeitem", { name: /"op"/ }).waitFor();
      const [download] = await Promise.all([it.page.waitForEvent("download"), it.button("Save NDJSON").click()]);
      assert.match(readFileSync(await download.path(), "utf8"), /^\{.*"event":"message"/);
      await it.page.getByRole("link", { name: "Results" }).click();
      await it.page.getByRole("heading", { name: "wscope check: failed" }).waitFor();
      assert.equal(await it.grid.isVisible(), false);
      await it.page.keyboard.press("/");
      assert.equal(await it.page.evaluate(() => document.activeElement.id), "part-filter");
      await it.page.goBack();
      await it.grid.waitFor();
      assert.equal(await it.page.evaluate(() => window.hacked), undefined);
    }, { isBare: true });
    rmSync(folder, { recursive: true });
  },

  async "20,000 messages a second through the proxy"(browser) {
    const server = await startProgram("listen", ":0"), proxy = await startProgram("proxy", "127.0.0.1:0", server.address, "--ui");
    await withPage(browser, proxy, async (it) => {
      const client = await startClient(proxy.address), start = performance.now();
      let sent = 0;
      const timer = setInterval(() => {
        const due = Math.floor((performance.now() - start) * 20);
        for (; sent < due; sent++) client.send(`{"n":${sent},"text":"forty bytes or so of a message"}`);
      }, 5);
      await until("rows", async () => await it.count() > 1_000);
      const { frames, busy } = await framesOf(it.page);
      clearInterval(timer);
      const rate = sent / (performance.now() - start) * 1000;
      await until("all rows", async () => await it.count() > sent, 60_000).catch(async (error) => { throw new Error(`${error.message}: ${await it.count()} of ${sent}, waiting ${client.bufferedAmount} B`); });
      const heap = await it.page.evaluate(() => performance.memory.usedJSHeapSize);
      console.log(`  ${Math.round(rate)} messages/s, ${Math.round(frames)} frames/s with ${busy} % of the page's thread, heap ${Math.round(heap / 1e6)} MB`);
      assert.ok(frames > 30 || busy < 33, `${frames} frames a second, ${busy} % busy`);
    });
  },
};

/** Screenshots of the states, for people to look at. */
async function takeShots(browser, folder) {
  mkdirSync(folder, { recursive: true });
  const states = {
    live: [[], (it) => it.row('"result"').click()], empty: [["--phase", "waiting"]], json: [[], async (it) => { await it.row("snapshot").or(it.row('"result"')).last().click(); await it.tab("JSON").click(); }],
    paused: [["--rate", "100"], async (it, lab) => { await it.button("Pause").click(); lab.say("hold"); lab.say("hold"); await it.button(/waiting/).waitFor(); }],
    error: [[], (it) => it.filter.fill("size:>x dir:out")], hostile: [["--hostile"], async (it) => {
      await it.filter.fill("window.hacked");
      await until("what was found", async () => await it.count() < 500);
      await it.row("hacked").click();
    }], view: [["--mode", "view", "--drop", "500"]],
    touched: [[], (it) => it.row("replaced").click()], hex: [[], async (it) => { await it.row("replaced").click(); await it.tab("Hex").click(); }],
    filtered: [[], async (it) => { await it.filter.fill("op"); await it.button("Pause").click(); if (await it.button("More").isVisible()) await it.button("More").click(); }],
    ended: [["--rows", "500"], async (it, lab) => { lab.say("end"); await it.page.getByText("What this page has loaded stays readable").waitFor(); await it.page.keyboard.press("g"); }, true],
    editing: [[], async (it, lab) => { lab.say("hold"); await it.button("Edit").last().click(); await until("it is in the box", async () => await it.message.inputValue() !== ""); }],
    listen: [["--mode", "listen"], async (it) => { await it.page.keyboard.press("c"); await it.page.keyboard.type('{"op":'); }],
    keys: [[], (it) => it.page.keyboard.press("?")], rules: [[], (it) => it.page.keyboard.press("R")],
    close: [[], async (it) => { await until("the connections", async () => /#1/.test(await it.connections.innerText())); await it.page.keyboard.press("x"); }],
  };
  for (const [state, [options, act, isOnce]] of Object.entries(states)) {
    if (process.env.STATE && !process.env.STATE.split(",").includes(state)) continue;
    let lab = await startLab(...options);
    for (const colorScheme of ["light", "dark"]) {
      for (const [width, height] of [[360, 740], [1280, 720], [2560, 1300]]) {
        if (isOnce) lab = await startLab(...options);
        await withPage(browser, lab, async (it) => {
          await act?.(it, lab);
          await new Promise((resolve) => setTimeout(resolve, 400));
          await it.page.screenshot({ path: join(folder, `${state}-${width}-${colorScheme}.png`) });
        }, { viewport: { width, height }, colorScheme });
      }
    }
    lab.kill();
  }
}

(async () => {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: FLAGS, timeout: 60_000 });
  let passed = 0, failed = 0;
  for (const [name, test] of Object.entries({ ...tests, ...(process.env.WSCOPE ? programTests : {}) })) {
    if (process.env.ONLY && !name.includes(process.env.ONLY)) continue;
    let timer;
    const limit = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error("over 90 seconds")), 90_000); });
    try {
      await Promise.race([test(browser), limit]);
      console.log(`ok      ${name}`);
      passed += 1;
    } catch (error) {
      console.log(`FAILED  ${name}\n${error.stack}`);
      failed += 1;
    }
    clearTimeout(timer);
    for (const lab of labs.splice(0)) lab.kill();
  }
  if (process.env.SHOTS) await takeShots(browser, process.env.SHOTS);
  await browser.close();
  console.log(`page-browser: ${passed} passed, ${failed} failed`);
  process.exit(failed > 0 ? 1 : 0);
})();
