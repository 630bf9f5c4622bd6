"use strict";
// One person with all tracks: choose some, then say to whom they belong.
import { $, S, button, decide, el, face, get, hue, label, length, many, onNews, person, say } from "./core.js";
import { pointing } from "./choose.js";
import { Grid } from "./grid.js";
import { about, background, name } from "./people.js";
import { pick } from "./pick.js";

const TARGETS = 40; // people shown to drag onto; anybody is found by name
const dialog = $("#person"), ticked = new Set();
let open = null;
const grid = new Grid({ chosen: ticked, changed: picked, name: "Tracks" });
const head = el("div", { className: "head" }), rail = el("div", { className: "rail", role: "group", ariaLabel: "Move the chosen tracks to" });
const find = el("input", { type: "search", placeholder: "find a person", ariaLabel: "Find a person to move tracks to", autocomplete: "off" });
const acts = el("p", { className: "acts picked" });
dialog.append(head, acts, rail, el("h3", { className: "unseen" }, "Tracks"), grid.root);

export async function showPerson(id) {
  const p = person(id);
  if (!p) return;
  const fresh = open !== id;
  open = id;
  if (fresh) {
    ticked.clear();
    find.value = "";
    grid.shown = 120;
    grid.from = grid.at = null;
  }
  let own;
  try { own = await get("/api/person/" + id); } catch (e) { if (person(id)) say(e.message, true); return; }
  if (open !== id) return;
  drawHead(p);
  drawRail();
  if (!dialog.open) dialog.showModal();
  await grid.show(own.tracks);
  if (fresh) { dialog.scrollTop = 0; grid.focus(); }
}
function drawHead(p) {
  const about1 = `${length(p.seconds)} on screen · ${many(p.tracks, "track")} · ${many(p.appearances, "appearance")}`;
  head.replaceChildren(el("form", { method: "dialog" }, el("button", { ariaLabel: "Close" }, "×")),
    el("h2", { id: "person-name", className: "d" + hue(p) }, el("bdi", {}, label(p))), el("p", { className: "soft" }, about1),
    el("div", { className: "acts" }, button("Name", () => name([p.id]), { key: "n" }), button(p.fate ? "Into the cast" : "To the background", () => background([p.id]), { key: "b" }),
      button("Hide", () => about("hide", [p.id], "Hidden."), { key: "h" }), button("Not a face", () => about("not-a-face", [p.id], "No face."))));
}
function drawRail() {
  const wanted = find.value.trim().toLocaleLowerCase(), others = S.people.filter((q) => q.id !== open && (!wanted || label(q).toLocaleLowerCase().includes(wanted)));
  const at = document.activeElement === find;
  rail.replaceChildren(target("A person of their own", null, split), ...(S.people.length > 12 ? [find] : []), ...others.slice(0, TARGETS).map((q) => target(label(q), q, () => move(q.id))),
    others.length > TARGETS ? el("span", { className: "soft" }, `and ${many(others.length - TARGETS, "other")}: type a name`) : "");
  if (at) find.focus();
}
find.addEventListener("input", drawRail);
function target(text, q, run) {
  const b = button("", run, { className: "target", title: ticked.size ? "" : "Choose tracks first, or drag them here" });
  b.append(q ? face(q.pictures[0]) : el("span", { className: "plus", ariaHidden: "true" }, "+"), el("bdi", {}, text));
  b.dataset.to = q ? q.id : "";
  return b;
}
function picked() {
  const tracks = [...ticked], n = tracks.length;
  acts.replaceChildren(...(n ? [el("b", {}, many(n, "track") + " chosen"), button("Move to …", moveTo, { key: "v" }), button("A person of their own", split, { key: "o" }),
    button("These two are different", () => different(tracks), { key: "d", disabled: n !== 2 }), button("Not a face", () => tell("not-a-face", "No face."), { key: "f" }), button("Choose none", () => grid.none(), { key: "esc" })]
    : [el("span", { className: "soft" }, "Choose tracks: click, draw a frame around them, or Shift and arrows. Then drag them onto somebody.")]));
}
const tell = (action, done, more = {}) => decide({ action, tracks: [...ticked], ...more }, done).then((ok) => { if (ok) grid.none(); });
const some = () => ticked.size > 0 || (say("Choose tracks first.", true), false);
const split = () => some() && tell("split", "A person of their own now.");
const move = (id) => some() && tell("move", "Moved.", { person: id });
const different = (tracks) => (tracks.length === 2 ? tell("different", "Kept apart.") : say("Choose two tracks that are different people.", true));
function moveTo() {
  if (some()) pick({ heading: `Move ${many(ticked.size, "track")} to`, free: false, without: [open], verb: "Move", done: (r) => move(r.person.id) });
}
export const personKeys = {
  n: () => name([open]), b: () => background([open]), h: () => about("hide", [open], "Hidden."), v: moveTo, o: split, d: () => different([...ticked]),
  f: () => some() && tell("not-a-face", "No face."), a: () => grid.all(),
};

pointing(dialog, { items: () => [...grid.list.children], id: (li) => Number(li.firstChild.dataset.track), chosen: ticked, changed: () => grid.mark(), handle: ".tile", targets: "[data-to]",
  caption: (ids) => many(ids.length, "track"), drop: (to, ids) => { for (const t of ids) ticked.add(t); grid.mark(); to.dataset.to ? move(to.dataset.to) : split(); } });
dialog.addEventListener("cancel", (e) => { if (ticked.size) { e.preventDefault(); grid.none(); } });
dialog.addEventListener("close", () => {
  const id = open;
  open = null;
  $(`#${S.tab} [data-id="${id}"] .open`)?.focus();
});
onNews(() => { if (open !== null) person(open) ? showPerson(open) : dialog.close(); });
