"use strict";
// Tracks that joined a decided person without a decision of their own: correct, or undone by one click.
import { $, S, button, decide, el, label, many, person } from "./core.js";
import { faces } from "./tracks.js";

const SHOWN = 5; // people shown at once
const FACES = 8;

export function drawJoined() {
  const box = $("#joined"),
    all = S.joined.filter((j) => person(j.person));
  box.hidden = !all.length;
  box.replaceChildren(
    ...all.slice(0, SHOWN).map(row),
    all.length > SHOWN ? el("li", { className: "soft" }, `and ${many(all.length - SHOWN, "other")}`) : "",
  );
}
function row(j) {
  const name = label(person(j.person)),
    counts = `${many(j.tracks.length, "track")}, ${many(j.faces, "face")}`;
  return el(
    "li",
    {},
    faces(j.tracks, FACES),
    el("span", {}, counts + " joined ", el("bdi", {}, name), " without a decision of yours."),
    button("Right", () => decide({ action: "confirm", tracks: j.tracks }, `${counts} of ${name}: confirmed`)),
    button("Wrong", () => decide({ action: "reject", tracks: j.tracks }, `${counts}: not ${name}`)),
  );
}
