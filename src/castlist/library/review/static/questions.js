"use strict";
// Questions about people of different films, group by group.
import { $, $$, button, clock, el, face, many } from "./core.js";
import { filmTile, named, playButton, some, whole } from "./faces.js";
import { placePages } from "./pages.js";
import { naming, showPerson } from "./people.js";
import { drawProposals } from "./proposals.js";
import { S, act } from "./state.js";

let current = "";
const all = () => S.groups.flatMap((g) => g.questions);
export function drawQuestions() {
  if (!all().some((q) => q.id === current)) current = all()[0]?.id || "";
  const more = S.questions - all().length;
  drawProposals();
  $("#asked").replaceChildren(
    ...(S.questions
      ? [
          ...S.groups.map(group),
          more > 0
            ? el(
                "p",
                { className: "soft shown-first" },
                `${many(more, "more question follows", "more questions follow")} when these are answered.`,
              )
            : "",
        ]
      : [
          el(
            "p",
            { className: "empty" },
            S.films
              ? "castlist has no questions about this library. If you see one person twice, choose both in " +
                  "the People tab and press “These are the same person”."
              : "There is no film in this library yet.",
          ),
        ]),
  );
  placePages();
}
function group(g) {
  const p = g.person,
    node = el(
      "article",
      { className: "group" },
      el(
        "header",
        {},
        el("h2", {}, named(p)),
        naming(p),
        button("All films", () => showPerson(p.id)),
        el("span", { className: "soft" }, many(p.films.length, "film") + ": " + some(p.films)),
      ),
      g.members.length > 1 ? ownFilms(g) : "",
      g.questions.length > 1
        ? el("h3", { className: "ask" }, "Which of these people are ", named(p), ", too?")
        : "",
      el("div", { className: "asks" }, ...g.questions.map((q) => question(q, g))),
      g.questions.length > 1 ? done(g) : "",
    );
  node.dataset.gain = g.questions.reduce((sum, q) => sum + q.gain, 0);
  return node;
}
// A group is answered as a whole: the marks are stored here until then
const marks = new Map(),
  taken = new Set();
