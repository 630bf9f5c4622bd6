"use strict";
// Check several people at once, each in groups of similar faces. Faces of other people are marked, as a new
// person or as a known person; the same action confirms all others.
import {
  $$,
  answerBar,
  button,
  clock,
  decideAll,
  drawnNow,
  el,
  face,
  get,
  inCastOrder,
  label,
  remember,
  remembered,
  many,
  ownEnter,
  person,
  notify,
  takes,
  thinkAhead,
  untaken,
} from "./core.js";
import { play } from "./film.js";
import { pick } from "./pick.js";
import { describe, picturesOf, track } from "./tracks.js";

const FACES = 3; // in a group
const FULL = 4; // of a single track that represents a person
const MANY = 60; // tracks of a person above which they are not shown separately here
const NEW = -1,
  NO_FACE = -2; // NEW: a new person; NO_FACE: not a face
let people = [],
  asides = [],
  asked = null,
  at = 0,
  confirmed = false,
  loading = false,
  openPerson = () => {};
const root = el("div", { className: "check sheet" });
root.addEventListener("keydown", keys);
export const onOpenPerson = (run) => {
  openPerson = run;
};

// The people to check, drawn once their tracks are known.
export function check(task) {
  // pick: null if not marked, NEW, NO_FACE, or an index into others
  const piece = (tracks, others) => ({ tracks, others: inCastOrder(others, ([id]) => id), pick: null });
  const none = { people: [], asides: [] },
    before = confirmed ? none : asked ? { people, asides } : remembered("check") || none;
  people = task.people
    .filter((p) => person(p.id))
    .map((p) => {
      const pieces = p.pieces.map((tracks, j) => piece(tracks, p.others[j]));
      return (
        before.people.find((earlier) => earlier.id === p.id && holds(earlier.pieces, pieces)) || {
          id: p.id,
          unsure: false,
          pieces,
        }
      );
    });
  asides = task.aside.map((t, j) => {
    const fresh = piece([t], task.homes[j]);
    return before.asides.find((earlier) => holds([earlier], [fresh])) || fresh;
  });
  confirmed = false;
  loading = true;
  asked = task;
  at = 0;
  root.replaceChildren(el("p", { className: "empty loading", role: "status" }, "Loading the faces …"));
  const all = [...people.flatMap((p) => p.pieces), ...asides];
  const shown = all.flatMap((p) => [...p.tracks.slice(0, FACES), ...p.others.map(([, t]) => t)]);
  describe([...new Set(shown)]).then(
    () => {
      if (asked === task) draw();
    },
    (e) => notify(e.message, true),
  );
  return root;
}
// Keep marks that are not confirmed yet if the same tracks are drawn again.
const tracksOf = (pieces) =>
  pieces
    .flatMap((piece) => piece.tracks)
    .sort()
    .join();
const holds = (earlier, pieces) =>
  tracksOf(earlier) === tracksOf(pieces) &&
  earlier.every((piece) => piece.others.every(([id]) => person(id)));
const marked = () =>
  people.some((p) => p.unsure || p.pieces.some((piece) => piece.pick !== null)) ||
  asides.some((piece) => piece.pick !== null);
export const unconfirmed = () => shown() && !confirmed && marked();
const called = (id) => (person(id) ? label(person(id)) : "");
export const shown = () => root.isConnected;

