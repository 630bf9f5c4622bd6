"use strict";
// The page as a whole: its views, its keys, and when what is drawn again.
import { $, $$, S, button, decide, el, get, many, onNews, poll, redo, say, take, topmost, undo } from "./core.js";
import { pointing } from "./choose.js";
import { onOpen as fromFilm } from "./film.js";
import { Grid } from "./grid.js";
import * as people from "./people.js";
import { personKeys, showPerson } from "./person.js";
import { askSoon, reply } from "./questions.js";
import { drawTimeline, onOpen as fromTimeline, timelineKeys } from "./timeline.js";

people.onOpen(showPerson);
fromFilm(showPerson);
fromTimeline(showPerson);

// Set aside
const reasons = new Map(); // why -> Grid
function reason(why) {
  const grid = new Grid({ chosen: new Set(), changed: asideDock, name: why });
  pointing(grid.root, { items: () => [...grid.list.children], id: (li) => Number(li.firstChild.dataset.track), chosen: grid.chosen, changed: () => grid.mark(), handle: ".nothing", targets: ".nothing" });
  return grid;
}
async function drawAside() {
  const seen = S.seen;
  let groups;
  try { groups = await get("/api/aside"); } catch (e) { say(e.message, true); return; }
  if (seen !== S.seen) return;
  for (const why of [...reasons.keys()]) if (!groups.some((g) => g.reason === why)) reasons.delete(why);
  const parts = [];
  for (const g of groups) {
    if (!reasons.has(g.reason)) reasons.set(g.reason, reason(g.reason));
    const grid = reasons.get(g.reason);
    parts.push(el("div", { className: "reason" }, el("h2", {}, g.reason[0].toUpperCase() + g.reason.slice(1), el("span", { className: "soft" }, " · " + many(g.tracks.length, "track"))), grid.root));
    await grid.show(g.tracks);
  }
  $("#aside-list").replaceChildren(...parts);
  $("#aside .empty").hidden = groups.length > 0;
  asideDock();
}
const away = () => [...reasons.values()].flatMap((g) => [...g.chosen]);
const asideNone = () => { for (const g of reasons.values()) g.none(); };
function takeBack() {
  const tracks = away();
  if (tracks.length) decide({ action: "restore", tracks }, many(tracks.length, "track") + " taken back.").then((ok) => ok && asideNone());
  else say("Choose tracks first.", true);
}
function asideDock() {
  const box = $("#aside-dock"), n = away().length;
  box.hidden = !n;
  box.replaceChildren(el("span", {}, many(n, "track") + " chosen"), button("Take back", takeBack, { key: "t", className: "main" }), button("Choose none", asideNone, { key: "esc" }));
}

// History
async function drawHistory() {
  let rows;
  try { rows = await get("/api/history"); } catch (e) { say(e.message, true); return; }
  const warn = [...S.conflicts, ...(S.missing ? [many(S.missing, "decision is", "decisions are") + " about faces that are not found in this film now."] : [])];
  $("#history-list").replaceChildren(...warn.map((w) => el("p", { className: "warn" }, "⚠ " + w)), rows.length ? el("ol", { className: "log" }, ...rows.map((d) => el("li", {},
    el("span", { className: d.undone ? "gone" : "" }, el("span", { className: "soft" }, d.id + ". "), el("bdi", {}, d.who ? d.who + ": " : ""), el("bdi", {}, d.what), d.undone ? el("span", { className: "unseen" }, " (undone)") : ""),
    el("time", { dateTime: d.when }, d.when ? new Date(d.when).toLocaleString() : "")))) : el("p", { className: "empty" }, "Nothing was decided yet."));
}

// Views
const DRAW = { people: () => {}, background: () => {}, questions: () => {}, timeline: drawTimeline, aside: drawAside, history: drawHistory };
function draw() {
  for (const b of $$("[data-tab]")) {
    const on = b.dataset.tab === S.tab;
    on ? b.setAttribute("aria-current", "page") : b.removeAttribute("aria-current");
    $("#" + b.dataset.tab).hidden = !on;
  }
  people.drawPeople();
  DRAW[S.tab]();
  askSoon();
}
function go(name) {
  if (name !== S.tab) people.chooseNone();
  S.tab = name;
  history.replaceState(null, "", "#" + name);
  draw();
  $("[aria-current]").scrollIntoView({ block: "nearest", inline: "nearest" });
  scrollTo(0, 0);
}
onNews(() => {
  $("#title").textContent = S.film.title;
  document.title = S.film.title + " – review";
  for (const [id, what] of [["undo", S.undo], ["redo", S.redo]]) {
    $("#" + id).disabled = !what;
    $("#" + id).title = what ? id[0].toUpperCase() + id.slice(1) + ": " + what : "Nothing to " + id;
  }
  const cast = S.people.filter((p) => p.fate === 0).length, aside = S.aside.reduce((n, g) => n + g.count, 0);
  for (const [name, n] of [["people", cast], ["background", S.people.length - cast], ["aside", aside]]) $(`[data-tab=${name}] .n`).textContent = n.toLocaleString("en");
  draw();
});

