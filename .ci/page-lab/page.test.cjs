// The pure modules of the page, and rules about its files. Run by .ci/page, which names the folder of the modules.
"use strict";
const test = require("node:test");
const assert = require("node:assert");
const { readdirSync, readFileSync } = require("node:fs");
const { join } = require("node:path");
const vm = require("node:vm");

const ASSETS = join(__dirname, "../../src/page/assets"), EMBEDDED = join(__dirname, "../../src/page/embedded");
const load = (name) => import(join(process.env.MODULES, name));
const read = (folder, end) => readdirSync(folder).filter((name) => name.endsWith(end)).map((name) => [name, readFileSync(join(folder, name), "utf8")]);
const sources = [...read(ASSETS, ".js"), ...read(EMBEDDED, ".js")];

test("sizes, times and counts", async () => {
  const { countText, deltaText, exactSize, sizeOption, sizeText, spanText } = await load("format.js");
  for (const [bytes, text] of [[1 << 20, "1M"], [4 * 2 ** 30, "4G"], [1025 << 10, "1025K"], [1_100_001, "1100001"]]) assert.equal(sizeOption(bytes), text);
  for (const [bytes, text] of [[0, "0 B"], [61, "61 B"], [999, "999 B"], [1000, "0.9 k"], [1024, "1.0 k"], [1234, "1.2 k"], [10_239, "9.9 k"], [10_240, "10 k"], [488_999, "477 k"], [1_023_999, "999 k"], [1_024_000, "0.9 M"], [5_000_000, "4.7 M"], [4 * 2 ** 40, "4.0 T"], [5 * 2 ** 50, "5120 T"], [null, ""]]) assert.equal(sizeText(bytes), text);
  for (const [ms, text] of [[0, "0 ms"], [0.3, "0.3 ms"], [3.04, "3.0 ms"], [519, "519 ms"], [999.4, "999 ms"], [999.6, "1.00 s"], [12_345, "12.3 s"], [61_000, "1 min 1 s"], [3_660_000, "1 h 1 min"]]) assert.equal(spanText(ms), text);
  assert.equal(countText(12408), "12,408");
  assert.equal(countText(999), "999");
  assert.equal(exactSize(1234), "1,234 B");
  assert.equal(deltaText(519), "+519 ms");
  for (const ms of [-3, -0.01, -0]) assert.equal(deltaText(ms), "+0 ms");
  assert.equal(deltaText(null), "");
  for (const [ms, text] of [[3_040, "+3.04 s"], [59_000, "+59.0 s"], [252_000, "+4m 12s"], [3_660_000, "+1h 1m"]]) assert.equal(deltaText(ms), text);
});

test("times of day keep their milliseconds", async () => {
  const { timeText } = await load("format.js");
  assert.match(timeText("2026-11-27T12:04:07.118456Z"), /^\d\d:\d\d:07\.118$/);
  assert.equal(timeText("nonsense"), "");
});

test("what is not seen is an escape", async () => {
  const { hasHidden, visibleParts } = await load("format.js"), visibleText = (text) => visibleParts(text, false).map(([part]) => part).join("");
  for (const [text, shown] of [
    ["plain 안녕 é", "plain 안녕 é"], ["\u202egnp\u202c", "\\u202egnp\\u202c"], ["a\nb\t\u0000", "a\\nb\\t\\u0000"], ["\u001b[2J\u009b", "\\u001b[2J\\u009b"],
    ["👩\u200d💻", "👩\u200d💻"], ["a\u200db", "a\\u200db"], ["\u200d", "\\u200d"], ["❤\ufe0f\u200d🔥 1\ufe0f⃣", "❤\ufe0f\u200d🔥 1\ufe0f⃣"], ["👩\u200d\u200d", "👩\u200d\\u200d"],
    ["\ud800x", "\\ud800x"], ["\u{e0041}", "\\udb40\\udc41"], ["\u00ad\u2060\ufeff", "\\u00ad\\u2060\\ufeff"], ["\\u202e", "\\u202e"],
  ]) assert.equal(visibleText(text), shown, JSON.stringify(text));
  assert.deepEqual(visibleParts("a\n\u0007b", true), [["a\n", false], ["\\u0007", true], ["b", false]]);
  assert.deepEqual(visibleParts("\u0000\u0001", false), [["\\u0000\\u0001", true]]);
  assert.equal(hasHidden("안녕"), false);
  assert.equal(hasHidden("a\u2066"), true);
});

