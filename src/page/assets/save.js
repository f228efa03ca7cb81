// @ts-check
// Saving: wscope prepares the file, the browser loads it. After the end of wscope, the page saves what it has.

import { attempt, byId, make, notify, on } from "./dom.js";

/** @param {import("./model.js").Model} model */
export function startSaving(model) {
  for (const format of ["har", "ndjson", "wscope"]) on(`save-${format}`, "click", () => save(model, format));
}

async function save(model, format) {
  if (model.status !== "open") return format === "ndjson" ? saveLoaded(model) : notify("wscope has ended: only NDJSON of what is loaded can be saved");
  const filtered = model.isFiltered && byId("save-filtered").checked, answer = await attempt(model.source.request("save", { format, filtered }));
  if (!answer || !/^(\/save\/[0-9a-f]+$|blob:)/.test(answer.path)) return;
  make("a", { href: answer.path, download: answer.name }).click();
  notify(`Saving ${filtered ? "what is listed" : "all messages"} as ${answer.name}`);
}

function saveLoaded(model) {
  const rows = [...model.rows.rows.values()].sort((one, other) => one.row - other.row);
  const href = URL.createObjectURL(new Blob(rows.map((row) => `${JSON.stringify(row)}\n`), { type: "application/x-ndjson" }));
  make("a", { href, download: "wscope-loaded-rows.ndjson" }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
  notify(`Saving the ${rows.length} rows that are loaded, with the starts of their messages`);
}
