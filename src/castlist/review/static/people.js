"use strict";
// Everybody as rows of faces: sorted, searched, chosen, dragged together.
import { $, $$, S, arrange, button, clock, decide, el, face, hue, label, length, many, person, say } from "./core.js";
import { pointing, range } from "./choose.js";
import { play } from "./film.js";
import { pick } from "./pick.js";

export const chosen = new Set();
const kept = new Map(); // id -> the description that a row shows, and the row
let from = null, openPerson = () => {};
export const onOpen = (run) => { openPerson = run; };

function row(p, fresh) {
  const old = kept.get(p.id);
  if (old && old.p === p) return old.node;
  const tick = el("input", { type: "checkbox", className: "tick", ariaLabel: "Choose " + label(p) });
  tick.addEventListener("click", (e) => {
    if (e.shiftKey && from !== null) range(order(), chosen, from, p.id); else choose(p.id, tick.checked);
    if (!e.shiftKey) from = p.id;
    mark();
  });
  const head = el("button", { type: "button", className: "open" },
    el("b", {}, el("bdi", {}, label(p))),
    el("span", {}, `${length(p.seconds)} · ${(100 * p.share).toFixed(0)} % · ${many(p.tracks, "track")}`),
    el("span", {}, `${many(p.appearances, "appearance")}, ${clock(p.first)} – ${clock(p.last)}`));
  head.addEventListener("click", () => openPerson(p.id));
  const strip = el("div", { className: "strip" }, ...p.pictures.map((q) => {
    const b = el("button", { type: "button", tabIndex: -1, ariaLabel: `Play ${label(p)} at ${clock(q[1])}` }, face(q), el("span", { className: "at" }, clock(q[1])));
    b.addEventListener("click", () => play(q[2], q[1]));
    return b;
  }));
  const node = el("li", { className: "row d" + hue(p) }, tick, head, strip);
  node.dataset.id = p.id;
  if (old || fresh) node.classList.add("fresh");
  kept.set(p.id, { p, node });
  return node;
}

function fill(list, people, message) {
  const active = document.activeElement?.closest("li.row"), inside = active && list.contains(active);
  const id = inside && active.dataset.id, part = inside && $$("input, button", active).indexOf(document.activeElement);
  const place = inside ? [...list.children].indexOf(active) : 0;
  const begun = kept.size > 0;
  arrange(list, people.map((p) => row(p, begun && !kept.has(p.id))));
  if (inside && !list.contains(document.activeElement)) {
    const again = kept.get(id)?.node, next = again && list.contains(again) ? again : list.children[Math.min(place, list.children.length - 1)];
    if (next) ($$("input, button", next)[part] || $(".open", next)).focus({ preventScroll: next === again });
  }
  const empty = list.parentElement.querySelector(".empty");
  empty.hidden = people.length > 0;
  empty.textContent = message;
}

const SORT = { seconds: (a, b) => b.seconds - a.seconds, first: (a, b) => a.first - b.first, tracks: (a, b) => b.tracks - a.tracks,
  name: (a, b) => (a.name === "") - (b.name === "") || label(a).localeCompare(label(b), undefined, { numeric: true }) };
