"use strict";
// All people as rows of faces: sorted, filtered, searched, chosen, dragged together.
import {
  $,
  $$,
  S,
  arrange,
  button,
  clock,
  el,
  face,
  get,
  hue,
  label,
  length,
  many,
  person,
  notify,
} from "./core.js";
import { pointing, range } from "./choose.js";
import { chosen, mark, merge, name, onChosen, onLikeness } from "./dock.js";
import { play } from "./film.js";
import { proposed } from "./proposed.js";

const kept = new Map(); // id -> the description shown in a row, and the row
let from = null,
  openPerson = () => {},
  like = null; // { id, place }: position of each person by similarity to one person
export const onOpen = (run) => {
  openPerson = run;
};

function row(p, fresh) {
  const old = kept.get(p.id);
  const why = doubtOf(p);
  if (old && old.p === p && old.why === why) return old.node;
  const tick = el("input", { type: "checkbox", className: "tick", ariaLabel: "Choose " + label(p) });
  tick.addEventListener("click", (e) => {
    if (e.shiftKey && from !== null) range(order(), chosen, from, p.id);
    else tick.checked ? chosen.add(p.id) : chosen.delete(p.id);
    if (!e.shiftKey) from = p.id;
    mark();
  });
  const called = el("bdi", { title: "Click to name" }, label(p));
  const head = el(
    "button",
    { type: "button", className: "open" },
    el("b", {}, called, doubt(p)),
    el("span", {}, `${length(p.seconds)} · ${(100 * p.share).toFixed(0)} % · ${many(p.tracks, "track")}`),
    el("span", {}, `${many(p.appearances, "appearance")}, ${clock(p.first)} – ${clock(p.last)}`),
  );
  head.addEventListener("click", (e) =>
    e.detail && called.contains(e.target) ? name([p.id], { near: called }) : openPerson(p.id),
  );
  const strip = el(
    "div",
    { className: "strip" },
    ...p.pictures.map((q) => {
      const b = el(
        "button",
        { type: "button", tabIndex: -1, ariaLabel: `Play ${label(p)} at ${clock(q[1])}` },
        face(q),
        el("span", { className: "at" }, clock(q[1])),
      );
      b.addEventListener("click", () => play(q[2], q[1]));
      return b;
    }),
  );
  const node = el(
    "li",
    { className: "row d" + hue(p) },
    tick,
    p.proposed.length ? el("div", {}, head, proposed(p)) : head,
    strip,
  );
  node.dataset.id = p.id;
  if ((old && old.p !== p) || fresh) node.classList.add("fresh");
  kept.set(p.id, { p, why, node });
  return node;
}
// The reason why a person may be wrong, from the open questions; "" for none.
let doubts = new Map();
const doubtOf = (p) => doubts.get(p.id) || "";
export const doubtful = (p) => doubts.has(p.id);
export const doubt = (p) =>
  doubtOf(p)
    ? el(
        "span",
        { className: "doubt", title: doubtOf(p) },
        "unsure",
        el("span", { className: "unseen" }, ": " + doubtOf(p)),
      )
    : "";
export function setDoubts(next) {
  const same = next.size === doubts.size && [...next].every(([id, why]) => doubts.get(id) === why);
  doubts = next;
  if (!same) drawPeople();
}

function fill(list, people, message) {
  const active = document.activeElement?.closest("li.row"),
    inside = active && list.contains(active);
  const id = inside && active.dataset.id,
    part = inside && $$("input, button", active).indexOf(document.activeElement);
  const place = inside ? [...list.children].indexOf(active) : 0;
  const begun = kept.size > 0;
  arrange(
    list,
    people.map((p) => row(p, begun && !kept.has(p.id))),
  );
  if (inside && !list.contains(document.activeElement)) {
    const again = kept.get(id)?.node,
      next = again && list.contains(again) ? again : list.children[Math.min(place, list.children.length - 1)];
    if (next) ($$("input, button", next)[part] || $(".open", next)).focus({ preventScroll: next === again });
  }
  const empty = list.parentElement.querySelector(".empty");
  empty.hidden = people.length > 0;
  empty.replaceChildren(...message);
}

