// @ts-check
// The page put together: what one part reports goes to the others.

import { Compose } from "./compose.js";
import { Connections } from "./connections.js";
import { Detail, TABS } from "./detail.js";
import { CloseDialog, RulesDialog, startKeysDialog } from "./dialogs.js";
import { attempt, byId, notify, on, runKey } from "./dom.js";
import { Held } from "./held.js";
import { startKeys } from "./keys.js";
import { Lane } from "./lane.js";
import { MessageList } from "./list.js";
import { Model, NO_FILTER } from "./model.js";
import { isNarrow, isWide, showDetail, showMore, showPane, startPanes } from "./panes.js";
import { startSaving } from "./save.js";
import { Status } from "./status.js";

/** Rows that are loaded when the run ends, and of how many their whole events, up to so many bytes. */
const LAST_ROWS = 2_000, LAST_EVENTS = 100, LAST_BYTES = 65_536;

/** How long after a key in the filter box it is sent, in milliseconds. */
const FILTER_DELAY = 50;

/** What does nothing once wscope has ended. */
const NEED_WSCOPE = ["filter", "control", "clear", "to", "compose-connection", "type", "message", "attach", "send", "save-har", "save-ndjson", "save-wscope", "save-filtered"];

/** Until there is something to show, the browser has little to lay out: the first paint is sooner. */
function showMain() {
  byId("main").hidden = byId("lane-pane").hidden = false;
}

export class App {
  /** @param {import("./socket.js").Source} source */
  constructor(source) {
    this.source = source;
    const model = this.model = new Model(source), onRow = (row) => this.list.selectRow(row);
    this.detail = new Detail(source, onRow);
    this.list = new MessageList(model, {
      onSelect: (row) => {
        this.detail.show(row);
        this.lane.draw();
      },
      onMove: (row) => this.detail.move(row),
      onOpen: () => !isWide() && showDetail(true),
      onFollow: (follows) => { byId("follow").ariaPressed = follows; },
      onView: () => this.lane.drawSoon(),
    });
    this.lane = new Lane(model, { onRow, view: () => this.list.timesInView, selected: () => this.list.selectedRow });
    this.compose = new Compose(source);
    this.connections = new Connections(model, {
      onChoose: (connection) => this.choose(connection),
      onList: () => {
        this.compose.setConnections(this.connections.open, model.filter.connection);
        this.detail.drawRepeat(this.connections.list);
        this.closing.list();
      },
    });
    this.held = new Held(model, (held) => this.compose.edit(held));
    this.rules = new RulesDialog(model);
    this.closing = new CloseDialog(model, () => this.connections.open);
    this.status = new Status(model, { onShowAll: () => this.showEverything(), onUnclear: () => this.filter({ after: 0 }) });
    model.onChange = (isNewList) => this.changed(isNewList);
    model.onRows = () => this.list.draw();
    source.onNotice = (notice) => this.notice(notice);
    source.onStatus = (status) => this.connected(status);
    startPanes(() => this.lane.recolor());
    startSaving(model);
    startKeysDialog(model);
    this.startControls();
    startKeys(this.keys());
  }

