// @ts-check
// The page put together: what one part reports goes to the others.

import { Compose } from "./compose.js";
import { Connections } from "./connections.js";
import { Detail } from "./detail.js";
import { CloseDialog, fillKeysDialog, openKeysDialog, RulesDialog } from "./dialogs.js";
import { byId, copyText, notify } from "./dom.js";
import { Held } from "./held.js";
import { startKeys } from "./keys.js";
import { Lane } from "./lane.js";
import { MessageList } from "./list.js";
import { Model, NO_FILTER } from "./model.js";
import { isNarrow, isWide, showDetail, showPane, startPanes } from "./panes.js";
import { startSaving } from "./save.js";
import { Status } from "./status.js";

/** Rows that are loaded when the run ends, and of how many their whole events. */
const LAST_ROWS = 2_000, LAST_EVENTS = 100;

/** How long after a key in the filter box it is sent, in milliseconds. */
const FILTER_DELAY = 50;

export class App {
  /** @param {import("./socket.js").Source} source */
  constructor(source) {
    this.source = source;
    const model = this.model = new Model(source);
    this.detail = new Detail(source, { onRow: (row) => this.list.selectRow(row), onRepeat: () => this.repeat(), onReuse: () => this.reuse() });
    this.lane = new Lane(model, { onRow: (row) => this.list.selectRow(row), view: () => this.list?.timesInView, selected: () => this.list?.selectedRow });
    this.list = new MessageList(model, {
      onSelect: (row) => this.selected(row),
      onOpen: () => !isWide() && showDetail(true),
      onFollow: (follows) => byId("follow").setAttribute("aria-pressed", String(follows)),
      onView: () => this.lane.draw(),
    });
    this.compose = new Compose(source, () => this.offerConnections());
    this.connections = new Connections(model, { onChoose: (connection) => this.choose(connection), onOpenList: () => this.offerConnections() });
    this.held = new Held(model, (held) => this.compose.edit(held));
    this.rules = new RulesDialog(model);
    this.closing = new CloseDialog(model, () => this.connections.open);
    this.status = new Status(model, { onClearFilter: () => this.showEverything(), onUnclear: () => model.setFilter({ after: 0 }) });
    model.onChange = ({ isNewList }) => this.changed(isNewList);
    model.onRows = () => this.list.draw();
    source.onNotice = (notice) => this.notice(notice);
    source.onStatus = (status) => this.connected(status);
    startPanes(() => this.lane.recolor());
    startSaving(model);
    fillKeysDialog();
    this.startControls();
    startKeys(this.keys(), () => this.escape());
  }