test("what a filter looks for is found in a text", async () => {
  const { wordsOf } = await load("format.js");
  for (const [filter, text, match] of [["tick", "a Tick", "Tick"], ["Tick", "tick Tick", "Tick"], ['"a b" dir:in', "dir:in a b", "a b"], ['"\\"x"', 'y"x', '"x'], ["$.op == tick", '{"op":"tick"}', '"op":"tick"'], ["$.op == tick", "a tick", undefined], ["$.delivered == 0", '{"id":30,"delivered":0}', '"delivered":0'], ['$.s == "a b" c', '{"a b":1,"s":"a b","c":2}', '"s":"a b"'], ["$[0] == b", '["a","b"]', "b"], ["$.s ~ /a b/i c", '{"b":"c","s":"a b"}', "c"], ["$.n > 3 x", "3 x", "x"], ["$.n", "$.n", undefined],
    ["$.since>0", '{"room":"a","since":12,"to":3}', '"since":12'], ["$.a.list[0] == x", '{"list" : ["x"]}', '"list" : ['], ["$..N != 1", '{"n":2,"N":"a\\"b","c":1}', '"N":"a\\"b"'], ["$.s ~ b", '{"b":0,"s":"abc"}', '"s":"abc"'], ["-$.s == b", '{"s":"b"}', undefined], ["-$.n > 1 s", '{"n":2,"s":3}', "s"], ["$.a(b", '{"a(b":1}', '"a(b":1'],
    ["-no", "no", undefined], ['-"no"', "no", undefined], ["/a b/i c", "b/i c", "c"], ["http://x", "http://x", "http://x"], ["a.b(", "axb( a.b(", "a.b("], ["size:>1k -/x/ type:text", "type:text x", undefined], ["", "x", undefined]]) {
    assert.equal(wordsOf(filter)?.exec(text)?.[0], match, filter);
  }
});

test("actions in words", async () => {
  const { actionText } = await load("format.js");
  for (const [rule, action, text] of [[2, "drop", "dropped by rule 2"], [1, "delay 200ms", "delayed 200ms by rule 1"], [null, "replace", "replaced by hand"], [3, "close 1011", "not delivered, closed 1011 by rule 3"], [null, "inject", "sent by hand"], [4, "constructor", "constructor by rule 4"]]) assert.equal(actionText({ rule, action }), text);
});

test("text that is broken JSON is sent when Enter is pressed twice", async (context) => {
  const { Compose } = await load("compose.js");
  context.mock.timers.enable({ apis: ["setTimeout"] });
  globalThis.document = { createElement: () => ({ append: () => {}, addEventListener: () => {}, setAttribute: () => {} }), getElementById: () => ({ append: () => {}, children: [] }) };
  const compose = { type: { value: "text" }, message: { value: '{"a":' }, refused: null, isGone: false, check: Compose.prototype.check };
  const payload = () => Compose.prototype.payload.call(compose)?.data ?? null;
  assert.deepEqual([payload(), payload()], [null, '{"a":']);
  compose.message.value = '{"b":';
  assert.equal(payload(), null, "another text is another one");
  compose.message.value = '{"b":1}';
  assert.equal(payload(), '{"b":1}');
  compose.message.value = '{"b":';
  assert.equal(payload(), null, "it was changed meanwhile");
  Object.assign(compose, { refused: null, type: { value: "json" } });
  assert.deepEqual([payload(), payload(), payload()], [null, null, null], "JSON has to be JSON");
  delete globalThis.document;
});

test("what waited in a proxy says so in its row and in its detail", async () => {
  const { Detail } = await load("detail.js"), { RowView } = await load("row-view.js");
  globalThis.document = { createElement: () => ({ append: () => {}, setAttribute: () => {}, removeAttribute: () => {}, prepend(part) { this.before = part.textContent; } }) };
  const heads = (event) => Detail.prototype.forms.call({ tab: "text" }, event, () => ["x"]).map((part) => part.textContent ?? part);
  assert.deepEqual(heads({ delivered: false }), ["This message was not delivered at once", "x"]);
  assert.deepEqual(heads({ delivered: false, action: "delay 1s", rule: 1 }), ["This message was delayed 1s by rule 1", "x"]);
  assert.deepEqual(heads({}), ["x"]);
  const view = new RowView(), note = (row) => { view.fill({ preview: "x", size: 1, ...row }, null, 80); return view.cells.data.before; };
  assert.deepEqual([note({}), note({ waited: true })], [undefined, "not delivered at once  "]);
  assert.equal(note({ waited: true, action: "delay 1s", rule: 1 }), "delayed 1s by rule 1  ");
  const sizeOf = (row) => { view.fill(row, null, 80); return view.cells.size.textContent; };
  assert.deepEqual([sizeOf({ preview: "x", size: 1 }), sizeOf({ type: "close", preview: "1000", code: 1000 })], ["1 B", ""]);
  delete globalThis.document;
});

