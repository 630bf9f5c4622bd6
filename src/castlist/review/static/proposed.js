"use strict";
// Proposed names from files of other programs: "Anna? (from markers.otio)", with yes and no.
import { acceptName, button, el, label, person, rejectName, notify } from "./core.js";

export const basis = (q) =>
  `${Math.round(100 * q.agree)} % of ${q.by === "faces" ? "the faces" : "the time"} of that name in ` +
  `${q.from}${q.why ? "; not clear: " + q.why : ""}`;
export const refuse = (q, p) =>
  rejectName(q, `${label(p)} is not ${q.name}; the name is not proposed for this person again`);
// Keys answer for the focused person or the person in the dock; elsewhere (`keys` false) only clicks do.
export function proposed(p, keys = true) {
  const [q, ...more] = p.proposed;
  if (!q) return "";
  const answer = (text, key, says, run) =>
    button(
      text,
      (e) => {
        e.stopPropagation();
        run(q, p);
      },
      { key: keys ? key : "", ariaLabel: says },
    );
  return el(
    "div",
    { className: "proposed", title: basis(q) },
    el(
      "span",
      {},
      el("b", {}, el("bdi", {}, q.name), "?"),
      " ",
      el(
        "span",
        { className: "soft" },
        "(from ",
        el("bdi", {}, q.from),
        more.length ? `, and ${more.length} more` : "",
        ")",
      ),
    ),
    el(
      "span",
      { className: "yes-no" },
      answer("Yes", "y", `Yes, ${label(p)} is ${q.name}`, acceptName),
      answer("No", "w", `No, ${label(p)} is not ${q.name}`, refuse),
    ),
  );
}
function asked(ids, run) {
  const p = ids.map(person).find((candidate) => candidate?.proposed.length);
  p ? run(p.proposed[0], p) : notify("No name is proposed for this person.");
}
export const yes = (ids) => asked(ids, acceptName);
export const no = (ids) => asked(ids, refuse);
