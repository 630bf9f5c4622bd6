"use strict";
// An item of a sheet, a face and those whom it may show: how it is answered, and its answer as a decision.
import { person } from "./core.js";

export const NONE = -1; // somebody else than those shown

// How an item stands before anybody answers it: with whom castlist takes it for, or open.
export const unanswered = (i) => ({
  pick: i.guess ? 0 : NONE,
  fate: i.guess ? "" : "unsure",
  answered: false,
});
// An answer; the same fate chosen again takes it back.
export const choose = (i, pick) => Object.assign(i, { pick, fate: "", answered: true });
export const decideFate = (i, fate) =>
  Object.assign(i, i.answered && i.fate === fate ? unanswered(i) : { fate, answered: true });

// The answer that was given to the same face, where it still means the same.
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

// Whom castlist takes for nobody who is shown.
export const unknown = (i) => !i.guess && i.shown.length > 0;

export const about = (i) => `${same(i)} of ${i.of}`;
export const same = (i) => i.track.track + (i.whole ? " whole" : "");
export const alike = (a, b, by) =>
  Boolean(a.guess) === Boolean(b.guess) && a.shown.map(by).join() === b.shown.map(by).join();

// The answers to these items as decisions, those of a part on the people that the parts before it leave.
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