test("base64 there and back", async () => {
  const { base64Text, bytesOfBase64 } = await load("format.js");
  const bytes = Uint8Array.from({ length: 100_000 }, (_, at) => at & 255);
  assert.deepEqual(bytesOfBase64(base64Text(bytes)), bytes);
  assert.deepEqual(bytesOfBase64("not base64!"), new Uint8Array());
});

test("dumps and hex digits", async () => {
  const { hexDump, parseHex } = await load("hex.js");
  assert.equal(hexDump(new Uint8Array()), "");
  assert.equal(hexDump(new TextEncoder().encode("Hello, world! 12345")), "0000  48 65 6c 6c 6f 2c 20 77  6f 72 6c 64 21 20 31 32  Hello, world! 12\n0010  33 34 35                                          345");
  assert.equal(hexDump(Uint8Array.of(0, 0xff, 0x41), 0, 2), "0000  00 ff                                             ··");
  assert.equal(hexDump(new TextEncoder().encode("Hello, world!"), 0, 13, 8), "0000  48 65 6c 6c 6f 2c 20 77  Hello, w\n0008  6f 72 6c 64 21           orld!");
  assert.deepEqual([...parseHex("de ad:BE,0xef\n").bytes], [0xde, 0xad, 0xbe, 0xef]);
  assert.equal(parseHex("12 3g").at, 4);
  assert.equal(parseHex("123").at, 3);
  assert.deepEqual([...parseHex("").bytes], []);
});

test("JSON keeps digits, order and repetitions, and is refused as JSON.parse refuses it", async () => {
  const { parseJson, jsonPath } = await load("json-parse.js");
  const text = '{"big":12345678901234567890,"a":[1,{"b c":null}],"a":"x\\u0041","":{}}';
  const { values } = parseJson(text);
  assert.deepEqual(values.map(({ kind, size }) => `${kind} ${size}`), ["object 4", "number 0", "array 2", "number 0", "object 1", "word 0", "string 0", "object 0"]);
  assert.equal(text.slice(values[1].start, values[1].end), "12345678901234567890");
  assert.equal(jsonPath(text, values, 5), "$.a[1]['b c']");
  assert.equal(jsonPath(text, values, 7), "$['']");
  assert.equal(values[0].last, 8);
  for (const bad of ["", " ", "{", "[1,]", "{a:1}", '{"a":1,}', "01", "1.", "+1", "nul", '"\n"', '"\\x"', '"\\u12"', "[1 2]", "1 2", '{"a" 1}', "[", '"', "[}", "{]", "NaN", "\u00a01"]) {
    assert.throws(() => JSON.parse(bad), bad);
    assert.throws(() => parseJson(bad), { name: "Error" }, bad);
  }
  for (const good of ["0", "-0.5e+10", '"\\"\\\\\\/"', " [ ] ", "[[],{}]", "true", '{"a":{"a":{}}}', '"\u2028"']) assert.doesNotThrow(() => parseJson(good), good);
  assert.throws(() => parseJson('{"a":tru}'), { at: 5 });
});

test("no depth and no number of values is too much", async () => {
  const { parseJson } = await load("json-parse.js");
  const deep = 1_000_000;
  assert.equal(parseJson("[".repeat(deep) + "]".repeat(deep)).isCut, true);
  const many = parseJson(`[${"1,".repeat(400_000)}1]`);
  assert.equal(many.values[0].size, 400_001);
  assert.equal(many.isCut, true);
  assert.throws(() => parseJson(`[${"1,".repeat(400_000)}]`), { at: 800_001 });
});

