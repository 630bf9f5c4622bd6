"use strict";
// A person with all tracks: choose some and move them to a person; confirm or reject single faces.
import {
  $,
  S,
  button,
  clock,
  decide,
  el,
  face,
  get,
  hue,
  label,
  length,
  many,
  onNews,
  person,
  notify,
} from "./core.js";
import { named } from "./address.js";
import { pointing } from "./choose.js";
import { about, background, name } from "./dock.js";
import { play } from "./film.js";
import { Grid } from "./grid.js";
import { doubt } from "./people.js";
import { pick } from "./pick.js";
import { proposed } from "./proposed.js";
import { picturesOf, track } from "./tracks.js";
import { noCommands } from "./typing.js";

const TARGETS = 40; // people shown as targets for dragging; all others are found by name
const STAYS = 60; // appearances shown at first
const dialog = $("#person"),
  ticked = new Set();
const opened = named(dialog, "person", ([id]) => showPerson(id));
let open = null,
  confirmed = new Set(); // tracks of the person that a decision confirmed or moved there
const grid = new Grid({
  chosen: ticked,
  changed: picked,
  name: "Tracks",
  verdicts: [
    ["✓", "Right: this person", (t) => confirm([t]), (t) => confirmed.has(t)],
    ["✗", "Wrong: somebody else", (t) => reject([t])],
    ["★", "Picture of this person", (t) => cover([t]), (t) => person(open)?.pictures[0]?.[2] === t],
  ],
});
const head = el("div", { className: "head" }),
  rail = el("div", { className: "rail", role: "group", ariaLabel: "Move the chosen tracks to" }),
  stays = el("details", { className: "stays" });
const find = el("input", {
  type: "search",
  placeholder: "find a person",
  ariaLabel: "Find a person to move tracks to",
  autocomplete: "off",
});
const acts = el("div", { className: "acts picked" });
dialog.append(head, stays, acts, rail, el("h3", { className: "unseen" }, "Tracks"), grid.root);

