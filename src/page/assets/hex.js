// @ts-check
// Bytes as a dump: offset, 16 bytes, characters. Pure.

/** Bytes as `de ad be ef`. @param {Uint8Array} bytes */
export function hexBytes(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}

/** The lines of a dump. @param {Uint8Array} bytes @param {number} from a multiple of 16 @param {number} to @param {number} width bytes of a line: 16 or 8 */
export function hexDump(bytes, from = 0, to = bytes.length, width = 16) {
  const digits = Math.max(4, bytes.length.toString(16).length), lines = [];
  for (let at = from; at < to; at += width) {
    const line = bytes.subarray(at, Math.min(at + width, to));
    const columns = hexBytes(line.subarray(0, 8)).padEnd(23) + (width > 8 ? `  ${hexBytes(line.subarray(8)).padEnd(23)}` : "");
    const characters = Array.from(line, (byte) => byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·").join("");
    lines.push(`${at.toString(16).padStart(digits, "0")}  ${columns}  ${characters}`);
  }
  return lines.join("\n");
}

/**
 * The bytes of hex digits; blanks, colons, commas and `0x` are passed over. `at` is the place of what is wrong.
 * @param {string} text @returns {{bytes: Uint8Array|null, at: number}}
 */
export function parseHex(text) {
  let digits = "";
  for (const { 0: part, index } of text.matchAll(/0x|[\s:,]+|[0-9a-f]|./gis)) {
    if (/^[0-9a-f]$/i.test(part)) digits += part;
    else if (!/^(0x|[\s:,]+)$/i.test(part)) return { bytes: null, at: index };
  }
  if (digits.length % 2 !== 0) return { bytes: null, at: text.length };
  return { bytes: Uint8Array.from({ length: digits.length / 2 }, (_, at) => parseInt(digits.slice(2 * at, 2 * at + 2), 16)), at: 0 };
}
