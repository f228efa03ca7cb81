// @ts-check
// What an event of --json carries: bytes, text, and its other members. Pure.

import { bytesOfBase64 } from "./format.js";

/** Members that are shown elsewhere, or of no use to people. */
const SHOWN_ELSEWHERE = new Set(["event", "data", "encoding", "bytes", "elapsed_ms", "decoded", "changed_to"]);

/** The payload of an event; null if it has none. @param {any} event @returns {Uint8Array|null} */
export function bytesOfEvent(event) {
  if (typeof event.bytes === "string") return bytesOfBase64(event.bytes);
  if (typeof event.data !== "string") return null;
  return event.encoding === "base64" ? bytesOfBase64(event.data) : new TextEncoder().encode(event.data);
}

/** The text that these bytes are; null if they are not UTF-8. @param {Uint8Array} bytes */
export function utf8Text(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** The payload of an event as text; null if it has none, or bytes that are not UTF-8. @param {any} event @returns {string|null} */
export function textOfEvent(event) {
  if (event.encoding !== "base64") return event.data ?? null;
  const bytes = bytesOfEvent(event);
  return bytes && utf8Text(bytes);
}

/** The members of an event: names with values, or with the names and values of headers and inner objects. @param {any} event @returns {[string, string|[string, string][]][]} */
export function factsOfEvent(event) {
  const label = (name) => name.replace(/_/g, " "), plain = (value) => typeof value === "object" ? JSON.stringify(value) : String(value);
  return Object.entries(event).filter(([name, value]) => !SHOWN_ELSEWHERE.has(name) && value !== null && value !== "").map(([name, value]) => {
    if (isHeaders(value)) return [label(name), value.map(([key, inner]) => [key, inner ?? "(none)"])];
    if (typeof value !== "object") return [label(name), plain(value)];
    return [label(name), Object.entries(value).filter(([, inner]) => inner !== null).map(([key, inner]) => [label(key), plain(inner)])];
  });
}

function isHeaders(value) {
  return Array.isArray(value) && value.every((pair) => Array.isArray(pair) && pair.length === 2 && typeof pair[0] === "string" && (typeof pair[1] === "string" || pair[1] === null));
}
