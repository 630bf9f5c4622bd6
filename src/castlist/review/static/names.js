"use strict";
// Proposed names from files of other programs, one question after another: "Is this Anna?" (from
// markers.otio).
import { S, acceptName, button, clock, el, face, label, many, takes } from "./core.js";
import { play } from "./film.js";
import { basis, refuse } from "./proposed.js";

const PICTURES = 8;
const later = new Set(); // postponed proposals; asked again after the page is reloaded
const root = el("div", { className: "question names", tabIndex: -1 });
let now = null,
  redraw = () => {};

// The people with a proposed name that is not postponed.
export const open = () => S.people.filter((p) => next(p));
const next = (p) => p.proposed.find((q) => !later.has(q.id));

export function names(again) {
  const [p] = open(),
    q = next(p);
  now = { p, q };
  redraw = again;
  root.replaceChildren(
    el("h2", {}, "Is this ", el("bdi", {}, q.name), "?"),
    el(
      "p",
      { className: "soft" },
      "The name is from ",
      el("bdi", {}, q.from),
      `: ${basis(q)}. Nobody is named before you answer Yes.`,
    ),
    el(
      "div",
      { className: "side" },
      ...p.pictures.slice(0, PICTURES).map((picture) => {
        const b = button("", () => play(picture[2], picture[1]), {
          className: "look",
          ariaLabel: "Play at " + clock(picture[1]),
        });
        b.append(face(picture, `${label(p)} at ${clock(picture[1])}`));
        return b;
      }),
      el(
        "p",
        {},
        el("bdi", {}, label(p)),
        el("span", { className: "soft" }, " · " + many(p.tracks, "track")),
      ),
    ),
    el(
      "div",
      { className: "answers" },
      ...[
        ["Yes", "y"],
        ["No", "n"],
        ["Not sure", "s"],
      ].map(([text, key]) => button(text, () => press(key), { key })),
    ),
  );
  return root;
}
export const shown = () => root.isConnected;
export const focusNames = () => root.focus({ preventScroll: true });
export function press(key) {
  if (!takes(key)) return;
  if (key === "y") acceptName(now.q);
  if (key === "n" || key === "w") refuse(now.q, now.p);
  if (key === "s") {
    later.add(now.q.id);
    redraw();
  }
}