const REPLIES = [
  ["Same person", "same", "y"],
  ["Different people", "different", "n"],
  ["Not sure", "unsure", "s"],
];
const takenOf = (g) => g.members.map((m) => m.member).filter((m) => taken.has(m));
function ownFilms(g) {
  const out = takenOf(g).length;
  return el(
    "div",
    { className: "own" },
    el("p", { className: "soft" }, "If a film shows somebody else, click it."),
    el(
      "div",
      { className: "own-films" },
      ...g.members.map((m) => filmTile(m, g.person.name, taken, drawQuestions)),
    ),
    out
      ? button(`Take ${many(out, "film")} out, answer nothing else`, () => answerSheet(g, {}), {
          className: "take-out",
        })
      : "",
  );
}
function question(q, g) {
  const box = el("section", { className: "asked" + (q.id === current ? " on" : ""), tabIndex: -1 }),
    several = g.questions.length > 1;
  box.dataset.id = q.id;
  box.append(
    several ? half(q.a) : el("div", { className: "pair" }, half(q.a), half(q.b)),
    el(
      "div",
      { className: "answers" },
      ...REPLIES.map(([text, answer, key]) =>
        button(text, () => reply(q, answer), {
          key: q.id === current ? key : "",
          ...(several ? { ariaPressed: String(marks.get(q.id) === answer) } : {}),
        }),
      ),
    ),
    el(
      "p",
      { className: "soft why" },
      `castlist says ${whole(q.probability)} % that this is the same person.` +
        (q.why ? ` ${q.why[0].toUpperCase()}${q.why.slice(1)}.` : ""),
    ),
  );
  box.addEventListener("focusin", () => {
    if (current !== q.id) {
      current = q.id;
      mark();
    }
  });
  return box;
}
function done(g) {
  const open = g.questions.filter((q) => !marks.has(q.id)).length;
  return el(
    "footer",
    {},
    ...(open
      ? [
          button(
            open === g.questions.length
              ? `Nobody of these is ${g.person.name}`
              : `Done: ${open === 1 ? "the other one is" : `the other ${open} are`} somebody else`,
            () => answerSheet(g, repliesOf(g, "different")),
            { className: "main", key: "Enter" },
          ),
          button("Done: leave the rest open", () => answerSheet(g, repliesOf(g, "unsure"))),
        ]
      : [button("Done", () => answerSheet(g, repliesOf(g, "")), { className: "main", key: "Enter" })]),
  );
}
const repliesOf = (g, rest) => Object.fromEntries(g.questions.map((q) => [q.id, marks.get(q.id) || rest]));
const groupOf = (id) => S.groups.find((g) => g.questions.some((q) => q.id === id));
function answerSheet(g, replies) {
  const given = Object.values(replies),
    out = takenOf(g),
    [first] = g.questions;
  const parts = Object.entries(SAID)
    .map(([answer, words]) => [given.filter((x) => x === answer).length, words])
    .filter(([n]) => n);
  const summary = [
    ...parts.map(([n, words]) => `${n} ${words}`),
    ...(out.length ? [`${many(out.length, "film")} taken out`] : []),
  ].join(", ");
  const text =
    g.questions.length < 2 && given.length && !out.length
      ? `${first.a.name} and ${first.b.name}: ` +
        `${given[0] === "different" ? "different people" : SAID[given[0]]}.`
      : `${g.person.name}: ${summary}.`;
  const list = all(),
    at = list.findIndex((q) => q.id === g.questions.at(-1).id),
    next = list[at + 1]?.id || "";
  const right = given.some((x) => x !== "unsure")
    ? g.members.map((m) => m.member).filter((m) => !taken.has(m))
    : [];
  return act("sheet", { person: g.person.id, replies, wrong: out, right }, text).then((ok) => {
    if (!ok) return;
    for (const q of g.questions) marks.delete(q.id);
    for (const m of out) taken.delete(m);
    if (all().some((o) => o.id === next)) current = next;
    drawQuestions();
    focusCurrent();
  });
}
function mark() {
  for (const box of $$(".asked")) box.classList.toggle("on", box.dataset.id === current);
}
function half(p) {
  return el(
    "div",
    { className: "half" },
    el("h3", {}, named(p), el("span", { className: "soft" }, `in ${p.film}, ${clock(1000 * p.time)}`)),
    el(
      "p",
      { className: "soft" },
      p.films.length > 1 ? `also in ${some(p.films.filter((f) => f !== p.film))}` : "in no other film yet",
    ),
    el(
      "div",
      { className: "faces" },
      ...(p.faces.length ? p.faces.map((f, i) => playButton(f, i ? "" : p.name)) : [face(null)]),
    ),
    p.others.length ? el("div", { className: "faces less" }, ...p.others.map((f) => playButton(f, ""))) : "",
  );
}
const SAID = { same: "the same person", different: "somebody else", unsure: "left open" };
function reply(q, answer) {
  const g = groupOf(q.id);
  if (g.questions.length < 2) {
    answerSheet(g, { [q.id]: answer });
    return;
  }
  marks.get(q.id) === answer ? marks.delete(q.id) : marks.set(q.id, answer);
  const following = g.questions[g.questions.indexOf(q) + 1];
  current = following && marks.has(q.id) ? following.id : q.id;
  drawQuestions();
  focusCurrent();
}
function focusCurrent() {
  const box = $(`.asked[data-id="${CSS.escape(current)}"]`);
  box?.focus({ preventScroll: true });
  box?.scrollIntoView({ block: "nearest" });
}
function step(by) {
  const list = all(),
    at = list.findIndex((q) => q.id === current);
  if (list[at + by]) {
    current = list[at + by].id;
    mark();
    focusCurrent();
  }
}
const KEYS = { y: "same", n: "different", s: "unsure" };
// Handle a key on the questions; returns whether the key was used
export function answerQuestion(key, target) {
  const q = all().find((o) => o.id === current);
  if (q && key === "Enter" && !target.closest("button") && groupOf(q.id).questions.length > 1)
    answerSheet(groupOf(q.id), repliesOf(groupOf(q.id), "different"));
  else if (q && KEYS[key]) reply(q, KEYS[key]);
  else if (key === "j" || key === "ArrowDown") step(1);
  else if (key === "k" || key === "ArrowUp") step(-1);
  else return false;
  return true;
}
export const decides = (key) => Boolean(KEYS[key]);