function draw() {
  loading = false;
  drawnNow();
  root.replaceChildren(
    el("h2", {}, heading()),
    guidance(),
    el("ul", { className: "checks" }, ...people.map(row)),
    setAside(),
    foot(),
  );
  mark();
  watch();
  if (root.contains(document.activeElement) || document.activeElement === document.body) to(0);
}
const alone = () => !people.length; // the question is only about set-aside tracks
// no piece can be marked
const whole = () => !asides.length && people.every((p) => p.pieces.length === 1);
function heading() {
  if (alone()) return "Does one of these show a person?";
  if (whole())
    return people.length > 1 ? "Does each row show one person?" : "Do these faces show one person?";
  return people.length > 1 ? "Who does not belong?" : "Does everything belong to this person?";
}
// Words for keyboard users and for touch screens; the style sheet shows one of them.
const byHand = (keys, touch) => [
  el("span", { className: "by-keys" }, keys),
  el("span", { className: "by-touch" }, touch),
];
function guidance() {
  if (alone()) return "";
  if (whole()) {
    return el(
      "p",
      { className: "soft" },
      "The faces of each row look alike. Where they do not show one person, choose “Not sure”: the " +
        "person is not " +
        "confirmed, and you can correct it in the People tab.",
    );
  }
  const keys =
    "Point at such a face and press the number of the right person below; or click it: it becomes a new " +
    "person, and castlist asks " +
    "later who that is. Press f for what is no face; w plays the film there.";
  const touch =
    "Tap such a face, then the right person below. If you choose nobody, it becomes a new person, and " +
    "castlist asks later who " +
    "that is. Tap it again to take that back.";
  return el(
    "p",
    { className: "soft" },
    "Each row is one person; the first group, the largest, stands for the person. Find faces that show " +
      "somebody else. ",
    ...byHand(keys, touch),
    " All other faces are confirmed.",
  );
}
function setAside() {
  if (!asked.aside.length) return "";
  const keys =
    "Click the pictures that do show a person, or point at them and press the number of the person.";
  const words = byHand(keys, "Tap the pictures that do show a person, then the person below.");
  return el(
    "div",
    { className: "aside-too" },
    el("h3", {}, "Set aside: castlist thinks that these are not people"),
    el("p", { className: "soft" }, ...words, " All others stay set aside and are not shown here again."),
    el("div", { className: "pieces" }, ...asides.map(taken)),
  );
}
function foot() {
  const rest = asked.left - people.length,
    more = asked.asides - asides.length;
  const text = alone()
    ? "All others stay set aside"
    : whole() && people.length === 1
      ? "Right"
      : "All others are right";
  const toConfirm =
    rest > 0
      ? `${many(rest, "more person is", "more people are")} not confirmed.`
      : "These are the last people to confirm.";
  const left = [
    alone() ? "" : toConfirm,
    more > 0 ? `Not shown here: ${many(more, "more track", "more tracks")} of what is set aside.` : "",
  ];
  return answerBar(
    el("div", { className: "whom", role: "group", ariaLabel: "Who it is" }),
    button(text, confirm, { key: "Enter", className: "main" }),
    el("span", { className: "soft" }, left.filter(Boolean).join(" ")),
  );
}
// A set-aside track counts as reviewed only after it was visible above the bar at the foot.
let lookedAt = null;
const BAR = 140; // pixels of that bar before it is drawn
function watch() {
  const bar = Math.max(BAR, root.querySelector(".confirm").offsetHeight);
  lookedAt?.disconnect();
  lookedAt = new IntersectionObserver(
    (entries) => {
      for (const e of entries) if (e.isIntersecting) e.target.piece.lookedAt = true;
      thought();
    },
    { rootMargin: `0px 0px -${bar}px 0px`, threshold: 0.5 },
  );
  for (const b of $$("[data-back]", root)) lookedAt.observe(b);
}
function row(p, k) {
  const known = person(p.id),
    head = button("", () => openPerson(p.id), {
      className: "head",
      tabIndex: -1,
      title: "Open " + label(known),
    });
  head.append(el("bdi", {}, label(known)), el("span", { className: "soft" }, many(known.tracks, "track")));
  // in a row with a single group, Tab must reach its buttons, so that keys about a face work there
  const tabIndex = p.pieces.length > 1 ? -1 : 0;
  const pieces = p.pieces.map((piece, j) => (j ? cell(piece) : main(piece, tabIndex)));
  const unsure = button("Not sure", () => leave(p), {
    className: "leave",
    title: "Confirm nothing else about this person for now",
    tabIndex,
  });
  const single = p.pieces.every((piece) => piece.tracks.length === 1);
  const apart = single
    ? ""
    : button("Every track", () => takeApart(k), {
        className: "leave",
        title: "Show each track separately, for groups that mix several people",
        tabIndex,
      });
  const node = el(
    "li",
    { className: "d-row" },
    head,
    el("div", { className: "pieces", role: "group", ariaLabel: label(known) }, ...pieces),
    el("div", { className: "row-acts" }, unsure, apart),
  );
  node.dataset.row = k;
  return node;
}
const pieceFaces = (piece) =>
  el("span", {}, ...piece.tracks.slice(0, FACES).map((t) => face(track(t)?.pictures[0])));