  startControls() {
    const { model, list } = this;
    let timer;
    const buttons = { pause: () => this.pause(), clear: () => this.clear(), follow: () => list.follow(!list.follows), jump: () => list.toEnd(), control: () => this.toggleControl(), repeat: () => this.repeat(), reuse: () => this.reuse() };
    for (const [id, action] of Object.entries(buttons)) on(id, "click", action);
    on("filter", "keydown", (event) => runKey(event, { Enter: () => byId("grid").focus() }));
    on("filter", "input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => this.filter({ text: byId("filter").value }), FILTER_DELAY);
    });
  }

  /** @param {"open"|"disconnected"|"forbidden"|"over"} status */
  async connected(status) {
    const { model } = this;
    model.status = status;
    if (model.isOver && model.state) model.state.time ??= new Date().toISOString();
    if (status !== "open") {
      showMain();
      this.connections.draw();
      this.detail.draw();
      return this.changed(false);
    }
    try {
      await model.greet();
    } catch {
      // It is closed again: the next attempt follows.
      return;
    }
    showMain();
    const { can, mode } = model.hello;
    this.compose.setSides(can.send, mode);
    this.connections.fetch();
    byId("clear").hidden = mode === "view";
    this.list.follow(mode !== "view");
  }

  notice(notice) {
    const { model } = this, before = model.state?.phase;
    // The answer to hello has the state.
    if (!model.hello) return;
    model.receive(notice);
    if (before !== "ended" && model.state.phase === "ended" && model.hello.mode !== "view") this.loadLast();
  }

  /** Loads the connections, the rows in view and the end of the run, as wscope will be gone in a moment. */
  async loadLast() {
    const { model, source, detail, list, connections } = this, { available: total } = model, from = Math.max(model.first, total - LAST_ROWS);
    connections.fetch();
    try {
      await this.load(...list.range);
      for (let end = total; end > from; end -= 500) await this.load(Math.max(from, end - 500), end);
      for (let index = total - 1; index >= Math.max(from, total - LAST_EVENTS); index--) {
        const row = model.rows.get(index)?.row;
        if (row !== undefined) detail.kept.set(row, await source.request("event", { row, limit: LAST_BYTES }));
      }
    } catch {
      // wscope was faster: what has come is kept.
    }
  }

  async load(from, to) {
    const { model } = this, rows = await model.fetchRows(from, to - from);
    rows?.forEach((row, at) => model.rows.keep(from + at, row));
    this.list.draw();
  }

  changed(isNewList) {
    const { model } = this;
    byId("grid").style.setProperty("--connection-column", model.state?.connections > 1 && model.filter.connection === null ? `${8 * Math.max(4, String(model.state.connections).length) + 12}px` : "0");
    byId("control").ariaPressed = !model.filter.control;
    byId("send").disabled = byId("repeat").hidden = byId("reuse").hidden = !model.can("send");
    if (model.isOver) NEED_WSCOPE.forEach((id) => Object.assign(byId(id), { disabled: true, title: "wscope has ended: it cannot be asked any more" }));
    this.list.update(isNewList);
    for (const part of [this.status, this.connections, this.held, this.rules, this.closing]) part.update();
    if (isNewList) this.lane.fetch();
    else if (!model.isPaused) this.lane.refresh();
  }

  /** Shows another part of the rows, for which wscope is needed. */
  filter(part) {
    if (!this.model.isOver) return this.model.setFilter(part);
    notify("wscope has ended: the list stays as it is");
  }

  pause() {
    if (!byId("pause").hidden) this.model.pause(!this.model.isPaused);
  }

  choose(connection) {
    this.filter({ connection });
    this.connections.draw();
    if (isNarrow()) showPane("messages");
  }

  clear() {
    if (byId("clear").hidden) return;
    this.filter({ after: this.model.state?.rows ?? 0 });
    this.lane.zoomTo(null);
    this.list.follow(true);
  }

  showEverything() {
    byId("filter").value = "";
    this.filter({ ...NO_FILTER });
    this.connections.draw();
    byId("grid").focus();
  }

  toggleControl() {
    this.filter({ control: !this.model.filter.control });
  }

  async repeat() {
    const payload = this.model.can("send") && await this.detail.payload();
    if (!payload) return;
    const { direction, ...message } = payload, side = direction === "in" ? "client" : "server", sides = this.model.hello.can.send;
    if (await attempt(this.source.request("send", { ...message, to: sides.includes(side) ? side : sides[0] }))) notify("Sent again");
  }

  async reuse() {
    const payload = this.model.can("send") && await this.detail.payload();
    if (payload) this.compose.load(payload);
  }

  escape() {
    const { activeElement: active } = document;
    if (byId("more").ariaExpanded === "true") return showMore(false);
    if (this.compose.editing && byId("compose").contains(active)) this.compose.stopEditing();
    if (!isWide() && document.body.dataset.detail === "open") showDetail(false);
    else if (isNarrow()) showPane("messages");
    else byId("grid").focus({ preventScroll: true });
  }

  openDetail() {
    if (!this.list.selectedRow) return;
    if (!isWide()) showDetail(true);
    byId("panel").focus({ preventScroll: true });
  }

  /** @returns {Record<string, () => void>} */
  keys() {
    const { list, detail, model, held, connections } = this, next = () => list.step(1), previous = () => list.step(-1);
    return {
      j: next, k: previous, ArrowDown: next, ArrowUp: previous, PageDown: () => list.step(list.page), PageUp: () => list.step(-list.page),
      g: () => list.toStart(), G: () => list.toEnd(), Home: () => list.toStart(), End: () => list.toEnd(), f: () => list.follow(!list.follows),
      " ": () => this.pause(), "[": () => connections.step(-1), "]": () => connections.step(1), p: () => this.toggleControl(), C: () => this.clear(),
      "/": () => {
        byId("filter").focus();
        byId("filter").select();
      },
      Enter: () => this.openDetail(), Escape: () => this.escape(), ...Object.fromEntries(TABS.map((tab, at) => [at + 1, () => detail.open(tab)])), y: () => detail.copyPayload(), Y: () => detail.copyScenario(),
      c: () => model.can("send") && this.compose.focus(), e: () => this.reuse(), r: () => byId("repeat").click(), h: () => held.toggle(), o: () => held.button("Go")?.click(), d: () => held.button("Drop")?.click(), E: () => held.button("Edit")?.click(),
      R: () => this.rules.open(), x: () => this.closing.open(), t: () => byId("lane").focus(), s: () => byId("save-har").focus(), "?": () => byId("open-keys").click(),
    };
  }
}
