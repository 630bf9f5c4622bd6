"use strict";
// The chosen people, always visible, and actions on them; after an action they are no longer chosen.
import {
  $,
  S,
  button,
  decide,
  decideAll,
  el,
  face,
  get,
  label,
  many,
  person,
  notify,
  released,
  saved,
  short,
  topmost,
} from "./core.js";
import { clicked, redraw } from "./film.js";
import { pick } from "./pick.js";
import { picturesOf } from "./tracks.js";
import { noCommands } from "./typing.js";

const SHOWN = 12; // faces shown in the dock
const ALSO = 5; // people offered after a person was named
export const chosen = new Set();
const changed = [];
export const onChosen = (run) => changed.push(run);
const box = $("#dock"),
  player = $("#player");
let also = null; // { id, people }: people who may be the same as the person just named
let asked = 0; // number of the latest request; responses to earlier ones are ignored

export function mark() {
  for (const id of [...chosen]) if (!person(id)) chosen.delete(id);
  if (also) also = chosen.size ? null : offers(also.id, also.people);
  for (const run of changed) run();
  draw();
  redraw();
}
export function choose(id, on) {
  on ? chosen.add(id) : chosen.delete(id);
  mark();
}
export function only(id) {
  chosen.clear();
  chosen.add(id);
  mark();
}
export function chooseNone() {
  chosen.clear();
  offerNone();
  mark();
}

// Actions
const tracksOf = (ids) => ids.reduce((n, id) => n + (person(id)?.tracks || 0), 0);
const names = (ids) =>
  ids.length > 3
    ? ids.slice(0, 2).map(called).join(", ") + ` and ${ids.length - 2} more`
    : ids.map(called).join(" and ");
const called = (id) => label(person(id));
const describePeople = (ids) => `${names(ids)}, ${many(tracksOf(ids), "track")}`;
const tooFew = (ids, least = 1) =>
  ids.length < least &&
  (notify(least > 1 ? "Choose two or more people." : "Choose a person first.", true), true);
// After an action its people are no longer chosen; people chosen during saving stay chosen.
function done(before = [...chosen]) {
  return (made) => {
    if (made) {
      for (const id of before) chosen.delete(id);
      offerNone();
      mark();
    }
    return made;
  };
}

export async function merge(ids) {
  if (tooFew(ids, 2)) return false;
  return decide({ action: "merge", people: ids }, `${describePeople(ids)}: one person`).then(done());
}
export function background(ids) {
  if (tooFew(ids)) return;
  const back = person(ids[0])?.fate;
  decide(
    { action: back ? "foreground" : "background", people: ids },
    `${describePeople(ids)}: ${back ? "in the cast" : "in the background"}`,
  ).then(done());
}
export function about(action, ids) {
  if (tooFew(ids)) return;
  decide(
    { action, people: ids },
    `${describePeople(ids)}: ${{ hide: "hidden", "not-a-face": "not a face", confirm: "confirmed" }[action]}`,
  ).then(done());
}
export function different(ids) {
  const tracks = ids.map((id) => person(id)?.pictures[0]?.[2]).filter((t) => t !== undefined);
  if (ids.length < 2 || tracks.length !== ids.length) {
    notify("Choose two or more people who have pictures.", true);
    return;
  }
  decide({ action: "different", tracks }, `${names(ids)}: never one person`).then(done());
}
export function name(ids, { near = null } = {}) {
  if (!ids.length) {
    chooseToName();
    return;
  }
  const value = ids.map((id) => person(id).name).find(Boolean) || "";
  ask(ids, value, { near, done: (r) => give(ids, r, value) });
}
function ask(ids, value, more) {
  const several = ids.length > 1,
    pictures = several ? ids.map((id) => person(id).pictures[0]) : person(ids[0]).pictures;
  return pick({
    heading: several ? `Merge ${names(ids)} and name them` : "Name " + called(ids[0]),
    value: several ? "" : value,
    free: true,
    without: ids,
    pictures,
    verb: several ? "Merge and save" : "Save",
    ...more,
  });
}
// A field with a name that was not saved: Enter sends this name again, or another one in its place; to close
// the field is to give the name up. It closes when the name is saved.
function kept(ids, r, value) {
  let shut = null,
    held = null,
    dropped = false;
  const drop = () => {
    dropped = true;
    shut = null;
    held?.drop();
  };
  const field = () => {
    if (shut || dropped || topmost()?.id === "ask" || !ids.every((id) => person(id))) return;
    shut = ask(ids, value, {
      typed: r.name,
      left: drop,
      done: (other) => {
        shut = null;
        if (held && other.name === r.name) {
          held.again();
          return;
        }
        drop();
        give(ids, other, value);
      },
    });
  };
  return {
    waits: (given) => {
      held = given;
      field();
    },
    answered: (made) => {
      held = null;
      made ? shut?.() : field();
    },
  };
}
// Without a chosen person: choose one in a field, which also takes the letters typed meanwhile.
function chooseToName() {
  if (!S.people.length) {
    noCommands("There is nobody to name.");
    return;
  }
  pick({
    heading: "Which person do you want to name?",
    free: false,
    verb: "Name this person",
    done: (r) => name([r.person.id]),
  });
}
async function give(ids, r, value) {
  const finish = done();
  await saved();
  if (!ids.every((id) => person(id))) {
    notify(
      "Not named: another decision changed these people meanwhile. Check the page, then name them again.",
      true,
    );
    return;
  }
  const named = (r.name || value) && (ids.length > 1 || person(ids[0]).name !== r.name),
    steps = [
      ...(ids.length > 1 ? [{ action: "merge", people: ids }] : []),
      ...(named ? [{ action: "name", person: ids[0], name: r.name }] : []),
    ];
  if (!steps.length) {
    finish(true); // the person has this name by now
    return;
  }
  const says = [
      ids.length > 1 ? `${describePeople(ids)}: one person` : "",
      named ? (r.name ? `Named ${short(r.name)}` : "The name was removed") : "",
    ],
    { waits, answered } = kept(ids, r, value),
    made = await decideAll(steps, says.filter(Boolean).join("; "), waits);
  answered(made);
  if (!finish(made) || !named) return;
  const left = ids.find((id) => person(id)),
    id = left || S.people.find((p) => p.name === r.name)?.id;
  if (r.name && id) offer(id);
}
// Move only the face clicked in the film, not all tracks of its person.
export function moveFace() {
  const f = clicked();
  if (!f) {
    noCommands("Click a face in the film first.");
    return;
  }
  pick({
    heading: "Who is this face?",
    free: false,
    without: [f.person],
    verb: "Move",
    pictures: picturesOf([f.track]),
    done: (r) =>
      decide(
        { action: "move", tracks: [f.track], person: r.person.id },
        `1 track moved to ${label(r.person)}`,
      ).then(done()),
  });
}