test("JSON: random texts are judged as JSON.parse does", async () => {
  const { parseJson } = await load("json-parse.js");
  const pieces = ["{", "}", "[", "]", ",", ":", '"a"', '"', "1", "-", "0", ".5", "e3", "true", "null", " ", "\\", "\n"];
  let seed = 17;
  for (let run = 0; run < 20_000; run++) {
    let text = "";
    for (let at = 0; at < 1 + run % 9; at++) {
      seed = Math.imul(seed, 1664525) + 1013904223 >>> 0;
      text += pieces[(seed >>> 8) % pieces.length];
    }
    const judge = (parse) => { try { parse(text); return true; } catch { return false; } };
    assert.equal(judge(parseJson), judge(JSON.parse), JSON.stringify(text));
  }
});

test("a list that fits is scrolled by the browser", async () => {
  const { ScrollMap } = await load("scroll.js");
  const map = new ScrollMap(20);
  map.resize(1000, 500);
  assert.equal(map.height, 20_000);
  map.moved(1234);
  assert.deepEqual([map.position, map.settled, map.isScaled], [1234, 1234, false]);
  assert.deepEqual(map.range(0), [61, 87]);
  assert.deepEqual(map.range(1), [36, 112]);
  map.reveal(0);
  assert.equal(map.position, 0);
  map.reveal(999);
  assert.deepEqual([map.position, map.isAtEnd], [19_500, true]);
  map.resize(10, 500);
  assert.deepEqual([map.position, map.isAtEnd], [0, true]);
});

test("what is selected has the time since the row above it in the list that is shown", async () => {
  const { MessageList } = await load("list.js"), moved = [], rows = [{ row: 5, delta_ms: 1 }, { row: 6 }];
  const list = { selectedRow: { row: 5, delta_ms: 900 }, selected: null, follows: true, model: { indexOf: async () => 2 }, fetched: async () => rows.shift(), events: { onMove: (row) => moved.push(row) }, draw: () => {} };
  await MessageList.prototype.findSelected.call(list);
  assert.deepEqual([moved, list.selected, list.selectedRow], [[{ row: 5, delta_ms: 1 }], 2, { row: 5, delta_ms: 1 }]);
  list.selected = null;
  await MessageList.prototype.findSelected.call(list);
  assert.deepEqual([moved[1], list.selected], [{ row: 5, delta_ms: null }, null], "the filter hides it");
});

test("a list over the limit is exact everywhere", async () => {
  const { ScrollMap, MAX_HEIGHT } = await load("scroll.js");
  const map = new ScrollMap(20);
  map.resize(1_000_000, 500);
  assert.equal(map.height, MAX_HEIGHT);
  map.moved(MAX_HEIGHT - 500);
  assert.equal(map.range(0)[1], 1_000_000);
  map.moved((MAX_HEIGHT - 500) / 2);
  assert.equal(Math.round(map.position), (20_000_000 - 500) / 2);
  const before = map.position;
  map.moved(map.scrollTop + 40);
  assert.equal(map.position, before + 40);
  for (let row = 0; row < 1_000_000; row += 9_973) {
    map.reveal(row);
    const [from, to] = map.range(0);
    assert.ok(from <= row && row < to);
    map.scrollTop = map.settled;
    assert.equal(map.mustSettle, false);
  }
});

test("over the limit, small movements reach both ends", async () => {
  const { ScrollMap, MAX_HEIGHT } = await load("scroll.js");
  const map = new ScrollMap(20), end = MAX_HEIGHT - 500;
  map.resize(1_000_000, 500);
  map.moved(end);
  map.moved(end - 300);
  map.moved(end - 150);
  map.moved(end);
  assert.equal(map.isAtEnd, true);
  for (const [start, step] of [[20_000, -100], [end - 20_000, 100]]) {
    map.moved(start);
    for (let steps = 0; steps < 2_000; steps++) {
      map.moved(Math.min(end, Math.max(0, map.scrollTop + step)));
      if (map.mustSettle) map.scrollTop = map.settled;
    }
    assert.equal(step < 0 ? map.position === 0 : map.isAtEnd, true);
  }
});

