// @ts-check
// The time line: a dot a message where there are few, else columns; bars for requests with their answers.

import { byId, setText, throttled } from "./dom.js";
import { countText, spanText } from "./format.js";
import { columnWidth, laneLabel, laneX, laneTime } from "./lane-scale.js";

/** How often it is asked for while messages come, in milliseconds. */
const REFRESH = 500;

export class Lane {
  /** @param {import("./model.js").Model} model @param {{onRow: (row: number) => void, view: () => number[]|null, selected: () => any}} events */
  constructor(model, events) {
    this.model = model;
    this.events = events;
    this.canvas = byId("lane");
    /** @type {[number, number]|null} elapsed milliseconds; null: all */
    this.zoom = null;
    /** @type {any} the answer to `lane` */
    this.answer = null;
    /** Where the keyboard is, as a part of the width. */
    this.cursor = /** @type {number|null} */ (null);
    /** @type {{start: number, end: number}|null} pixels */
    this.drag = null;
    this.call = 0;
    this.refresh = throttled(() => this.fetch(), REFRESH);
    new ResizeObserver(() => this.fetch()).observe(this.canvas);
    for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)"]) matchMedia(query).addEventListener("change", () => this.recolor());
    this.canvas.addEventListener("pointerdown", (event) => this.pressed(event));
    this.canvas.addEventListener("pointermove", (event) => this.dragged(event));
    this.canvas.addEventListener("pointerup", (event) => this.released(event));
    this.canvas.addEventListener("pointercancel", () => this.endDrag());
    this.canvas.addEventListener("dblclick", () => this.zoomTo(null));
    this.canvas.addEventListener("keydown", (event) => this.key(event));
    this.canvas.addEventListener("focus", () => this.moveCursor(this.cursor ?? 1));
    byId("lane-all").addEventListener("click", () => this.zoomTo(null));
    this.recolor();
  }

  recolor() {
    const style = getComputedStyle(this.canvas);
    const probe = document.createElement("i");
    document.body.append(probe);
    const color = (name) => {
      probe.style.color = `var(--${name})`;
      return getComputedStyle(probe).color;
    };
    this.colors = { out: color("out"), in: color("in"), dim: color("dim"), bad: color("bad"), line: color("line"), select: color("select"), accent: color("accent"), font: style.font };
    probe.remove();
    this.draw();
  }

  get width() {
    return this.canvas.clientWidth;
  }

  async fetch() {
    const { model } = this, call = ++this.call;
    if (!model.state || this.width === 0) return;
    if (model.total <= model.first) {
      this.answer = null;
      return this.draw();
    }
    const buckets = Math.min(600, Math.max(20, Math.floor(this.width / 3)));
    const range = this.zoom ? { from_ms: this.zoom[0], to_ms: this.zoom[1] } : { from_row: model.state.first, to_row: model.pausedRows ?? model.state.rows };
    try {
      const answer = await model.source.request("lane", { ...range, buckets, filtered: model.isFiltered });
      if (call === this.call) this.answer = answer;
    } catch {
      return; // the source is gone; what is shown stays
    }
    this.draw();
  }

  /** @param {[number, number]|null} zoom */
  zoomTo(zoom) {
    this.zoom = zoom;
    byId("lane-all").hidden = !zoom;
    return this.fetch();
  }

  draw() {
    const { canvas, answer, colors } = this, ratio = devicePixelRatio || 1;
    const width = this.width, height = canvas.clientHeight;
    if (width === 0 || !colors) return;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const pen = canvas.getContext("2d");
    if (!pen) return;
    pen.scale(ratio, ratio);
    const middle = Math.round(height / 2) + 4;
    setText(byId("lane-range"), answer ? laneLabel(answer) : "");
    this.drawView(pen, height);
    pen.fillStyle = colors.line;
    pen.fillRect(0, middle, width, 1);
    if (answer) {
      this.drawPairs(pen, middle);
      if (answer.dots) this.drawDots(pen, middle);
      else this.drawColumns(pen, middle);
    }
    this.drawMarks(pen, height);
  }

  /** What the list shows, as a shade. @param {CanvasRenderingContext2D} pen */
  drawView(pen, height) {
    const view = this.events.view();
    if (!view || !this.answer) return;
    const start = laneX(this.answer, view[0], this.width), end = laneX(this.answer, view[1], this.width);
    pen.fillStyle = this.colors.select;
    pen.fillRect(start, 0, Math.max(2, end - start), height);
  }

  /** @param {CanvasRenderingContext2D} pen */
  drawPairs(pen, middle) {
    pen.fillStyle = this.colors.dim;
    for (const [, , from, to] of this.answer.pairs ?? []) {
      const start = laneX(this.answer, from, this.width);
      pen.fillRect(start, middle - 1, Math.max(1, laneX(this.answer, to, this.width) - start), 3);
    }
  }

  /** @param {CanvasRenderingContext2D} pen */
  drawDots(pen, middle) {
    for (const [, ms, direction, type] of this.answer.dots) {
      const isBad = type === "error" || type === "violation";
      const offset = direction === "out" ? -10 : direction === "in" ? 10 : 0;
      const isControl = type === "ping" || type === "pong";
      pen.fillStyle = isBad ? this.colors.bad : isControl || offset === 0 ? this.colors.dim : offset < 0 ? this.colors.out : this.colors.in;
      pen.beginPath();
      if (type === "close" || type === "open") pen.rect(laneX(this.answer, ms, this.width) - 1, middle - 12, 2, 24);
      else pen.arc(laneX(this.answer, ms, this.width), middle + offset, isControl ? 2 : 3, 0, 2 * Math.PI);
      pen.fill();
    }
  }

  /** @param {CanvasRenderingContext2D} pen */
  drawColumns(pen, middle) {
    const { buckets } = this.answer, { colors } = this;
    const most = Math.max(1, ...buckets.map((/** @type {number[]} */ [out, inward, control]) => Math.max(out, inward + control)));
    const step = columnWidth(this.width, buckets.length), high = middle - 8;
    const size = (count) => count === 0 ? 0 : Math.max(1, Math.round(high * Math.sqrt(count / most)));
    buckets.forEach((/** @type {number[]} */ [out, inward, control, bad], at) => {
      const left = at * step, width = Math.max(1, step - 1);
      pen.fillStyle = colors.out;
      pen.fillRect(left, middle - size(out), width, size(out));
      pen.fillStyle = colors.in;
      pen.fillRect(left, middle + 1, width, size(inward));
      pen.fillStyle = colors.dim;
      pen.fillRect(left, middle + 1 + size(inward), width, control > 0 ? 2 : 0);
      pen.fillStyle = colors.bad;
      if (bad > 0) pen.fillRect(left, 0, Math.max(2, width), 5);
    });
  }

  /** The selected message, the cursor, what is dragged over. @param {CanvasRenderingContext2D} pen */
  drawMarks(pen, height) {
    const row = this.events.selected();
    pen.fillStyle = this.colors.accent;
    if (row?.elapsed_ms !== undefined && this.answer) pen.fillRect(Math.round(laneX(this.answer, row.elapsed_ms, this.width)) - 1, 0, 2, height);
    if (this.cursor !== null && document.activeElement === this.canvas) {
      pen.setLineDash([3, 3]);
      pen.strokeStyle = this.colors.accent;
      pen.strokeRect(Math.round(this.cursor * this.width) + .5, 0, 0, height);
      pen.setLineDash([]);
    }
    if (!this.drag) return;
    pen.globalAlpha = .3;
    pen.fillRect(Math.min(this.drag.start, this.drag.end), 0, Math.abs(this.drag.end - this.drag.start), height);
    pen.globalAlpha = 1;
  }

  pressed(event) {
    if (event.button !== 0) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.drag = { start: event.offsetX, end: event.offsetX };
  }

  dragged(event) {
    if (!this.drag) return;
    this.drag.end = event.offsetX;
    this.draw();
  }

  released(event) {
    const { drag } = this;
    if (!drag || !this.answer) return this.endDrag();
    this.endDrag();
    const from = Math.min(drag.start, event.offsetX), to = Math.max(drag.start, event.offsetX);
    if (to - from < 4) return this.jump(event.offsetX / this.width);
    this.zoomTo([laneTime(this.answer, from, this.width), laneTime(this.answer, to, this.width)]);
  }

  endDrag() {
    this.drag = null;
    this.draw();
  }

  /** Selects the message that is nearest to a place. */
  async jump(part) {
    if (!this.answer) return;
    const { model } = this, time = laneTime(this.answer, part, 1);
    let half = (this.answer.to_ms - this.answer.from_ms) / 100;
    for (let tries = 0; tries < 24; tries++) {
      const answer = await model.source.request("lane", { from_ms: time - half, to_ms: time + half, buckets: 20, filtered: model.isFiltered }).catch(() => null);
      if (!answer) return;
      const [nearest] = (answer.dots ?? []).sort((a, b) => Math.abs(a[1] - time) - Math.abs(b[1] - time));
      if (nearest) return this.events.onRow(nearest[0]);
      half *= answer.dots ? 3 : 0.3;
    }
  }

  moveCursor(part) {
    this.cursor = Math.min(1, Math.max(0, part));
    this.canvas.setAttribute("aria-valuenow", String(Math.round(1000 * this.cursor)));
    if (this.answer) {
      const at = Math.min(this.answer.buckets.length - 1, Math.floor(this.cursor * this.answer.buckets.length));
      const [out, inward, control] = this.answer.buckets[at] ?? [0, 0, 0];
      this.canvas.setAttribute("aria-valuetext", `${spanText(laneTime(this.answer, this.cursor, 1))} after the start, ${countText(out + inward + control)} messages`);
    }
    this.draw();
  }

  scale(factor) {
    if (!this.answer) return;
    const { from_ms: from, to_ms: to } = this.answer;
    const middle = laneTime(this.answer, this.cursor ?? 0.5, 1), half = Math.max(0.01, (to - from) * factor / 2);
    this.zoomTo([middle - half, middle + half]);
    this.moveCursor(0.5);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const cursor = this.cursor ?? 0.5, step = event.shiftKey ? 0.1 : 0.01;
    const actions = /** @type {Record<string, () => void>} */ ({
      ArrowLeft: () => this.moveCursor(cursor - step), ArrowRight: () => this.moveCursor(cursor + step),
      Home: () => this.moveCursor(0), End: () => this.moveCursor(1), Enter: () => this.jump(cursor),
      "+": () => this.scale(0.5), "=": () => this.scale(0.5), "-": () => this.scale(2), 0: () => this.zoomTo(null),
    });
    if (!actions[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    actions[event.key]();
  }
}