// The faces of a piece: for a single track several of its faces.
const fullFaces = (piece) =>
  piece.tracks.length > 1
    ? pieceFaces(piece)
    : el(
        "span",
        {},
        ...picturesOf(piece.tracks)
          .slice(0, FULL)
          .map((q) => face(q)),
      );
function main(piece, tabIndex) {
  const t = piece.tracks[0],
    b = button("", () => play(t, track(t)?.start || 0), {
      className: "piece most",
      title: "Play. This group stands for the person: mark the other groups that show somebody else",
      tabIndex,
    });
  b.append(fullFaces(piece), el("small", {}, many(piece.tracks.length, "track"), " · the person"));
  return b;
}
// A piece that can be marked: of a person, or a set-aside track.
function cell(piece, aside = false) {
  const start = clock(track(piece.tracks[0])?.start || 0),
    n = piece.tracks.length;
  const b = button(
    "",
    () => {
      here(b);
      choose(piece, piece.pick === null ? NEW : piece.pick);
      pinned = true;
    },
    {
      className: "piece",
      tabIndex: -1,
      ariaLabel: aside
        ? `Set aside at ${start}: this is a person`
        : `${many(n, "track")} at ${start}: somebody else`,
    },
  );
  b.append(pieceFaces(piece), el("small", {}, n > 1 ? many(n, "track") : start));
  b.dataset[aside ? "back" : "piece"] = "";
  b.piece = piece;
  b.addEventListener("pointermove", (e) => {
    // ignore a face that scrolls under the pointer
    if (e.pointerType === "mouse" && (e.movementX || e.movementY)) pointed(b);
  });
  b.addEventListener("pointerleave", () => pointed(null));
  b.addEventListener("focus", () => here(b));
  return b;
}
const taken = (piece) => cell(piece, true);
// Show each track of a person separately, for groups that mix several people.
function takeApart(k) {
  const p = people[k];
  if (!p || !takes()) return;
  if (person(p.id).tracks > MANY) {
    openPerson(p.id);
    return;
  }
  const parts = p.pieces.flatMap((piece) =>
    piece.tracks.map((t) => ({ tracks: [t], others: piece.others, pick: piece.pick })),
  );
  describe(parts.map((piece) => piece.tracks[0])).then(
    () => {
      if (people[k] !== p) return;
      p.pieces = parts;
      root.querySelectorAll("[data-row]")[k].replaceWith(row(p, k));
      mark();
      to(cells().findIndex((b) => b.closest("[data-row]")?.dataset.row === String(k)));
    },
    (e) => notify(e.message, true),
  );
}
// A clicked face stays current while the pointer moves to a person for it.
const REST = 300; // milliseconds over another face until that one is current
let pinned = false,
  over = null,
  resting = 0;
