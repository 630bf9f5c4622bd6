"use strict";
// Who does not belong: several people at once, each in groups of faces that look alike. Strangers are marked,
// all others confirmed by one action.
import { $$, button, clock, decide, el, face, idle, label, many, person, say } from "./core.js";
import { play } from "./film.js";
import { describe, track } from "./tracks.js";

const FACES = 3; // of a group
let people = [], back = new Set(), asked = null, at = 0, openPerson = () => {};
const root = el("div", { className: "check sheet" });
root.addEventListener("keydown", keys);
export const onOpenPerson = (run) => { openPerson = run; };

// The people to be looked through, drawn once their tracks are known.
export function check(task) {
  people = task.people.filter((p) => person(p.id)).map((p) => ({ ...p, strangers: new Set(), unsure: false }));
  back = new Set();
  asked = task;
  at = 0;
  root.replaceChildren(el("p", { className: "empty loading", role: "status" }, "Loading the faces …"));
  root.classList.remove("old");
  const shown = people.flatMap((p) => p.pieces.flatMap((piece) => piece.slice(0, FACES)));
  describe([...new Set([...shown, ...task.aside])]).then(() => { if (asked === task) draw(); }, (e) => say(e.message, true));
  return root;
}
export const shown = () => root.isConnected && !root.classList.contains("old");
export const old = () => root.classList.add("old");
export const focusCheck = () => to(at);

function draw() {
  const rest = asked.left - people.length;
  root.replaceChildren(el("h2", {}, people.length > 1 ? "Who does not belong?" : "Does everything belong to this person?"),
    el("p", { className: "soft" }, "Each row is one person. Click the faces that are somebody else: they become a person of their own, and castlist asks who that is. Everything else is confirmed."),
    el("ul", { className: "checks" }, ...people.map(row)),
    asked.aside.length ? el("div", { className: "aside-too" }, el("h3", {}, "Set aside: not a person, castlist thinks"), el("p", { className: "soft" }, "Click what is a person after all."), el("div", { className: "pieces" }, ...asked.aside.map(taken))) : "",
    el("div", { className: "confirm" }, button("All others are right", confirm, { key: "Enter", className: "main" }),
      el("span", { className: "soft" }, rest > 0 ? `${many(rest, "more person is", "more people are")} not confirmed.` : "Nobody else is left.")));
  mark();
  if (root.contains(document.activeElement) || document.activeElement === document.body) to(0);
}
function row(p, k) {
  const own = person(p.id), head = button("", () => openPerson(p.id), { className: "head", tabIndex: -1, title: "Open " + label(own) });
  head.append(el("bdi", {}, label(own)), el("span", { className: "soft" }, many(own.tracks, "track")));
  const pieces = p.pieces.map((piece, j) => (j ? stranger(p, piece, j) : main(p, piece)));
  const unsure = button("Not sure", () => { p.unsure = !p.unsure; mark(); }, { className: "leave", title: "Leave this person open", tabIndex: -1 });
  const node = el("li", { className: "d-row" }, head, el("div", { className: "pieces", role: "group", ariaLabel: label(own) }, ...pieces), unsure);
  node.dataset.row = k;
  return node;
}
function look(piece) {
  return el("span", {}, ...piece.slice(0, FACES).map((t) => face(track(t)?.pictures[0])));
}
function main(p, piece) {
  const b = button("", () => play(piece[0], track(piece[0])?.start || 0), { className: "piece most", title: "Play", tabIndex: -1 });
  b.append(look(piece), el("small", {}, many(piece.length, "track")));
  return b;
}
function stranger(p, piece, j) {
  const start = clock(track(piece[0])?.start || 0), b = button("", () => { toggle(p.strangers, j); at = cells().indexOf(b); mark(); }, { className: "piece", tabIndex: -1, ariaLabel: `${many(piece.length, "track")} at ${start}: somebody else` });
  b.append(look(piece), el("small", {}, piece.length > 1 ? many(piece.length, "track") : start));
  b.dataset.piece = j;
  return b;
}
function taken(t) {
  const start = clock(track(t)?.start || 0), b = button("", () => { toggle(back, t); at = cells().indexOf(b); mark(); }, { className: "piece", tabIndex: -1, ariaLabel: `Set aside at ${start}: a person after all` });
  b.append(look([t]), el("small", {}, start));
  b.dataset.back = t;
  return b;
}
const toggle = (set, what) => { set.has(what) ? set.delete(what) : set.add(what); };
const cells = () => $$("[data-piece], [data-back]", root);
function mark() {
  $$("[data-row]", root).forEach((node, k) => {
    node.classList.toggle("open-row", people[k].unsure);
    node.querySelector(".leave").ariaPressed = String(people[k].unsure);
    for (const b of $$("[data-piece]", node)) b.ariaPressed = String(people[k].strangers.has(Number(b.dataset.piece)));
  });
  for (const b of $$("[data-back]", root)) b.ariaPressed = String(back.has(Number(b.dataset.back)));
  cells().forEach((b, i) => { b.tabIndex = i === at ? 0 : -1; });
}
function to(k) {
  const all = cells();
  at = Math.max(0, Math.min(all.length - 1, k));
  all.forEach((b, i) => { b.tabIndex = i === at ? 0 : -1; });
  (all[at] || root.querySelector(".main"))?.focus({ preventScroll: true });
  all[at]?.scrollIntoView({ block: "nearest" });
}
// The same place of the row above or below.
function next(by) {
  const all = cells(), rows = [...new Set(all.map((b) => b.closest(".pieces")))], own = all[at]?.closest(".pieces"), place = rows.indexOf(own);
  const there = rows[place + by];
  if (!there) return;
  const inside = (box) => all.filter((b) => b.closest(".pieces") === box);
  to(all.indexOf(inside(there)[Math.min(inside(own).indexOf(all[at]), inside(there).length - 1)]));
}
function keys(e) {
  if (e.ctrlKey || e.metaKey || e.altKey) return;
  const by = { ArrowLeft: -1, ArrowRight: 1 }[e.key], row = { ArrowUp: -1, ArrowDown: 1 }[e.key];
  if (by) to(at + by);
  else if (row) next(row);
  else if (e.key === " " || !press(e.key)) return;
  e.preventDefault();
  e.stopPropagation();
}
// A key on the sheet; whether it meant something.
export function press(key) {
  if (key === "Enter" || key === "y") { confirm(); return true; }
  if (key === "x") { cells()[at]?.click(); return true; }
  if (key === "s") {
    const place = cells()[at]?.closest("[data-row]");
    if (place) { const p = people[Number(place.dataset.row)]; p.unsure = !p.unsure; mark(); }
    return true;
  }
  return false;
}
async function confirm() {
  if (!idle() || !shown()) return;
  const sure = people.filter((p) => !p.unsure && person(p.id));
  if (!sure.length) { say("Nobody is left to be confirmed: every row is “not sure”.", true); return; }
  const items = sure.map((p) => ({ person: p.id, strangers: [...p.strangers].map((j) => p.pieces[j]) }));
  await decide({ action: "check", items, back: [...back] }, many(sure.length, "person", "people") + " confirmed");
}
