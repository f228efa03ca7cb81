// @ts-check
// What an event of --json carries: bytes, text, and its other members. Pure.

import { bytesOfBase64 } from "./format.js";

/** Members that the list of an event's facts leaves out: shown elsewhere, or of no use to people. */
const SHOWN_ELSEWHERE = new Set(["event", "data", "encoding", "bytes", "elapsed_ms", "decoded"]);

/** The payload of an event as text, and null if it is not text. @param {any} event @returns {string|null} */
export function textOfEvent(event) {
  if (typeof event.data !== "string") return null;
  return event.encoding === "base64" ? null : event.data;
}

/** The payload of an event as bytes; null if it has none. @param {any} event @returns {Uint8Array|null} */
export function bytesOfEvent(event) {
  if (typeof event.bytes === "string") return bytesOfBase64(event.bytes);
  if (typeof event.data !== "string") return null;
  return event.encoding === "base64" ? bytesOfBase64(event.data) : new TextEncoder().encode(event.data);
}

/** Bytes as the text that they are, or null if they are not UTF-8. @param {Uint8Array} bytes */
export function utf8Text(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/**
 * The members of an event as names and values for people. Headers, and objects in objects, become lines of their own.
 * @param {any} event
 * @returns {[string, string|[string, string][]][]}
 */
export function factsOfEvent(event) {
  /** @type {[string, string|[string, string][]][]} */
  const facts = [];
  for (const [name, value] of Object.entries(event)) {
    if (SHOWN_ELSEWHERE.has(name) || value === null || value === "") continue;
    const label = name.replace(/_/g, " ");
    if (isHeaders(value)) facts.push([label, value]);
    else if (typeof value === "object") facts.push([label, Object.entries(value).filter(([, inner]) => inner !== null).map(([key, inner]) => [key.replace(/_/g, " "), plainText(inner)])]);
    else facts.push([label, plainText(value)]);
  }
  return facts;
}

/** @param {any} value */
function isHeaders(value) {
  return Array.isArray(value) && value.length > 0
    && value.every((pair) => Array.isArray(pair) && pair.length === 2 && pair.every((part) => typeof part === "string"));
}

/** @param {any} value */
function plainText(value) {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