// Keys
const who = () => (people.chosen.size ? [...people.chosen] : people.focused() ? [people.focused()] : []);
const help = () => $("#help").showModal();
const always = { u: undo, r: redo, q: () => go("questions"), p: () => go("people"), t: () => go("timeline"), "?": help, "/": () => { go("people"); $("#search").focus(); } };
const inPeople = {
  m: () => people.merge([...people.chosen]), n: () => people.name(who()), b: () => people.background(who()), d: () => people.different([...people.chosen]),
  h: () => people.about("hide", who(), "Hidden."), f: () => people.about("not-a-face", who(), "No face."), x: people.toggle, Escape: people.chooseNone,
  j: () => people.step(1), k: () => people.step(-1), ArrowDown: (e) => people.step(1, e.shiftKey), ArrowUp: (e) => people.step(-1, e.shiftKey), J: () => people.step(1, true), K: () => people.step(-1, true), a: people.chooseAll,
};
const inQuestions = Object.fromEntries([..."ynsf0123456789", "Enter"].map((k) => [k, () => reply(k)]));
const inAside = { t: takeBack, Escape: asideNone, a: () => { for (const g of reasons.values()) g.all(); } };
const KEYS = { people: inPeople, background: inPeople, questions: inQuestions, timeline: timelineKeys, aside: inAside, history: {} };
const HELP = {
  "Everywhere": [["u, Ctrl Z", "undo"], ["r, Ctrl Shift Z", "redo"], ["p q t", "people, questions, timeline"], ["/", "search"], ["Esc", "close, or choose nobody"]],
  "Questions": [["y n s f", "yes, no, not sure, no face"], ["1 2 3", "no, but that person"]],
  "Many faces at once": [["arrows", "from face to face"], ["1 2 3 …", "it is that person"], ["0", "somebody else"], ["s f", "not sure, no face"], ["Enter", "confirm all"]],
  "People": [["j k ↑ ↓", "next, previous"], ["Enter", "open"], ["x", "choose, or not"], ["Shift ↑ ↓", "choose on the way"], ["Ctrl A", "choose all"], ["m", "merge the chosen"], ["d", "never one person"],
    ["n", "name; several: merge and name"], ["b", "to the background and back"], ["h", "hide"], ["f", "not a face"], ["drag", "a person onto another: merge; over free ground: choose"]],
  "A person's tracks, and what is set aside": [["arrows", "from track to track"], ["Space", "choose, or not"], ["Shift arrows", "choose on the way"], ["Ctrl A", "choose all"], ["Enter", "play"], ["v", "move to somebody"], ["o", "a person of their own"],
    ["d", "these two are different"], ["f", "not a face"], ["t", "take back what was set aside"]],
  "Timeline": [["+ −", "zoom; also Ctrl and wheel, or drag"], ["← →", "earlier, later; also drag the strip of shots"], ["0", "whole film"]],
};
$("#help-list").append(...Object.entries(HELP).map(([where, keys]) => el("section", {}, el("h3", {}, where),
  el("dl", {}, ...keys.flatMap(([k, v]) => [el("dt", {}, el("kbd", {}, k)), el("dd", {}, v)])))));
// Keys of one character can be switched off, for those whose speech or hands would set them off [WCAG 2.1.4].
const single = $("#single");
try { single.checked = localStorage.getItem("single keys") !== "off"; } catch { /* not kept, then */ }
single.addEventListener("change", () => { try { localStorage.setItem("single keys", single.checked ? "on" : "off"); } catch { /* not kept */ } });
addEventListener("keydown", (e) => {
  if (!single.checked && e.key.length === 1 && e.key !== " " && !e.ctrlKey && !e.metaKey) e.stopImmediatePropagation();
}, { capture: true });
addEventListener("keydown", (e) => {
  if (e.key === "Enter" && e.target.closest("button, a, summary")) return;
  if (S.seen < 0 || e.altKey || e.defaultPrevented || e.target.closest("input:not(.tick), select, textarea, video")) return;
  const dialog = topmost(), key = e.key, ctrl = e.ctrlKey || e.metaKey;
  if (dialog && dialog.id !== "person") return;
  const own = dialog ? { u: undo, r: redo, ...personKeys } : { ...always, ...KEYS[S.tab] };
  let run = own[key];
  if (ctrl) run = { z: e.shiftKey ? redo : undo, y: redo, a: own.a }[key.toLowerCase()];
  else if (key === "a") run = null;
  if (!run) return;
  e.preventDefault();
  run(e);
});

$(".tabs").addEventListener("click", (e) => { const b = e.target.closest("[data-tab]"); if (b) go(b.dataset.tab); });
$("#undo").addEventListener("click", undo);
$("#redo").addEventListener("click", redo);
$("#keys").addEventListener("click", help);
const named = () => { const name = location.hash.slice(1); return $(`[data-tab="${CSS.escape(name)}"]`) ? name : null; };
addEventListener("hashchange", () => { const name = named(); if (name && name !== S.tab) go(name); });
for (const dialog of $$("dialog:not(#ask)")) dialog.addEventListener("click", (e) => { if (e.target === dialog) outside(e, dialog); });
function outside(e, dialog) {
  const r = dialog.getBoundingClientRect();
  if (e.clientX < r.left || e.clientX > r.right || e.clientY < r.top || e.clientY > r.bottom) dialog.close();
}

get("/api/state").then((news) => {
  S.tab = named() || "people";
  return take(news);
}).then(() => {
  document.documentElement.dataset.ready = "1";
  performance.mark("ready");
  poll();
}).catch((e) => say(e.message, true));
