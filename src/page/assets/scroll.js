// @ts-check
// Which rows a scroll position shows, also where all rows would be higher than a browser can scroll. Pure.

/** The most pixels of a scrolled element: browsers end at 17 to 33 million, and places get inexact before. */
export const MAX_HEIGHT = 6_000_000;

/**
 * The place in a list of rows of the same height. `position` is the pixel of the list at the upper edge of what is seen,
 * as if there were no limit. Where the list is higher than the limit, small movements of the scrollbar move as many
 * pixels, and large ones go to the same part of the list; `settled` then brings the scrollbar to where it should be.
 */
export class ScrollMap {
  constructor(rowHeight) {
    this.rowHeight = rowHeight;
    this.rows = 0;
    this.viewport = 0;
    this.position = 0;
    this.scrollTop = 0;
  }

  /** The pixels of the scrolled element. */
  get height() {
    return Math.min(this.rows * this.rowHeight, MAX_HEIGHT);
  }

  /** The last position. */
  get end() {
    return Math.max(0, this.rows * this.rowHeight - this.viewport);
  }

  get isAtEnd() {
    return this.position >= this.end - 2;
  }

  get isScaled() {
    return this.rows * this.rowHeight > MAX_HEIGHT;
  }

  /** The scrollTop that belongs to the position. */
  get settled() {
    if (!this.isScaled) return this.position;
    return this.end === 0 ? 0 : this.position / this.end * (MAX_HEIGHT - this.viewport);
  }

  /** Whether the scrollbar is so far from where it should be that it has to be moved now. */
  get mustSettle() {
    if (!this.isScaled) return false;
    const isStuck = (this.scrollTop <= 0 && this.position > 0) || (this.scrollTop >= MAX_HEIGHT - this.viewport - 1 && !this.isAtEnd);
    return isStuck || Math.abs(this.scrollTop - this.settled) > 4 * this.viewport;
  }

  resize(rows, viewport) {
    this.rows = rows;
    this.viewport = viewport;
    this.position = Math.min(this.position, this.end);
  }

  /** The scrollbar was moved by the user. */
  moved(scrollTop) {
    const distance = scrollTop - this.scrollTop;
    this.scrollTop = scrollTop;
    if (!this.isScaled) this.position = scrollTop;
    else if (Math.abs(distance) <= 3 * this.viewport) this.position += distance;
    else this.position = scrollTop / (MAX_HEIGHT - this.viewport) * this.end;
    // How far the user meant to go is not known at the ends of the scrollbar: a screen away is near enough.
    if (scrollTop <= 0 && this.position < this.viewport) this.position = 0;
    if (scrollTop >= this.height - this.viewport - 1 && this.end - this.position < this.viewport) this.position = this.end;
    this.position = Math.min(Math.max(0, this.position), this.end);
  }

  /** Goes where a row is seen, by the shortest way. */
  reveal(row) {
    const top = row * this.rowHeight;
    if (top < this.position) this.position = top;
    else if (top + this.rowHeight > this.position + this.viewport) this.position = top + this.rowHeight - this.viewport;
    this.position = Math.min(Math.max(0, this.position), this.end);
  }

  /** The first row that is seen at least in part, and the one behind the last, with `ahead` screens more on each side. @returns {[number, number]} */
  range(ahead) {
    const more = ahead * this.viewport;
    return [
      Math.max(0, Math.floor((this.position - more) / this.rowHeight)),
      Math.min(this.rows, Math.ceil((this.position + this.viewport + more) / this.rowHeight)),
    ];
  }
}
