"use strict";
// One question after another, the most useful first; asked for after the people are drawn, never stale.
import { $, S, button, clock, decide, el, face, get, idle, label, many, person, say } from "./core.js";
import { play } from "./film.js";
import { setDoubts } from "./people.js";
import { focusSheet, old, press, sheet, shown } from "./sheet.js";

let first = null, asking = false, timer = 0, drawn = -1, single = false;

// Soon after every change; while another view is open, only once things are quiet.
export function askSoon() {
  clearTimeout(timer);
  if (S.tab === "questions") { if (drawn !== S.seen) { first = null; old(); $(".question")?.classList.add("old"); } ask(); } else timer = setTimeout(ask, 1500);
}
async function ask() {
  if (asking) return;
  asking = true;
  try {
    let told;
    do told = await get("/api/questions"); while (told.seen < S.seen);
    if (told.seen === S.seen) { setDoubts(doubts(told)); draw(told); }
  } catch (e) { say(e.message, true); } finally { asking = false; }
}
// Who may be wrong, by what is asked
function doubts(told) {
  const found = new Map(), put = (id, why) => { if (person(id) && !found.has(id)) found.set(id, why); };
  for (const i of told.sheet.items) {
    const alone = i.whole || person(i.of)?.tracks === 1, other = i.guess && i.guess.person !== i.of && person(i.guess.person);
    if (alone) put(i.of, other ? `may be ${label(other)}` : "may be somebody who is here already");
    else if (!i.guess || i.guess.person !== i.of) put(i.of, "some tracks may be somebody else");
  }
  for (const q of told.questions) {
    if (q.kind === "same") { put(q.of[0], `may be ${label(person(q.of[1]))}`); put(q.of[1], `may be ${label(person(q.of[0]))}`); } else put(q.of[0], "some tracks may be somebody else");
  }
  return found;
}
// The sheet, where its clicks are worth more than the best single question, unless one at a time is wanted.
function draw(told) {
  const many1 = told.sheet.items.length, n = Math.max(many1, told.questions.length), both = many1 > 1 && told.questions.length > 0;
  $("[data-tab=questions] .n").textContent = n || "";
  first = null;
  if (S.tab !== "questions") { drawn = -1; return; }
  const way = el("p", { className: "way" }, both ? button(single ? "Many at once" : "One at a time", () => { single = !single; draw(told); }) : "");
  const whole = many1 > 1 && !(both && single);
  if (!whole) first = told.questions[0] || null;
  const inside = $("#questions").contains(document.activeElement) || document.activeElement === document.body;
  drawn = told.seen;
  $("#questions").replaceChildren(way, whole ? sheet(told.sheet) : first ? question(first) : nothing());
  if (whole && inside) focusSheet();
}
// What is left, instead of false comfort
function nothing() {
  const cast = S.people.filter((p) => p.fate === 0), open = cast.filter((p) => !p.confirmed && !p.name);
  if (!S.people.length) return el("p", { className: "empty" }, "No face was found, so there is nothing to ask.");
  if (!open.length) return el("p", { className: "empty" }, "castlist has no more questions, and everybody is confirmed.");
  const box = el("div", { className: "empty" }, el("p", {}, `castlist has no more questions. ${many(open.length, "person is", "people are")} not confirmed:`), el("p", { className: "left" }, ...open.slice(0, 12).map((p) => {
    const b = button("", () => openPerson(p.id), { className: "chip", title: "Open " + label(p) });
    b.append(face(p.pictures[0]), el("bdi", {}, label(p)));
    return b;
  })), button("Show them", () => showLeft(), { className: "main" }));
  return box;
}
let openPerson = () => {}, showLeft = () => {};
export const onLeft = (open, show) => { openPerson = open; showLeft = show; };
function question(q) {
  const [a, b] = q.of.map(person), sure = q.probability > 0.99 ? "over 99" : q.probability < 0.01 ? "under 1" : Math.round(100 * q.probability);
  const others = q.others.map((t, i) => {
    const other = button("", () => reply(String(i + 1)));
    other.append(face(t.pictures[0]), el("bdi", {}, label(person(t.person))), " ", el("kbd", {}, String(i + 1)));
    return other;
  });
  return el("div", { className: "question" },
    el("h2", {}, q.kind === "same" ? "Are these one person?" : "Does the face on the left belong to this person?"),
    el("div", { className: "pair" }, side(q.a, a), side(q.b, b)),
    el("div", { className: "answers" }, ...[["Yes", "y"], ["No", "n"], ["Not sure", "s"], ["Left is no face", "f"]].map(([text, key]) => button(text, () => reply(key), { key }))),
    others.length ? el("div", { className: "others" }, el("p", { className: "soft" }, "No, but this person:"), ...others) : "",
    el("p", { className: "soft why" }, `castlist says ${sure} %. An answer is expected to put ${q.gain < 10 ? q.gain.toFixed(1) : Math.round(q.gain)} faces right.`));
}
function side(t, p) {
  const shots = t.pictures.slice(0, 4).map((q, i) => {
    const b = button("", () => play(t.track, q[1]), { className: "look", tabIndex: i ? -1 : 0, ariaLabel: "Play at " + clock(q[1]) });
    b.append(face(q, i ? "" : "A face at " + clock(t.start)));
    return b;
  });
  return el("div", { className: "side" }, ...(shots.length ? shots : [face(null)]),
    el("p", {}, el("bdi", {}, label(p)), el("span", { className: "soft" }, " · " + many(p.tracks, "track")), " ", button("▶ " + clock(t.start), () => play(t.track, t.start), { ariaLabel: "Play at " + clock(t.start) })));
}
export function reply(key) {
  if (shown()) { press(key); return; }
  if (!first || !idle()) return;
  const q = first, tracks = [q.a.track, q.b.track], same = q.kind === "same";
  if (key === "y") decide({ action: "same", tracks }, "One person");
  if (key === "n" && same) decide({ action: "different", tracks }, "Two people.");
  if (key === "n" && !same) decide({ action: "split", tracks: [q.a.track], against: [q.b.track] }, "A person of their own now.");
  const other = q.others["123".indexOf(key)];
  if ("123".includes(key) && other) decide({ action: "move", tracks: [q.a.track], person: other.person, to: [other.track], against: [q.b.track] }, "Moved.");
  if (key === "s") decide({ action: "unsure", tracks }, "Left open.");
  if (key === "f") decide({ action: "not-a-face", tracks: [q.a.track] }, "No face.");
}
