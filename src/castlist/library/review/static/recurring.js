"use strict";
// People of several films side by side, to find a person who is there twice.
import { $, $$, button, el, face, many } from "./core.js";
import { filmFaces } from "./faces.js";
import { Paged } from "./paged.js";
import { showPerson } from "./people.js";
import { S, act } from "./state.js";
import { shownAt } from "./tabs.js";

const chosen = new Set();
let same = []; // groups of people marked as the same person

const recurring = new Paged("/api/recurring", (page) => {
  const present = new Set(page.people.map((p) => p.id));
  for (const id of [...chosen]) if (!present.has(id)) chosen.delete(id);
  same = same.map((group) => group.filter((id) => present.has(id))).filter((group) => group.length > 1);
});
export const loadRecurring = (revision) => recurring.load(revision);
export async function drawRecurring() {
  await recurring.load(S.revision);
  show();
}
const groupOf = (id) => same.findIndex((group) => group.includes(id));
// With `refocus`, the keyboard focus stays on the same person
function show(refocus = true) {
  const page = recurring.page,
    focused = refocus && document.activeElement.closest("#recurring .somebody")?.dataset.id;
  if (!page.people.length) {
    $("#recurring").replaceChildren(
      el(
        "p",
        { className: "empty" },
        "All people of several films were compared, or no person is in several films yet.",
      ),
    );
    return;
  }
  const rest = chosen.size > 1 ? 1 : 0,
    groups = same.length + rest;
  const text =
    chosen.size === 1
      ? "Choose one more, or none"
      : !groups
        ? "Nobody is here twice"
        : rest && !same.length
          ? `Done: these ${chosen.size} are the same person`
          : `Done: ${many(groups, "person is", "people are")} here more than once`;
  $("#recurring").replaceChildren(
    el("h2", { className: "ask" }, "Is anybody here twice?"),
    el(
      "p",
      { className: "ask soft" },
      "These people are in several films; those who look alike stand beside each other. Click two or " +
        "more who are the same person. For another person who is here twice, press “The same person” first.",
    ),
    el("div", { className: "side-by-side" }, ...page.people.map(tile)),
    el(
      "footer",
      { className: "confirm" },
      button("The same person", mark, { key: "y", disabled: chosen.size < 2 }),
      button(text, answer, { className: "main", key: "Enter", disabled: chosen.size === 1 }),
    ),
  );
  if (focused)
    $$("#recurring .somebody")
      .find((o) => o.dataset.id === focused)
      ?.focus({ preventScroll: true });
}
function tile(p) {
  const group = groupOf(p.id),
    pressed = chosen.has(p.id) || group >= 0;
  const b = button("", (e) => toggle(p.id, !e.detail), {
    className: "somebody",
    title: p.name,
    ariaPressed: String(pressed),
    ariaLabel:
      `${p.name}, in ${many(p.films, "film")}` +
      (group >= 0 ? `, the same person as others marked ${group + 1}` : ""),
  });
  b.dataset.id = p.id;
  b.append(
    el(
      "span",
      { className: "faces four" },
      ...p.members.map((m) =>
        face(
          m.faces.slice(0, 1).map((f) => f.picture),
          "",
        ),
      ),
    ),
    el("b", {}, el("bdi", {}, p.name)),
    el("small", {}, many(p.films, "film")),
    group >= 0 ? el("span", { className: "mark" }, String(group + 1)) : "",
  );
  return el(
    "div",
    {},
    b,
    button("All films", () => showPerson(p.id), { className: "all", ariaLabel: `All films of ${p.name}` }),
  );
}
function toggle(id, keyboard) {
  const group = groupOf(id);
  if (group >= 0)
    same = same
      .map((g, i) => (i === group ? g.filter((other) => other !== id) : g))
      .filter((g) => g.length > 1);
  else chosen.has(id) ? chosen.delete(id) : chosen.add(id);
  show(keyboard);
}
function mark() {
  if (chosen.size < 2) return;
  same.push([...chosen]);
  chosen.clear();
  show();
}
function answer() {
  if (chosen.size === 1 || !recurring.ready(S.revision, shownAt)) return;
  const groups = [...same, ...(chosen.size > 1 ? [[...chosen]] : [])];
  const pairs = groups.flatMap(([first, ...others]) => others.map((other) => [first, other]));
  const people = recurring.page.people.filter((p) => p.asked).map((p) => p.id);
  act(
      "compare",
      { people, same: pairs },
      pairs.length
        ? `${many(groups.length, "person was", "people were")} here more than once.`
        : `${many(people.length, "person", "people")} compared: nobody is here twice.`,
    )
    .then((ok) => {
      if (ok) {
        chosen.clear();
        same = [];
        scrollTo(0, 0);
      }
    });
}
// Handle a key on the people; returns whether the key was used
export function answerRecurring(key, target) {
  if (
    !recurring.page?.people.length ||
    (key !== "y" && key !== "Enter") ||
    (key === "Enter" && target.closest("button"))
  )
    return false;
  key === "y" ? mark() : answer();
  return true;
}
