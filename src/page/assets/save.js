// @ts-check
// Saving: wscope prepares the file, the browser loads it. After the end of wscope, the page saves what it has.

import { byId, make, notify } from "./dom.js";

/** @param {import("./model.js").Model} model */
export function startSaving(model) {
  for (const format of ["har", "ndjson", "wscope"]) byId(`save-${format}`).addEventListener("click", () => save(model, format));
}

/** @param {import("./model.js").Model} model @param {string} format */
async function save(model, format) {
  if (model.status !== "open") {
    if (format === "ndjson") return saveLoaded(model);
    return notify("wscope has ended: only NDJSON of what is loaded can be saved");
  }
  const filtered = model.isFiltered && byId("save-filtered").checked;
  try {
    const { path, name } = await model.source.request("save", { format, filtered });
    if (/^(\/save\/[0-9a-f]+|blob:.*)$/.test(path)) download(path, name);
    notify(`Saving ${filtered ? "what is listed" : "all messages"} as ${name}`);
  } catch (error) {
    notify(/** @type {Error} */ (error).message);
  }
}

/** @param {import("./model.js").Model} model */
function saveLoaded(model) {
  const rows = [...model.rows.rows.values()].sort((one, other) => one.row - other.row);
  const address = URL.createObjectURL(new Blob(rows.map((row) => `${JSON.stringify(row)}\n`), { type: "application/x-ndjson" }));
  download(address, "wscope-loaded-rows.ndjson");
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
  notify(`Saving the ${rows.length} rows that are loaded, with the starts of their messages`);
}

/** @param {string} address of our own @param {string} name */
function download(address, name) {
  make("a", { href: address, download: name }).click();
}