// People who may be the same as the person just named, likeliest first
async function offer(id) {
  const request = ++asked,
    found = await get("/api/alike/" + id).catch(() => null);
  await released();
  if (request !== asked) return;
  const fits = found?.revision === S.revision && !chosen.size && person(id);
  offered(
    id,
    fits
      ? found.people.filter(([other, , possible]) => possible && !person(other)?.name).map(([other]) => other)
      : [],
  );
}
function offered(id, others) {
  also = offers(id, others);
  draw();
}
function offers(id, others) {
  const people = others.filter((other) => other !== id && person(other)).slice(0, ALSO);
  return person(id) && people.length ? { id, people } : null;
}
export const offering = () => also !== null && S.tab === "people";
export async function take(number) {
  const other = also?.people[number - 1];
  if (!other) return;
  const { id, people } = also,
    request = ++asked;
  if (
    !(await decide(
      { action: "merge", people: [id, other] },
      `${called(other)}, ${many(person(other).tracks, "track")}: joined ${called(id)}`,
    )) ||
    request !== asked
  )
    return;
  const left = person(id) ? id : other;
  offered(left, people); // shown until the response arrives
  offer(left);
}
export function offerNone() {
  asked++;
  also = null;
  draw();
}

function draw() {
  const home = player.open ? player : document.body;
  if (box.parentElement !== home) home.append(box);
  box.hidden = !chosen.size && !(also && S.tab === "people");
  document.body.classList.toggle("docked", !box.hidden);
  box.setAttribute("aria-label", chosen.size ? "Chosen people" : "Also this person?");
  if (!box.hidden) box.replaceChildren(...(chosen.size ? ofChosen([...chosen]) : ofAlso()));
}
for (const e of ["close", "toggle"]) player.addEventListener(e, draw);
new ResizeObserver(([entry]) => {
  // messages are above the dock, at any height of it
  $("#message").style.setProperty(
    "--dock",
    box.parentElement === player || !entry.contentRect.height
      ? "3.5rem"
      : entry.borderBoxSize[0].blockSize + "px",
  );
}).observe(box);
function ofChosen(ids) {
  const several = ids.length > 1,
    away = ids.every((id) => person(id).fate),
    clickedFace = clicked();
  return [
    el(
      "div",
      { className: "who-chosen" },
      ...ids.slice(0, SHOWN).map(chip),
      ids.length > SHOWN ? el("span", { className: "soft" }, `and ${many(ids.length - SHOWN, "other")}`) : "",
      el(
        "span",
        { className: "soft" },
        `${several ? many(ids.length, "person", "people") + ", " : ""}${many(tracksOf(ids), "track")}`,
      ),
    ),
    ...[
      several && button("Merge", () => merge(ids), { key: "m", className: "main" }),
      several && button("Never one person", () => different(ids), { key: "d" }),
      button(several ? "Merge and name" : "Name", () => name(ids), {
        key: "n",
        className: several ? "" : "main",
      }),
      clickedFace && button("Only this face …", moveFace, { key: "v" }),
      !several &&
        S.tab === "people" &&
        !player.open &&
        button("Sort by likeness", () => likeness(ids[0]), { key: "s" }),
      button(away ? "Into the cast" : "Background", () => background(ids), { key: "b" }),
      button("Hide", () => about("hide", ids), { key: "h" }),
      button("Not a face", () => about("not-a-face", ids), { key: "f" }),
      button("Choose nobody", chooseNone, { key: "esc" }),
    ].filter(Boolean),
  ];
}
function chip(id) {
  const p = person(id),
    b = button("", () => choose(id, false), {
      className: "chip",
      title: "Do not choose " + label(p),
      ariaLabel: "Do not choose " + label(p),
    });
  b.append(face(p.pictures[0]), el("bdi", {}, label(p)), el("span", { ariaHidden: "true" }, "×"));
  return b;
}
function ofAlso() {
  const { id, people } = also;
  return [
    el("b", {}, "Also ", el("bdi", {}, called(id)), "?"),
    el(
      "div",
      { className: "offers" },
      ...people.map((other, i) => {
        const b = button("", () => take(i + 1), {
          className: "offer",
          title: `${called(other)}, ${many(person(other).tracks, "track")}: joins ${called(id)}`,
        });
        b.append(
          ...person(other)
            .pictures.slice(0, 2)
            .map((q) => face(q)),
          el("bdi", {}, called(other)),
          " ",
          el("kbd", {}, String(i + 1)),
        );
        return b;
      }),
    ),
    button("Nobody", offerNone, { key: "esc" }),
  ];
}

let likeness = () => {};
export const onLikeness = (run) => {
  likeness = run;
};
