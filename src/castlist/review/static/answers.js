"use strict";
// An item of a batch, with a face and the people that it may show: its answer, and the answer as a decision.
import { person } from "./core.js";

export const NONE = -1; // none of the people shown

// The state of an item before an answer: its most probable person, or open.
export const unanswered = (i) => ({
  pick: i.guess ? 0 : NONE,
  fate: i.guess ? "" : "unsure",
  answered: false,
});
// Answer an item; choosing the same fate again removes the answer.
export const choose = (i, pick) => Object.assign(i, { pick, fate: "", answered: true });
export const decideFate = (i, fate) =>
  Object.assign(i, i.answered && i.fate === fate ? unanswered(i) : { fate, answered: true });

// Give the earlier answer for the same face again, if it still has the same meaning.
export function again(i, former) {
  if (former.fate) {
    decideFate(i, former.fate);
    return;
  }
  if (former.pick === NONE) {
    if (alike(former, i, (t) => t.person)) choose(i, NONE);
    return;
  }
  const goal = former.shown[former.pick];
  if (!i.shown.some((t) => t.person === goal.person) && person(goal.person)) i.shown.push(goal);
  const pick = i.shown.findIndex((t) => t.person === goal.person);
  if (pick >= 0) choose(i, pick);
}

// Whether the item is most probably none of the people shown.
export const unknown = (i) => !i.guess && i.shown.length > 0;

export const about = (i) => `${same(i)} of ${i.of}`;
export const same = (i) => i.track.track + (i.whole ? " whole" : "");
export const alike = (a, b, by) =>
  Boolean(a.guess) === Boolean(b.guess) && a.shown.map(by).join() === b.shown.map(by).join();

// The answers to these items as decisions; those of a part are about the people after the parts before it.
export function steps(list) {
  return [...new Set(list.map((i) => i.part))].flatMap((p) => stepsOf(list.filter((i) => i.part === p)));
}
function stepsOf(list) {
  const sorted = list.filter((i) => !i.fate),
    no = list.filter((i) => i.fate === "not-a-face"),
    left = list.filter((i) => i.fate === "unsure" && i.shown.length);
  const lines = sorted.map((i) => ({
    track: i.track.track,
    whole: i.whole,
    to: i.pick === NONE ? null : i.shown[i.pick].track,
    not: i.pick === NONE ? i.shown.map((t) => t.track) : [],
  }));
  const all = [...lines, ...left.map((i) => ({ track: i.track.track, open: i.shown.map((t) => t.track) }))];
  return [
    ...(all.length ? [{ action: "sort", items: all }] : []),
    ...(no.length ? [{ action: "not-a-face", tracks: no.map((i) => i.track.track) }] : []),
  ];
}
