// Runs the command lines of tests/data/wscat.json. Called by the script `wscat` beside this file.
"use strict";
const assert = require("node:assert");
const { execFileSync, spawn } = require("node:child_process");
const { createHash } = require("node:crypto");
const fs = require("node:fs");
const net = require("node:net");
const os = require("node:os");
const path = require("node:path");
const tls = require("node:tls");

const DATA = path.join(__dirname, "../tests/data/wscat.json");
const OPCODES = { 1: "text", 2: "binary", 8: "close", 9: "ping", 10: "pong" };
const CODES = { text: 1, close: 8, ping: 9, pong: 10 };
const PATIENCE = 10_000;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function frame(kind, payload) {
  const bytes = Buffer.from(payload);
  return Buffer.concat([Buffer.from([0x80 | CODES[kind], bytes.length]), bytes]);
}

function closePayload(code, reason) {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(code);
  return Buffer.concat([bytes, Buffer.from(reason)]);
}

/** The next frame of a client, or undefined; short ones only, as no command line here sends others. */
function nextFrame(bytes) {
  if (bytes.length < 6) return undefined;
  const length = bytes[1] & 0x7f;
  assert(length < 126 && bytes[1] & 0x80, "a short masked frame");
  if (bytes.length < 6 + length) return undefined;
  const payload = Buffer.from(bytes.subarray(6, 6 + length).map((byte, at) => byte ^ bytes[2 + (at % 4)]));
  return { kind: OPCODES[bytes[0] & 0x0f], payload, size: 6 + length };
}

/** What differs from run to run, who the client says it is, and what no standard has do not count. */
const UNTOLD = ["sec-websocket-key", "user-agent", "proxy-connection"];

function viewOfHead(head, port) {
  const [request, ...lines] = head.trimEnd().split("\r\n");
  const fields = lines.map((line) => line.split(/:\s*(.*)/s).slice(0, 2));
  const named = ([name, value]) => [name.toLowerCase(), value.replace(String(port), "PORT").replace(/, +/g, ",")];
  const shown = fields.map(named).filter(([name]) => !UNTOLD.includes(name));
  return { request: request.replace(String(port), "PORT"), headers: shown.sort(([a, x], [b, y]) => (a + x < b + y ? -1 : 1)) };
}