export async function showPerson(id) {
  const p = person(id);
  if (!p) return;
  const fresh = open !== id;
  open = id;
  if (fresh) {
    ticked.clear();
    find.value = "";
    stays.open = false;
    grid.shown = 120;
    grid.from = grid.at = null;
  }
  let details;
  try {
    details = await get("/api/person/" + id);
  } catch (e) {
    if (person(id)) notify(e.message, true);
    return;
  }
  if (open !== id) return;
  drawHead(p);
  drawStays(details.spans || []);
  drawRail();
  opened([id]);
  confirmed = new Set(details.confirmed);
  await grid.show(details.tracks);
  if (fresh) {
    dialog.scrollTop = 0;
    grid.focus();
  }
}
function drawHead(p) {
  const about1 =
    `${length(p.seconds)} on screen · ${many(p.tracks, "track")} · ` + `${many(p.appearances, "appearance")}`;
  const called = button("", () => name([p.id], { near: called }), {
    className: "rename",
    title: "Click to name",
  });
  called.append(el("bdi", {}, label(p)));
  head.replaceChildren(
    el("form", { method: "dialog" }, el("button", { ariaLabel: "Close" }, "×")),
    el("h2", { id: "person-name", className: "d" + hue(p) }, called, doubt(p)),
    el("p", { className: "soft" }, about1),
    proposed(p, false),
    el(
      "div",
      { className: "acts" },
      button("Name", () => name([p.id]), { key: "n" }),
      button("All are right", () => about("confirm", [p.id])),
      button(p.fate ? "Into the cast" : "To the background", () => background([p.id]), { key: "b" }),
      button("Hide", () => about("hide", [p.id]), { key: "h" }),
      button("Not a face", () => about("not-a-face", [p.id])),
    ),
  );
}
// All appearances; a click plays one to its end
function drawStays(spans) {
  const shown = spans.slice(0, STAYS),
    more = spans.length - shown.length;
  stays.replaceChildren(
    el("summary", {}, many(spans.length, "appearance")),
    el(
      "p",
      {},
      ...shown.map(([a, b]) => button(`▶ ${clock(a)} – ${clock(b)}`, () => play(null, a, b))),
      more > 0
        ? button(`${many(more, "more", "more")}: in the timeline`, () => {
            dialog.close();
            $("[data-tab=timeline]").click();
          })
        : "",
    ),
  );
}
function drawRail() {
  const wanted = find.value.trim().toLocaleLowerCase(),
    others = S.people.filter(
      (q) => q.id !== open && (!wanted || label(q).toLocaleLowerCase().includes(wanted)),
    );
  const at = document.activeElement === find;
  rail.replaceChildren(
    target("A person of their own", null, split),
    ...(S.people.length > 12 ? [find] : []),
    ...others.slice(0, TARGETS).map((q) => target(label(q), q, () => move(q.id))),
    others.length > TARGETS
      ? el("span", { className: "soft" }, `and ${many(others.length - TARGETS, "other")}: type a name`)
      : "",
  );
  if (at) find.focus();
}
find.addEventListener("input", drawRail);
function target(text, q, run) {
  const b = button("", run, {
    className: "target",
    title: ticked.size ? "" : "Choose tracks first, or drag them here",
  });
  b.append(
    q ? face(q.pictures[0]) : el("span", { className: "plus", ariaHidden: "true" }, "+"),
    el("bdi", {}, text),
  );
  b.dataset.to = q ? q.id : "";
  return b;
}
function picked() {
  const tracks = [...ticked],
    n = tracks.length;
  acts.replaceChildren(
    ...(n
      ? [
          el("b", {}, many(n, "track") + " chosen"),
          button("Move to …", moveTo, { key: "v" }),
          button("A person of their own", split, { key: "o" }),
          button("Right", () => confirm(tracks), { key: "y" }),
          button("Wrong", () => reject(tracks), { key: "w" }),
          button("These two are different", () => different(tracks), { key: "d", disabled: n !== 2 }),
          button("Not a face", noFace, { key: "f" }),
          button("Choose none", () => grid.none(), { key: "esc" }),
        ]
      : [
          el(
            "span",
            { className: "soft by-keys" },
            "Choose tracks by a click, by drawing a frame around them, or by Shift and the arrow keys. " +
              "Then drag them onto a person, or click that person.",
          ),
          el(
            "span",
            { className: "soft by-touch" },
            "Tap tracks to choose them. Then tap the person that they show.",
          ),
        ]),
  );
}
// Actions on tracks: the chosen ones, else the one with the focus
const called = () => label(person(open));
const does = (action, tracks, done, more = {}) => grid.after(decide({ action, tracks, ...more }, done));
const some = (least = 1) => {
  const t = grid.meant();
  if (t.length < least) notify(least > 1 ? "Choose two tracks first." : "Choose tracks first.", true);
  return t.length < least ? null : t;
};
const counted = (tracks) => many(tracks.length, "track");
function split() {
  const t = some();
  if (t) does("split", t, `${counted(t)} of ${called()}: a person of their own`);
}
function move(id) {
  const t = some();
  if (t) does("move", t, `${counted(t)} of ${called()}: moved to ${label(person(id))}`, { person: id });
}
function noFace() {
  const t = some();
  if (t) does("not-a-face", t, `${counted(t)} of ${called()}: not a face`);
}
function confirm(t) {
  does("confirm", t, `${counted(t)} of ${called()}: confirmed`);
}
function reject(t) {
  does("reject", t, `${counted(t)} of ${called()}: somebody else`);
}
function cover([id]) {
  const shown = track(id)?.pictures[0]; // the picture of the track on the page
  decide({ action: "key", track: id, ...(shown && { ms: shown[1] }) }, `New picture of ${called()}`);
}
const different = (tracks) =>
  tracks.length === 2
    ? does("different", tracks, "Two tracks: different people")
    : notify("Choose two tracks that show different people.", true);
function moveTo() {
  const t = grid.meant();
  if (!t.length) noCommands("Choose tracks first.");
  else
    pick({
      heading: `Move ${counted(t)} of ${called()} to`,
      free: false,
      without: [open],
      verb: "Move",
      pictures: picturesOf(t),
      done: (r) => does("move", t, `${counted(t)}: moved to ${label(r.person)}`, { person: r.person.id }),
    });
}
const meant = (run) => () => {
  const t = some();
  if (t) run(t);
};
export const personKeys = {
  n: () => name([open]),
  b: () => background([open]),
  h: () => about("hide", [open]),
  v: moveTo,
  o: split,
  d: () => different([...ticked]),
  f: noFace,
  y: meant(confirm),
  w: meant(reject),
  c: meant(cover),
  a: () => grid.all(),
};

pointing(dialog, {
  items: () => [...grid.list.children],
  id: (li) => Number(li.firstChild.dataset.track),
  chosen: ticked,
  changed: () => grid.mark(),
  handle: ".tile",
  targets: "[data-to]",
  caption: (ids) => many(ids.length, "track"),
  drop: (to, ids) => {
    for (const t of ids) ticked.add(t);
    grid.mark();
    to.dataset.to ? move(to.dataset.to) : split();
  },
});
dialog.addEventListener("cancel", (e) => {
  if (ticked.size) {
    e.preventDefault();
    grid.none();
  }
});
dialog.addEventListener("close", () => {
  const id = open;
  open = null;
  $(`#${S.tab} [data-id="${id}"] .open`)?.focus();
});
onNews(() => {
  if (open !== null) person(open) ? showPerson(open) : dialog.close();
});
