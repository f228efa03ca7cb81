// @ts-check
// Keys. None is taken from a text box, from the browser, or from a control that uses it.

import { byId } from "./dom.js";

/** Elements that have a use for letters or arrows. */
const TYPING = "input, textarea, select, [contenteditable]";

/** Elements that Space and Enter activate. */
const PRESSED = "button, a, summary, label, [role=tab], [role=treeitem], [role=slider], [role=separator]";

/** @param {Record<string, (event: KeyboardEvent) => void>} actions by key @param {() => void} onEscape */
export function startKeys(actions, onEscape) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = /** @type {Element} */ (event.target);
    if (document.querySelector("dialog[open]")) return;
    if (event.key === "Escape") {
      event.preventDefault();
      return onEscape();
    }
    if (target.matches(TYPING) && !target.matches("[type=checkbox]")) return;
    if ((event.key === " " || event.key === "Enter") && target.closest(PRESSED)) return;
    const action = actions[event.key];
    if (!action || (!isListKey(target) && LIST_KEYS.has(event.key))) return;
    event.preventDefault();
    action(event);
  });
}

/** Keys that scroll other elements than the list. */
const LIST_KEYS = new Set(["ArrowDown", "ArrowUp", "PageDown", "PageUp", "Home", "End", "Enter"]);

/** Whether the focus is where these keys are for the list. @param {Element} target */
function isListKey(target) {
  return target === document.body || target === byId("grid");
}
