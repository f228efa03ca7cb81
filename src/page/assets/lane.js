// @ts-check
// The time line: a dot a message where there are few, else columns; bars for requests with their answers.

import { byId, on, runKey, setText, throttled } from "./dom.js";
import { countText, spanText } from "./format.js";
import { laneLabel, laneTime, laneX } from "./lane-scale.js";

/** How often it is asked for while messages come, and drawn while the list moves, in milliseconds. */
const LANE_REFRESH = 500, LANE_REDRAW = 100;

/** The most answers of wscope until the message that is nearest to a place is found. */
const MOST_TRIES = 24;

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
    this.cursor = 1;
    /** @type {{start: number, end: number}|null} pixels */
    this.drag = null;
    /** Whether something was in the range. */
    this.hasRows = false;
    this.call = 0;
    this.drawSoon = throttled(() => this.draw(), LANE_REDRAW);
    this.refresh = throttled(() => this.fetch(), LANE_REFRESH);
    new ResizeObserver(() => this.fetch()).observe(this.canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.recolor());
    on("lane", "pointerdown", (event) => {
      if (event.button !== 0) return;
      this.canvas.setPointerCapture(event.pointerId);
      this.drag = { start: event.offsetX, end: event.offsetX };
    });
    on("lane", "pointermove", (event) => {
      if (!this.drag) return;
      this.drag.end = event.offsetX;
      this.draw();
    });
    on("lane", "lostpointercapture", () => this.released());
    on("lane", "dblclick", () => this.zoomTo(null));
    on("lane", "keydown", (event) => this.key(event));
    on("lane", "focus", () => this.moveCursor(this.cursor));
    on("lane-all", "click", () => this.zoomTo(null));
    this.recolor();
  }

  recolor() {
    const probe = document.createElement("i");
    document.body.append(probe);
    this.colors = Object.fromEntries(["out", "in", "dim", "bad", "line", "select", "accent"].map((name) => {
      probe.style.color = `var(--${name})`;
      return [name, getComputedStyle(probe).color];
    }));
    probe.remove();
    this.draw();
  }

  async fetch() {
    const { model, zoom } = this, call = ++this.call, { state } = model, buckets = Math.min(600, Math.floor(this.canvas.clientWidth / 3));
    if (!state || buckets === 0) return;
    const range = zoom ? { from_ms: zoom[0], to_ms: zoom[1] } : { from_row: Math.max(state.first, model.filter.after), to_row: model.pausedRows ?? state.rows };
    const isEmpty = model.total <= model.first;
    // Without an answer, the source is gone: what is shown stays.
    const answer = isEmpty ? null : await model.source.request("lane", { ...range, buckets, filtered: model.isFiltered }).catch(() => this.answer);
    if (call !== this.call) return;
    const hasRows = Boolean(answer?.buckets.some((counts) => counts.some(Boolean)));
    // What was there is not kept any more, or the filter hides it.
    if (zoom && this.hasRows && !hasRows) return this.zoomTo(null);
    Object.assign(this, { answer, hasRows });
    setText(byId("lane-range"), answer ? laneLabel(answer) : "");
    this.draw();
  }

  /** @param {[number, number]|null} zoom */
  zoomTo(zoom) {
    this.zoom = zoom;
    this.hasRows = false;
    byId("lane-all").hidden = !zoom;
    this.fetch();
  }

  draw() {
    const { canvas, answer, colors, drag } = this, { clientWidth: width, clientHeight: height } = canvas, ratio = devicePixelRatio || 1, middle = Math.round(height / 2) + 4;
    const view = this.events.view(), row = this.events.selected(), [pixels, lines] = [width, height].map((side) => Math.round(side * ratio));
    if (canvas.width !== pixels || canvas.height !== lines) Object.assign(canvas, { width: pixels, height: lines });
    const pen = canvas.getContext("2d"), fill = (color, left, top, wide, high) => {
      pen.fillStyle = color;
      pen.fillRect(left, top, wide, high);
    };
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.globalAlpha = 1;
    pen.clearRect(0, 0, width, height);
    const x = (ms) => laneX(answer, ms, width);
    if (answer && view) fill(colors.select, x(view[0]), 0, Math.max(2, x(view[1]) - x(view[0])), height);
    fill(colors.line, 0, middle, width, 1);
    for (const [, , from, to] of answer?.pairs ?? []) fill(colors.dim, x(from), middle - 1, Math.max(1, x(to) - x(from)), 3);
    if (answer?.dots) this.drawDots(pen, middle, x);
    else if (answer) this.drawColumns(fill, middle, width);
    if (answer && row?.elapsed_ms !== undefined) fill(colors.accent, Math.round(x(row.elapsed_ms)) - 1, 0, 2, height);
    if (document.activeElement === canvas) for (let top = 0; top < height; top += 6) fill(colors.accent, Math.round(this.cursor * (width - 1)), top, 1, 3);
    pen.globalAlpha = 0.3;
    if (drag) fill(colors.accent, Math.min(drag.start, drag.end), 0, Math.abs(drag.end - drag.start), height);
  }

  drawDots(pen, middle, x) {
    const { colors } = this;
    for (const [, ms, direction, type] of this.answer.dots) {
      const isControl = type === "ping" || type === "pong", isBad = type === "error" || type === "violation";
      pen.fillStyle = isBad ? colors.bad : isControl ? colors.dim : colors[direction] ?? colors.dim;
      pen.beginPath();
      if (type === "close" || type === "open") pen.rect(x(ms) - 1, middle - 12, 2, 24);
      else pen.arc(x(ms), middle + (direction === "out" ? -10 : direction === "in" ? 10 : 0), isControl ? 2 : 3, 0, 7);
      pen.fill();
    }
  }

  drawColumns(fill, middle, width) {
    const { answer: { buckets }, colors } = this, step = width / buckets.length, wide = Math.max(1, step - 1);
    const most = Math.max(1, ...buckets.map(([out, inward]) => Math.max(out, inward)));
    const size = (count) => count && Math.max(1, Math.round((middle - 8) * Math.log1p(count) / Math.log1p(most)));
    buckets.forEach(([out, inward, control, bad], at) => {
      fill(colors.out, at * step, middle - size(out), wide, size(out));
      fill(colors.in, at * step, middle + 1, wide, size(inward));
      if (control > 0) fill(colors.dim, at * step, middle + 1 + size(inward), wide, 2);
      if (bad > 0) fill(colors.bad, at * step, 0, wide + 1, 5);
    });
  }

  released() {
    const { drag, answer, canvas: { clientWidth: width } } = this;
    this.drag = null;
    if (!drag || !answer) return;
    const from = Math.min(drag.start, drag.end), to = Math.max(drag.start, drag.end);
    if (to - from < 4) this.jump(to / width);
    else this.zoomTo([laneTime(answer, from / width), laneTime(answer, to / width)]);
  }

  /** Selects the message that is nearest to a part of the width. */
  async jump(part) {
    if (!this.answer) return;
    const { model } = this, time = laneTime(this.answer, part);
    let half = (this.answer.to_ms - this.answer.from_ms) / 100;
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const answer = await model.source.request("lane", { from_ms: time - half, to_ms: time + half, buckets: 20, filtered: model.isFiltered }).catch(() => null);
      if (!answer) return;
      const [nearest] = answer.dots?.sort((one, other) => Math.abs(one[1] - time) - Math.abs(other[1] - time)) ?? [];
      if (nearest) return this.events.onRow(nearest[0]);
      half = answer.dots ? 3 * half + 1 : 0.3 * half;
    }
  }

  moveCursor(part) {
    const { answer, canvas } = this, cursor = this.cursor = Math.min(1, Math.max(0, part));
    canvas.ariaValueNow = Math.round(1000 * cursor);
    if (answer) {
      const [out, inward, control] = answer.buckets[Math.min(answer.buckets.length - 1, Math.floor(cursor * answer.buckets.length))];
      canvas.ariaValueText = `${spanText(laneTime(answer, cursor))} after the start, ${countText(out + inward + control)} messages`;
    }
    this.draw();
  }

  /** Shows more or less time around the cursor. */
  scale(factor) {
    if (!this.answer) return;
    const middle = laneTime(this.answer, this.cursor), half = Math.max(0.01, (this.answer.to_ms - this.answer.from_ms) * factor / 2);
    this.zoomTo([middle - half, middle + half]);
    this.moveCursor(0.5);
  }

  key(event) {
    const step = event.shiftKey ? 0.1 : 0.01, { cursor } = this;
    runKey(event, {
      ArrowLeft: () => this.moveCursor(cursor - step), ArrowRight: () => this.moveCursor(cursor + step), Home: () => this.moveCursor(0), End: () => this.moveCursor(1),
      Enter: () => this.jump(cursor), "+": () => this.scale(0.5), "-": () => this.scale(2), 0: () => this.zoomTo(null),
    });
  }
}
