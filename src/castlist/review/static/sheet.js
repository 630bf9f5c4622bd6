"use strict";
// Many faces at once: each stands with whom castlist takes it for; a click takes it elsewhere, Enter confirms all.
import { $$, button, clock, decide, decideBoth, el, face, get, idle, label, many, person, notify } from "./core.js";
import { play } from "./film.js";
import { pick } from "./pick.js";
import { describe } from "./tracks.js";

let items = [], at = 0;
const NONE = -1; // somebody else than those shown
const root = el("div", { className: "sheet" });
root.addEventListener("keydown", keys);

export function sheet(task) {
  items = task.items.map((i) => ({ ...i, shown: [...(i.guess ? [i.guess] : []), ...i.others], ...unanswered(i) }));
  at = 0;
  const cards = el("div", { className: "cards" }, ...items.map(card)), n = items.length;
  const open = items.filter(unknown).length, all = open === n;
  root.replaceChildren(el("h2", {}, !all ? "Who is who?" : n > 1 ? "Are these somebody you know already?" : "Is this somebody you know already?"),
    el("p", { className: "soft" }, all ? "Choose the person, or “nobody of these”: then it is a different person from all of them. If you choose “Not sure”, nothing changes, and castlist does not compare it with these people again."
      : "castlist has marked the person whom each face most likely shows. If that is wrong, click the right person. Then confirm all. “Not sure” changes nothing, and castlist does not compare that face with these people again."), cards,
    el("div", { className: "confirm" }, button(all ? "Continue" : "All of these are right", confirm, { key: "Enter", className: "main" }), open > 1 ? button("All others: nobody of these", nobodyElse, { key: "n" }) : "", el("span", { className: "soft" }, worth(n, task))));
  root.classList.remove("old");
  mark();
  return root;
}
// How an item stands before anybody answers it: with whom castlist takes it for, or open.
const unanswered = (i) => ({ pick: i.guess ? 0 : NONE, fate: i.guess ? "" : "unsure", answered: false });
// An answer; the same fate chosen again takes it back.
const choose = (i, pick) => Object.assign(i, { pick, fate: "", answered: true });
const decideFate = (i, fate) => Object.assign(i, i.answered && i.fate === fate ? unanswered(i) : { fate, answered: true });
function worth(n, task) {
  const clicks = Math.max(1, Math.round(task.clicks)), right = task.gain * task.clicks;
  return `${many(n, "face")} to look at; about ${many(clicks, "click")} should correct ${right < 10 ? right.toFixed(1) : Math.round(right)} faces.`;
}
// Whom castlist takes for nobody who is shown.
const unknown = (i) => !i.guess && i.shown.length > 0;
// Everybody of those who was not answered yet is somebody new; to be seen, and sent with the rest.
function nobodyElse() {
  for (const i of items) if (unknown(i) && !i.answered) choose(i, NONE);
  mark();
}
export const focusSheet = () => $$(".card", root)[at]?.querySelector("[tabindex='0']")?.focus({ preventScroll: true });
export const shown = () => root.isConnected && !root.classList.contains("old");
export const old = () => root.classList.add("old");