function pointed(b) {
  if (b === over) return;
  over = b;
  clearTimeout(resting);
  const mean = () => {
    pinned = false;
    here(b);
  };
  if (b) pinned ? (resting = setTimeout(mean, REST)) : mean();
}
const cells = () => $$("[data-piece], [data-back]", root);
function here(b) {
  const k = cells().indexOf(b);
  if (k >= 0 && k !== at) {
    at = k;
    mark();
  }
  // move the focus along, so that only one face is framed
  if (document.activeElement !== b && document.activeElement?.matches("[data-piece], [data-back]"))
    b.focus({ preventScroll: true });
}
function mark() {
  $$("[data-row]", root).forEach((node, k) => {
    node.classList.toggle("open-row", people[k].unsure);
    node.querySelector(".leave").ariaPressed = String(people[k].unsure);
  });
  const all = cells();
  at = Math.max(0, Math.min(all.length - 1, at));
  all.forEach((b, i) => {
    const goal = b.piece.pick === null || b.piece.pick < 0 ? null : person(b.piece.others[b.piece.pick][0]);
    b.ariaPressed = String(b.piece.pick !== null);
    b.tabIndex = i === at ? 0 : -1;
    b.classList.toggle("here", i === at);
    b.querySelector(".to")?.remove();
    if (goal) b.append(el("small", { className: "to" }, "→\u00a0", el("bdi", {}, label(goal))));
    b.classList.toggle("goes", Boolean(goal));
    b.classList.toggle("no-face", b.piece.pick === NO_FACE);
  });
  const box = root.querySelector(".whom");
  box?.replaceChildren(...choices(all[at]));
  box?.toggleAttribute("tabindex", false);
  if (box && box.scrollWidth > box.clientWidth) box.tabIndex = 0; // makes scrolling possible by keys
  remember("check", { people: people.map(({ id, unsure, pieces }) => ({ id, unsure, pieces })), asides });
  thought();
}
// The people that a marked piece may show, for the bar at the foot; empty without other people.
function choices(marked) {
  const piece = marked?.piece;
  if (!piece?.others.length) return [];
  const noFace = marked.dataset.back === undefined ? [choiceButton(piece, NO_FACE, "", "not a face")] : [];
  return [
    pieceFaces({ tracks: piece.tracks.slice(0, 1) }),
    el("span", { className: "soft" }, "is"),
    ...piece.others.map(([id, t], j) => choiceButton(piece, j, face(track(t)?.pictures[0]), called(id))),
    choiceButton(piece, NEW, "", "somebody new"),
    ...noFace,
    button("Another person …", () => another(piece), { key: "v", tabIndex: -1 }),
    button("▶", () => playPiece(piece), { key: "w", tabIndex: -1, ariaLabel: "Watch in the film" }),
  ];
}
// Choose another person of the cast for a piece.
function another(piece) {
  const row = people.find((p) => p.pieces.includes(piece)),
    without = [...(row ? [row.id] : []), ...piece.others.map(([id]) => id)];
  pick({
    heading: "Who is this?",
    verb: "Choose",
    without,
    pictures: picturesOf(piece.tracks),
    done: (r) => chosen(piece, r.person),
  });
}
async function chosen(piece, chosenPerson) {
  if (!chosenPerson || !takes()) return;
  if (!cells().some((b) => b.piece === piece)) {
    untaken();
    return;
  }
  try {
    const { tracks } = await get("/api/person/" + chosenPerson.id),
      t = chosenPerson.pictures[0]?.[2] ?? tracks[0];
    await describe([t]);
    piece.others = [...piece.others, [chosenPerson.id, t]];
  } catch (e) {
    notify(e.message, true);
    return;
  }
  choose(piece, piece.others.length - 1);
  to(cells().findIndex((b) => b.piece === piece));
}
function choiceButton(piece, j, picture, text) {
  const b = button("", () => choose(piece, j), { title: text, tabIndex: -1 });
  b.append(
    picture,
    el("bdi", {}, text),
    j < 9 ? el("kbd", {}, { [NEW]: "0", [NO_FACE]: "f" }[j] || String(j + 1)) : "",
  );
  b.ariaPressed = String(piece.pick === j);
  return b;
}
const playPiece = (piece) => play(piece.tracks[0], track(piece.tracks[0])?.start || 0);
function choose(piece, j) {
  if (!takes()) return;
  pinned = false;
  piece.pick = piece.pick === j ? null : j;
  mark();
}
function leave(p) {
  if (!takes()) return;
  p.unsure = !p.unsure;
  mark();
}
function to(k) {
  const all = cells();
  at = Math.max(0, Math.min(all.length - 1, k));
  mark();
  (all[at] || root.querySelector(".confirm .main"))?.focus({ preventScroll: true });
  all[at]?.scrollIntoView({ block: "nearest" });
}
// The piece at the same position in the row above or below.
function next(by) {
  const all = cells(),
    rows = [...new Set(all.map((b) => b.closest(".pieces")))],
    group = all[at]?.closest(".pieces"),
    place = rows.indexOf(group);
  const row = rows[place + by];
  if (!row) return;
  const inside = (box) => all.filter((b) => b.closest(".pieces") === box);
  to(all.indexOf(inside(row)[Math.min(inside(group).indexOf(all[at]), inside(row).length - 1)]));
}
function keys(e) {
  if (e.ctrlKey || e.metaKey || e.altKey || ownEnter(e, "[data-piece], [data-back]")) return;
  const by = { ArrowLeft: -1, ArrowRight: 1 }[e.key],
    row = { ArrowUp: -1, ArrowDown: 1 }[e.key];
  if (by) to(at + by);
  else if (row) next(row);
  else if (e.key === " " || !press(e.key)) return;
  e.preventDefault();
  e.stopPropagation();
}
// Handle a key; returns whether it had an effect.
export function press(key) {
  if (key === "Enter" || key === "y") {
    confirm();
    return true;
  }
  const b = cells()[at],
    place = b?.closest("[data-row]");
  if (key === "x") {
    b?.click();
    return true;
  }
  if (key === "w") {
    if (b) playPiece(b.piece);
    return Boolean(b);
  }
  if (key === "f") {
    if (b?.dataset.piece === "") choose(b.piece, NO_FACE);
    return Boolean(b);
  }
  if (key === "v") {
    if (b?.piece.others.length) another(b.piece);
    return Boolean(b);
  }
  if (/^[0-9]$/.test(key) && b && Number(key) <= b.piece.others.length) {
    choose(b.piece, key === "0" ? NEW : Number(key) - 1);
    return true;
  }
  if (key === "e" && place) {
    takeApart(Number(place.dataset.row));
    return true;
  }
  if (key === "s") {
    if (place) leave(people[Number(place.dataset.row)]);
    return true;
  }
  return false;
}
async function confirm() {
  if (!takes("confirm", !loading)) return;
  const { steps, says } = answer();
  if (!steps.length) {
    notify("There is nothing to confirm: every row is marked “Not sure”.", true);
    return;
  }
  if (await decideAll(steps, says)) confirmed = true;
}
const thought = () => thinkAhead(() => (shown() && !loading && !confirmed ? answer().steps : []));
// The marks as decisions and in words.
const newcomers = (pieces) => pieces.filter((piece) => piece.pick === NEW); // each becomes a new person
// each moves to a known person
const movers = (pieces) => pieces.filter((piece) => piece.pick !== null && piece.pick >= 0);
const trackOfGoal = (piece) => piece.others[piece.pick][1];
function answer() {
  const sure = people.filter((p) => !p.unsure && person(p.id));
  const noFace = people.flatMap((p) =>
    p.pieces.filter((piece) => piece.pick === NO_FACE).flatMap((piece) => piece.tracks),
  );
  const back = [
    ...newcomers(asides).map((piece) => piece.tracks[0]),
    ...movers(asides).map((piece) => ({ track: piece.tracks[0], to: trackOfGoal(piece) })),
  ];
  const stay = asides
    .filter((piece) => piece.pick === null && (piece.lookedAt || !people.length))
    .map((piece) => piece.tracks[0]);
  const apart = people.filter((p) => p.unsure).flatMap((p) => partedFrom(p.pieces));
  const checked = sure.length || back.length || !people.length;
  const steps = [
    ...(noFace.length ? [{ action: "not-a-face", tracks: noFace }] : []),
    ...apart,
    ...(checked ? [{ action: "check", items: sure.map(confirmedItem), back, stay }] : []),
  ];
  const done = people.length
    ? many(sure.length, "person", "people") + " confirmed"
    : `${many(stay.length, "track stays", "tracks stay")} set aside`;
  const says = [
    noFace.length ? `${many(noFace.length, "track")}: not a face` : "",
    apart.length ? `${many(apart.flatMap((s) => s.tracks).length, "track")} moved` : "",
    checked ? done : "",
  ];
  return { steps, says: says.filter(Boolean).join("; ") };
}
// The item for a confirmed person without the marked pieces.
const confirmedItem = (p) => ({
  person: p.id,
  strangers: newcomers(p.pieces).map((piece) => piece.tracks),
  moved: movers(p.pieces).map((piece) => ({ tracks: piece.tracks, to: trackOfGoal(piece) })),
});
// If the rest of a person is not confirmed, only the marked pieces are decided.
const partedFrom = (pieces) => [
  ...newcomers(pieces).map((piece) => ({ action: "split", tracks: piece.tracks })),
  ...movers(pieces).map((piece) => ({
    action: "move",
    tracks: piece.tracks,
    person: piece.others[piece.pick][0],
  })),
];