export function drawPeople() {
  const find = $("#search").value.trim().toLocaleLowerCase(), by = SORT[$("#sort").value];
  for (const id of [...kept.keys()]) if (!person(id)) { kept.delete(id); chosen.delete(id); }
  const everybody = S.people.filter((p) => p.fate === 0);
  let cast = everybody.filter((p) => !find || label(p).toLocaleLowerCase().includes(find));
  if (by) cast = cast.slice().sort(by);
  fill($("#rows"), cast, find ? "Nobody has such a name." : S.people.length ? "Nobody is in the cast; the background has everybody."
    : S.aside.length ? "Nobody is left: every face was set aside. What was set aside can be taken back." : "No face was found in this film.");
  fill($("#brows"), S.people.filter((p) => p.fate === 1), "Nobody is in the background.");
  $("#hint").hidden = everybody.length < 2;
  mark();
}
export function mark() {
  for (const { node } of kept.values()) {
    const on = chosen.has(node.dataset.id);
    if (node.firstChild.checked !== on) node.firstChild.checked = on;
    node.classList.toggle("on", on);
  }
  dock();
}
export function choose(id, on) { on ? chosen.add(id) : chosen.delete(id); }
const rows = () => $$(`#${S.tab} li.row`);
const order = () => rows().map((r) => r.dataset.id);
export const focused = () => document.activeElement?.closest("li.row")?.dataset.id;
export function chooseAll() { for (const id of order()) chosen.add(id); mark(); }
export function chooseNone() { chosen.clear(); mark(); }
export function toggle() {
  const id = focused();
  if (!id) return;
  choose(id, !chosen.has(id));
  from = id;
  mark();
}
export function step(by, extend) {
  const all = rows(), at = all.findIndex((r) => r.contains(document.activeElement));
  const next = all[Math.max(0, Math.min(all.length - 1, at + by))];
  if (!next) return;
  if (extend && at >= 0) {
    if (from === null || !chosen.has(from)) from = all[at].dataset.id;
    range(order(), chosen, from, next.dataset.id);
    mark();
  } else from = next.dataset.id;
  $(".open", next).focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

// What is done with people
export function merge(ids) {
  if (ids.length < 2) { say("Choose two people or more.", true); return false; }
  return decide({ action: "merge", people: ids }, many(ids.length, "person", "people") + " merged.").then((ok) => { if (ok) chooseNone(); return ok; });
}
export function name(ids) {
  const p = person(ids[0]);
  if (!p) { say("Choose a person first.", true); return; }
  const value = ids.map((id) => person(id).name).find(Boolean) || "", several = ids.length > 1;
  pick({ heading: several ? `Merge ${ids.length} people and name them` : "Name", value: several ? "" : value, free: true, without: ids, verb: several ? "Merge and save" : "Save",
    done: async (r) => {
      if (several && !(await merge(ids))) return;
      const left = ids.find((id) => person(id));
      if (left && (r.name || value)) await decide({ action: "name", person: left, name: r.name }, r.name ? "Named." : "The name is taken away.");
    } });
}
export function background(ids) {
  const p = person(ids[0]);
  if (!p) { say("Choose a person first.", true); return; }
  decide({ action: p.fate ? "foreground" : "background", people: ids }, p.fate ? "In the cast now." : "In the background now.");
}
export function about(action, ids, done) {
  if (!ids.length) { say("Choose a person first.", true); return; }
  decide({ action, people: ids }, done);
}
export function different(ids) {
  const tracks = ids.map((id) => person(id)?.pictures[0]?.[2]).filter((t) => t !== undefined);
  if (ids.length < 2 || tracks.length !== ids.length) { say("Choose two people or more who have pictures.", true); return; }
  decide({ action: "different", tracks }, "Kept apart: castlist will not ask about them again.").then((ok) => ok && chooseNone());
}

function dock() {
  const box = $("#dock"), ids = [...chosen], several = ids.length > 1;
  box.hidden = !ids.length || (S.tab !== "people" && S.tab !== "background");
  document.body.classList.toggle("docked", !box.hidden);
  if (box.hidden) return;
  const away = S.tab === "background";
  box.replaceChildren(el("span", {}, many(ids.length, "person", "people") + " chosen"), ...[
    several && button("Merge", () => merge(ids), { key: "m", className: "main" }),
    several && button("Never one person", () => different(ids), { key: "d" }),
    button(several ? "Merge and name" : "Name", () => name(ids), { key: "n", className: several ? "" : "main" }),
    button(away ? "Into the cast" : "Background", () => background(ids), { key: "b" }), button("Hide", () => about("hide", ids, "Hidden."), { key: "h" }),
    button("Not a face", () => about("not-a-face", ids, "No face."), { key: "f" }), button("Choose nobody", chooseNone, { key: "esc" })].filter(Boolean));
}

for (const id of ["people", "background"]) {
  pointing($("#" + id), { items: rows, id: (r) => r.dataset.id, chosen, changed: mark, handle: ".open, .strip button", targets: "li.row",
    caption: (ids) => many(ids.length, "person", "people"), drop: (target, ids) => merge([target.dataset.id, ...ids.filter((i) => i !== target.dataset.id)]) });
}
for (const id of ["search", "sort"]) $("#" + id).addEventListener("input", drawPeople);