test("rows are fetched once, in order of need, and not kept without limit", async () => {
  const { missingRange, RowCache } = await load("rows.js");
  assert.deepEqual(missingRange(new Map([[0, 1], [1, 1], [4, 1]]), 0, 5), [2, 4]);
  assert.equal(missingRange(new Map([[0, 1]]), 0, 1), null);
  assert.deepEqual(missingRange(new Map(), 0, 5_000), [0, 500]);
  const asked = [];
  const cache = new RowCache(async (from, count) => {
    asked.push([from, count]);
    return Array.from({ length: Math.min(count, 30_000 - from) }, (_, at) => ({ row: from + at }));
  }, () => {});
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  cache.want(0, 100);
  cache.want(50, 150);
  cache.want(200, 210);
  for (let n = 0; n < 5; n++) await settled();
  assert.deepEqual(asked, [[0, 100], [200, 10]]);
  assert.equal(cache.get(205).row, 205);
  for (let from = 0; from < 30_000; from += 500) {
    cache.want(from, from + 500);
    for (let n = 0; n < 3; n++) await settled();
  }
  assert.ok(cache.rows.size <= 20_000);
  assert.equal(cache.get(29_999).row, 29_999);
});

test("answers for another list are not taken", async () => {
  const { Model } = await load("model.js");
  const calls = [];
  const source = { request: (method, params) => new Promise((resolve, reject) => calls.push({ method, params, resolve, reject })) };
  const answer = async (method, result) => {
    const at = calls.findIndex((call) => call.method === method);
    calls.splice(at, 1)[0].resolve(result);
    await new Promise((resolve) => setImmediate(resolve));
  };
  const state = (more) => ({ notice: "state", rows: 100, first: 0, filter: null, ...more });
  const model = new Model(source);
  model.greet();
  await answer("hello", { state: state({}) });
  assert.deepEqual([model.first, model.total], [0, 100]);
  model.rows.want(0, 10);
  model.setFilter({ text: "a" });
  await answer("filter", { generation: 1 });
  assert.equal(model.total, 100);
  model.receive(state({ filter: { generation: 1, found: 7, first: 2, done: true } }));
  assert.deepEqual([model.first, model.total, model.isFiltered], [2, 7, true]);
  await answer("rows", { from: 0, rows: [{ row: 0 }] });
  assert.equal(model.rows.get(0), undefined);
  model.pause(true);
  model.receive(state({ rows: 120, filter: { generation: 1, found: 9, first: 2, done: true } }));
  assert.deepEqual([model.total, model.waiting], [7, 2]);
  model.setFilter({ text: "(" });
  calls.splice(calls.findIndex((call) => call.method === "filter"), 1)[0].reject(Object.assign(new Error("no"), { at: 0 }));
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(model.filterError, { text: "no", at: 0 });
  assert.equal(model.generation, 1);
  model.setFilter({ text: "" });
  await answer("filter", { generation: null });
  assert.deepEqual([model.total, model.waiting, model.filterError], [100, 20, null]);
});

test("events as text, bytes and facts", async () => {
  const { bytesOfEvent, factsOfEvent, textOfEvent, utf8Text } = await load("payload.js");
  for (const [event, text] of [[{ data: "é" }, "é"], [{ data: "w6k=", encoding: "base64" }, "é"], [{ data: "/w==", encoding: "base64" }, null], [{}, null]]) assert.equal(textOfEvent(event), text);
  assert.deepEqual([...bytesOfEvent({ data: "é" })], [0xc3, 0xa9]);
  assert.deepEqual([...bytesOfEvent({ data: "AQ==", encoding: "base64" })], [1]);
  assert.deepEqual([...bytesOfEvent({ data: "?", bytes: "/w==" })], [255]);
  assert.equal(bytesOfEvent({}), null);
  assert.equal(utf8Text(Uint8Array.of(0xff)), null);
  assert.deepEqual(factsOfEvent({ event: "open", status: 101, tls: null, request_headers: [["Host", "a"]], timings_ms: { dns: null, tcp: 1 } }),
    [["status", "101"], ["request headers", [["Host", "a"]]], ["timings ms", [["tcp", "1"]]]]);
});

test("places of the time line", async () => {
  const { laneTime, laneX } = await load("lane-scale.js");
  const range = { from_ms: 1000, to_ms: 3000 };
  assert.equal(laneX(range, 2000, 500), 250);
  assert.equal(laneTime(range, 0.5), 2000);
  assert.equal(laneX({ from_ms: 5, to_ms: 5 }, 5, 500), 250);
});

