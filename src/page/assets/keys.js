// @ts-check
// Keys. None is taken from a text box, from the browser, or from a control that uses it.

import { byId, hasModifier } from "./dom.js";

const TYPING = "input:not([type=checkbox]), textarea, select", PRESSED = "button, [type=checkbox], [role=treeitem], [role=slider], [role=separator]";

/** Keys that scroll other elements than the list. */
const LIST_KEYS = ["ArrowDown", "ArrowUp", "PageDown", "PageUp", "Home", "End", "Enter"];

/** @param {Record<string, () => void>} actions by key */
export function startKeys(actions) {
  document.addEventListener("keydown", (event) => {
    const { key } = event, target = /** @type {Element} */ (event.target);
    if (event.defaultPrevented || hasModifier(event) || document.querySelector("dialog[open]") || !byId("bar").checkVisibility()) return;
    if (key !== "Escape" && target.matches(TYPING)) return;
    if ((key === " " || key === "Enter") && target.closest(PRESSED)) return;
    if (!actions[key] || (LIST_KEYS.includes(key) && target !== document.body && target !== byId("grid"))) return;
    event.preventDefault();
    actions[key]();
  });
}
