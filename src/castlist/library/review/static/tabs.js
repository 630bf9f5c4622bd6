"use strict";
// The tabs: the open one, the time when it was opened, and opening another one.
import { onView, viewed } from "./address.js";
import { $, $$, GLANCE } from "./core.js";

export let tab = "questions";
export let shownAt = 0;
let draw = async () => {};
export const onTab = (run) => {
  draw = run;
};
export const begin = (name) => {
  tab = name;
};
export function mark() {
  for (const b of $$("[data-tab]")) {
    const on = b.dataset.tab === tab;
    on ? b.setAttribute("aria-current", "page") : b.removeAttribute("aria-current");
    $("#" + b.dataset.tab).hidden = !on;
  }
}
function view(name) {
  if (!$(`[data-tab="${CSS.escape(name)}"]`)) return;
  tab = name;
  shownAt = performance.now();
  draw();
  scrollTo(0, 0);
}
onView(view, () => tab);
export const shows = (name) => {
  viewed(name);
  view(name);
};
// Ignore the second click of a double click on the control that opened the tab: it would mark a person
for (const id of ["pairs", "links", "recurring"])
  $("#" + id).addEventListener(
    "click",
    (e) => {
      if (e.detail > 1 && performance.now() - shownAt < GLANCE) {
        e.stopPropagation();
        e.preventDefault();
      }
    },
    true,
  );
for (const b of $$("[data-tab]")) b.addEventListener("click", () => shows(b.dataset.tab));