  startControls() {
    const { model } = this;
    byId("pause").addEventListener("click", () => model.pause(!model.isPaused));
    byId("clear").addEventListener("click", () => this.clear());
    byId("follow").addEventListener("click", () => this.list.follow(!this.list.follows));
    byId("jump").addEventListener("click", () => this.list.toEnd());
    byId("control").addEventListener("click", () => this.toggleControl());
    let timer = 0;
    byId("filter").addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => model.setFilter({ text: byId("filter").value }), FILTER_DELAY);
    });
  }

  /** @param {"open"|"disconnected"|"forbidden"|"over"} status */
  async connected(status) {
    const { model } = this;
    if (status !== "open") {
      model.status = status;
      return this.changed(false);
    }
    try {
      await model.greet();
    } catch {
      return; // closed again: the next attempt follows
    }
    this.compose.setSides(model.hello.can.send);
    this.detail.setCanSend(model.hello.can.send.length > 0);
    this.connections.fetch();
    this.list.follow(model.hello.mode !== "view");
    if (model.hello.mode === "view") this.list.map.position = 0;
  }

  notice(notice) {
    if (!this.model.hello) return; // the answer to hello has the state
    const before = this.model.state?.phase;
    this.model.receive(notice);
    if (before && before !== "ended" && this.model.hello.mode !== "view" && this.model.state.phase === "ended") this.loadLast();
  }

  /** Loads the end of the run, as wscope may be gone in a moment. */
  async loadLast() {
    const { model } = this, { total } = model;
    const from = Math.max(model.first, total - LAST_ROWS);
    try {
      for (let at = total; at > from; at -= 500) {
        const start = Math.max(from, at - 500), rows = await model.fetchRows(start, at - start);
        rows?.forEach((row, place) => model.rows.keep(start + place, row));
      }
      for (let index = total - 1; index >= Math.max(from, total - LAST_EVENTS); index--) {
        const row = model.rows.get(index);
        if (row) this.detail.kept.set(row.row, await this.source.request("event", { row: row.row, limit: 65_536 }));
      }
    } catch {
      // wscope was faster: what has come is kept.
    }
  }

  changed(isNewList) {
    const { model } = this, isLive = model.status === "open" && model.state?.phase !== "ended";
    const several = model.state?.connections > 1 && model.filter.connection === null;
    byId("grid").style.setProperty("--connection-column", several ? "32px" : "0");
    byId("control").setAttribute("aria-pressed", String(!model.filter.control));
    this.status.update();
    this.list.update(isNewList);
    this.connections.update();
    this.held.update();
    this.rules.update();
    this.closing.update();
    this.compose.setEnabled(isLive);
    if (isNewList) this.lane.fetch();
    else if (!model.isPaused) this.lane.refresh();
  }

  selected(row) {
    this.detail.show(row);
    this.lane.draw();
  }

  offerConnections() {
    this.compose.setConnections(this.connections.open, this.model.filter.connection);
  }

  choose(connection) {
    this.model.setFilter({ connection });
    this.connections.draw();
    if (isNarrow()) showPane("messages");
  }

  clear() {
    this.model.setFilter({ after: this.model.state?.rows ?? 0 });
    this.list.follow(true);
  }

  showEverything() {
    byId("filter").value = "";
    this.model.setFilter({ ...NO_FILTER });
    this.connections.draw();
    byId("grid").focus();
  }

  toggleControl() {
    this.model.setFilter({ control: !this.model.filter.control });
  }

  async repeat() {
    const payload = await this.detail.payload();
    if (!payload) return;
    const { direction, ...message } = payload, side = direction === "in" ? "client" : "server";
    const sides = this.model.hello.can.send;
    try {
      await this.source.request("send", { ...message, to: sides.includes(side) ? side : sides[0] });
      notify("On its way once more");
    } catch (error) {
      notify(/** @type {Error} */ (error).message);
    }
  }

  async reuse() {
    const payload = await this.detail.payload();
    if (payload) this.compose.load(payload);
  }

  escape() {
    const active = document.activeElement;
    if (active === byId("filter") && byId("filter").value !== "" && this.model.filterError) {
      byId("filter").value = "";
      this.model.setFilter({ text: "" });
    } else if (active instanceof Element && byId("compose").contains(active) && this.compose.editing) {
      this.compose.stopEditing();
    } else if (!isWide() && document.body.dataset.detail === "open") {
      return showDetail(false);
    } else if (isNarrow()) {
      return showPane("messages");
    }
    byId("grid").focus({ preventScroll: true });
  }

  /** @returns {Record<string, () => void>} */
  keys() {
    const { list, detail, model } = this;
    const firstHeld = (name) => [...byId("held").querySelectorAll("button")].find((button) => button.textContent === name)?.click();
    const actions = /** @type {Record<string, () => void>} */ ({
      "/": () => { byId("filter").focus(); byId("filter").select(); }, j: () => list.step(1), k: () => list.step(-1), ArrowDown: () => list.step(1), ArrowUp: () => list.step(-1),
      PageDown: () => list.step(list.page), PageUp: () => list.step(-list.page), g: () => list.toStart(), G: () => list.toEnd(), Home: () => list.toStart(), End: () => list.toEnd(),
      f: () => list.follow(!list.follows), " ": () => model.pause(!model.isPaused), "[": () => this.connections.step(-1), "]": () => this.connections.step(1),
      p: () => this.toggleControl(), C: () => this.clear(), c: () => this.compose.focus(), e: () => this.reuse(), r: () => this.repeat(),
      h: () => this.held.toggle(), o: () => firstHeld("Go"), d: () => firstHeld("Drop"), E: () => firstHeld("Edit"), R: () => this.rules.open(), x: () => this.closing.open(),
      Enter: () => this.openDetail(), t: () => byId("lane").focus(), s: () => byId("save-har").focus(), "?": openKeysDialog,
      y: () => detail.answer?.event && detail.copyPayload(), Y: () => detail.answer?.scenario && copyText(detail.answer.scenario, "line of a scenario"),
    });
    ["text", "json", "hex", "frames", "decoded"].forEach((tab, at) => { actions[at + 1] = () => detail.open(tab); });
    return actions;
  }

  openDetail() {
    if (!this.list.selectedRow) return;
    if (!isWide()) showDetail(true);
    this.detail.focus();
  }
}