const SORT = {
  seconds: (a, b) => b.seconds - a.seconds,
  first: (a, b) => a.first - b.first,
  tracks: (a, b) => b.tracks - a.tracks,
  name: (a, b) =>
    (a.name === "") - (b.name === "") || label(a).localeCompare(label(b), undefined, { numeric: true }),
  doubt: (a, b) => doubtful(b) - doubtful(a) || b.seconds - a.seconds,
  like: (a, b) => like.place(a.id) - like.place(b.id),
};
const SHOW = {
  all: () => true,
  unnamed: (p) => !p.name,
  doubt: doubtful,
  unconfirmed: (p) => !p.confirmed && !p.name,
  proposed: (p) => p.proposed.length > 0,
};
const NOBODY = {
  unnamed: "Everybody has a name.",
  doubt: "Nobody is unsure.",
  unconfirmed: "Everybody is confirmed.",
  proposed: "No name is proposed.",
}; // people who match a filter
export function drawPeople() {
  const find = $("#search").value.trim().toLocaleLowerCase();
  if (like && !person(like.id)) unlike();
  for (const id of [...kept.keys()]) if (!person(id)) kept.delete(id);
  const inCast = S.people.filter((p) => p.fate === 0),
    by = SORT[$("#sort").value],
    some = SHOW[$("#show").value];
  let cast = inCast.filter((p) => some(p) && (!find || label(p).toLocaleLowerCase().includes(find)));
  if (by) cast = cast.slice().sort(by);
  const none = find
    ? ["Nobody has such a name."]
    : inCast.length
      ? [NOBODY[$("#show").value], " ", button("Show everybody", () => showOnly("all"))]
      : [
          S.people.length
            ? "Nobody is in the cast: everybody is in the background."
            : S.aside.length
              ? "Nobody is left: every track was set aside. You can restore tracks in “Set aside”."
              : "No face was found in this film.",
        ];
  fill($("#rows"), cast, none);
  fill(
    $("#brows"),
    S.people.filter((p) => p.fate === 1),
    ["Nobody is in the background."],
  );
  $("#hint").hidden = inCast.length < 2;
  $("#begin").hidden = !inCast.length || Boolean(S.undo); // no decisions yet
  mark();
}
onChosen(() => {
  for (const { node } of kept.values()) {
    const on = chosen.has(node.dataset.id);
    if (node.firstChild.checked !== on) node.firstChild.checked = on;
    node.classList.toggle("on", on);
  }
});

// All people by similarity to one person, who comes first
export async function byLikeness(id) {
  if (!person(id)) {
    notify("Choose a person first.", true);
    return;
  }
  try {
    const found = await get("/api/alike/" + id),
      places = new Map(found.people.map(([other], i) => [other, i]));
    like = { id, place: (other) => (other === id ? -1 : (places.get(other) ?? places.size)) };
  } catch (e) {
    notify(e.message, true);
    return;
  }
  const option = $("#sort [value=like]") || $("#sort").appendChild(el("option", { value: "like" }));
  option.textContent = "by likeness to " + label(person(id));
  $("#sort").value = "like";
  drawPeople();
  scrollTo(0, 0);
}
function unlike() {
  like = null;
  if ($("#sort").value === "like") $("#sort").value = "place";
  $("#sort [value=like]")?.remove();
}
onLikeness(byLikeness);

export function showOnly(which) {
  $("#show").value = which;
  $("#search").value = "";
  drawPeople();
}

const rows = () => $$(`#${S.tab} li.row`);
const order = () => rows().map((r) => r.dataset.id);
export const focused = () => document.activeElement?.closest("li.row")?.dataset.id;
export function chooseAll() {
  for (const id of order()) chosen.add(id);
  mark();
}
export function toggle() {
  const id = focused();
  if (!id) return;
  chosen.has(id) ? chosen.delete(id) : chosen.add(id);
  from = id;
  mark();
}
export function step(by, extend) {
  const all = rows(),
    at = all.findIndex((r) => r.contains(document.activeElement));
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

for (const id of ["people", "background"]) {
  pointing($("#" + id), {
    items: rows,
    id: (r) => r.dataset.id,
    chosen,
    changed: mark,
    handle: ".open, .strip button",
    targets: "li.row",
    caption: (ids) => many(ids.length, "person", "people"),
    drop: (target, ids) => merge([target.dataset.id, ...ids.filter((i) => i !== target.dataset.id)]),
  });
}
for (const id of ["search", "sort", "show"]) $("#" + id).addEventListener("input", drawPeople);
