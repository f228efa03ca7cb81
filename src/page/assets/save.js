// @ts-check
// Saving: wscope prepares the file, the browser loads it.

import { attempt, byId, make, notify, on } from "./dom.js";
import { countText } from "./format.js";

/** @param {import("./model.js").Model} model */
export function startSaving(model) {
  for (const format of ["har", "ndjson", "wscope"]) on(`save-${format}`, "click", () => save(model, format));
}

async function save(model, format) {
  const filtered = model.isFiltered && byId("save-filtered").checked, answer = await attempt(model.source.request("save", { format, filtered }));
  if (!answer || !/^(\/save\/[0-9a-f]+$|blob:)/.test(answer.path)) return;
  make("a", { href: answer.path, download: answer.name }).click();
  notify(`Saving ${filtered ? "what is listed" : "all messages"} as ${answer.name}${answer.missing ? `, without ${countText(answer.missing)} rows that are not kept` : ""}`);
}
