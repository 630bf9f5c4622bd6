"use strict";
// Letters typed for a field that did not open, or was closed by Back, are not commands: all are ignored until
// the user pauses typing, or uses another key or the pointer.
import { notify } from "./core.js";

const MOMENT = 2000; // milliseconds: longer than between two letters of a slow typist
let until = 0,
  why = "";

export function noCommands(reason) {
  why = `${reason} What is typed now is not taken as keys.`;
  until = performance.now() + MOMENT;
  notify(why, true);
}
const typed = (e) =>
  (e.key.length === 1 || e.key === "Enter" || e.key === "Backspace") && !e.ctrlKey && !e.metaKey && !e.altKey;
addEventListener(
  "keydown",
  (e) => {
    if (performance.now() >= until) return;
    if (!typed(e) || e.target.closest("input:not(.tick), select, textarea")) {
      if (!["Shift", "AltGraph", "Dead"].includes(e.key)) until = 0;
      return;
    }
    e.preventDefault();
    e.stopImmediatePropagation();
    until = performance.now() + MOMENT;
    notify(why, true);
  },
  { capture: true },
);
addEventListener(
  "pointerdown",
  () => {
    until = 0;
  },
  { capture: true },
);
