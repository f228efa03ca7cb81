// @ts-check
// Places and times of the time line. Pure.

import { spanText } from "./format.js";

/** @typedef {{from_ms: number, to_ms: number}} LaneRange elapsed milliseconds */

/** Where a time is. @param {LaneRange} range @param {number} ms @param {number} width */
export function laneX({ from_ms: from, to_ms: to }, ms, width) {
  return to <= from ? width / 2 : (ms - from) / (to - from) * width;
}

/** The time of a part of the width. @param {LaneRange} range @param {number} part */
export function laneTime({ from_ms: from, to_ms: to }, part) {
  return from + part * (to - from);
}

/** What part of the time is shown. @param {LaneRange} range */
export function laneLabel({ from_ms: from, to_ms: to }) {
  return `${spanText(Math.max(0, from))} to ${spanText(Math.max(0, to))}`;
}
