// @ts-check
// The rows that the page has, of a list that wscope has. Pure but for the function that fetches.

/** The most rows of one request. */
const MAX_FETCH = 500;

/** The most rows that are kept. */
const MAX_KEPT = 20_000;

/** Rows by their index in the list, fetched when they are wanted. */
export class RowCache {
  /** @param {(from: number, count: number) => Promise<any[]|null>} fetch null: the answer is for another list @param {() => void} onRows called when rows have come */
  constructor(fetch, onRows) {
    this.fetch = fetch;
    this.onRows = onRows;
    /** @type {Map<number, any>} */
    this.rows = new Map();
    /** @type {[number, number]|null} */
    this.wanted = null;
    this.isFetching = false;
    this.generation = 0;
    /** Index behind the last row that has come. */
    this.end = 0;
  }

  /** Forgets all rows: the list is another one. */
  reset() {
    this.rows.clear();
    this.end = 0;
    this.wanted = null;
    this.isFetching = false;
    this.generation += 1;
  }

  get(index) {
    return this.rows.get(index);
  }

  /** Fetches what is missing of these rows. Only the newest call counts. */
  want(from, to) {
    this.wanted = [from, to];
    if (!this.isFetching) this.fetchMissing();
  }

  /** Whether all of these rows have come. */
  hasAll(from, to) {
    return missingRange(this.rows, from, to) === null;
  }

  async fetchMissing() {
    const range = this.wanted && missingRange(this.rows, ...this.wanted);
    if (!range) return;
    const generation = this.generation;
    this.isFetching = true;
    let rows = null;
    try {
      rows = await this.fetch(range[0], range[1] - range[0]);
    } catch {
      // The source is gone. What is missing is wanted again when it is back.
    }
    if (generation !== this.generation) return;
    this.isFetching = false;
    if (!rows || rows.length === 0) return;
    rows.forEach((row, at) => this.keep(range[0] + at, row));
    this.onRows();
    this.fetchMissing();
  }

  keep(index, row) {
    this.rows.delete(index);
    this.rows.set(index, row);
    this.end = Math.max(this.end, index + 1);
    if (this.rows.size > MAX_KEPT) this.rows.delete(this.rows.keys().next().value ?? index);
  }
}

/**
 * The smallest range with all that is missing from `from` to `to`, cut to one request; null if nothing is.
 * @param {{has(index: number): boolean}} rows
 * @param {number} from
 * @param {number} to
 * @returns {[number, number]|null}
 */
export function missingRange(rows, from, to) {
  while (from < to && rows.has(from)) from += 1;
  while (from < to && rows.has(to - 1)) to -= 1;
  return from < to ? [from, Math.min(to, from + MAX_FETCH)] : null;
}