function card(i, k) {
  const known = person(i.of), options = i.shown.map((t, j) => option(k, j, face(t.pictures[0]), label(person(t.person))));
  options.push(option(k, NONE, el("span", { className: "face nobody", ariaHidden: "true" }, "?"), unknown(i) ? "nobody of these" : "somebody else"));
  const title = !i.whole ? `A face of ${label(known)} at ${clock(i.track.start)}` : known.tracks > 1 ? `All of ${label(known)}, ${many(known.tracks, "track")}` : `${label(known)}, seen once`;
  const question = unknown(i) && !items.every(unknown) ? el("p", { className: "known" }, "Is this somebody you know already?") : "";
  const node = el("div", { className: "card", role: "group", ariaLabel: title },
    el("div", { className: "it" }, playButton(i.track, title), button("▶ " + clock(i.track.start), () => play(i.track.track, i.track.start), { className: "play", tabIndex: -1, ariaLabel: "Play at " + clock(i.track.start) })),
    el("div", {}, el("p", { className: "soft whole" }, el("bdi", {}, title)), question, el("div", { className: options.length > 6 ? "options" : "options one-row" }, ...options),
      el("p", { className: "fates" }, ...[["unsure", "Not sure", "s"], ["not-a-face", "Not a face", "f"]].map(([fate, text, key]) => {
        const b = button(text, () => { decideFate(items[k], fate); at = k; mark(); }, { key });
        b.dataset.fate = fate;
        return b;
      }), button("Another person …", () => another(k), { key: "v" }))));
  return node;
}
// Somebody who is there and not shown, chosen from everybody.
function another(k) {
  const i = items[k], without = [i.of, ...i.shown.map((t) => t.person)];
  at = k;
  pick({ heading: "Who is this?", verb: "Choose", without, done: (r) => chosen(i, r.person) });
}
async function chosen(i, chosenPerson) {
  const k = items.indexOf(i);
  if (k < 0 || !chosenPerson) return;
  try {
    const { tracks } = await get("/api/person/" + chosenPerson.id), [t] = await describe([chosenPerson.pictures[0]?.[2] ?? tracks[0]]);
    i.shown.push({ ...t, person: chosenPerson.id });
  } catch (e) { notify(e.message, true); return; }
  choose(i, i.shown.length - 1);
  $$(".card", root)[k]?.replaceWith(card(i, k));
  mark();
  to(k);
}
function playButton(t, title) {
  const b = button("", () => play(t.track, t.start), { className: "look", tabIndex: -1, ariaLabel: "Play: " + title });
  b.append(face(t.pictures[0], title), ...t.pictures.slice(1, 4).map((q) => face(q)));
  return b;
}
function option(k, j, picture, text) {
  const b = el("button", { type: "button", title: j === NONE ? "None of these people" : text }, picture, el("bdi", {}, text), el("kbd", {}, j === NONE ? "0" : String(j + 1)));
  b.dataset.pick = j;
  b.addEventListener("click", () => { choose(items[k], j); at = k; mark(); b.focus(); });
  b.addEventListener("focus", () => { at = k; });
  return b;
}
function mark() {
  $$(".card", root).forEach((node, k) => {
    const i = items[k];
    node.classList.toggle("out", i.fate === "not-a-face");
    for (const b of $$("[data-pick]", node)) {
      const on = !i.fate && Number(b.dataset.pick) === i.pick;
      b.ariaPressed = String(on);
      b.tabIndex = Number(b.dataset.pick) === i.pick ? 0 : -1;
    }
    for (const b of $$("[data-fate]", node)) { b.ariaPressed = String(b.dataset.fate === i.fate); b.tabIndex = -1; }
  });
}
function to(k) {
  at = Math.max(0, Math.min(items.length - 1, k));
  const node = $$(".card", root)[at];
  node?.querySelector('[tabindex="0"]')?.focus({ preventScroll: true });
  node?.scrollIntoView({ block: "nearest" });
}
function columns() {
  const all = $$(".card", root);
  return Math.max(1, all.filter((n) => n.offsetTop === all[0].offsetTop).length);
}
function keys(e) {
  if (e.ctrlKey || e.metaKey || e.altKey || !items.length) return;
  const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns(), ArrowDown: columns() }[e.key];
  if (by) to(at + by);
  else if (!press(e.key)) return;
  e.preventDefault();
  e.stopPropagation();
}
// A key on the sheet; whether it meant something.
export function press(key) {
  if (key === "Enter" || key === "y") { confirm(); return true; }
  const i = items[at];
  if (!i) return false;
  if (key === "n") { nobodyElse(); return true; }
  if (key === "v") { another(at); return true; }
  if (key === "s" || key === "f") decideFate(i, key === "s" ? "unsure" : "not-a-face");
  else if (/^[0-9]$/.test(key) && Number(key) <= i.shown.length) choose(i, Number(key) - 1);
  else return false;
  mark();
  to(at);
  return true;
}
async function confirm() {
  if (!idle() || !shown()) return;
  const sorted = items.filter((i) => !i.fate), no = items.filter((i) => i.fate === "not-a-face"), open = items.filter((i) => i.fate === "unsure" && i.shown.length);
  const lines = sorted.map((i) => ({ track: i.track.track, whole: i.whole, to: i.pick === NONE ? null : i.shown[i.pick].track, not: i.pick === NONE ? i.shown.map((t) => t.track) : [] }));
  const left = open.map((i) => ({ track: i.track.track, open: i.shown.map((t) => t.track) })), all = [...lines, ...left];
  const sort = all.length && { action: "sort", items: all }, none = no.length && { action: "not-a-face", tracks: no.map((i) => i.track.track) };
  const sortedText = many(lines.length, "face") + " sorted", noneText = many(no.length, "track") + ": not a face";
  if (sort && none) await decideBoth(sort, none, [...(lines.length ? [sortedText] : []), noneText].join("; "));
  else await decide(sort || none, sort ? sortedText : noneText);
}
