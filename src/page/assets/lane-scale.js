// @ts-check
// Places and times of the time line. Pure.

import { spanText } from "./format.js";

/** @typedef {{from_ms: number, to_ms: number}} LaneRange elapsed milliseconds */

/** Where a time is. @param {LaneRange} range @param {number} ms @param {number} width */
export function laneX(range, ms, width) {
  const span = range.to_ms - range.from_ms;
  return span <= 0 ? width / 2 : (ms - range.from_ms) / span * width;
}

/** The time of a place. @param {LaneRange} range @param {number} x @param {number} width */
export function laneTime(range, x, width) {
  return range.from_ms + (width > 0 ? x / width : 0) * (range.to_ms - range.from_ms);
}

/** The pixels of a column. @param {number} width @param {number} count */
export function columnWidth(width, count) {
  return count > 0 ? width / count : width;
}

/** What part of the time is shown. @param {LaneRange} range */
export function laneLabel({ from_ms: from, to_ms: to }) {
  return `${spanText(Math.max(0, from))} to ${spanText(Math.max(0, to))}`;
}