/** Certificates and keys in the files that the command lines name; a server has its own with an authority of its own. */
function writeCertificates(folder) {
  const openssl = (...args) => execFileSync("openssl", args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  const request = (name, subject, ...more) =>
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-keyout", `${name}.key`, "-out", `${name}.pem`, "-subj", `/CN=${subject}`, ...more);
  request("ca", "Test Authority", "-addext", "keyUsage=keyCertSign");
  request("server", "Test Server", "-CA", "ca.pem", "-CAkey", "ca.key", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE");
  request("client", "Test Client");
  openssl("pkcs8", "-topk8", "-in", "client.key", "-out", "encrypted.key", "-passout", "pass:correct horse");
}

/** Takes connections, under TLS if the row says so; a certificate of the client's is asked for, and not checked. */
function listener(script, folder, seen, serveOne) {
  if (!script.tls) return net.createServer(serveOne);
  const read = (name) => fs.readFileSync(path.join(folder, name));
  const options = { cert: read("server.pem"), key: read("server.key"), ca: read("client.pem"), requestCert: true, rejectUnauthorized: false };
  return tls.createServer(options, (socket) => {
    seen.tls = { name: socket.servername || null, client: socket.getPeerCertificate().subject?.CN ?? null };
    serveOne(socket);
  });
}

/** Serves one row; `seen` fills up as things happen. */
function serve(row, folder, seen) {
  const script = row.server || {};
  const server = listener(script, folder, seen, (socket) => {
    let bytes = Buffer.alloc(0);
    let isOpen = false;
    socket.on("error", () => {});
    socket.on("data", (data) => {
      bytes = Buffer.concat([bytes, data]);
      if (!isOpen) {
        const end = bytes.indexOf("\r\n\r\n");
        if (end < 0) return;
        const view = viewOfHead(bytes.subarray(0, end + 4).toString("latin1"), server.address().port);
        const key = /sec-websocket-key: *(\S+)/i.exec(bytes.subarray(0, end).toString("latin1"))?.[1];
        bytes = bytes.subarray(end + 4);
        seen.requests.push(view);
        if (script.redirect && seen.requests.length === 1) {
          socket.end(`HTTP/1.1 302 Found\r\nLocation: ${script.redirect}\r\nContent-Length: 0\r\n\r\n`);
          return;
        }
        if (view.request.startsWith("CONNECT ")) {
          socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
          return;
        }
        isOpen = true;
        const offered = view.headers.find(([name]) => name === "sec-websocket-protocol")?.[1];
        const chosen = offered ? `Sec-WebSocket-Protocol: ${offered.split(",")[0]}\r\n` : "";
        const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
        socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
          `Sec-WebSocket-Accept: ${accept}\r\n${chosen}\r\n`);
        for (const [kind, text] of script.send || []) socket.write(frame(kind, text));
        if (script.close) socket.write(frame("close", closePayload(...script.close)));
        seen.opened();
      }
      for (let one; (one = nextFrame(bytes)); ) {
        bytes = bytes.subarray(one.size);
        if (one.kind === "close") {
          const has = one.payload.length >= 2;
          seen.close = has ? [one.payload.readUInt16BE(), one.payload.subarray(2).toString()] : [1005, ""];
          if (!script.close) socket.write(frame("close", one.payload));
          socket.end();
        } else {
          seen.frames.push([one.kind, one.payload.toString()]);
          if (script.echo && one.kind === "text") socket.write(frame("text", one.payload));
        }
      }
    });
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

async function run(program, row, folder) {
  const isOurs = program[0] === process.env.WSCOPE;
  const seen = { requests: [], frames: [], close: null, opened: () => {} };
  const open = new Promise((resolve) => (seen.opened = resolve));
  const server = await serve(row, folder, seen);
  const port = String(server.address().port);
  const args = row.args.map((arg) => arg.replaceAll("PORT", port));
  const home = fs.mkdtempSync(path.join(os.tmpdir(), "wscope-wscat-"));
  const env = { PATH: process.env.PATH, HOME: home, TERM: "dumb" };
  const [command, ...first] = program;
  const child = spawn(command, [...first, ...args], { stdio: ["pipe", "pipe", "pipe"], cwd: folder, env });
  child.stdin.on("error", () => {});
  const ended = new Promise((resolve) => child.on("close", resolve));
  if (row.asked !== undefined) child.stdin.write(`${row.asked}\n`);
  if (row.piped !== undefined) child.stdin.end(row.piped);
  // After -x wscope continues with its input; wscat requires one that does not end, or sends nothing.
  else if (row.typed === undefined && isOurs) child.stdin.end();
  if (row.typed !== undefined) {
    await Promise.race([open, ended]);
    await pause(300);
    for (const line of row.typed) child.stdin.write(`${line}\n`);
    await pause(300);
    child.stdin.end();
  }
  const timer = setTimeout(() => child.kill("SIGKILL"), PATIENCE);
  await ended;
  clearTimeout(timer);
  await pause(50); // for what is still on its way to the server
  server.close();
  fs.rmSync(home, { recursive: true });
  const found = { requests: seen.requests, frames: seen.frames, close: seen.close };
  return seen.tls ? { ...found, tls: seen.tls } : found;
}

/** What wscope is to do: as wscat does, but for what the row says it does on purpose. */
const wanted = (row) => ({ ...row.wscat, ...row.wscope });

/** What is no matter of a server that both connect to, or not done on purpose. */
const WITHOUT_ROW = ["-l", "--listen", "-p", "--protocol", "-V", "--version", "-h", "--help"];

/** Options of wscat's help that no row has. */
function missing(rows) {
  const help = execFileSync("node", [process.env.WSCAT, "--help"], { encoding: "utf8" });
  const options = [...help.matchAll(/^ {2}(?:(-\w), )?(--[\w-]+)/gm)].flatMap(([, short, long]) => [short, long]);
  assert(options.length > 40, "the options of its help");
  const used = new Set(rows.flatMap((row) => row.args).concat(WITHOUT_ROW, [undefined]));
  return options.filter((option) => !used.has(option));
}

async function main() {
  const rows = JSON.parse(fs.readFileSync(DATA, "utf8"));
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "wscope-wscat-"));
  process.on("exit", () => fs.rmSync(folder, { recursive: true }));
  writeCertificates(folder);
  if (process.argv[2] === "record") {
    for (const row of rows) row.wscat = await run(["node", process.env.WSCAT], row, folder);
    const oneLine = (row) => "  {\n" + Object.entries(row).map(([key, value]) => `    ${JSON.stringify(key)}: ${JSON.stringify(value)}`).join(",\n") + "\n  }";
    fs.writeFileSync(DATA, `[\n${rows.map(oneLine).join(",\n")}\n]\n`);
    return;
  }
  let failed = 0;
  for (const option of missing(rows)) {
    failed += 1;
    console.log(`FAILED: no command line has wscat's ${option}`);
  }
  for (const row of rows) {
    const programs = [["wscat", ["node", process.env.WSCAT], row.wscat]];
    if (!row.terminal) programs.push(["wscope", [process.env.WSCOPE], wanted(row)]);
    for (const [name, program, expected] of programs) {
      const found = await run(program, row, folder);
      try {
        assert.deepStrictEqual(found, expected);
      } catch (error) {
        failed += 1;
        console.log(`FAILED ${name}: ${row.args.join(" ")}\n${error.message}`);
      }
    }
  }
  console.log(`${rows.length} command lines, ${failed} failures`);
  process.exit(failed ? 1 : 0);
}

main();