test("the list and the filter of a report are those of wscope", async () => {
  const { EmbeddedSource } = await load("embedded.js"), { lists, errors } = JSON.parse(readFileSync(join(ASSETS, "../filter/cases.json"), "utf8"));
  const filtered = async (source, text) => {
    const { generation } = await source.request("filter", { text, control: true, after: 0, connection: null });
    return (await source.request("rows", { from: 0, count: 100, filtered: generation !== null })).rows.map(({ row }) => row);
  };
  for (const { events, found, rows: shown } of lists) {
    const source = new EmbeddedSource(events, { title: "t" });
    const { rows } = await source.request("rows", { from: 0, count: 100, filtered: false });
    if (shown) assert.deepEqual(rows.map(({ type, preview, level }) => [type, preview, level]), shown);
    for (const [text, rows] of found) assert.deepEqual(await filtered(source, text), rows, text);
  }
  const source = new EmbeddedSource([], { title: "t" });
  for (const [text, at, reason] of errors) {
    await assert.rejects(filtered(source, text), (error) => {
      assert.equal(error.at, at, `${text}: ${error.message}`);
      assert.ok(error.message.startsWith(reason), `${text}: ${error.message}`);
      return true;
    });
  }
});

test("a recording of a server has other directions", async () => {
  const { parseFilter } = await load("filter.js");
  const item = { direction: "out", type: "text", event: "message", size: 5, connection: 1, code: null, rule: null, late: null, text: "hello", json: "hello" };
  assert.deepEqual(["dir:received", "dir:sent", "dir:out"].map((text) => parseFilter(text, true)(item)), [true, false, true]);
});

