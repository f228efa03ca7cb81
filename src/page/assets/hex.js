// @ts-check
// Bytes as a dump: offset, 16 bytes, characters. Pure.

/** Bytes of a line. */
export const HEX_WIDTH = 16;

/** The lines of a dump. @param {Uint8Array} bytes @param {number} from a multiple of HEX_WIDTH @param {number} to */
export function hexDump(bytes, from = 0, to = bytes.length) {
  const digits = Math.max(4, (Math.max(0, bytes.length - 1)).toString(16).length);
  const lines = [];
  for (let at = from; at < to; at += HEX_WIDTH) {
    const line = bytes.subarray(at, Math.min(at + HEX_WIDTH, to));
    lines.push(`${at.toString(16).padStart(digits, "0")}  ${hexColumns(line)}  ${asciiText(line)}`);
  }
  return lines.join("\n");
}

/** @param {Uint8Array} line */
function hexColumns(line) {
  let text = "";
  for (let at = 0; at < HEX_WIDTH; at++) {
    text += at < line.length ? line[at].toString(16).padStart(2, "0") : "  ";
    if (at < HEX_WIDTH - 1) text += at === 7 ? "  " : " ";
  }
  return text;
}

/** @param {Uint8Array} line */
function asciiText(line) {
  return Array.from(line, (byte) => byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·").join("");
}

/**
 * The bytes of hex digits; blanks, colons, commas and `0x` are passed over. Null with the place of what is wrong.
 * @param {string} text
 * @returns {{bytes: Uint8Array, at: null}|{bytes: null, at: number}}
 */
export function parseHex(text) {
  const digits = [];
  for (const match of text.matchAll(/0x|[\s:,]+|[0-9a-f]|./gis)) {
    const [part] = match;
    if (/^[0-9a-f]$/i.test(part)) digits.push(part);
    else if (!/^(0x|[\s:,]+)$/i.test(part)) return { bytes: null, at: match.index };
  }
  if (digits.length % 2 !== 0) return { bytes: null, at: text.length };
  return { bytes: Uint8Array.from({ length: digits.length / 2 }, (_, at) => parseInt(digits[2 * at] + digits[2 * at + 1], 16)), at: null };
}
