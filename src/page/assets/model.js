// @ts-check
// What the page knows: the state that wscope reports, the filter, the pause, and the list that follows from them.
// No elements here.

import { wordsOf } from "./format.js";
import { RowCache } from "./rows.js";

/** What stands in place of a row that is being fetched, and of one that cannot be. */
const LOADING = { type: "", preview: "…" }, NOT_LOADED = { type: "", preview: "not loaded: wscope has ended" };

/** What the list shows: nothing hidden. */
export const NO_FILTER = { text: "", control: true, after: 0, connection: /** @type {number|null} */ (null) };

export class Model {
  /** @param {import("./socket.js").Source} source */
  constructor(source) {
    this.source = source;
    /** @type {any} the answer to `hello` */
    this.hello = null;
    /** @type {any} the last notice */
    this.state = null;
    /** @type {"loading"|"open"|"disconnected"|"forbidden"|"over"} */
    this.status = "loading";
    this.filter = { ...NO_FILTER };
    /** What rows mark. @type {RegExp|null} */
    this.words = null;
    /** @type {{text: string, at: number|null}|null} */
    this.filterError = null;
    /** Of the list that is shown: null is that of all rows. @type {number|null} */
    this.generation = null;
    /** A filter whose first notice has not come. @type {number|null} */
    this.coming = null;
    /** The rows of the run and of the list at the time of the pause. @type {number|null} */
    this.pausedRows = null;
    /** @type {number|null} */
    this.pausedTotal = null;
    this.filterCalls = 0;
    /** Called with whether the rows have other indexes now. */
    this.onChange = (_isNewList = false) => {};
    this.onRows = () => {};
    this.rows = new RowCache((from, count) => this.fetchRows(from, count), () => this.onRows());
  }

  get isFiltered() {
    return this.generation !== null;
  }

  /** Whether this can be done now: `send`, `close`, `hold` or `rules`. @param {string} what */
  can(what) {
    const allowed = this.hello?.can[what];
    return this.status === "open" && this.state?.phase !== "ended" && (Array.isArray(allowed) ? allowed.length > 0 : Boolean(allowed));
  }

  /** Whether wscope has ended: nothing can be asked any more. */
  get isOver() {
    return this.status === "over";
  }

  /** What the list shows at an index. @param {number} index */
  rowAt(index) {
    return this.rows.get(index) ?? (this.isOver ? NOT_LOADED : LOADING);
  }

  get isPaused() {
    return this.pausedRows !== null;
  }

  /** Index of the oldest row that is kept. */
  get first() {
    const list = this.listState();
    return list ? Math.min(list.first, this.total) : 0;
  }

  /** Index behind the last row that is shown. */
  get total() {
    const total = this.available;
    return this.isPaused && this.pausedTotal !== null ? Math.min(total, this.pausedTotal) : total;
  }

  /** Index behind the last row of the list, shown or waiting for the end of the pause. */
  get available() {
    return this.listState()?.total ?? 0;
  }

  /** How many rows wait for the end of the pause. */
  get waiting() {
    return this.available - this.total;
  }

  listState() {
    if (!this.state) return null;
    if (!this.isFiltered) return { first: this.state.first, total: this.state.rows };
    const filter = this.state.filter;
    return filter?.generation === this.generation ? { first: filter.first, total: filter.found } : this.lastList;
  }

  /** A new or renewed connection to wscope: all that was known may be of another time. */
  async greet() {
    this.hello = await this.source.request("hello");
    this.status = "open";
    this.rows.reset();
    this.state = null;
    this.generation = this.coming = null;
    this.receive(this.hello.state);
    this.onChange(true);
    if (!this.hidesNothing()) await this.applyFilter();
  }

  receive(notice) {
    if (notice.notice !== undefined && notice.notice !== "state") return;
    this.state = notice;
    const now = notice.filter;
    let isNewList = false;
    if (this.coming !== null && now && now.generation >= this.coming) {
      this.generation = this.coming;
      this.coming = null;
      isNewList = true;
    }
    if (isNewList) this.rows.reset();
    if (this.isFiltered && now?.generation === this.generation) this.lastList = { first: now.first, total: now.found };
    if (isNewList) this.alignPause();
    this.onChange(isNewList);
  }

  hidesNothing() {
    return Object.entries(NO_FILTER).every(([key, value]) => this.filter[/** @type {keyof typeof NO_FILTER} */ (key)] === value);
  }

  /** @param {Partial<typeof NO_FILTER>} part */
  setFilter(part) {
    Object.assign(this.filter, part);
    return this.applyFilter();
  }

  async applyFilter() {
    const call = ++this.filterCalls;
    let answer;
    try {
      answer = await this.source.request("filter", { ...this.filter });
    } catch (error) {
      if (call !== this.filterCalls) return;
      const { message, at } = /** @type {{message: string, at?: number}} */ (error);
      this.filterError = { text: message, at: at ?? null };
      return this.onChange();
    }
    if (call !== this.filterCalls) return;
    this.filterError = null;
    this.words = wordsOf(this.filter.text);
    this.coming = answer.generation;
    if (answer.generation === null || this.state?.filter?.generation === answer.generation) {
      this.generation = answer.generation;
      this.coming = null;
      this.rows.reset();
      await this.alignPause();
      this.onChange(true);
    } else {
      this.onChange();
    }
  }

  /** Where the pause began, in the numbering of another list. */
  async alignPause() {
    if (this.pausedRows === null) return;
    if (!this.isFiltered) {
      this.pausedTotal = this.pausedRows;
      return;
    }
    this.pausedTotal = null;
    const index = await this.indexOf(this.pausedRows);
    if (this.isPaused) this.pausedTotal = index;
    this.onChange();
  }

  /** The index in the list of a row, or of the next one that is in it; null if there is none. @returns {Promise<number|null>} */
  async indexOf(row) {
    if (!this.isFiltered) return row < this.available ? row : null;
    try {
      return (await this.source.request("find", { row })).index;
    } catch {
      return null;
    }
  }

  pause(isPaused) {
    this.pausedRows = isPaused ? this.state?.rows ?? 0 : null;
    this.pausedTotal = isPaused ? this.available : null;
    this.onChange();
  }

  async fetchRows(from, count) {
    const generation = this.generation;
    const answer = await this.source.request("rows", { from, count, filtered: this.isFiltered });
    const isSame = generation === this.generation && (generation === null || answer.generation === generation);
    return isSame && answer.from === from ? answer.rows : null;
  }
}