// How many bytes a browser loads is checked where comments are left out: src/page/assets.rs.
test("the page is of one kind, and runs nothing but itself", () => {
  for (const [name, text] of sources) {
    assert.ok(text.split("\n").length <= 300, `${name} is long`);
    assert.doesNotMatch(text, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|DOMParser|createContextualFragment|setAttribute\("(?:style|on)/, name);
    for (const line of text.split("\n")) assert.equal(line.split("`").length % 2, 1, `${name}: a text over several lines would change when it is sent`);
    assert.doesNotMatch(text, /https?:\/\/(?!…)/, name);
  }
  const [[, html]] = read(ASSETS, ".html");
  assert.doesNotMatch(html, /\son[a-z]+=|\sstyle=|javascript:|<script(?![^>]*src=)|https?:/i);
});

test("modules import only each other, and their names are unique", () => {
  const names = new Map();
  for (const [name, text] of sources) {
    for (const [line] of text.matchAll(/^import .*$/gm)) assert.match(line, /^import \{[^}]*\} from "\.\/[a-z-]+\.js";$/, name);
    for (const [, declared] of text.matchAll(/^(?:export )?(?:async )?(?:function|class|const|let) ([\w$]+)/gm)) {
      assert.equal(names.get(declared), undefined, `${declared} is in ${name} and ${names.get(declared)}`);
      names.set(declared, name);
    }
    for (const [, list] of text.matchAll(/^(?:const|let) (\w+ = [^;]*, [A-Z_]+ = .*);$/gm)) {
      for (const [, declared] of list.matchAll(/, ([A-Z_]+) = /g)) {
        assert.equal(names.get(declared), undefined, declared);
        names.set(declared, name);
      }
    }
  }
});

test("joined to one script, the modules parse and end no element", () => {
  const { bundle } = require("./bundle.cjs");
  for (const entry of ["main.js", "report.js"]) {
    const text = bundle(entry);
    assert.doesNotThrow(() => new vm.Script(text), entry);
    assert.doesNotMatch(text, /<\/(script|style)|<!--/i, entry);
    assert.doesNotMatch(text, /^(import|export) /m, entry);
  }
});

test("a report answers as wscope does", async () => {
  const { EmbeddedSource } = await load("embedded.js");
  const time = (ms) => ({ time: new Date(1e12 + ms).toISOString(), elapsed_ms: ms });
  const source = new EmbeddedSource([
    { event: "open", ...time(0), connection: 1, url: "ws://a/feed", status: 101, protocol: "p" },
    { event: "frame", ...time(1), connection: 1, opcode: "text", fin: false }, { event: "frame", ...time(1), connection: 1, opcode: "continuation", fin: true },
    { event: "message", ...time(1), connection: 1, direction: "sent", type: "text", data: '{"id":7,"op":"a"}', size: 17, frames: 2 },
    { event: "ping", ...time(2), connection: 1, direction: "received", encoding: "base64", data: "eA==", size: 1 },
    { event: "pong", ...time(3), connection: 1, direction: "sent", encoding: "base64", data: "eA==", size: 1 },
    { event: "message", ...time(9), connection: 1, direction: "received", type: "text", data: '{"id":7,"ok":true}', size: 18, frames: 1 },
    { event: "close", ...time(10), connection: 1, code: 1008, name: "Policy Violation", reason: "no", initiator: "peer" },
    { event: "error", ...time(11), connection: 2, kind: "handshake", message: "refused", status: 403 },
  ], { title: "t" });
  const { state } = await source.request("hello");
  assert.deepEqual([state.rows, state.messages, state.bytes, state.connections], [7, 2, 35, 2]);
  const { rows } = await source.request("rows", { from: 0, count: 10, filtered: false });
  assert.deepEqual(rows.map(({ type, direction, delta_ms, late_ms, level }) => [type, direction, delta_ms, late_ms, level]), [["open", null, null, null, null], ["text", "out", 1, null, null], ["ping", "in", 1, null, null], ["pong", "out", 1, 1, null], ["text", "in", 6, 8, null], ["close", null, 1, null, "warn"], ["error", null, 1, null, "bad"]]);
  const shown = await source.request("event", { row: 1 });
  assert.deepEqual([shown.frames.length, shown.pair], [2, { row: 4, late_ms: 8, is_answer: false }]);
  const { list } = await source.request("connections", { from: 0, count: 10 });
  assert.deepEqual(list.map(({ number, state, code, status, out, in: inward, initiator }) => [number, state, code, status, out, inward, initiator]), [[2, "refused", null, 403, 0, 0, undefined], [1, "closed", 1008, 101, 1, 1, "server"]]);
  assert.deepEqual(rows.slice(2, 4).map(({ preview }) => preview), ["x", "x"]);
  assert.equal(rows[5].preview, '1008 Policy Violation "no", by the peer');
  await assert.rejects(source.request("filter", { text: "dir:x", control: true, after: 0, connection: null }), { at: 4 });
  const { generation } = await source.request("filter", { text: "late:>5ms", control: false, after: 0, connection: 1 });
  assert.deepEqual([source.state.filter.generation, source.state.filter.found], [generation, 1]);
  assert.equal((await source.request("rows", { from: 0, count: 5, filtered: true })).rows[0].row, 4);
  assert.equal((await source.request("find", { row: 2 })).index, 0);
  assert.equal((await source.request("filter", { text: "", control: true, after: 0, connection: null })).generation, null);
  const lane = await source.request("lane", { from_row: 0, to_row: 7, buckets: 20, filtered: false });
  assert.deepEqual([lane.from_ms, lane.to_ms, lane.pairs.length, lane.dots.length, lane.buckets.length], [0, 11, 2, 7, 20]);
  await assert.rejects(source.request("send", {}), /report/);
});

test("every pair of colours is legible in both themes", () => {
  const css = readFileSync(join(ASSETS, "style.css"), "utf8");
  const tokens = Object.fromEntries([...css.matchAll(/--([a-z-]+): light-dark\((#\w{6}), (#\w{6})\)/g)].map(([, name, ...colors]) => [name, colors]));
  const luminance = (color) => [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16) / 255)
    .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4).reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
  const contrast = (one, other) => {
    const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const rows = ["background", "raised", "out-row", "warn-row", "bad-row"];
  const pairs = [...rows.flatMap((ground) => ["text", "dim", "accent", "out", "in", "warn", "bad"].map((color) => [color, ground])), ["text", "select"], ["accent", "select"], ["in", "select"], ["out", "select"], ["bad", "select"], ["warn", "select"],
    ["on-accent", "accent"], ["good", "background"], ["good", "raised"], ["text", "mark"], ["text", "line"], ["dim", "line"], ["background", "text"]];
  for (const [color, ground] of pairs) {
    for (const theme of [0, 1]) {
      const ratio = contrast(tokens[color][theme], tokens[ground][theme]);
      assert.ok(ratio >= 4.5, `${color} on ${ground}, ${theme ? "dark" : "light"}: ${ratio.toFixed(2)}`);
    }
  }
  for (const theme of [0, 1]) for (const ground of ["background", "raised"]) assert.ok(contrast(tokens.border[theme], tokens[ground][theme]) >= 3, `border on ${ground}`);
});
